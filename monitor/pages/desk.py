"""What each page does: the visit in, the answer out. Knows no HTTP; the deeds are those of `monitor.reception`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from classifiers.taxonomy import load_taxonomy
from monitor.archive import Recalled, recall
from monitor.config.settings import Settings
from monitor.keys import Signer
from monitor.links import BadToken, Purpose
from monitor.pages import forms
from monitor.pages.forms import BadField
from monitor.pages.rates import Rates
from monitor.pages.screens import Screen, base_path
from monitor.pages.visit import Refusal, Visit
from monitor.reception import Judgement, Reception, reception_of
from monitor.store import dossier, issues
from monitor.store.database import open_store
from monitor.types import Subscriber, SubscriberStatus

MOST_PAST = 60
"""Past digests in the list."""

_WAYS = {"no": Judgement(0), "more": Judgement(2)}


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
    signer: Signer
    rates: Rates = field(default_factory=Rates)

    # --- for everybody -----------------------------------------------------------------------

    def home(self, visit: Visit) -> Answer:
        """The first page."""
        return Answer(self._screen(visit).home())

    def privacy(self, visit: Visit) -> Answer:
        """What is stored, and what readers may demand."""
        return Answer(self._screen(visit, "/privacy").privacy())

    def asked(self, visit: Visit) -> Answer:
        """A letter may be on its way."""
        return Answer(self._screen(visit, "/asked").asked())

    def sign_up(self, visit: Visit) -> Answer:
        """Ask the owner of an address by letter. The answer is the same for every address."""
        screen = self._screen(visit)
        try:
            wish = forms.newcomer(visit.form, load_taxonomy())
        except BadField as error:
            return Answer(screen.home(error.field), 422)
        if not self._welcome(wish.address):
            return Answer(screen.home("address"), 422)
        self._count_letter(visit)
        self._reception().sign_up(wish, network=visit.network, now=visit.now)
        return self._to(f"/asked?lang={visit.language}")

    def send_link(self, visit: Visit) -> Answer:
        """Mail a reader their link. The answer is the same for every address."""
        try:
            address = forms.address_of(visit.form)
        except BadField as error:
            return Answer(self._screen(visit).home(error.field), 422)
        self._count_letter(visit)
        self._reception().send_link(address, now=visit.now)
        return self._to(f"/asked?lang={visit.language}")

    def refused(self, status: int, visit: Visit | None, *, link: bool) -> Answer:
        """Why there is no page; `link` when it was a link that is not valid."""
        screen = self._screen(visit) if visit else Screen(self.settings(), load_taxonomy(), "vi")
        shown = 410 if link and status == 404 else status
        return Answer(screen.refused(shown), status)

    def _welcome(self, address: str) -> bool:
        """Whether the operator lets addresses like this sign up."""
        who = self.settings().signup
        return who == "open" or address.rpartition("@")[2].casefold() in who.split(",")

    def _count_letter(self, visit: Visit) -> None:
        if not self.rates.may_cause_letters(visit.network):
            raise Refusal(429)

    # --- links of one purpose ----------------------------------------------------------------

    def show_agree(self, visit: Visit) -> Answer:
        """The page with the button that confirms a subscription."""
        return self._agree_page(visit, self._reception().who_confirms(visit.token, now=visit.now))

    def agree(self, visit: Visit) -> Answer:
        """The owner of the address agrees."""
        asked = self._reception().who_confirms(visit.token, now=visit.now)
        if asked.status is SubscriberStatus.ACTIVE:
            return self._agree_page(visit, asked)
        words = self._screen(visit).for_reader(asked, visit.asked).consent(asked)
        reader = self._reception().confirm(visit.token, words=words, network=visit.network, now=visit.now)
        # Only who presses the button first is let through to the preferences: the link counts once.
        return self._agree_page(visit, reader, self._path(Purpose.CHOOSE, reader, visit))

    def _agree_page(self, visit: Visit, reader: Subscriber, done: str = "") -> Answer:
        screen = self._screen(visit, f"/c/{visit.token}").for_reader(reader, visit.asked)
        return Answer(screen.agree(reader, done))

    def show_move(self, visit: Visit) -> Answer:
        """The page with the button that takes a new address into use."""
        reader, address = self._reception().who_moves(visit.token, now=visit.now)
        return Answer(
            self._screen(visit, f"/a/{visit.token}").for_reader(reader, visit.asked).moving(address)
        )

    def move(self, visit: Visit) -> Answer:
        """The letters go to the new address."""
        reader, _ = self._reception().who_moves(visit.token, now=visit.now)
        address = self._reception().move(visit.token, now=visit.now)
        return Answer(self._screen(visit, f"/a/{visit.token}").for_reader(reader, visit.asked).moved(address))

    def show_leave(self, visit: Visit) -> Answer:
        """The page with the button that stops the letters."""
        return self._leave_page(visit, self._reception().who_leaves(visit.token))

    def leave(self, visit: Visit) -> Answer:
        """No more letters, at once: for the button, and for mail programs (RFC 8058)."""
        return self._leave_page(visit, self._reception().leave(visit.token, now=visit.now))

    def come_back(self, visit: Visit) -> Answer:
        """It was a mistake."""
        reader = self._reception().who_leaves(visit.token)
        screen = self._screen(visit, f"/u/{visit.token}").for_reader(reader, visit.asked)
        self._reception().come_back(
            visit.token, words=screen.consent(reader), network=visit.network, now=visit.now
        )
        return Answer(screen.back())

    def erase_left(self, visit: Visit) -> Answer:
        """Forget who has left; only with the box ticked."""
        reader = self._reception().who_leaves(visit.token)
        if "sure" not in visit.form:
            return replace(self._leave_page(visit, reader), status=422)
        screen = self._screen(visit).for_reader(reader, visit.asked)
        self._reception().erase_left(visit.token, now=visit.now)
        return Answer(screen.erased())

    def _leave_page(self, visit: Visit, reader: Subscriber) -> Answer:
        return Answer(
            self._screen(visit, f"/u/{visit.token}").for_reader(reader, visit.asked).leaving(reader)
        )

    def show_judge(self, visit: Visit) -> Answer:
        """The page with the button for one opinion on one article."""
        return self._judge_page(visit)

    def judge(self, visit: Visit) -> Answer:
        """Note what a reader says of an article."""
        judgement = _WAYS.get(visit.about)
        if visit.about == "sector":
            try:
                judgement = Judgement(2, forms.sector_of(visit.form, load_taxonomy()))
            except BadField:
                return replace(self._judge_page(visit), status=422)
        if judgement is None:
            raise Refusal(404)
        reader, _, _ = self._reception().judged(visit.token, now=visit.now)
        self._reception().judge(visit.token, judgement, now=visit.now)
        return Answer(self._screen(visit, f"/f/{visit.token}/no").for_reader(reader, visit.asked).judged())

    def _judge_page(self, visit: Visit) -> Answer:
        if visit.about not in (*_WAYS, "sector"):
            raise Refusal(404)
        reader, article, before = self._reception().judged(visit.token, now=visit.now)
        root = f"/f/{visit.token}"
        screen = self._screen(visit, f"{root}/{visit.about}").for_reader(reader, visit.asked)
        return Answer(screen.judging(article, visit.about, base_path(self.settings()) + root, before))

    def issue(self, visit: Visit) -> Answer:
        """One digest, for whoever was given the link: it says nothing of the reader."""
        reader, digest_id = self._reception().reading(visit.token, now=visit.now)
        return self._issue_page(visit, reader, digest_id, f"/d/{visit.token}")

    # --- a reader's own pages ----------------------------------------------------------------

    def show_preferences(self, visit: Visit) -> Answer:
        """Everything a reader may choose, their past digests, and the ways out."""
        reader = self._reception().reader_of(visit.token, now=visit.now)
        return self._preferences_page(visit, reader, notice=_NOTICES.get(visit.query.get("done", ""), ""))

    def choose(self, visit: Visit) -> Answer:
        """Store what was chosen."""
        reader = self._reception().reader_of(visit.token, now=visit.now)
        try:
            wish = forms.choices(visit.form, reader, load_taxonomy())
        except BadField as error:
            return replace(self._preferences_page(visit, reader, bad=error.field), status=422)
        self._reception().choose(visit.token, wish, now=visit.now)
        return self._to(f"/p/{visit.token}?done=saved")

    def pause(self, visit: Visit) -> Answer:
        """No letters for a while."""
        self._reception().pause(visit.token, now=visit.now)
        return self._to(f"/p/{visit.token}?lang={visit.language}")

    def resume(self, visit: Visit) -> Answer:
        """Letters again."""
        self._reception().resume(visit.token, now=visit.now)
        return self._to(f"/p/{visit.token}?done=saved")

    def ask_to_move(self, visit: Visit) -> Answer:
        """Ask at a new address; the answer is the same for every address."""
        reader = self._reception().reader_of(visit.token, now=visit.now)
        try:
            address = forms.address_of(visit.form)
        except BadField as error:
            return replace(self._preferences_page(visit, reader, bad=error.field), status=422)
        self._count_letter(visit)
        self._reception().ask_to_move(visit.token, address, now=visit.now)
        return self._to(f"/p/{visit.token}?done=moving&lang={visit.language}")

    def erase(self, visit: Visit) -> Answer:
        """Forget the reader; only with the box ticked."""
        reader = self._reception().reader_of(visit.token, now=visit.now)
        if "sure" not in visit.form:
            return replace(self._preferences_page(visit, reader), status=422)
        screen = self._screen(visit).for_reader(reader, visit.asked)
        self._reception().erase(visit.token, now=visit.now)
        return Answer(screen.erased())

    def data(self, visit: Visit) -> Answer:
        """All that is stored about the reader."""
        reader = self._reception().reader_of(visit.token, now=visit.now)
        with open_store(Path(self.settings().db)) as store:
            return Answer(data=dossier.of(store, reader))

    def past(self, visit: Visit) -> Answer:
        """One of the reader's past digests."""
        reader = self._reception().reader_of(visit.token, now=visit.now)
        return self._issue_page(visit, reader, visit.about, f"/p/{visit.token}/digests/{visit.about}")

    def _preferences_page(
        self, visit: Visit, reader: Subscriber, *, notice: str = "", bad: str = ""
    ) -> Answer:
        with open_store(Path(self.settings().db)) as store:
            past = issues.of(store, reader, limit=MOST_PAST)
        path, base = f"/p/{visit.token}", base_path(self.settings())
        screen = self._screen(visit, path).for_reader(reader, visit.asked)
        page = screen.preferences(
            reader, past, root=base + path, leave=f"{base}/u/{reader.token}", notice=notice, bad=bad
        )
        return Answer(page)

    def _issue_page(self, visit: Visit, reader: Subscriber, digest_id: str, here: str) -> Answer:
        recalled: Recalled | None = None
        with open_store(Path(self.settings().db)) as store:
            recalled = recall(store, reader, digest_id)
        if recalled is None:
            raise BadToken
        return Answer(self._screen(visit, here).for_reader(reader, visit.asked).issue(recalled))

    # --- tools -------------------------------------------------------------------------------

    def _reception(self) -> Reception:
        return reception_of(self.settings(), base=self.base, signer=self.signer)

    def _path(self, purpose: Purpose, reader: Subscriber, visit: Visit) -> str:
        token = self._reception().links.token(purpose, reader, now=visit.now)
        return f"{base_path(self.settings())}/{purpose}/{token}"

    def _screen(self, visit: Visit, here: str = "/") -> Screen:
        return Screen(self.settings(), load_taxonomy(), visit.language, here)

    def _to(self, path: str) -> Answer:
        return Answer(to=base_path(self.settings()) + path)


_NOTICES = {"saved": "prefs_saved", "moving": "prefs_moving"}
