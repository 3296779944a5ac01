"""What readers do with their subscription: sign up, confirm, choose, pause, move, leave, correct an item.

Every act but signing up needs a token that only a letter to that reader carries. Nobody is told whether an address is
known here. Pages and letters to us both come through here; each call works on a connection of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from classifiers.corrections import Correction
from classifiers.verdict import Text
from monitor.config.settings import Settings
from monitor.errors import Misuse
from monitor.keys import Signer
from monitor.links import BadToken, Links, Purpose, Ticket
from monitor.store import articles, corrections, history, subscribers, suppression
from monitor.store.database import Store, open_store
from monitor.types import Article, Origin, Subscriber, SubscriberStatus
from monitor.writing import request

ASKED_DAYS = 8
"""How long somebody who never confirmed is remembered: as long as the link in their letter, and a day."""

LEFT_DAYS = 30
"""How long who left is remembered by more than a hash: the proof of what was agreed, and a way back."""


_WAITING = (SubscriberStatus.PENDING, SubscriberStatus.SUSPENDED)
"""Who has to agree before mail goes out."""

_REFUSED = {"erased": "left and was forgotten", "complained": "complained about our mail"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reader says of one article: `relevance` as in corrections; sectors None where nothing is said of them."""

    relevance: int
    sectors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Reception:
    """Where readers are served. `links` makes and reads their tokens."""

    settings: Settings
    links: Links

    # --- signing up --------------------------------------------------------------------------

    def sign_up(self, wish: Subscriber, *, network: str, now: datetime) -> None:
        """Ask by letter whether the owner of an address wants what somebody chose for it.

        A reader gets the link to their preferences instead. Nothing at all goes to an address that complained.
        """
        with self._store() as store:
            if suppression.reason(store, self._hash(wish.address, now)) == "complained":
                return
            known = subscribers.find(store, wish.address)
            if known and known.status in (SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED):
                request(self.settings, store, "link", known, now=now)
                return
            self._ask(store, known, replace(wish, created_at=now), network, now)

    def _ask(
        self, store: Store, known: Subscriber | None, wish: Subscriber, network: str, now: datetime
    ) -> None:
        if known is None:
            reader = subscribers.add(store, wish, origin="page", detail=network)
        else:
            reader = replace(wish, id=known.id, address=known.address, created_at=known.created_at)
            reader = replace(reader, token=known.token)
            if known.status is not SubscriberStatus.SUSPENDED:
                # Choices of somebody who was mailed before are theirs until the owner of the address confirms.
                subscribers.set_choices(store, reader, now=now, origin="page")
                subscribers.set_status(
                    store, known.id, SubscriberStatus.PENDING, now=now, origin="page", detail=network
                )
        request(self.settings, store, "confirm", reader, now=now)

    def send_link(self, address: str, *, now: datetime) -> None:
        """Mail the link to the preferences, if the address is a reader's."""
        with self._store() as store:
            known = subscribers.find(store, address)
            if known and known.status in (SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED):
                request(self.settings, store, "link", known, now=now)

    def who_confirms(self, token: str, *, now: datetime) -> Subscriber:
        """Who would confirm with this token, or has. Raises BadToken."""
        with self._store() as store:
            return self._confirming(store, token, now)

    def confirm(
        self, token: str, *, words: str, network: str, now: datetime, origin: Origin = "page"
    ) -> Subscriber:
        """The owner of an address agreed, to these words. Raises BadToken; confirming twice changes nothing."""
        with self._store() as store:
            reader = self._confirming(store, token, now)
            if reader.status in _WAITING:
                consent = f"{origin}, {now:%Y-%m-%d %H:%M} UTC"
                detail = f"{words} ({network})" if network else words
                subscribers.set_consent(store, reader, consent, now=now, origin=origin, detail=detail)
                suppression.lift(store, self._hash(reader.address, now))
                reader = replace(reader, status=SubscriberStatus.ACTIVE, consent=consent)
            return reader

    def _confirming(self, store: Store, token: str, now: datetime) -> Subscriber:
        """Who holds this link; once it was used, only for as long as they stay."""
        ticket = self.links.read(Purpose.CONFIRM, token, now=now)
        reader, mark = self._holder(store, ticket), _mark(ticket)[0]
        if history.happened(store, reader.id, "removed", "suspended", after=mark):
            raise BadToken
        if reader.status not in _WAITING and not history.happened(store, reader.id, "agreed", after=mark):
            raise BadToken
        return reader

    # --- a reader's own pages ----------------------------------------------------------------

    def reader_of(self, token: str, *, now: datetime) -> Subscriber:
        """Whose preferences a token opens. Raises BadToken."""
        with self._store() as store:
            return self._chooser(store, token, now)

    def choose(self, token: str, wish: Subscriber, *, now: datetime) -> Subscriber:
        """Change what a reader gets. Raises BadToken."""
        with self._store() as store:
            reader = self._chooser(store, token, now)
            chosen = replace(
                wish, id=reader.id, address=reader.address, status=reader.status, consent=reader.consent
            )
            if chosen != reader:
                subscribers.set_choices(store, chosen, now=now, origin="page")
            return chosen

    def pause(self, token: str, *, now: datetime) -> None:
        """No letters until the reader wants them again. Raises BadToken."""
        self._switch(token, SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED, now)

    def resume(self, token: str, *, now: datetime) -> None:
        """Letters again. Raises BadToken."""
        self._switch(token, SubscriberStatus.PAUSED, SubscriberStatus.ACTIVE, now)

    def _switch(self, token: str, before: SubscriberStatus, after: SubscriberStatus, now: datetime) -> None:
        with self._store() as store:
            reader = self._chooser(store, token, now)
            if reader.status is before:
                subscribers.set_status(store, reader.id, after, now=now, origin="page")

    def ask_to_move(self, token: str, address: str, *, now: datetime) -> None:
        """Ask at a new address whether the letters shall go there. Raises BadToken.

        At an address that is a reader's already, or complained, nothing arrives, and nobody is told so.
        """
        with self._store() as store:
            reader = self._chooser(store, token, now)
            barred = suppression.reason(store, self._hash(address, now)) == "complained"
            if not barred and subscribers.find(store, address) is None:
                request(self.settings, store, "move", reader, now=now, to=address)

    def who_moves(self, token: str, *, now: datetime) -> tuple[Subscriber, str]:
        """Who would move with this token, and where to. Raises BadToken."""
        with self._store() as store:
            return self._mover(store, token, now)

    def move(self, token: str, *, now: datetime) -> str:
        """Mail a reader at the address this token was sent to; that address. Raises BadToken; once is enough."""
        with self._store() as store:
            reader, address = self._mover(store, token, now)
            if reader.address != address:
                subscribers.set_address(store, reader, address, now=now, origin="page")
                suppression.lift(store, self._hash(address, now))
            return address

    def _mover(self, store: Store, token: str, now: datetime) -> tuple[Subscriber, str]:
        ticket = self.links.read(Purpose.MOVE, token, now=now)
        reader, (mark, address) = self._holder(store, ticket), _mark(ticket)
        taken = subscribers.find(store, address)
        if reader.status is SubscriberStatus.REMOVED or (taken and taken.id != reader.id):
            raise BadToken
        if reader.address != address and history.happened(store, reader.id, "moved", after=mark):
            raise BadToken
        return reader, address

    def erase(self, token: str, *, now: datetime) -> None:
        """Forget a reader altogether but for the hash that says: no mail. Raises BadToken."""
        with self._store() as store:
            self.wipe(store, self._chooser(store, token, now), now=now)

    # --- leaving -----------------------------------------------------------------------------

    def who_leaves(self, token: str) -> Subscriber:
        """Whose letters carry this token. Raises BadToken."""
        with self._store() as store:
            return self._leaver(store, token)

    def leave(self, token: str, *, now: datetime, origin: Origin = "page") -> Subscriber:
        """No more letters, at once. Raises BadToken; leaving twice changes nothing."""
        with self._store() as store:
            reader = self._leaver(store, token)
            if reader.status is not SubscriberStatus.REMOVED:
                subscribers.set_status(store, reader.id, SubscriberStatus.REMOVED, now=now, origin=origin)
            return replace(reader, status=SubscriberStatus.REMOVED)

    def come_back(self, token: str, *, words: str, network: str, now: datetime) -> Subscriber:
        """Who has just left by mistake agrees again. Raises BadToken."""
        with self._store() as store:
            reader = self._leaver(store, token)
            left = history.latest(store, reader.id, "removed")
            if reader.status is SubscriberStatus.REMOVED and left and now - left < timedelta(days=LEFT_DAYS):
                detail = f"{words} ({network})" if network else words
                consent = f"page, {now:%Y-%m-%d %H:%M} UTC"
                subscribers.set_consent(store, reader, consent, now=now, origin="page", detail=detail)
            return reader

    def erase_left(self, token: str, *, now: datetime) -> None:
        """Forget who has left, without waiting. Raises BadToken."""
        with self._store() as store:
            reader = self._leaver(store, token)
            if reader.status is not SubscriberStatus.REMOVED:
                raise BadToken
            self.wipe(store, reader, now=now)

    def _leaver(self, store: Store, token: str) -> Subscriber:
        reader = subscribers.by_token(store, token)
        if reader is None:
            raise BadToken
        return reader

    # --- corrections -------------------------------------------------------------------------

    def judged(self, token: str, *, now: datetime) -> tuple[Subscriber, Article, Judgement | None]:
        """Who would judge which article with this token, and how they did before. Raises BadToken."""
        with self._store() as store:
            reader, article = self._judging(store, token, now)
            before = corrections.of_person(store, reader.address, Text(article.title, article.summary))
            return reader, article, Judgement(before.relevance, before.sectors) if before else None

    def judge(self, token: str, judgement: Judgement, *, now: datetime) -> Article:
        """Store what a reader says of an article; their newest word counts. Raises BadToken."""
        with self._store() as store:
            reader, article = self._judging(store, token, now)
            correction = Correction(
                text=Text(article.title, article.summary),
                relevance=judgement.relevance,
                sectors=judgement.sectors,
                person=reader.address,
                origin="mail",
                made_at=now,
            )
            corrections.record(store, correction, article.id)
            return article

    def _judging(self, store: Store, token: str, now: datetime) -> tuple[Subscriber, Article]:
        ticket = self.links.read(Purpose.JUDGE, token, now=now)
        reader = self._holder(store, ticket)
        found = articles.get(store, int(ticket.about, 16))
        if found is None or reader.status is SubscriberStatus.REMOVED:
            raise BadToken
        return reader, found.article

    def reading(self, token: str, *, now: datetime) -> tuple[Subscriber, str]:
        """Which digest of whom a token shows. Raises BadToken."""
        with self._store() as store:
            ticket = self.links.read(Purpose.READ, token, now=now)
            return self._holder(store, ticket), ticket.about

    # --- forgetting --------------------------------------------------------------------------

    def forget(self, *, now: datetime) -> int:
        """Forget who never confirmed, and who left long enough ago; how many that were."""
        asked = now - timedelta(days=ASKED_DAYS)
        left = now - timedelta(days=LEFT_DAYS)
        with self._store() as store:
            never = subscribers.left(store, SubscriberStatus.PENDING, before=asked)
            gone = subscribers.left(store, SubscriberStatus.REMOVED, before=left)
            for reader in never:
                subscribers.erase(store, reader)
            for reader in gone:
                self.wipe(store, reader, now=now)
        return len(never) + len(gone)

    def wipe(self, store: Store, reader: Subscriber, *, now: datetime) -> None:
        """Forget a reader; the hash of the address stays."""
        subscribers.erase(store, reader, suppressed=self._hash(reader.address, now), now=now)

    def let_in(self, store: Store, address: str, *, again: bool, now: datetime) -> None:
        """Whether the operator may add an address; with `again` it is let in. Raises Misuse if it wants no mail."""
        address_hash = self._hash(address, now)
        reason = suppression.reason(store, address_hash)
        if reason and not again:
            raise Misuse(
                f"{address} {_REFUSED[reason]}; they can sign up on the pages; give --again if they asked you to"
            )
        if reason:
            suppression.lift(store, address_hash)

    # --- tokens ------------------------------------------------------------------------------

    def _store(self) -> Store:
        return open_store(Path(self.settings.db), durable=True)

    def _chooser(self, store: Store, token: str, now: datetime) -> Subscriber:
        reader = self._holder(store, self.links.read(Purpose.CHOOSE, token, now=now))
        if reader.status is SubscriberStatus.REMOVED:
            raise BadToken
        return reader

    @staticmethod
    def _holder(store: Store, ticket: Ticket) -> Subscriber:
        """The very reader a token was made for. Raises BadToken."""
        reader = subscribers.by_id(store, ticket.reader)
        if reader is None or not ticket.is_for(reader):
            raise BadToken
        return reader

    def _hash(self, address: str, now: datetime) -> str:
        return self.links.signer.address_hash(address, now=now)


def _mark(ticket: Ticket) -> tuple[int, str]:
    """When a link that acts once was made, as a mark of the history, and what else it says."""
    mark, _, rest = ticket.about.partition(".")
    return int(mark, 16), rest


def reception_of(settings: Settings, *, base: str = "", signer: Signer | None = None) -> Reception:
    """The reception of an installation; `base` is where its pages are if the settings do not say."""
    return Reception(settings, Links(settings.base_url or base, signer or Signer(Path(settings.keys))))
