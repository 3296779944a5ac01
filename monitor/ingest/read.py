"""Bytes of one feed to its entries: decode, parse, clean, date, identify. Pure; runs in a child process.

Knows no storage, no clock and no labels. After this module nobody knows whether it was RSS or Atom.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from monitor.ingest.clean import clean_summary, clean_title
from monitor.ingest.dates import parse_date
from monitor.ingest.decode import decode
from monitor.ingest.identity import Identifiable, article_link, document_keys
from monitor.ingest.legacy import modern
from monitor.ingest.parse import RawEntry, RawFeed, parse
from monitor.types import Document, Entry, Failed, Feed

_TITLE_FROM_SUMMARY = 120


@dataclass(frozen=True, slots=True)
class _Cleaned:
    raw: RawEntry
    link: str
    title: str
    summary: str
    code: str


def read(body: bytes, content_type: str, feed: Feed) -> Document | Failed:
    """The document, or why it is none. An empty channel is a document without entries."""
    decoded = decode(body, content_type)
    raw = parse(decoded.text)
    if isinstance(raw, Failed):
        return raw
    cleaned = [_cleaned(entry, feed.url) for entry in raw.entries]
    worded = [each for each in cleaned if each.title]
    entries = _entries(worded, feed)
    problems = (*decoded.problems, *raw.problems, *_notes(raw, worded, entries))
    return Document(clean_title(raw.title), entries, problems, raw.pause)


def _cleaned(raw: RawEntry, feed_url: str) -> _Cleaned:
    raw_title, code = modern(raw.title)
    raw_summary, code_below = modern(raw.summary)
    summary = clean_summary(raw_summary)
    title = clean_title(raw_title) or _beginning(summary)
    return _Cleaned(raw, article_link(raw.link, feed_url), title, summary, code or code_below)


def _beginning(summary: str) -> str:
    """A title for an entry that has none: the first words of its summary."""
    if len(summary) <= _TITLE_FROM_SUMMARY:
        return summary
    return summary[:_TITLE_FROM_SUMMARY].rpartition(" ")[0].rstrip(" ,;:-–") + "…"


def _entries(cleaned: list[_Cleaned], feed: Feed) -> tuple[Entry, ...]:
    identifiable = [Identifiable(each.link, each.raw.guid, each.title, each.summary) for each in cleaned]
    return tuple(
        Entry(keys, each.link, each.title, each.summary, parse_date(each.raw.date, feed.zone))
        for each, keys in zip(cleaned, document_keys(identifiable, feed.id), strict=True)
    )


def _notes(raw: RawFeed, worded: list[_Cleaned], entries: tuple[Entry, ...]) -> list[str]:
    notes = []
    if len(worded) < len(raw.entries):
        notes.append(f"{len(raw.entries) - len(worded)} entries without any text were left out")
    codes = Counter(each.code for each in worded if each.code)
    notes += [f"{count} entries were written in {code}" for code, count in sorted(codes.items())]
    undated = [
        each.raw.date
        for each, entry in zip(worded, entries, strict=True)
        if each.raw.date and not entry.published
    ]
    if undated:
        notes.append(f"{len(undated)} unreadable dates, as {clean_title(undated[0])[:60]!r}")
    linkless = sum(1 for each in worded if each.raw.link.strip() and not each.link)
    if linkless:
        notes.append(f"{linkless} links are no web addresses")
    return notes
