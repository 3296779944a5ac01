"""From the outbox to the way out, one letter at a time. Knows both; what follows from an answer is decided in
`monitor.delivery.outbox`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monitor.channel import KINDS, Kind, same_address
from monitor.delivery import outbox as outbox_states
from monitor.store import outbox, subscribers
from monitor.store.database import Store
from monitor.types import Delivery, Letter, SendOutcome, Sent, SubscriberStatus

Stop = Callable[[], bool]


class Sends(Protocol):
    """The way out: `monitor.delivery.ways.Ways`, or one of those it chooses from.

    Where an answer takes its time, `meanwhile` is called once before it is read; it must not raise.
    """

    def send(self, letter: Letter, meanwhile: Callable[[], object] = ...) -> SendOutcome: ...


@dataclass(frozen=True)
class Postman:
    """What delivering needs. Only one may work on a database at a time (the delivery lock)."""

    store: Store
    way: Sends
    report: Callable[[Delivery, SendOutcome], None]
    pace: Callable[[Kind, Stop], None] = lambda *_: None
    """Waits until a letter of a kind may go, or it is time to stop."""
    paced: bool = False
    """Whether it ever does."""

    def recover(self, *, now: datetime) -> int:
        """Queue again what a dead process left half-way, under its old Message-ID."""
        left = outbox.interrupted(self.store)
        for delivery in left:
            again = outbox_states.recovered(delivery, now)
            outbox.settle(
                self.store,
                delivery,
                again.state,
                next_attempt_at=again.next_attempt_at,
                reply="interrupted",
                now=now,
            )
        return len(left)

    def deliver(
        self,
        *,
        now: datetime,
        stop: Stop = lambda: False,
        resting: Collection[Kind] = (),
        make: Callable[[], bool] = lambda: False,
    ) -> frozenset[Kind]:
        """Send every letter that is due, but for kinds that rest; the kinds whose way out itself is broken.

        `make` puts what is still to be made into the outbox, one digest at most with each call, and says whether there
        may be more. It is called while an answer to a mail is awaited, and when nothing else waits.
        """
        return frozenset(
            kind
            for kind in KINDS
            if kind not in resting
            and not self._deliver(kind, make if kind == "mail" else lambda: False, now=now, stop=stop)
        )

    def _deliver(self, kind: Kind, make: Callable[[], bool], *, now: datetime, stop: Stop) -> bool:
        """Send every letter of a kind; False when their way out is broken, which concerns no other kind."""
        while (batch := outbox.due(self.store, now=now, kind=kind)) or make():
            if stop():
                return True
            claimed: int | None = None
            for delivery, following in zip(batch, [*batch[1:], None], strict=False):
                if claimed != delivery.id:
                    self.pace(kind, stop)
                    if stop():
                        return True
                    if not outbox.begin(self.store, delivery):
                        continue
                outcome = self.way.send(delivery.letter, make)
                after = self._after(delivery, outcome, now)
                at_once = isinstance(outcome, Sent) and not self.paced and not stop()
                claimed = self._settle(delivery, outcome, after, following if at_once else None, now)
                if after.stop_run:
                    return False
        return True

    def _after(self, delivery: Delivery, outcome: SendOutcome, now: datetime) -> outbox_states.Transition:
        return outbox_states.after(replace(delivery, attempts=delivery.attempts + 1), outcome, now)

    def _settle(
        self,
        delivery: Delivery,
        outcome: SendOutcome,
        after: outbox_states.Transition,
        following: Delivery | None,
        now: datetime,
    ) -> int | None:
        """Put on record how a letter fared, and that the following one begins, which makes one commit of two; the
        number of that one if it did."""
        # A kill between the two would leave a reader active whose address is refused.
        with self.store.transaction():
            claimed = outbox.settle(
                self.store,
                delivery,
                after.state,
                next_attempt_at=after.next_attempt_at,
                reply=outcome.reply,
                now=now,
                attempts=delivery.attempts if after.untried else None,
                following=following,
            )
            if after.suspend_subscriber and delivery.subscriber_id is not None:
                self._suspend(delivery.subscriber_id, delivery.letter.recipient, now)
        self.report(delivery, outbox_states.GivenUp(outcome.reply) if after.given_up else outcome)
        return claimed

    def _suspend(self, subscriber_id: int, refused: str, now: datetime) -> None:
        """The reader whose address was refused: not one who is asked to move there, or has moved away, or left."""
        reader = subscribers.by_id(self.store, subscriber_id)
        if reader and same_address(reader.address, refused):
            subscribers.set_status(
                self.store,
                reader.id,
                SubscriberStatus.SUSPENDED,
                now=now,
                origin="delivery",
                was=SubscriberStatus.ACTIVE,
            )
