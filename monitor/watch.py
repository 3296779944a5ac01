"""The weekly look at what the serving model does: last week against the eight weeks before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from classifiers.drift import Drift, Period, compare, summarise
from classifiers.model import Model
from monitor.store import watches
from monitor.store.database import Store

WEEKS_BEFORE = 8
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""A week is the newspapers' week."""

BATCH = 2000


def last_week(now: datetime) -> date:
    """The Monday of the last week that is over."""
    today = now.astimezone(ZONE).date()
    return today - timedelta(days=today.weekday() + 7)


def look(store: Store, model: Model, week: date) -> Drift:
    """The week beginning on that Monday against the weeks before it, both as `model` judges them."""
    start = datetime.combine(week, time(0), ZONE)
    now = _period(store, model, start, start + timedelta(days=7))
    return compare(_period(store, model, start - timedelta(weeks=WEEKS_BEFORE), start), now)


def _period(store: Store, model: Model, start: datetime, end: datetime) -> Period:
    found = watches.texts_between(store, start, end)
    verdicts = []
    for at in range(0, len(found), BATCH):
        verdicts += model.classify([text for _, text in found[at : at + BATCH]])
    return summarise(model, ((outlet, text, v) for (outlet, text), v in zip(found, verdicts, strict=True)))


def look_once(store: Store, model: Callable[[], Model], *, now: datetime) -> tuple[date, str, Drift] | None:
    """Look at the last week: its Monday, the model and what was found; None when that is on record already.

    The model is asked for only when there is something to look at.
    """
    week = last_week(now)
    if watches.looked_at(store, week):
        return None
    serving = model()
    return week, serving.id, look(store, serving, week)
