"""What follows from an answer: the states of one letter in the outbox. Knows no way out and no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.types import Deferred, Delivery, DeliveryState, Refused, SendOutcome, Sent, Unusable

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 360))
"""Pauses after the first, second … attempt; the last one repeats."""

GIVE_UP = timedelta(days=5)
"""How long a letter is tried (RFC 5321, 4.5.4.1), from `queued_at`."""

LONGEST_WISH = timedelta(hours=6)
"""What a server may ask for (Retry-After) beyond our own pauses."""

FEWEST_ATTEMPTS = 18
"""And so often at least: one that lay untried for days, while we were switched off, gets its days of trying too."""


@dataclass(frozen=True, slots=True)
class LetterRefused(Refused):
    """This letter is not wanted, by its size or content; the address is not to blame."""


@dataclass(frozen=True, slots=True)
class GivenUp(Deferred):
    """It was tried for days; nobody will try again."""


@dataclass(frozen=True, slots=True)
class Transition:
    """The delivery's next state. `next_attempt_at` counts only while it is queued."""

    state: DeliveryState
    next_attempt_at: datetime
    stop_run: bool = False
    suspend_subscriber: bool = False
    given_up: bool = False
    untried: bool = False
    """The way out failed before the letter was offered, so this was no attempt at it."""


def after(delivery: Delivery, outcome: SendOutcome, now: datetime) -> Transition:
    """What becomes of `delivery`, whose `attempts` count the one that just ended."""
    match outcome:
        case Sent():
            return Transition(DeliveryState.SENT, now)
        case LetterRefused():
            return Transition(DeliveryState.REFUSED, now)
        case Refused():
            return Transition(DeliveryState.REFUSED, now, suspend_subscriber=True)
        case Unusable():
            return Transition(DeliveryState.QUEUED, now + BACK_OFF[0], stop_run=True, untried=True)
    return _deferred(delivery, outcome, now)


def recovered(delivery: Delivery, now: datetime) -> Transition:
    """What becomes of a delivery found at start: one in SENDING is tried again, with the same letter.

    Whether the server took it before we died cannot be known; one copy too many is better than none.
    """
    if delivery.state is DeliveryState.SENDING:
        return Transition(DeliveryState.QUEUED, now)
    return Transition(delivery.state, delivery.next_attempt_at)


def _deferred(delivery: Delivery, outcome: Deferred, now: datetime) -> Transition:
    if now - delivery.queued_at >= GIVE_UP and delivery.attempts >= FEWEST_ATTEMPTS:
        return Transition(DeliveryState.REFUSED, now, given_up=True)
    pause = BACK_OFF[min(max(delivery.attempts, 1), len(BACK_OFF)) - 1]
    wanted = timedelta(seconds=min(outcome.wait, LONGEST_WISH.total_seconds()))
    return Transition(DeliveryState.QUEUED, now + max(pause, wanted))
