"""What one reader gets in one digest, and why the rest is left out. Knows no words and no layout."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from classifiers.verdict import Decision
from monitor.digest.rank import gather, rank, story_of
from monitor.digest.updates import repeats
from monitor.types import (
    Article,
    Digest,
    DigestItem,
    DigestSection,
    JudgedArticle,
    Omission,
    Stories,
    Subscriber,
)

NO_STORIES = Stories()

MAX_ITEMS = 60
"""Stories in one letter; the rest waits for the next."""

IN_FULL = 20
"""Of these, with summary and reasons; the others have a line each."""

LEADS = 3
LEADS_FROM = 7
"""Fewer stories need no front page."""

WEEKLY_LEADS = 5
"""In full in a weekly edition; the rest has a line each, by sector."""

MAX_MAYBE = 8
"""Doubtful ones; those that are left out come back tomorrow if nothing better does."""

MAX_OF_ONE = 12
"""Of all stories, from one outlet, while other outlets have more to say: a flood of one crowds nobody out."""

MAX_AGE = timedelta(days=7)

WEEKLY_SLACK = timedelta(days=1)
"""What was published before a weekly slot but read after it is a little over a week old at the next one."""

NO_SECTOR = "other"
"""The section of what no sector claims; no id of the taxonomy."""


def compose(
    subscriber: Subscriber,
    *,
    slot: datetime,
    since: datetime,
    now: datetime,
    candidates: Sequence[JudgedArticle],
    polled_entries: int,
    seen_from: datetime | None = None,
    stories: Stories = NO_STORIES,
) -> Digest:
    """The digest of `slot` from all candidates not yet in any digest of this subscriber.

    `since` is only told to the reader; `seen_from`, for a first digest, leaves out what was seen earlier. `stories` are
    those of the candidates. What is over the cap is no part of the digest and stays a candidate; `more` counts it, in
    items.
    """
    oldest = now - MAX_AGE - (WEEKLY_SLACK if subscriber.cadence == "weekly" else timedelta(0))
    chosen = frozenset(subscriber.sectors)
    fit: list[JudgedArticle] = []
    omitted: dict[int, Omission] = {}
    for judged in candidates:
        reason = _reason_against(judged, chosen, oldest, seen_from) or _told_before(judged.article, stories)
        if reason is not None:
            omitted[judged.article.id] = reason
        elif judged.verdict.decision is Decision.SEND:
            fit.append(judged)
    for judged in _riders(candidates, fit, omitted):
        fit.append(judged)
        del omitted[judged.article.id]
    kept, over = _fair_share(rank(gather(fit, stories), subscriber))
    omitted |= {id_: Omission.OVER_THE_CAP for item in over for id_ in article_ids(item)}
    maybe = _maybe(candidates, omitted, stories, subscriber, oldest) if subscriber.wants_maybe else ()
    for item in maybe:
        for id_ in article_ids(item):
            del omitted[id_]
    leads, sections, brief = _arranged(kept, subscriber)
    return Digest(
        id=digest_id(subscriber.id, slot),
        subscriber=subscriber,
        slot=slot,
        since=since,
        composed_at=now,
        leads=leads,
        sections=sections,
        brief=brief,
        maybe=maybe,
        omitted=tuple(sorted(omitted.items())),
        more=len(over),
        polled_entries=polled_entries,
    )


def _arranged(
    kept: Sequence[DigestItem], subscriber: Subscriber
) -> tuple[tuple[DigestItem, ...], tuple[DigestSection, ...], tuple[DigestItem, ...]]:
    """(leads, sections, brief): what stands where, of stories that come weightiest first."""
    chosen = frozenset(subscriber.sectors)
    if subscriber.cadence == "weekly":
        rest = in_sections(kept[WEEKLY_LEADS:], chosen)
        return tuple(kept[:WEEKLY_LEADS]), (), tuple(item for section in rest for item in section.items)
    leads = LEADS if len(kept) >= LEADS_FROM else 0
    return tuple(kept[:leads]), in_sections(kept[leads:IN_FULL], chosen), tuple(kept[IN_FULL:])


def _riders(
    candidates: Iterable[JudgedArticle], fit: Iterable[JudgedArticle], omitted: Mapping[int, Omission]
) -> list[JudgedArticle]:
    """Doubtful articles of stories that are sent anyway."""
    sure = {story_of(judged.article) for judged in fit}
    return [
        judged
        for judged in candidates
        if omitted.get(judged.article.id) is Omission.BELOW_THRESHOLD and story_of(judged.article) in sure
    ]


def _maybe(
    candidates: Iterable[JudgedArticle],
    omitted: Mapping[int, Omission],
    stories: Stories,
    subscriber: Subscriber,
    oldest: datetime,
) -> tuple[DigestItem, ...]:
    """Doubtful news for who wants it, likeliest first."""
    chosen = frozenset(subscriber.sectors)
    doubtful = [
        judged
        for judged in candidates
        if omitted.get(judged.article.id) is Omission.BELOW_THRESHOLD
        and _reason_against(judged, chosen, oldest, None, sure=False) is None
    ]
    items = sorted(
        gather(doubtful, stories), key=lambda item: (-item.judged.verdict.relevance, item.judged.article.id)
    )
    return tuple(items[:MAX_MAYBE])


def _told_before(article: Article, stories: Stories) -> Omission | None:
    told = stories.told(story_of(article))
    return Omission.TOLD_BEFORE if told and repeats(article, told) else None


def _fair_share(items: Sequence[DigestItem]) -> tuple[list[DigestItem], list[DigestItem]]:
    """(what fits into one letter, what waits), each in the order given."""
    if len(items) <= MAX_ITEMS:
        return list(items), []
    seen: Counter[str] = Counter()
    first, later = list[int](), list[int]()
    for place, item in enumerate(items):
        outlet = item.judged.article.outlet
        seen[outlet] += 1
        (first if seen[outlet] <= MAX_OF_ONE else later).append(place)
    kept = frozenset([*first, *later][:MAX_ITEMS])
    return (
        [item for place, item in enumerate(items) if place in kept],
        [item for place, item in enumerate(items) if place not in kept],
    )


def postponed(digest: Digest, left_out: Container[int]) -> Digest:
    """The digest without the items of these articles, which stay candidates as if they were over the cap."""
    late = [item for item in digest.items if item.judged.article.id in left_out]
    doubtful = [item for item in digest.maybe if item.judged.article.id in left_out]
    over = ((id_, Omission.OVER_THE_CAP) for item in (*late, *doubtful) for id_ in article_ids(item))
    return replace(
        without(digest, left_out),
        omitted=tuple(sorted((*digest.omitted, *over))),
        more=digest.more + len(late),
    )


def without(digest: Digest, left_out: Container[int]) -> Digest:
    """The digest without the items of these articles, as if they were no matter of it."""

    def kept(items: Iterable[DigestItem]) -> tuple[DigestItem, ...]:
        return tuple(item for item in items if item.judged.article.id not in left_out)

    sections = (DigestSection(section.sector, kept(section.items)) for section in digest.sections)
    return replace(
        digest,
        leads=kept(digest.leads),
        sections=tuple(section for section in sections if section.items),
        brief=kept(digest.brief),
        maybe=kept(digest.maybe),
    )


def digest_id(subscriber_id: int, slot: datetime) -> str:
    """The one id of this subscriber's digest of this slot, as d-7-20261121T0000Z-1f2e3d4c."""
    stamp = slot.astimezone(UTC).strftime("%Y%m%dT%H%MZ")
    tail = hashlib.sha256(f"{subscriber_id} {stamp}".encode()).hexdigest()[:8]
    return f"d-{subscriber_id}-{stamp}-{tail}"


def article_ids(item: DigestItem) -> tuple[int, ...]:
    """The articles an item stands for."""
    return tuple(judged.article.id for judged in (item.judged, *item.also))


def _reason_against(
    judged: JudgedArticle,
    chosen: frozenset[str],
    oldest: datetime,
    seen_from: datetime | None,
    *,
    sure: bool = True,
) -> Omission | None:
    article, verdict = judged.article, judged.verdict
    if verdict.decision is Decision.REVIEW and sure:
        return Omission.BELOW_THRESHOLD
    if not article.news:
        return Omission.BACK_CATALOGUE
    if article.published < oldest or (seen_from is not None and article.first_seen < seen_from):
        return Omission.TOO_OLD
    if chosen and chosen.isdisjoint(sector.id for sector in verdict.sectors):
        return Omission.SECTOR_NOT_CHOSEN
    return None


def in_sections(items: Iterable[DigestItem], chosen: frozenset[str]) -> tuple[DigestSection, ...]:
    """Items under their main sectors; a section stands where its best item ranks."""
    by_sector: dict[str, list[DigestItem]] = defaultdict(list)
    for item in items:
        by_sector[main_sector(item, chosen)].append(item)
    return tuple(DigestSection(sector, tuple(those)) for sector, those in by_sector.items())


def main_sector(item: DigestItem, chosen: Container[str]) -> str:
    """The first of its sectors that the reader chose, if they chose any."""
    sectors = (sector.id for sector in item.judged.verdict.sectors)
    return next((sector for sector in sectors if not chosen or sector in chosen), NO_SECTOR)
