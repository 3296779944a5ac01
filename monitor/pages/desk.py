"""What each page does: the visit in, the answer out. Knows no HTTP; the deeds are those of `monitor.reception`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from classifiers.taxonomy import load_taxonomy
from monitor.archive import recall
from monitor.config.settings import Settings
from monitor.links import BadToken, Purpose
from monitor.pages import forms, own, public
from monitor.pages.forms import BadField
from monitor.pages.rates import Rates
from monitor.pages.screen import Screen, base_path
from monitor.pages.visit import Refusal, Visit
from monitor.reception import joining, leaving, staying
from monitor.reception.counter import Counter, counter_of
from monitor.reception.staying import Judgement
from monitor.store import dossier, issues
from monitor.store.database import open_store
from monitor.types import NEWCOMER, Subscriber, SubscriberStatus

MOST_PAST = 60
"""Past digests in the list."""

_WAYS = {"no": Judgement(0), "more": Judgement(2)}
_NOTICES = {"saved": "prefs_saved", "moving": "prefs_moving", "sent": "prefs_sent"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, or where to go instead (`to`), or data to download."""

    page: str = ""
    status: int = 200
    to: str = ""
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers visits. `settings` are asked anew each time, for they may be reloaded; `base` serves if none is set."""

    settings: Callable[[], Settings]
    base: str
    rates: Rates = field(default_factory=Rates)

    @property
    def host(self) -> str:
        """Where visitors' forms may come from."""
        return urlsplit(self.settings().base_url or self.base).netloc

    # --- for everybody -----------------------------------------------------------------------

    def home(self, visit: Visit) -> Answer:
        """The first page."""
        return Answer(public.home(self._screen(visit), NEWCOMER))

    def privacy(self, visit: Visit) -> Answer:
        """What is stored, and what readers may demand."""
        return Answer(public.privacy(self._screen(visit, "/privacy")))

    def asked(self, visit: Visit) -> Answer:
        """A letter may be on its way."""
        return Answer(public.asked(self._screen(visit, "/asked")))

    def sign_up(self, visit: Visit) -> Answer:
        """Ask the owner of an address by letter. The answer is the same for every address."""
        try:
            wish = forms.newcomer(visit.form, load_taxonomy())
        except BadField as error:
            return self._home_again(visit, error.field)
        if not self._welcome(wish.address):
            return self._home_again(visit, "address")
        if not self.rates.may_sign_up(visit.network):
            raise Refusal(429)
        joining.sign_up(self._counter(), wish, network=visit.network, now=visit.now)
        return self._to(f"/asked?lang={visit.language}")

    def send_link(self, visit: Visit) -> Answer:
        """Mail a reader their link. The answer is the same for every address."""
        try:
            address = forms.address_of(visit.form)
        except BadField:
            return Answer(public.home(self._screen(visit), NEWCOMER, bad_below=True), 422)
        self._count_link(visit)
        if self.settings().base_url:
            joining.send_link(self._counter(), address, now=visit.now)
        return self._to(f"/asked?lang={visit.language}")

    def refused(self, status: int, visit: Visit | None, *, link: bool) -> Answer:
        """Why there is no page; `link` when it was a link that is not valid."""
        screen = self._screen(visit) if visit else Screen(self.settings(), load_taxonomy(), "vi")
        shown = 410 if link and status == 404 else status
        return Answer(public.refused(screen, shown), status)

    def _home_again(self, visit: Visit, bad: str) -> Answer:
        typed = forms.typed(visit.form, NEWCOMER, load_taxonomy())
        address = (visit.form.get("address") or ("",))[0][:320]
        return Answer(public.home(self._screen(visit), replace(typed, address=address), bad=bad), 422)

    def _welcome(self, address: str) -> bool:
        """Whether the operator lets addresses like this be mailed at a stranger's wish."""
        who = self.settings().signup
        if not self.settings().base_url:  # a letter could not lead back here
            return False
        return who == "open" or address.rpartition("@")[2].casefold() in who.split(",")

    def _count_link(self, visit: Visit) -> None:
        if not self.rates.may_ask_for_link(visit.network):
            raise Refusal(429)

    # --- links of one purpose ----------------------------------------------------------------

    def show_agree(self, visit: Visit) -> Answer:
        """The page with the button that confirms a subscription."""
        return self._agree_page(visit, joining.who_confirms(self._counter(), visit.token, now=visit.now))

    def agree(self, visit: Visit) -> Answer:
        """The owner of the address agrees. Only who does so first is let through: the link counts once."""
        asked = joining.who_confirms(self._counter(), visit.token, now=visit.now)
        words = public.consent(self._screen_of(asked, visit), asked)
        reader, first = joining.confirm(
            self._counter(), visit.token, words=words, network=visit.network, now=visit.now
        )
        return self._agree_page(visit, reader, self._path(Purpose.OWN, reader, visit) if first else "")

    def _agree_page(self, visit: Visit, reader: Subscriber, done: str = "") -> Answer:
        screen = self._screen_of(reader, visit, f"/c/{visit.token}")
        return Answer(public.agree(screen, reader, done))

    def show_move(self, visit: Visit) -> Answer:
        """The page with the button that takes a new address into use."""
        reader, address = staying.who_moves(self._counter(), visit.token, now=visit.now)
        screen = self._screen_of(reader, visit, f"/a/{visit.token}")
        return Answer(
            public.moved(screen, address) if address == reader.address else public.moving(screen, address)
        )

    def move(self, visit: Visit) -> Answer:
        """The letters go to the new address."""
        reader, address = staying.who_moves(self._counter(), visit.token, now=visit.now)
        screen = self._screen_of(reader, visit, f"/a/{visit.token}")
        words = public.moving_words(screen, address)
        staying.move(self._counter(), visit.token, words=words, network=visit.network, now=visit.now)
        return Answer(public.moved(screen, address))

    def show_leave(self, visit: Visit) -> Answer:
        """The page with the button that stops the letters."""
        return self._leave_page(visit, leaving.who_leaves(self._counter(), visit.token))

    def leave(self, visit: Visit) -> Answer:
        """No more letters, at once: for the button, and for mail programs (RFC 8058)."""
        return self._leave_page(visit, leaving.leave(self._counter(), visit.token, now=visit.now))

    def come_back(self, visit: Visit) -> Answer:
        """It was a mistake."""
        reader = leaving.who_leaves(self._counter(), visit.token)
        screen = self._screen_of(reader, visit, f"/u/{visit.token}")
        reader = leaving.come_back(
            self._counter(),
            visit.token,
            words=public.consent(screen, reader),
            network=visit.network,
            now=visit.now,
        )
        back = reader.status is SubscriberStatus.ACTIVE
        return Answer(public.back(screen)) if back else self._leave_page(visit, reader)

    def erase_left(self, visit: Visit) -> Answer:
        """Forget who has left; only with the box ticked."""
        reader = leaving.who_leaves(self._counter(), visit.token)
        if "sure" not in visit.form:
            return replace(self._leave_page(visit, reader), status=422)
        leaving.erase_left(self._counter(), visit.token, now=visit.now)
        return Answer(public.erased(self._screen_of(reader, visit)))

    def _leave_page(self, visit: Visit, reader: Subscriber) -> Answer:
        screen = self._screen_of(reader, visit, f"/u/{visit.token}")
        return Answer(public.leaving(screen, reader))

    def show_judge(self, visit: Visit) -> Answer:
        """The page with the button for one opinion on one article."""
        if visit.about not in (*_WAYS, "sector"):
            raise Refusal(404)
        reader, article, before = staying.judged(self._counter(), visit.token, now=visit.now)
        root = f"/f/{visit.token}"
        screen = self._screen_of(reader, visit, f"{root}/{visit.about}")
        return Answer(own.judging(screen, article, visit.about, screen.base + root, before))

    def judge(self, visit: Visit) -> Answer:
        """Note what a reader says of an article."""
        judgement = _WAYS.get(visit.about)
        if visit.about == "sector":
            try:
                judgement = Judgement(2, forms.sector_of(visit.form, load_taxonomy()))
            except BadField:
                return replace(self.show_judge(visit), status=422)
        if judgement is None:
            raise Refusal(404)
        reader = staying.judge(self._counter(), visit.token, judgement, now=visit.now)
        return Answer(own.judged(self._screen_of(reader, visit, f"/f/{visit.token}/no")))

    def issue(self, visit: Visit) -> Answer:
        """One digest, for whoever was given the link: it says nothing of the reader."""
        reader, digest_id = staying.reading(self._counter(), visit.token, now=visit.now)
        return self._issue_page(visit, reader, digest_id, f"/d/{visit.token}")

    # --- a reader's own pages ----------------------------------------------------------------

    def show_preferences(self, visit: Visit) -> Answer:
        """Everything a reader may choose, their past digests, and the ways out."""
        reader = self._reader(visit)
        return self._preferences_page(visit, reader, notice=_NOTICES.get(visit.query.get("done", ""), ""))

    def choose(self, visit: Visit) -> Answer:
        """Store what was chosen."""
        reader = self._reader(visit)
        try:
            wish = forms.choices(visit.form, reader, load_taxonomy())
        except BadField as error:
            typed = forms.typed(visit.form, reader, load_taxonomy())
            return replace(self._preferences_page(visit, typed, bad=error.field), status=422)
        staying.choose(self._counter(), Purpose(visit.door), visit.token, wish, now=visit.now)
        return self._back(visit, "saved")

    def pause(self, visit: Visit) -> Answer:
        """No letters for a while."""
        staying.pause(self._counter(), Purpose(visit.door), visit.token, now=visit.now)
        return self._back(visit)

    def resume(self, visit: Visit) -> Answer:
        """Letters again."""
        staying.resume(self._counter(), Purpose(visit.door), visit.token, now=visit.now)
        return self._back(visit, "saved")

    def send_own_link(self, visit: Visit) -> Answer:
        """Mail the link that opens the rest to the reader, who need not be the visitor: digests are forwarded."""
        reader = self._reader(visit)
        self._count_link(visit)
        joining.send_link(self._counter(), reader.address, now=visit.now)
        return self._back(visit, "sent")

    def ask_to_move(self, visit: Visit) -> Answer:
        """Ask at a new address; the answer is the same for every address."""
        reader = self._reader(visit)
        try:
            address = forms.address_of(visit.form)
        except BadField:
            return replace(self._preferences_page(visit, reader, bad="address"), status=422)
        if not self._welcome(address):
            return replace(self._preferences_page(visit, reader, bad="address"), status=422)
        self._count_link(visit)
        staying.ask_to_move(self._counter(), visit.token, address, now=visit.now)
        return self._back(visit, "moving")

    def erase(self, visit: Visit) -> Answer:
        """Forget the reader; only with the box ticked."""
        reader = self._reader(visit)
        if "sure" not in visit.form:
            return replace(self._preferences_page(visit, reader), status=422)
        leaving.erase(self._counter(), visit.token, now=visit.now)
        return Answer(public.erased(self._screen_of(reader, visit)))

    def data(self, visit: Visit) -> Answer:
        """All that is stored about the reader."""
        reader = self._reader(visit)
        with open_store(Path(self.settings().db)) as store:
            return Answer(data=dossier.of(store, reader))

    def past(self, visit: Visit) -> Answer:
        """One of the reader's past digests."""
        here = f"/{visit.door}/{visit.token}/digests/{visit.about}"
        return self._issue_page(visit, self._reader(visit), visit.about, here)

    def _reader(self, visit: Visit) -> Subscriber:
        return staying.reader_of(self._counter(), Purpose(visit.door), visit.token, now=visit.now)

    def _preferences_page(
        self, visit: Visit, reader: Subscriber, *, notice: str = "", bad: str = ""
    ) -> Answer:
        with open_store(Path(self.settings().db)) as store:
            past = issues.of(store, reader, limit=MOST_PAST)
        path = f"/{visit.door}/{visit.token}"
        screen = self._screen_of(reader, visit, path)
        whole = Purpose(visit.door) is Purpose.OWN
        return Answer(
            own.preferences(
                screen, reader, past, root=screen.base + path, whole=whole, notice=notice, bad=bad
            )
        )

    def _issue_page(self, visit: Visit, reader: Subscriber, digest_id: str, here: str) -> Answer:
        with open_store(Path(self.settings().db)) as store:
            recalled = recall(store, reader, digest_id)
        if recalled is None:
            raise BadToken
        return Answer(own.issue(self._screen_of(reader, visit, here), recalled))

    # --- tools -------------------------------------------------------------------------------

    def _counter(self) -> Counter:
        return counter_of(self.settings(), base=self.base)

    def _path(self, purpose: Purpose, reader: Subscriber, visit: Visit) -> str:
        token = self._counter().links.token(purpose, reader, now=visit.now)
        return f"{base_path(self.settings())}/{purpose}/{token}"

    def _screen(self, visit: Visit, here: str = "/") -> Screen:
        return Screen(self.settings(), load_taxonomy(), visit.language, here)

    def _screen_of(self, reader: Subscriber, visit: Visit, here: str = "/") -> Screen:
        """The same as this reader wants pages."""
        return self._screen(visit, here).for_reader(reader, visit.asked)

    def _back(self, visit: Visit, done: str = "") -> Answer:
        """To the reader's page again."""
        words = [f"done={done}"] if done else []
        words += [f"lang={visit.asked}"] if visit.asked else []
        return self._to(f"/{visit.door}/{visit.token}{'?' if words else ''}{'&'.join(words)}")

    def _to(self, path: str) -> Answer:
        return Answer(to=base_path(self.settings()) + path)
