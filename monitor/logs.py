"""Log lines on standard error: one per feed poll and per letter, as key=value or JSON. Knows structlog.

What libraries tell Python's own logging comes out here too, so that no line goes round the masks.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from monitor.masking import hide_addresses, logged, on_one_line, without_person
from monitor.types import Deferred, Delivery, PollReport, SendOutcome, Sent, Subscriber


def configure(form: str) -> None:
    """Choose the form, `text` or `json`, once at the start of a program. From then on no address is told."""
    hide_addresses()
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
            _masked,
            last,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    root = logging.getLogger()
    if not any(isinstance(handler, _FromLibraries) for handler in root.handlers):
        root.addHandler(_FromLibraries(logging.WARNING))


def log(event: str, **values: object) -> None:
    """One line of what happened."""
    _write(_logger().info, event, values)


def warn(event: str, **values: object) -> None:
    """One line of what an operator should see."""
    _write(_logger().warning, event, values)


def _write(line: Callable[..., object], event: str, values: Mapping[str, object]) -> None:
    """A line that cannot be written, for a full disk or a reader of the log that died, must not cost the work."""
    with suppress(OSError, ValueError):
        line(event, **values)


def _logger() -> Any:
    """Standard output is for results, also of a command that never chose a form of its log."""
    if structlog.is_configured():
        return structlog.get_logger()
    return structlog.wrap_logger(structlog.PrintLogger(sys.stderr))


def polled(report: PollReport) -> None:
    """The line of one feed's poll."""
    line = warn if report.outcome == "failed" or report.flood else log
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
    """The line of one attempt at one letter; addresses are personal, so the outbox number stands for them.

    Servers quote whom they refuse, in forms of their own: so the one address this is about is taken out first.
    """
    line = log if type(outcome) in (Sent, Deferred) else warn
    line(
        "deliver",
        letter=delivery.id,
        outcome=type(outcome).__name__.lower(),
        attempt=delivery.attempts + 1,
        reply=logged(without_person(outcome.reply, delivery.letter.recipient))[:200],
    )


def undeliverable(subscriber: Subscriber, reason: str) -> None:
    """The line of a reader no letter can be written for."""
    warn("no-letter", reader=subscriber.id, reason=without_person(reason, subscriber.address))


class _FromLibraries(logging.Handler):
    """What asyncio, APScheduler and others warn of, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line, with the error that came with it."""
        error = {"error": repr(record.exc_info[1])} if record.exc_info else {}
        warn("library", name=record.name, message=record.getMessage(), **error)


def _masked(_logger: Any, _name: str, values: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Nothing secret or personal; and text of strangers must not make a second line or move a terminal's cursor."""
    return {
        key: value if value is None or isinstance(value, int | float) else on_one_line(logged(str(value)))
        for key, value in values.items()
    }
