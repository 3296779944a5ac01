"""Log lines on standard error: one per feed poll and per letter, as key=value or JSON. Knows structlog."""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from monitor.types import Delivery, PollReport, SendOutcome, Subscriber


def configure(form: str) -> None:
    """Choose the form, `text` or `json`, once at the start of a program."""
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True, bool_as_flag=False
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _one_line,
            last,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def log(event: str, **values: object) -> None:
    """One line of what happened."""
    _logger().info(event, **values)


def warn(event: str, **values: object) -> None:
    """One line of what an operator should see."""
    _logger().warning(event, **values)


def _logger() -> Any:
    """Standard output is for results, also of a command that never chose a form of its log."""
    if structlog.is_configured():
        return structlog.get_logger()
    return structlog.wrap_logger(structlog.PrintLogger(sys.stderr))


def polled(report: PollReport) -> None:
    """The line of one feed's poll."""
    line = warn if report.outcome == "failed" else log
    line(
        "poll",
        feed=report.feed_id,
        outcome=report.outcome,
        status=report.status,
        entries=report.entries,
        new=report.new,
        revised=report.revised,
        seconds=report.seconds,
        **({"reason": report.reason} if report.reason else {}),
    )


def delivered(delivery: Delivery, outcome: SendOutcome) -> None:
    """The line of one attempt at one letter; addresses are personal, so the outbox number stands for them."""
    log(
        "deliver",
        letter=delivery.id,
        outcome=type(outcome).__name__.lower(),
        attempt=delivery.attempts + 1,
        reply=outcome.reply[:200],
    )


def undeliverable(subscriber: Subscriber, reason: str) -> None:
    """The line of a reader no letter can be written for."""
    warn("no-letter", reader=subscriber.id, reason=reason)


def _one_line(_logger: Any, _name: str, values: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Text of strangers must not make a second line or move a terminal's cursor."""
    return {
        key: "".join(c if c.isprintable() else " " for c in value) if isinstance(value, str) else value
        for key, value in values.items()
    }
