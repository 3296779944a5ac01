"""What a form says, as a subscriber's choices. Whatever a stranger may send ends in a choice or in BadField."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn, TypeVar, get_args

from classifiers.taxonomy import Taxonomy
from monitor.errors import Misuse
from monitor.types import COUNTRIES, NEWCOMER, Cadence, Language, Subscriber
from monitor.wishes import checked_address, checked_sectors, checked_watched, checked_zone, with_alerts

T = TypeVar("T", bound=str)

Form = Mapping[str, Sequence[str]]
"""The values of every field, in order."""

LANGUAGES: tuple[Language, ...] = get_args(Language)
CADENCES: tuple[Cadence, ...] = get_args(Cadence)
OUTLETS = (0, 2, 3, 5, 8, 12)
"""From how many outlets on a story is an alert; 0 for never."""

ZONES = (
    "Asia/Ho_Chi_Minh", "Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Manila",
    "Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Jakarta", "Asia/Bangkok", "Asia/Kolkata", "Asia/Dubai",
    "Australia/Sydney", "Pacific/Auckland", "Europe/Moscow", "Europe/Berlin", "Europe/Paris", "Europe/Brussels",
    "Europe/London", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo",
)  # fmt: skip
"""Offered in the list; a reader's own is added to it."""


class BadField(Exception):
    """A value that no form of ours would send, or that a person should look at again."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def address_of(form: Form) -> str:
    """The address somebody typed. Raises BadField."""
    text = _one(form, "address").strip()
    try:
        return checked_address(text) if len(text) <= 320 else _bad("address")
    except Misuse:
        return _bad("address")


def newcomer(form: Form, taxonomy: Taxonomy) -> Subscriber:
    """Who signs up, with the few choices of that form. Raises BadField."""
    few = ("language", "cadence", "hour", "zone", "sectors")
    chosen = {field: _READ[field](form, taxonomy) for field in few}
    return with_alerts(replace(NEWCOMER, address=address_of(form), **chosen))


def choices(form: Form, reader: Subscriber, taxonomy: Taxonomy) -> Subscriber:
    """The reader with everything the form of preferences holds. Raises BadField."""
    chosen = {field: read(form, taxonomy) for field, read in _READ.items()}
    return with_alerts(replace(reader, **chosen, **_ticked(form)))


def typed(form: Form, reader: Subscriber, taxonomy: Taxonomy) -> Subscriber:
    """The reader with as much of a form as can be used: what is shown again when one field of it cannot."""
    for field, read in _READ.items():
        try:
            reader = replace(reader, **{field: read(form, taxonomy)})
        except BadField:
            continue
    return replace(reader, **_ticked(form))


def sector_of(form: Form, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The sector somebody says an article belongs to; none when they say: none of these. Raises BadField."""
    sector = _one(form, "sector")
    return () if sector == "none" else (_known(sector, taxonomy.sector_by_id, "sector"),)


def _ticked(form: Form) -> dict[str, Any]:
    """What stands in boxes. None can be wrong: a form does not name those that are empty."""
    holidays = tuple(country for country in COUNTRIES if country in form.get("holidays", ()))
    return {**{name: name in form for name in _BOXES}, "holidays": holidays}


def _watched(form: Form, taxonomy: Taxonomy) -> tuple[str, ...]:
    names = [line for line in _one(form, "watched").splitlines() if line.strip()]
    ids = [_known(id_, taxonomy.commitment_by_id, "watched") for id_ in form.get("commitments", ())]
    try:
        return checked_watched([*(unicodedata.normalize("NFC", name) for name in names), *ids])
    except Misuse:
        return _bad("watched")


def _sectors(form: Form, field: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    try:
        chosen = checked_sectors(form.get(field, ()), taxonomy.sector_by_id)
    except Misuse:
        return _bad(field)
    return () if len(chosen) == len(taxonomy.sector_by_id) and field == "sectors" else chosen


def _zone(form: Form) -> str:
    try:
        return checked_zone(_one(form, "zone"))
    except Misuse:
        return _bad("zone")


def _hour(form: Form, field: str) -> int:
    return _number(form, field, range(24))


def _number(form: Form, field: str, allowed: Collection[int]) -> int:
    text = _one(form, field)
    if not (text.isascii() and text.isdigit() and len(text) < 4) or int(text) not in allowed:
        return _bad(field)
    return int(text)


def _among(form: Form, field: str, allowed: Iterable[T]) -> T:
    text = _one(form, field)
    return next((each for each in allowed if each == text), None) or _bad(field)


def _known(id_: str, known: Collection[str], field: str) -> str:
    return id_ if id_ in known else _bad(field)


def _one(form: Form, field: str) -> str:
    values = form.get(field, ())
    return values[0] if len(values) == 1 else _bad(field)


def _bad(field: str) -> NoReturn:
    raise BadField(field)


_BOXES = ("wants_maybe", "wants_empty", "wants_thread")
_READ: Mapping[str, Callable[[Form, Taxonomy], Any]] = {
    "language": lambda form, _: _among(form, "language", LANGUAGES),
    "cadence": lambda form, _: _among(form, "cadence", CADENCES),
    "hour": lambda form, _: _hour(form, "hour"),
    "second_hour": lambda form, _: _hour(form, "second_hour"),
    "weekday": lambda form, _: _number(form, "weekday", range(7)),
    "zone": lambda form, _: _zone(form),
    "sectors": lambda form, taxonomy: _sectors(form, "sectors", taxonomy),
    "watched": lambda form, taxonomy: _watched(form, taxonomy),
    "alert_sectors": lambda form, taxonomy: _sectors(form, "alert_sectors", taxonomy),
    "alert_outlets": lambda form, _: _number(form, "alert_outlets", range(101)),
    "quiet_from": lambda form, _: _hour(form, "quiet_from"),
    "quiet_until": lambda form, _: _hour(form, "quiet_until"),
}
"""How each field of the forms is read."""
