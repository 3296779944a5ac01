"""Where things stand, for /readyz and /metrics: read from the database and the daemon's pulse when asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from classifiers.models import ModelStore
from monitor import __version__, metrics
from monitor.config.settings import Settings
from monitor.errors import VietnhatError
from monitor.health import look_at_feeds
from monitor.pulse import Pulse
from monitor.rounds import Rounds
from monitor.store import outbox, polls
from monitor.store.backup import last_backup
from monitor.store.database import glance
from monitor.store.disk import beside, size
from monitor.web.health import Checks


def checks(rounds: Rounds) -> Checks:
    """What the health pages ask of a daemon."""
    return Checks(
        alive=rounds.pulse.ailments,
        ready=lambda: readiness(rounds.settings, rounds.pulse),
        figures=lambda: (metrics.exposition(lambda: state(rounds)), metrics.CONTENT_TYPE),
    )


def checks_of_pages(settings: Settings) -> Checks:
    """What they ask of a process that serves pages alone."""
    return Checks(alive=list, ready=lambda: {"database": _trouble(partial(_look, Path(settings.db)))})


def readiness(settings: Settings, pulse: Pulse) -> Mapping[str, str]:
    """What keeps each part from working, "" where nothing does."""
    ended, troubles = pulse.snapshot()
    model = ModelStore(Path(settings.models)).current()
    return {
        "database": _trouble(partial(_look, Path(settings.db))),
        "model": "" if model else "there is no model yet; the first round makes one",
        "poll": troubles.get("poll", "" if "poll" in ended else "the first round is not over yet"),
        "mail": troubles.get("mail", ""),
        "keep": troubles.get("keep", ""),
        "process": "; ".join(pulse.ailments()),
    }


def state(rounds: Rounds) -> metrics.State:
    """The figures that are read when asked for."""
    settings, now = rounds.settings, datetime.now(UTC)
    ended, troubles = rounds.pulse.snapshot()
    path = Path(settings.db)
    with glance(path) as store:
        waiting = outbox.oldest_due(store)
        return metrics.State(
            feeds=Counter(health.condition for health in look_at_feeds(store, rounds.feeds, now)),
            letters=outbox.counts(store),
            oldest_letter_seconds=(now - waiting[1]).total_seconds() if waiting else 0.0,
            rounds=ended,
            failing={name: int(name in troubles) for name in {*ended, *troubles}},
            backup_at=last_backup(store, now=now),
            database_bytes=size(path) + size(beside(path, "-wal")),
            model=ModelStore(Path(settings.models)).current() or "",
            version=__version__,
        )


def _look(database: Path) -> None:
    with glance(database) as store:
        polls.feed_states(store)


def _trouble(action: Callable[[], None]) -> str:
    try:
        action()
    except VietnhatError as error:
        return str(error)
    return ""
