"""Figures for Prometheus. The only module that knows prometheus_client; what the database knows is read when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from monitor.types import Condition, DeliveryState, FailureKind, PollReport, SendOutcome

CONTENT_TYPE = CONTENT_TYPE_LATEST

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it unannotated
REGISTRY = CollectorRegistry()
_POLLS = Counter("vietnhat_polls", "Polls by outcome", ["outcome"], registry=REGISTRY)
_ENTRIES = Counter("vietnhat_entries", "Entries read", registry=REGISTRY)
_ARTICLES = Counter("vietnhat_articles", "Articles stored, new or revised", ["kind"], registry=REGISTRY)
_VERDICTS = Counter("vietnhat_verdicts", "Articles judged, by decision", ["decision"], registry=REGISTRY)
_DIGESTS = Counter("vietnhat_digests", "Digests made, with or without a letter", registry=REGISTRY)
_DELIVERIES = Counter("vietnhat_deliveries", "Attempts at letters by outcome", ["outcome"], registry=REGISTRY)
_KILLS = Counter("vietnhat_reader_kills", "Reading processes lost, by cause", ["cause"], registry=REGISTRY)
_POLL_SECONDS = Histogram(
    "vietnhat_poll_seconds",
    "One feed: fetching, reading",
    registry=REGISTRY,
    buckets=(0.1, 0.3, 1, 3, 10, 30, 60),
)
_CYCLE_SECONDS = Histogram(
    "vietnhat_cycle_seconds",
    "One round of polling",
    registry=REGISTRY,
    buckets=(1, 3, 10, 30, 60, 120, 300, 600),
)
ProcessCollector(registry=REGISTRY)

_KILLERS = {FailureKind.CRASHED_READER: "crash", FailureKind.SLOW_READER: "time"}


@dataclass(frozen=True, slots=True)
class State:
    """What is read at the moment of asking."""

    feeds: Mapping[str, int]
    letters: Mapping[str, int]
    oldest_letter_seconds: float
    rounds: Mapping[str, datetime]
    failing: Mapping[str, int]
    backup_at: datetime | None
    database_bytes: int
    model: str
    version: str


def poll(report: PollReport) -> None:
    """Count one feed's poll."""
    _POLLS.labels(report.outcome).inc()
    _ENTRIES.inc(report.entries)
    _ARTICLES.labels("new").inc(report.new)
    _ARTICLES.labels("revised").inc(report.revised)
    _POLL_SECONDS.observe(report.seconds)
    if report.failure in _KILLERS:
        _KILLS.labels(_KILLERS[report.failure]).inc()


def cycle(seconds: float) -> None:
    """Count one round of polling that polled something."""
    _CYCLE_SECONDS.observe(seconds)


def verdicts(decisions: Iterable[str]) -> None:
    """Count articles judged."""
    for decision in decisions:
        _VERDICTS.labels(decision).inc()


def digests(number: int) -> None:
    """Count digests made."""
    _DIGESTS.inc(number)


def delivery(outcome: SendOutcome) -> None:
    """Count one attempt at a letter."""
    _DELIVERIES.labels(type(outcome).__name__.lower()).inc()


class _House(Collector):
    """Gauges of what is stored."""

    def __init__(self, look: Callable[[], State]) -> None:
        self._look = look

    def describe(self) -> list[Metric]:
        """Nothing: else the registry would look at the moment of registering."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Look, and tell."""
        state = self._look()
        feeds = {str(condition): state.feeds.get(condition, 0) for condition in Condition}
        letters = {str(each): state.letters.get(each, 0) for each in DeliveryState}
        yield _gauge("vietnhat_feeds", "Feeds by condition", "condition", feeds)
        yield _gauge("vietnhat_letters", "Letters in the outbox by state", "state", letters)
        ages = {name: at.timestamp() for name, at in state.rounds.items()}
        yield _gauge("vietnhat_last_round_timestamp_seconds", "When a round ended well last", "round", ages)
        yield _gauge("vietnhat_round_failing", "Whether a round failed last time", "round", state.failing)
        yield _gauge("vietnhat_model_info", "The model that serves", "model", {state.model: 1})
        yield _gauge("vietnhat_build_info", "The program's version", "version", {state.version: 1})
        yield _one(
            "vietnhat_oldest_letter_seconds",
            "Age of the oldest letter that is due",
            state.oldest_letter_seconds,
        )
        backup = state.backup_at.timestamp() if state.backup_at else 0.0
        yield _one("vietnhat_last_backup_timestamp_seconds", "When the newest verified copy was made", backup)
        yield _one("vietnhat_database_bytes", "Size of the database with its log", state.database_bytes)


def exposition(look: Callable[[], State]) -> bytes:
    """All figures in the text format of Prometheus."""
    now = CollectorRegistry(auto_describe=False)
    now.register(_House(look))
    return generate_latest(REGISTRY) + generate_latest(now)


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _one(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)
