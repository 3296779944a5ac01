"""Lists of readers as CSV: what `subscribers export` writes, `subscribers import` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from classifiers.taxonomy import Taxonomy
from monitor.cells import as_given, harmless
from monitor.errors import BadFile, Misuse
from monitor.types import COUNTRIES, NEWCOMER, Cadence, Language, Subscriber
from monitor.wishes import checked_address, checked_sectors, checked_watched, checked_zone, with_alerts

_BETWEEN = "; "
"""Between the names of a watch-list."""

MAX_BYTES = 20 * 2**20


@dataclass(frozen=True, slots=True)
class Row:
    """One reader of a list; the consent is "" where none is given."""

    line: int
    reader: Subscriber


def written(readers: Iterable[Subscriber]) -> str:
    """The list, with a heading."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for reader in readers:
        table.writerow([harmless(write(reader)) for write, _ in _COLUMNS.values()])
    return text.getvalue()


def read(file: Path, taxonomy: Taxonomy) -> list[Row]:
    """The readers of a list, in order; what a list does not say is as for a newcomer. Raises BadFile."""
    try:
        with open(file, "rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadFile(
            file, f"cannot be read ({error.strerror})", todo="check its path and permissions"
        ) from error
    if len(raw) > MAX_BYTES:
        raise BadFile(file, "is too large for a list of readers", todo="split it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(file, "is not UTF-8", todo="save it as CSV in UTF-8") from error
    table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_heading(file, table.fieldnames or ())
        rows = list(_rows(file, table, taxonomy))
    except csv.Error as error:
        raise BadFile(file, f"is no CSV ({error})", line=table.line_num, todo="correct it") from error
    _check_doubles(file, rows)
    return rows


def _rows(file: Path, table: csv.DictReader[str], taxonomy: Taxonomy) -> Iterator[Row]:
    for row in table:
        if None in row or None in row.values():
            todo = "give every line as many fields as the heading"
            raise BadFile(file, "has a line that does not fit its heading", line=table.line_num, todo=todo)
        reader = NEWCOMER
        for name, text in row.items():
            if not text.strip() and name != "address":
                continue
            try:
                changed = _COLUMNS[name][1](as_given(text.strip()), taxonomy)
            except (Misuse, ValueError) as error:
                raise BadFile(file, str(error), line=table.line_num, key=name, todo="correct it") from error
            reader = replace(reader, **{name: changed})
        yield Row(table.line_num, with_alerts(reader))


def _check_heading(file: Path, names: Iterable[str]) -> None:
    names = list(names)
    unknown = [name for name in names if name not in _COLUMNS]
    if "address" not in names or unknown or len(set(names)) < len(names):
        todo = f"the first line names the columns, of these: {', '.join(_COLUMNS)}"
        raise BadFile(file, "has no heading, or one that is not known", line=1, todo=todo)


def _check_doubles(file: Path, rows: Iterable[Row]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        first = seen.setdefault(row.reader.address.casefold(), row.line)
        if first != row.line:
            raise BadFile(
                file, f"has the address of line {first} again", line=row.line, todo="remove one of them"
            )


def _among(allowed: Iterable[str]) -> Callable[[str, Taxonomy], str]:
    def read(text: str, _: Taxonomy) -> str:
        if text not in allowed:
            raise Misuse(f"{text!r} is none of {', '.join(allowed)}")
        return text

    return read


def _number(top: int) -> Callable[[str, Taxonomy], int]:
    def read(text: str, _: Taxonomy) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) > top:
            raise Misuse(f"{text!r} is no number from 0 to {top}")
        return int(text)

    return read


def _yes(text: str, _: Taxonomy) -> bool:
    if text not in ("yes", "no"):
        raise Misuse(f"{text!r} is neither yes nor no")
    return text == "yes"


def _countries(text: str, _: Taxonomy) -> tuple[str, ...]:
    if not {*text.split()} <= {*COUNTRIES}:
        raise Misuse(f"{text!r} names other countries than {' and '.join(COUNTRIES)}")
    return tuple(dict.fromkeys(text.split()))


def _plain(name: str) -> Callable[[Subscriber], str]:
    return lambda reader: str(getattr(reader, name))


def _words(name: str, between: str = " ") -> Callable[[Subscriber], str]:
    return lambda reader: between.join(getattr(reader, name))


def _said(name: str) -> Callable[[Subscriber], str]:
    return lambda reader: "yes" if getattr(reader, name) else "no"


def _ids(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    return checked_sectors(text.split(), taxonomy.sector_by_id)


_COLUMNS: Mapping[str, tuple[Callable[[Subscriber], str], Callable[[str, Taxonomy], Any]]] = {
    "address": (_plain("address"), lambda text, _: checked_address(text)),
    "consent": (_plain("consent"), lambda text, _: " ".join(text.split())),
    "language": (_plain("language"), _among(get_args(Language))),
    "zone": (_plain("zone"), lambda text, _: checked_zone(text)),
    "cadence": (_plain("cadence"), _among(get_args(Cadence))),
    "hour": (_plain("hour"), _number(23)),
    "second_hour": (_plain("second_hour"), _number(23)),
    "weekday": (_plain("weekday"), _number(6)),
    "holidays": (_words("holidays"), _countries),
    "sectors": (_words("sectors"), _ids),
    "watched": (_words("watched", _BETWEEN), lambda text, _: checked_watched(text.split(_BETWEEN.strip()))),
    "wants_empty": (_said("wants_empty"), _yes),
    "wants_maybe": (_said("wants_maybe"), _yes),
    "wants_thread": (_said("wants_thread"), _yes),
    "alert_sectors": (_words("alert_sectors"), _ids),
    "alert_outlets": (_plain("alert_outlets"), _number(100)),
    "quiet_from": (_plain("quiet_from"), _number(23)),
    "quiet_until": (_plain("quiet_until"), _number(23)),
}
