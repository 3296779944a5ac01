"""Which entries of a document are new, changed or known. Pure: no clock, no SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.types import Document, Entry, Known, NewArticle, PollPlan, Revision, Sighting

_FUTURE = timedelta(minutes=10)
_TOO_OLD = timedelta(days=5 * 365.25)
_FRESH = timedelta(hours=24)
_MOST_WORDINGS = 20
"""Of one article: a feed that rewrites an entry with every poll is not followed for ever."""


def plan(document: Document, known: Mapping[str, Known], *, first_poll: bool, now: datetime) -> PollPlan:
    """What this document changes. `known` maps each key the store knows to its article.

    An entry belongs to the article of its strongest known key, else to an earlier entry of the document that
    shares a key, else it is new. Of several versions of one article in a document, the first counts; it is a
    revision only if the store has never held any of them: two feeds of one outlet that word an article differently
    would else revise each other with every poll.
    """
    groups = _grouped(document.entries, known)
    new, revised, seen = [], [], []
    for group in groups:
        entry = group.entries[0]
        if group.known is None:
            new.append(_new_article(entry, group.keys(known), first_poll=first_poll, now=now))
            continue
        seen.append(Sighting(group.known.article_id, group.keys(known)))
        held = group.known.fingerprints
        if len(held) < _MOST_WORDINGS and not held & {each.fingerprint for each in group.entries}:
            revised.append(Revision(group.known.article_id, entry))
    return PollPlan(tuple(new), tuple(revised), tuple(seen))


@dataclass(slots=True)
class _Group:
    """The entries of one document that are one article."""

    known: Known | None
    entries: list[Entry] = field(default_factory=list)

    def keys(self, known: Mapping[str, Known]) -> tuple[str, ...]:
        """All keys of the group, each once, without those that belong to another article."""
        mine = self.known.article_id if self.known else None
        keys = dict.fromkeys(key for entry in self.entries for key in entry.keys)
        return tuple(key for key in keys if key not in known or known[key].article_id == mine)


def _grouped(entries: Iterable[Entry], known: Mapping[str, Known]) -> list[_Group]:
    groups: list[_Group] = []
    by_article: dict[int, _Group] = {}
    by_key: dict[str, _Group] = {}
    for entry in entries:
        match = next((known[key] for key in entry.keys if key in known), None)
        group = by_article.get(match.article_id) if match else None
        if match is None:
            group = next((by_key[key] for key in entry.keys if key in by_key), None)
        if group is None:
            group = _Group(match)
            groups.append(group)
        group.entries.append(entry)
        if match:
            by_article[match.article_id] = group
        for key in entry.keys:
            by_key.setdefault(key, group)
    return groups


def _new_article(entry: Entry, keys: tuple[str, ...], *, first_poll: bool, now: datetime) -> NewArticle:
    published = entry.published
    if published is not None and not now - _TOO_OLD <= published <= now + _FUTURE:
        published = None
    news = not first_poll or (published is not None and published >= now - _FRESH)
    whole = Entry(keys, entry.link, entry.title, entry.summary, entry.published)
    return NewArticle(whole, published, news)
