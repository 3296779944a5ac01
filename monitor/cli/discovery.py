"""Looks at a feed without storing anything, finds the feed of a page, and proposes how to list it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from classifiers.text import fold
from monitor.errors import VietnhatError
from monitor.ingest.decode import decode
from monitor.ingest.fetch import Fetcher
from monitor.ingest.pool import ReaderPool
from monitor.types import Document, Failed, Feed, Fetched, FetchOutcome, Validators

_FEED_TYPES = ("application/rss+xml", "application/atom+xml")
_MOST_CANDIDATES = 10
_LONGEST_PAGE = 2_000_000
_PROBE = Feed("probe", "probe", "probe", "", "vi", "Asia/Ho_Chi_Minh", "press")


@dataclass(frozen=True, slots=True)
class Looked:
    """What one feed answered. `moved_to` is its new address when it has moved for good."""

    url: str
    result: Document | Failed
    moved_to: str | None = None
    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that can be read, and the other feeds its page names."""

    url: str
    document: Document
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scout:
    """What looking at feeds needs of the world."""

    fetcher: Fetcher
    reader: ReaderPool

    async def look(self, feed: Feed) -> Looked:
        """Fetch and read one feed."""
        outcome: FetchOutcome = await self.fetcher.get(feed.url, Validators())
        if isinstance(outcome, Failed):
            return Looked(feed.url, outcome)
        assert isinstance(outcome, Fetched)  # nothing was sent that could be "not modified"
        result = await self.reader.read(outcome.body, outcome.content_type, feed)
        return Looked(outcome.url, result, outcome.moved_to, outcome.body, outcome.content_type)

    async def find(self, url: str) -> Found:
        """The feed at `url`, or the first readable one that the page there names. Raises VietnhatError."""
        first = await self.look(_probe(url))
        if isinstance(first.result, Document):
            return Found(first.moved_to or url, first.result)
        if not first.body:
            raise VietnhatError(f"{url}: {first.result.reason}")
        named = feeds_of_page(decode(first.body, first.content_type).text[:_LONGEST_PAGE], first.url)
        if not named:
            raise VietnhatError(f"{url}: {first.result.reason}, and names none; give the feed's own address")
        reasons = []
        for candidate in named:
            looked = await self.look(_probe(candidate))
            if isinstance(looked.result, Document):
                others = tuple(other for other in named if other != candidate)
                return Found(looked.moved_to or candidate, looked.result, others)
            reasons.append(f"{candidate} ({looked.result.reason})")
        raise VietnhatError(f"{url}: no feed that this page names can be read: {reasons[0]}")


def _probe(url: str) -> Feed:
    return replace(_PROBE, url=url)


def feeds_of_page(html: str, url: str) -> tuple[str, ...]:
    """Addresses of the feeds an HTML page names in `<link rel="alternate">`, in its order."""
    tree = LexborHTMLParser(html)
    base = next((node.attributes.get("href") for node in tree.css("base[href]")), None)
    found = dict.fromkeys(_web_addresses(tree, _joined(url, base or "") or url))
    return tuple(found)[:_MOST_CANDIDATES]


def _web_addresses(tree: LexborHTMLParser, base: str) -> Iterator[str]:
    for node in tree.css("link[rel][type][href]"):
        attributes = {name: (value or "").strip() for name, value in node.attributes.items()}
        kind = attributes["type"].partition(";")[0].strip().lower()
        if kind in _FEED_TYPES and "alternate" in attributes["rel"].lower().split():
            address = _joined(base, attributes["href"])
            if address:
                yield address


def _joined(base: str, href: str) -> str:
    """The absolute web address of a reference; "" for anything else."""
    try:
        address = urljoin(base, href)
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("http", "https") and parts.hostname else ""


# --- how to list it --------------------------------------------------------------------------

_TITLE_PARTS = re.compile(r"\s+[-–—|»·]+\s+|\s*[|»]\s*|:\s+")
_FEED_WORDS = re.compile(r"\b(?:rss|feeds?|atom)\b", re.IGNORECASE)
_NO_SECTION = ("", "rss", "feed", "feeds", "index", "home", "atom")
_FIRST_SECTION = "tin mới"
_SECOND_LEVEL = ("com", "org", "net", "gov", "edu", "info", "co", "ac")


def proposal(found: Found, given: Mapping[str, Any], listed: Sequence[Feed]) -> dict[str, Any]:
    """The keys of the new line: what is `given`, else what feeds of the same host have, else a guess."""
    host = host_of(found.url)
    sisters = [feed for feed in listed if host_of(feed.url) == host]
    outlet, section = _from_title(found.document.title, host, sisters[0].outlet if sisters else "")
    values: dict[str, Any] = {
        "outlet": outlet,
        "section": section or _last_word(found.url) or _FIRST_SECTION,
        "language": sisters[0].language if sisters else "vi",
        "zone": sisters[0].zone if sisters else "Asia/Ho_Chi_Minh",
        "kind": sisters[0].kind if sisters else _kind(host),
        **{key: value for key, value in given.items() if value},
        "url": found.url,
    }
    taken = {feed.id for feed in listed}
    values.setdefault("id", _free_id(f"{_label(host)}-{values['section']}", taken))
    return values


def same_address(one: str, other: str) -> bool:
    """True for two spellings of one address: http or https, with or without a last slash."""
    return _bare(one) == _bare(other)


def host_of(url: str) -> str:
    """The host without "www."."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _bare(url: str) -> tuple[str, int | None, str, str]:
    parts = urlsplit(url)
    port = None if parts.port in (80, 443) else parts.port
    return (parts.hostname or "").removeprefix("www."), port, parts.path.rstrip("/"), parts.query


def _from_title(title: str, host: str, known_outlet: str) -> tuple[str, str]:
    """Outlet and section as a title like "Thời sự - VnExpress RSS" tells them."""
    parts = [" ".join(_FEED_WORDS.sub(" ", part).split()) for part in _TITLE_PARTS.split(title)]
    parts = [part[:100] for part in parts if part]
    names = {_letters(_label(host)), _letters(known_outlet)} - {""}
    own = [part for part in parts if any(name in _letters(part) for name in names)]
    rest = [part for part in parts if part not in own]
    outlet = known_outlet or (own[0] if own else rest.pop() if len(rest) > 1 else "") or host
    return outlet, rest[0] if rest else ""


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))


def _label(host: str) -> str:
    """The telling part of a host: vnexpress of vnexpress.net, sggp of sggp.org.vn, bbci of feeds.bbci.co.uk."""
    parts = host.split(".")
    if parts[-1].isdigit() or ":" in host:
        return host  # a numeric address
    while len(parts) > 1 and (parts[-1] in _SECOND_LEVEL or parts[-1] == host.rpartition(".")[2]):
        parts.pop()
    return parts[-1]


def _last_word(url: str) -> str:
    word = urlsplit(url).path.rstrip("/").rpartition("/")[2].partition(".")[0]
    return "" if word.lower() in _NO_SECTION else word[:100]


def _kind(host: str) -> str:
    return "official" if host.endswith(".gov.vn") else "press"


def _free_id(text: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")[:50].strip("-") or "feed"
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(each for each in numbered if each not in taken)
