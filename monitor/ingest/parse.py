"""Text to raw entries. The only module that knows feedparser; dates, links and markup stay as they came."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import feedparser

from monitor.ingest import challenge
from monitor.types import Failed, FailureKind

_PROLOG = b'<?xml version="1.0" encoding="utf-8"?>\n'
_ENTITY = re.compile(r"<!ENTITY\b([^>]{0,2000}>?)")
_PLAIN_ENTITY = re.compile(r"""\s+(\w{1,50})\s+(?:"([^"&%<]{0,1000})"|'([^'&%<]{0,1000})')\s*>""")
_REFERENCE = re.compile(r"&(\w{1,50});")
_FIRST_ELEMENT = re.compile(r"<\w")
_GAP = re.compile(r"\s{3,}")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,500}\[[^\]]*\]\s*>")
_MOST_ENTITY_TEXT = 100_000
_CLOSING = {"rss": "</channel></rss>", "feed": "</feed>", "rdf:RDF": "</rdf:RDF>"}
_ROOT = re.compile(r"<(rss|feed|rdf:RDF)[\s>]")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry word for word; "" is what the feed did not give."""

    title: str
    link: str
    guid: str
    date: str
    summary: str


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed word for word."""

    title: str
    entries: tuple[RawEntry, ...]
    problems: tuple[str, ...] = ()
    pause: timedelta = timedelta(0)


def parse(text: str) -> RawFeed | Failed:
    """Entries in document order. Ill-formed feeds give what can be had, with the problem noted."""
    try:
        text, problems = _without_cut_entry(_without_entities(_without_blank_lines(text)))
    except _RefusedEntities as error:
        return Failed(FailureKind.UNREADABLE, str(error))
    try:
        feed = feedparser.parse(
            io.BytesIO(_PROLOG + text.encode("utf-8", "replace")),
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # feedparser lets anything out of hostile feeds; the feed failed, not we
        return Failed(FailureKind.UNREADABLE, f"the feed parser gave up: {error!r:.200}")
    if not feed.get("version"):
        return _no_feed(text)
    if feed.bozo:
        problems += (f"not well-formed: {' '.join(str(feed.get('bozo_exception')).split())[:200]}",)
    entries = tuple(_raw_entry(entry) for entry in feed.entries)
    return RawFeed(_text(feed.feed.get("title")), entries, problems, _asked_pause(feed.feed))


def _raw_entry(entry: Any) -> RawEntry:
    contents = [_text(content.get("value")) for content in entry.get("content") or ()]
    dates = [_text(entry[name]) for name in ("published", "updated", "created") if name in entry]
    guid = _text(entry.get("id"))
    link = _text(entry.get("link"))
    if link == guid and not guid.lower().startswith(("http://", "https://")):
        link = ""  # feedparser takes every guid for a permalink unless told otherwise
    return RawEntry(
        title=_text(entry.get("title")),
        link=link,
        guid=guid,
        date=next((date for date in dates if date.strip()), ""),
        summary=next((text for text in (_text(entry.get("summary")), *contents) if text.strip()), ""),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _RefusedEntities(Exception):
    """The document defines entities that are more than an abbreviation."""


def _without_entities(text: str) -> str:
    """The text with its own entities written out: a few short plain ones are harmless, and in use.

    Looks at the whole text, not at its head: a comment can push a DOCTYPE down as far as one likes.
    """
    declarations = _ENTITY.findall(text) if "<!DOCTYPE" in text else []
    if not declarations:
        return text
    values: dict[str, str] = {}
    for declaration in declarations:
        plain = _PLAIN_ENTITY.fullmatch(declaration)
        if plain is None:
            raise _RefusedEntities("custom XML entities other than short plain text are refused")
        values.setdefault(plain[1], plain[2] or plain[3] or "")  # the first declaration counts (XML 1.0, 4.2)
    used = Counter(name for name in _REFERENCE.findall(text) if name in values)
    if sum(len(values[name]) * count for name, count in used.items()) > _MOST_ENTITY_TEXT:
        raise _RefusedEntities("custom XML entities that blow up the document are refused")
    text = _REFERENCE.sub(lambda reference: values.get(reference[1], reference[0]), text)
    return _DOCTYPE.sub("", text, count=1)


def _without_blank_lines(text: str) -> str:
    """The text with short gaps before its first element: feedparser looks for a DOCTYPE from every line break there
    on, over all the blanks that follow, and so takes the square of them."""
    first = _FIRST_ELEMENT.search(text)
    end = first.start() if first else len(text)
    return _GAP.sub("\n", text[:end]) + text[end:]


def _without_cut_entry(text: str) -> tuple[str, tuple[str, ...]]:
    """A transfer that broke off leaves half an entry at the end: it is left out, to come whole next time."""
    root = _ROOT.search(text)
    if root is None or f"</{root[1]}" in text[-2000:]:
        return text, ()
    last = max(text.rfind("<item>"), text.rfind("<item "), text.rfind("<entry>"), text.rfind("<entry "))
    if last < max(text.rfind("</item"), text.rfind("</entry")) or last < 0:
        return text, ()
    return text[:last] + _CLOSING[root[1]], (
        "the document breaks off; its last, incomplete entry was left out",
    )


def _no_feed(text: str) -> Failed:
    if challenge.page_says_so(text) and not _ROOT.search(text):
        return Failed(FailureKind.CHALLENGE, challenge.WORDS)
    if _HTML.search(text, 0, 4096):
        return Failed(FailureKind.UNREADABLE, "an HTML page, not a feed")
    if text.lstrip()[:1] in ("{", "["):
        return Failed(FailureKind.UNREADABLE, "JSON, not a feed")
    return Failed(FailureKind.UNREADABLE, "not a feed: neither RSS nor Atom")


def _asked_pause(channel: Any) -> timedelta:
    """RSS 2.0 `ttl` (minutes), or `sy:updatePeriod` by `sy:updateFrequency` (RSS 1.0, Syndication); a day at most."""
    wish = timedelta(minutes=_number(channel.get("ttl")))
    period = _PERIODS.get(_text(channel.get("sy_updateperiod")).strip().lower())
    if not wish and period:
        wish = period / (_number(channel.get("sy_updatefrequency")) or 1)
    return min(wish, timedelta(days=1))


def _number(value: Any) -> int:
    text = _text(value).strip()
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
