"""A digest put together again from what is on record of it, for the page that shows it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from monitor.digest.compose import in_sections
from monitor.digest.rank import gather
from monitor.store import digests, issues, stories
from monitor.store.database import Store
from monitor.store.issues import Issue
from monitor.types import Article, Digest, DigestItem, JudgedArticle, Omission, Stories, Subscriber


@dataclass(frozen=True, slots=True)
class Recalled:
    """A digest as it was sent, and what was left out of it with the reason."""

    digest: Digest
    left_out: tuple[tuple[Article, Omission], ...]


def recall(store: Store, subscriber: Subscriber, digest_id: str) -> Recalled | None:
    """One digest of a reader; None when there is none of that name."""
    issue = issues.one(store, subscriber, digest_id)
    if issue is None:
        return None
    placed = issues.articles(store, issue)
    context = _stories(store, subscriber, issue, [judged for _, _, judged in placed])
    by_place: dict[tuple[int, str], list[JudgedArticle]] = defaultdict(list)
    for role, position, judged in placed:
        by_place[position, role].append(judged)
    items: dict[str, list[DigestItem]] = defaultdict(list)
    for (_, role), those in sorted(by_place.items()):
        items[role] += gather(those, context)
    digest = Digest(
        id=issue.id,
        subscriber=subscriber,
        slot=issue.slot,
        since=issue.since,
        composed_at=issue.composed_at,
        leads=tuple(items["lead"]),
        sections=in_sections(items["item"], frozenset(subscriber.sectors)),
        brief=tuple(items["brief"]),
        maybe=tuple(items["maybe"]),
        more=issue.more,
        polled_entries=issue.polled_entries,
        kind=issue.kind,
    )
    return Recalled(digest, tuple(issues.left_out(store, issue)))


def _stories(store: Store, subscriber: Subscriber, issue: Issue, judged: list[JudgedArticle]) -> Stories:
    """The stories of these articles as they were known when the digest was made."""
    ids = {one.article.story_id for one in judged if one.article.story_id is not None}
    whole = Stories(
        stories.members(store, ids), digests.sent_of(store, subscriber, ids, before=issue.composed_at)
    )
    known = {
        story: [article for article in those if article.first_seen <= issue.composed_at]
        for story, those in whole.articles.items()
    }
    return replace(whole, articles=known)
