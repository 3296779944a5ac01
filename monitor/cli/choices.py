"""What a reader may choose, as options of a command: the same for `subscribers add` and `subscribers set`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, get_args

import click

from monitor.cli.context import checked_sectors
from monitor.errors import Misuse
from monitor.types import COUNTRIES, Cadence, Subscriber

Command = TypeVar("Command", bound=Callable[..., object])

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_OPTIONS = (
    click.option("--language", type=click.Choice(["vi", "en", "ja"]), help="Of the letters; Vietnamese at first."),
    click.option("--zone", help="Time zone (IANA), as Asia/Tokyo; Asia/Ho_Chi_Minh at first."),
    click.option("--cadence", type=click.Choice(get_args(Cadence)), help="How often; daily at first."),
    click.option("--hour", type=click.IntRange(0, 23), help="Local hour of the digest; 7 at first."),
    click.option("--second-hour", type=click.IntRange(0, 23), help="The other hour of two a day; 17 at first."),
    click.option("--weekday", type=click.Choice(WEEKDAYS), help="Of weekly ones; Monday at first."),
    click.option(
        "--holiday", "holidays", multiple=True, type=click.Choice([*COUNTRIES, "none"]),
        help="No digest on this country's public holidays; repeat for both.",
    ),
    click.option("--sector", "sectors", multiple=True, help="Only these; repeat for several, 'all' for all."),
    click.option("--empty/--no-empty", "wants_empty", default=None, help="Mail also when there is nothing to tell."),
    click.option("--maybe/--no-maybe", "wants_maybe", default=None, help="Doubtful articles below, by themselves."),
    click.option("--thread/--no-thread", "wants_thread", default=None, help="A week of digests as one conversation."),
    click.option(
        "--watch", "watched", multiple=True,
        help="A name or a commitment's id that matters most; repeat for several, 'none' for none.",
    ),
    click.option("--alert-sector", "alert_sectors", multiple=True, help="Alerts for this sector; 'none' for none."),
    click.option("--alert-outlets", type=click.IntRange(0, 100), help="Alerts for stories of so many outlets; 0: no."),
    click.option("--quiet", help="Local hours without alerts, as 21-6; 'none' for none."),
)  # fmt: skip

_PLAIN = (
    "language", "cadence", "hour", "second_hour", "wants_empty", "wants_maybe", "wants_thread", "alert_outlets",
)  # fmt: skip
_LISTS = {"holidays": "none", "watched": "none", "sectors": "all", "alert_sectors": "none"}
"""What may be given several times, and the word for an empty list."""


def choices(command: Command) -> Command:
    """Give a command all options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(reader: Subscriber, given: Mapping[str, Any]) -> Subscriber:
    """The reader with what was given; the rest stays. Raises Misuse."""
    from monitor.wishes import checked_watched, checked_zone, with_alerts

    changes: dict[str, Any] = {name: given[name] for name in _PLAIN if given[name] is not None}
    if given["zone"] is not None:
        changes["zone"] = checked_zone(given["zone"])
    if given["weekday"] is not None:
        changes["weekday"] = WEEKDAYS.index(given["weekday"])
    if given["quiet"] is not None:
        changes["quiet_from"], changes["quiet_until"] = _hours(given["quiet"])
    for name, empty in _LISTS.items():
        if given[name]:
            changes[name] = () if given[name] == (empty,) else tuple(dict.fromkeys(given[name]))
    for name in ("sectors", "alert_sectors"):
        if name in changes:
            changes[name] = checked_sectors(changes[name])
    if "watched" in changes:
        changes["watched"] = checked_watched(changes["watched"])
    return with_alerts(replace(reader, **changes))


def cadence_words(reader: Subscriber) -> str:
    """When a reader's digests come, for a table."""
    return {
        "daily": f"daily {reader.hour:02d}:00",
        "twice": f"daily {min(reader.hour, reader.second_hour):02d}:00, {max(reader.hour, reader.second_hour):02d}:00",
        "workdays": f"workdays {reader.hour:02d}:00",
        "weekly": f"weekly {WEEKDAYS[reader.weekday]} {reader.hour:02d}:00",
        "alerts": "alerts only",
    }[reader.cadence]


def _hours(text: str) -> tuple[int, int]:
    if text == "none":
        return 0, 0
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text)
    if not found or max(hours := (int(found[1]), int(found[2]))) > 23:
        raise Misuse(f"--quiet: {text!r} is not two hours; write them as 21-6, or 'none'")
    return hours
