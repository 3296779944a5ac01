"""Corrections as files that go from one installation to another: JSON Lines and CSV, the same columns."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classifiers.corrections import Correction
from classifiers.verdict import Text
from monitor.cells import as_given, harmless
from monitor.errors import BadFile

COLUMNS = ("title", "summary", "relevance", "sectors", "person", "origin", "made_at")

MAX_TEXT = 20_000
"""Characters of a title or summary; no feed brings more."""


def as_row(vote: Correction) -> dict[str, Any]:
    """One correction as it stands in a file; `sectors` is null where nothing was said of them."""
    return {
        "title": vote.text.title,
        "summary": vote.text.summary,
        "relevance": vote.relevance,
        "sectors": None if vote.sectors is None else list(vote.sectors),
        "person": vote.person,
        "origin": vote.origin,
        "made_at": vote.made_at.astimezone(UTC).isoformat(),
    }


def write_jsonl(votes: Iterable[Correction]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(as_row(vote), ensure_ascii=False) + "\n" for vote in votes)


def write_csv(votes: Iterable[Correction]) -> str:
    """A header and one row each; sectors separated by spaces.

    A text that a spreadsheet would take for a formula is led by an apostrophe.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for vote in votes:
        row = {**as_row(vote), "sectors": " ".join(vote.sectors or ())}
        table.writerow([harmless(row[column]) for column in COLUMNS])
    return out.getvalue()


def read_file(file: Path, *, person: str, now: datetime, sectors: Collection[str]) -> list[Correction]:
    """All corrections of a file, or of standard input for "-". `person` and `now` stand in where a row names none.

    Raises BadFile for the first row that cannot be used; nothing of the file is taken in then.
    """
    text = _text(file)
    rows = _csv_rows(file, text) if file.suffix.lower() == ".csv" else _json_rows(file, text)
    out = []
    for number, row in rows:
        try:
            out.append(_correction(row, person, now, sectors))
        except ValueError as error:
            raise BadFile(file, str(error), line=number, todo="correct the row") from error
    return out


def _text(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(file, "is not UTF-8", todo="save it as UTF-8") from error
    except OSError as error:
        raise BadFile(file, f"cannot be read: {error.strerror}", todo="check the path") from error


def _json_rows(file: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):  # splitlines would cut at U+2028, which JSON may hold
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadFile(file, "is not JSON", line=number, todo="write one object a line") from error
            if not isinstance(row, dict):
                raise BadFile(file, "is not a JSON object", line=number, todo="write one object a line")
            yield number, row


def _csv_rows(file: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    table = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = {"title", "relevance"} - set(table.fieldnames or ())
        if missing:
            raise BadFile(file, f"has no column {missing.pop()!r}", line=1, todo=f"use {','.join(COLUMNS)}")
        for row in table:
            given: dict[str, Any] = {key: as_given(value) for key, value in row.items() if key}
            named = (given.get("sectors") or "").split()
            yield table.line_num, {**given, "sectors": named or None}
    except csv.Error as error:
        raise BadFile(file, f"is not CSV ({error})", line=table.line_num, todo="correct the row") from error


def _correction(row: Mapping[str, Any], person: str, now: datetime, sectors: Collection[str]) -> Correction:
    """One row. Raises ValueError in words."""
    title, summary = (row.get(key) or "" for key in ("title", "summary"))
    if not isinstance(title, str) or not title.strip() or not isinstance(summary, str):
        raise ValueError("title and summary must be texts, the title not empty")
    if any("\ud800" <= character <= "\udfff" for character in title + summary):
        raise ValueError("holds half a surrogate pair, which is no text")
    if len(title) + len(summary) > MAX_TEXT:
        raise ValueError("is longer than any article's title and summary")
    relevance = str(row.get("relevance", "")).strip()
    if relevance not in ("0", "1", "2"):
        raise ValueError("relevance must be 0, 1 or 2")
    named = row.get("sectors")
    if named is not None and not (isinstance(named, list) and all(isinstance(s, str) for s in named)):
        raise ValueError("sectors must be a list of ids of the taxonomy")
    if unknown := [sector for sector in named or () if sector not in sectors]:
        raise ValueError(f"sectors must be ids of the taxonomy, not {unknown[0]!r}"[:120])
    if named and relevance == "0":
        raise ValueError("what is not relevant has no sectors")
    who = row.get("person") or person
    if not isinstance(who, str) or len(who) > 200 or not who.isprintable():
        raise ValueError("person must be a name or an address")
    return Correction(
        Text(title.strip(), summary.strip()),
        int(relevance),
        tuple(dict.fromkeys(named))[:3] if named else None,
        who,
        "import",
        _instant(row.get("made_at"), now),
    )


def _instant(given: object, now: datetime) -> datetime:
    """When it was said; never later than now, so that no row outlives every correction of it."""
    if not given:
        return now
    try:
        instant = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise ValueError("made_at must be a time like 2026-11-21T07:00:00+00:00") from error
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return min(aware, now) if 1970 < aware.year < 2200 else now
