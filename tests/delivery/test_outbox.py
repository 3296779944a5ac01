"""What follows from each answer, for the letter, the reader and the run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.delivery.outbox import GIVE_UP, LetterRefused, Transition, after, recovered
from monitor.types import Deferred, Delivery, DeliveryState, Refused, SendOutcome, Sent, Unusable
from tests.delivery.samples import NOW, letter

MINUTE = timedelta(minutes=1)
DELIVERY = Delivery(
    id=1,
    subscriber_id=1,
    letter=letter(),
    state=DeliveryState.SENDING,
    attempts=1,
    queued_at=NOW - MINUTE,
    next_attempt_at=NOW,
)


@pytest.mark.parametrize(
    ("outcome", "transition"),
    [
        (Sent("250"), Transition(DeliveryState.SENT, NOW)),
        (Refused("550"), Transition(DeliveryState.REFUSED, NOW, suspend_subscriber=True)),
        (LetterRefused("552"), Transition(DeliveryState.REFUSED, NOW)),
        (Unusable("535"), Transition(DeliveryState.QUEUED, NOW + 5 * MINUTE, stop_run=True, untried=True)),
        (Deferred("451"), Transition(DeliveryState.QUEUED, NOW + 5 * MINUTE)),
    ],
)
def test_after(outcome: SendOutcome, transition: Transition) -> None:
    """Only a refused address suspends; only a broken way out stops the run."""
    assert after(DELIVERY, outcome, NOW) == transition


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(0, 5), (1, 5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 240), (7, 360), (8, 360), (99, 360)],
)
def test_pauses_grow_up_to_six_hours(attempts: int, minutes: int) -> None:
    """After the first attempt five minutes."""
    transition = after(replace(DELIVERY, attempts=attempts), Deferred("451"), NOW)
    assert transition.next_attempt_at == NOW + minutes * MINUTE


def test_a_letter_is_given_up_after_five_days() -> None:
    """Deferred so long it is refused, its reader not suspended; a broken way out never costs a letter."""
    old = replace(DELIVERY, queued_at=NOW - GIVE_UP, attempts=25)
    younger = replace(old, queued_at=NOW - GIVE_UP + MINUTE)
    assert after(old, Deferred("451"), NOW) == Transition(DeliveryState.REFUSED, NOW, given_up=True)
    assert after(younger, Deferred("451"), NOW).state is DeliveryState.QUEUED
    assert after(old, Unusable("no server"), NOW).state is DeliveryState.QUEUED


def test_days_of_waiting_are_no_days_of_trying() -> None:
    """A letter that lay untried for a week, for we were switched off, is tried for days before it is given up."""
    waited, attempt = replace(DELIVERY, queued_at=NOW - 7 * 24 * 60 * MINUTE), 1
    now = NOW
    while (
        step := after(replace(waited, attempts=attempt), Deferred("451"), now)
    ).state is DeliveryState.QUEUED:
        now, attempt = step.next_attempt_at, attempt + 1
    assert now - NOW > 2 * 24 * 60 * MINUTE
    assert step.given_up


@pytest.mark.parametrize("state", DeliveryState)
def test_what_a_crash_left_sending_is_queued(state: DeliveryState) -> None:
    """At once, and nothing else changes."""
    late = replace(DELIVERY, state=state, next_attempt_at=NOW + MINUTE)
    expected = (DeliveryState.QUEUED, NOW) if state is DeliveryState.SENDING else (state, NOW + MINUTE)
    assert recovered(late, NOW) == Transition(*expected)
