"""What follows from a bounce or a complaint."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from monitor.inbound.consequences import DAYS, STALE, Standing, after_bounce, after_complaint
from monitor.types import Bounce, Consequence, SubscriberStatus

TODAY = date(2026, 11, 21)
HARD = Bounce(("ban@vidu.example",), True, (), "550", "r")
SOFT = replace(HARD, hard=False)
NEW = Standing(SubscriberStatus.ACTIVE, proven=False, known=False, counted_on=frozenset())
PROVEN = replace(NEW, proven=True)


def ago(*days: int) -> frozenset[date]:
    """So many days before today."""
    return frozenset(TODAY - timedelta(days=n) for n in days)


@pytest.mark.parametrize(
    ("bounce", "standing", "follows"),
    [
        (HARD, PROVEN, Consequence.SUSPEND),
        (HARD, NEW, Consequence.COUNT),
        (SOFT, PROVEN, Consequence.COUNT),
        (HARD, replace(PROVEN, known=True), Consequence.NOTHING),
        (HARD, replace(PROVEN, counted_on=ago(0)), Consequence.SUSPEND),
        (SOFT, replace(PROVEN, counted_on=ago(0)), Consequence.NOTHING),
        (SOFT, replace(NEW, counted_on=ago(1, 2, 3)), Consequence.COUNT),
        (SOFT, replace(NEW, counted_on=ago(1, 2, 3, 4)), Consequence.SUSPEND),
        (HARD, replace(NEW, counted_on=ago(7, 14, 21, 28)), Consequence.SUSPEND),
        (HARD, replace(NEW, counted_on=ago(8, 9, 10, 11)), Consequence.COUNT),
        (HARD, replace(NEW, counted_on=ago(1, 2, 3, 11)), Consequence.COUNT),
        (HARD, replace(NEW, counted_on=ago(0, 1, 2, 3)), Consequence.NOTHING),
    ],
)
def test_after_a_bounce(bounce: Bounce, standing: Standing, follows: Consequence) -> None:
    """Proof suspends at once; all else on the fifth day, unless a week without bounces lies between."""
    assert (5, timedelta(days=7)) == (DAYS, STALE)
    assert after_bounce(bounce, standing, today=TODAY) is follows


@pytest.mark.parametrize("status", [status for status in SubscriberStatus if status != "active"])
def test_who_is_not_mailed_is_only_put_on_record(status: SubscriberStatus) -> None:
    """A confirmation that bounced, or a letter that was under way when its reader left."""
    standing = replace(PROVEN, status=status, counted_on=ago(1, 2, 3, 4, 5))
    assert after_bounce(HARD, standing, today=TODAY) is Consequence.COUNT
    assert after_bounce(HARD, replace(standing, counted_on=ago(0)), today=TODAY) is Consequence.NOTHING


@pytest.mark.parametrize(
    ("standing", "follows"),
    [
        (PROVEN, Consequence.REMOVE),
        (replace(PROVEN, status=SubscriberStatus.PAUSED), Consequence.REMOVE),
        (replace(PROVEN, counted_on=ago(0)), Consequence.REMOVE),
        (replace(PROVEN, known=True), Consequence.NOTHING),
        (NEW, Consequence.COUNT),
        (replace(NEW, counted_on=ago(0)), Consequence.NOTHING),
        (replace(NEW, counted_on=ago(1, 2, 3, 4, 5)), Consequence.COUNT),
    ],
)
def test_after_a_complaint(standing: Standing, follows: Consequence) -> None:
    """Proof removes; without it any number of complaints does nothing."""
    assert after_complaint(standing, today=TODAY) is follows
