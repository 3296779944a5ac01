"""What a replay is measured by: the program's database and letters against the second reading of the recorded days."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.replay.newsroom import READERS, Day, Newsroom
from tests.replay.recorded import APPENDING, Recorded, squeezed

MARK = re.compile(r"\(?[\w&.]{2,12}(?:online)?\)?[-–—]+", re.IGNORECASE)
"""An outlet's mark before the text, as squeezing leaves it: "NDO-", "(Tổ Quốc)-", "VTV.vn-"."""

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


@dataclass
class Storage:
    """Links recorded against links stored."""

    recorded: int
    stored: int
    once: int
    differing: list[tuple[str, str]] = field(default_factory=list)
    """Link, and why it is not exactly one article."""


def storage(room: Newsroom) -> Storage:
    """Whether each recorded link is exactly one article."""
    stored = Counter(str(row["link"]) for row in room.rows("SELECT link FROM article"))
    recorded = room.recording.versions
    differing = [
        (link, f"stored {stored[link]} times" if stored[link] else _why_missing(room, versions))
        for link, versions in recorded.items()
        if stored[link] != 1
    ]
    differing += [(link, "never recorded") for link in stored if link not in recorded]
    once = sum(stored[link] == 1 for link in recorded)
    return Storage(len(recorded), sum(stored.values()), once, differing)


def _why_missing(room: Newsroom, versions: Sequence[Recorded]) -> str:
    rows = room.rows("SELECT link FROM article WHERE title = ?", versions[0].title)
    return f"known as {rows[0]['link']}" if rows else "lost"


@dataclass
class Dates:
    """Stored instants against the second reading."""

    checked: int = 0
    undated: int = 0
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    """Link, raw date, what is stored."""
    latest: dict[str, float] = field(default_factory=dict)
    """By outlet, hours from the newest entry of a document to the poll, at least: below zero lies in the future."""


def dates(room: Newsroom) -> Dates:
    """Whether each article has the instant its first recorded entry names."""
    found = Dates()
    rows = {str(row["link"]): row for row in room.rows("SELECT link, published, dated FROM article")}
    for link, versions in room.recording.versions.items():
        row, first = rows[link], versions[0]
        found.checked += 1
        found.undated += not row["dated"]
        stored = datetime.strptime(row["published"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if stored != first.published:
            found.wrong.append((link, first.raw_date, row["published"]))
    for (day, outlet), document in room.recording.documents.items():
        seven = datetime(day.year, day.month, day.day, tzinfo=UTC)  # 00:00 UTC is 07:00 there
        hours = min((seven - entry.published).total_seconds() / 3600 for entry in document)
        found.latest[outlet] = round(min(hours, found.latest.get(outlet, hours)), 2)
    return found


@dataclass
class Summaries:
    """Stored summaries against the second reading."""

    articles: int = 0
    non_empty: int = 0
    same: Counter[str] = field(default_factory=Counter)
    composed: Counter[str] = field(default_factory=Counter)
    """Same only after putting letters and their marks together (NFC) and dropping what cannot be seen."""
    marks: Counter[str] = field(default_factory=Counter)
    blocks: Counter[str] = field(default_factory=Counter)
    differing: list[tuple[str, str, str]] = field(default_factory=list)
    """Link, second reading, what is stored."""
    leaking: list[tuple[str, str]] = field(default_factory=list)
    """Link, and the related headline that stands in its summary."""


def summaries(room: Newsroom) -> Summaries:
    """Whether summaries are the text before the related block, to the letter, but for white space and the mark."""
    found = Summaries()
    rows = {str(row["link"]): str(row["summary"]) for row in room.rows("SELECT link, summary FROM article")}
    for link, versions in room.recording.versions.items():
        newest = _newest(versions)
        stored = squeezed(rows[link])
        found.articles += 1
        found.non_empty += bool(stored)
        found.blocks[newest.outlet] += newest.has_related
        text = newest.text
        if not text.endswith(stored):
            text = INVISIBLE.sub("", unicodedata.normalize("NFC", text))
            found.composed[newest.outlet] += 1
        mark = text.removesuffix(stored) if stored else ""
        if text == stored or MARK.fullmatch(mark):
            found.same[newest.outlet] += 1
            found.marks.update([mark] if text != stored else [])
        else:
            found.differing.append((link, newest.text, stored))
        found.leaking += [
            (link, one)
            for one in newest.related
            if len(one) > 12 and one in stored and one not in newest.text
        ]
    return found


def _newest(versions: Sequence[Recorded]) -> Recorded:
    """What the last document that held the link says of it; of several entries there the first counts."""
    last = max(entry.day for entry in versions)
    return min((entry for entry in versions if entry.day == last), key=lambda entry: entry.place)


@dataclass
class Mailing:
    """What each reader was sent."""

    letters: dict[str, int] = field(default_factory=dict)
    articles: dict[str, int] = field(default_factory=dict)
    twice: list[tuple[str, str]] = field(default_factory=list)
    """Reader and link of what stands in more than one letter."""
    unexpected: list[str] = field(default_factory=list)


def mailing(room: Newsroom, days: Sequence[Day]) -> Mailing:
    """Whether each slot brought the letters it should, and no article twice."""
    found = Mailing()
    links = {str(row["link"]) for row in room.rows("SELECT link FROM article")}
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for letter in room.letters():
        seen[letter.reader].update(letter.links & links)
    for reader in READERS:
        found.letters[reader] = sum(letter.reader == reader for letter in room.letters())
        found.articles[reader] = len(seen[reader])
        found.twice += [(reader, link) for link, times in seen[reader].items() if times > 1]
    for day in days:
        sent = Counter(letter.reader for letter in day.letters)
        for reader, items in day.digests.items():
            expected = int(bool(items) or "--empty" in READERS[reader])
            if sent[reader] != expected:
                found.unexpected.append(f"{day.at:%d.%m.} {reader}: {sent[reader]} letters, {items} items")
        if set(sent) - set(day.digests):
            found.unexpected.append(f"{day.at:%d.%m.}: letters without a digest")
    return found


def fresh_news(room: Newsroom, day: Day) -> int:
    """Articles first seen that morning which the model sends and which are no older than a week."""
    at = day.at.astimezone(UTC)
    rows = room.rows(
        "SELECT a.id FROM article a JOIN verdict v ON v.article_id = a.id "
        "WHERE v.decision = 'send' AND a.news = 1 AND a.first_seen = ? AND a.published >= ?",
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        f"{at - timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}",
    )
    return len(rows)


def appended(found: Summaries) -> str:
    """The related blocks in one line."""
    return ", ".join(f"{outlet} {found.blocks[outlet]}" for outlet in APPENDING)
