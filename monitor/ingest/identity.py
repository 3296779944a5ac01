"""Which entries are the same article: keys for one document at a time. The only module that knows w3lib.

Keys hold within an outlet, strongest first (docs/decisions.md, "Identity"). A title is never one.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string, url_query_cleaner

_LONGEST_LINK = 2_000
_LONGEST_GUID = 200
_SHORT_GUID = 12
_TRACKING = re.compile(
    r"(?:utm_|at_(?:medium|campaign|custom)|vn_(?:source|medium|campaign|term|thumb)|mc_[ce]id|(?:fb|g|dc|msclk|y|tt)"
    r"clid|gclsrc|gbraid|wbraid|zarsrc|gidzl|igshid|_ga|_gl|cmpid|amp$)",
    re.IGNORECASE,
)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]+")
_FOLDED_HOSTS = re.compile(r"(?:www|m|amp)\.(?=[^.]+\.[^.])")
_FOLDED_TAIL = re.compile(r"(?:/+|/amp)$")
_NUMBER = re.compile(r"(?:^|[-_.])([a-z]{0,4}?)(\d{5,25})(?:\.[a-z]{2,6})?$", re.IGNORECASE)
_PLAIN_DATE = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:(?:19|20)\d\d|[123]\d)"
    r"|[123]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
)


@dataclass(frozen=True, slots=True)
class Identifiable:
    """What identity may look at: the link already made absolute, the guid as given, the text cleaned."""

    link: str
    guid: str
    title: str
    summary: str


def article_link(raw: str, feed_url: str) -> str:
    """The absolute http(s) URL a reader may open, properly quoted; "" if the entry gives none.

    Relative links start from the feed. Other schemes, user names and endless URLs are no links.
    """
    raw = _CONTROLS.sub("", raw).strip()
    if not raw:
        return ""
    try:
        link = safe_url_string(urljoin(feed_url, raw))
        parts = urlsplit(link)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
        return link if usable and len(link) <= _LONGEST_LINK and parts.port != 0 else ""
    except ValueError:
        return ""


def canonical_url(url: str) -> str:
    """One spelling for all addresses of a page. A key, never to be fetched; "" if it is no web address."""
    if not _WEB.match(url):
        return ""
    try:
        parts = urlsplit(canonicalize_url(_without_tracking(url)))
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".")
    while (shorter := _FOLDED_HOSTS.sub("", host, count=1) if _FOLDED_HOSTS.match(host) else host) != host:
        host = shorter
    if not _HOST.fullmatch(host):
        return ""
    path = parts.path
    while (shorter := _FOLDED_TAIL.sub("", path)) != path:
        path = shorter
    authority = f"[{host}]" if ":" in host else host
    authority += f":{port}" if port not in (None, 80, 443) else ""
    return urlunsplit(("https", authority, path, parts.query, ""))


def _without_tracking(url: str) -> str:
    names = {pair.partition("=")[0] for pair in urlsplit(url).query.split("&")}
    tracking = [name for name in names if _TRACKING.match(name)]
    return url_query_cleaner(url, tracking, remove=True) if tracking else url


def article_number(canonical: str) -> str:
    """The outlet's own number at the end of a canonical URL, with its host, or "".

    Five digits at least, and never a plain date: daily columns end in one, and are different articles.
    """
    parts = urlsplit(canonical)
    found = _NUMBER.search(parts.path.rpartition("/")[2])
    if found is None or _PLAIN_DATE.fullmatch(found[2]):
        return ""
    return f"{parts.netloc}:{found[1].lower()}{found[2]}"


def document_keys(entries: Sequence[Identifiable], feed_id: str) -> tuple[tuple[str, ...], ...]:
    """The keys of each entry, in order; every entry has at least one.

    A key that different articles of the document share (a home page, a guid "same") is none. An entry left
    without any is known by its text, within its feed only: a title alone is no identity, two outlets or
    sections may well print the same words about different events, and an edited text is then a new article.
    """
    candidates = [tuple(_candidate_keys(entry, feed_id)) for entry in entries]
    shared = _shared_keys(entries, candidates)
    return tuple(
        tuple(key for key in keys if key not in shared) or (_text_key(entry, feed_id),)
        for entry, keys in zip(entries, candidates, strict=True)
    )


def _candidate_keys(entry: Identifiable, feed_id: str) -> Iterable[str]:
    canonical = canonical_url(entry.link)
    if canonical and (urlsplit(canonical).path or urlsplit(canonical).query):  # a home page is no article
        yield f"url:{canonical}"
        number = article_number(canonical)
        if number:
            yield f"num:{number}"
    guid = " ".join(_CONTROLS.sub(" ", entry.guid).split())
    as_url = canonical_url(guid)
    if as_url:
        if as_url != canonical:
            yield f"guid:{_bounded(as_url)}"
    elif len(guid) >= _SHORT_GUID:
        yield f"guid:{_bounded(guid)}"
    elif guid:
        yield f"guid:{feed_id}:{guid}"


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_GUID else hashlib.sha256(text.encode()).hexdigest()


def _shared_keys(entries: Sequence[Identifiable], candidates: Sequence[tuple[str, ...]]) -> frozenset[str]:
    """Keys under which the document holds entries that are not copies of one another."""
    holders: defaultdict[str, list[Identifiable]] = defaultdict(list)
    for entry, keys in zip(entries, candidates, strict=True):
        for key in keys:
            holders[key].append(entry)
    return frozenset(
        key for key, group in holders.items() if not all(_is_copy(group[0], each) for each in group)
    )


def _is_copy(one: Identifiable, other: Identifiable) -> bool:
    return one.title == other.title and (one.guid == other.guid or one.summary == other.summary)


def _text_key(entry: Identifiable, feed_id: str) -> str:
    digest = hashlib.sha256(f"{entry.title}\n{entry.summary}".encode()).hexdigest()
    return f"text:{feed_id}:{digest}"
