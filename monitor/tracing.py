"""Why one reader got one article, or did not: what is on record, put into sentences. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from classifiers.verdict import Decision
from monitor.digest import schedule
from monitor.store import digests, stories
from monitor.store.database import Store
from monitor.types import JudgedArticle, Omission, Subscriber, SubscriberStatus

ROLES = {
    "lead": "as a top story",
    "item": "in full",
    "brief": "in one line",
    "maybe": "among the doubtful ones",
}
REASONS = {
    Omission.SECTOR_NOT_CHOSEN: "none of its sectors is among those this reader chose",
    Omission.TOO_OLD: "too old: published over a week before, or seen before the reader's first digest",
    Omission.BACK_CATALOGUE: "it came with the first reading of its feed and was no news then",
    Omission.BELOW_THRESHOLD: "doubtful: in review, below the threshold for sending",
    Omission.OVER_THE_CAP: "no room in that letter; it waited for the next",
    Omission.TOLD_BEFORE: "it only repeats what this reader was sent of its story",
}


def trace(store: Store, reader: Subscriber, judged: JudgedArticle, *, now: datetime) -> Iterator[str]:
    """What happened with the article, the latest last."""
    article = judged.article
    yield from (
        f"{moment:%Y-%m-%d %H:%M} UTC: left out: {REASONS[reason]}"
        for moment, reason in digests.omissions(store, reader, article.id)
    )
    placed = digests.placed(store, reader, article.id)
    if placed:
        yield (
            f"{placed.composed_at:%Y-%m-%d %H:%M} UTC: in digest {placed.digest_id} {ROLES[placed.role]}, "
            f"place {placed.position + 1}; {_letter(placed)}"
        )
        return
    yield from _by_its_story(store, reader, judged)
    yield from _standing(reader, judged, now)


def _letter(placed: digests.Placed) -> str:
    if not placed.delivery:
        return "no letter was made of it"
    words = f"the letter is {placed.delivery}"
    return f"{words} ({placed.reply})" if placed.reply and placed.delivery != "sent" else words


def _by_its_story(store: Store, reader: Subscriber, judged: JudgedArticle) -> Iterator[str]:
    """Whether the reader was told the same by another article."""
    story = judged.article.story_id
    if story is None:
        return
    told = digests.sent_of(store, reader, [story])
    for other in stories.members(store, [story])[story]:
        if other.id in told:
            yield f"its story was sent: article {other.id}, {other.outlet}: {other.title}"


def _standing(reader: Subscriber, judged: JudgedArticle, now: datetime) -> Iterator[str]:
    """What keeps it from being a candidate now, or that it is one."""
    verdict, article = judged.verdict, judged.article
    if article.language != "vi":
        yield "it is not Vietnamese, so no model judges it"
    elif verdict.decision is Decision.UNCLASSIFIED:
        yield "it has no verdict yet; 'vietnhat poll' or the next round of 'vietnhat run' gives it one"
    elif verdict.decision is Decision.DROP:
        yield (
            f"not relevant by model {verdict.model}: {verdict.relevance:.2f}; "
            f"'vietnhat explain {article.id}' says what speaks for and against it"
        )
    elif reader.status is not SubscriberStatus.ACTIVE:
        yield f"the reader is {reader.status} and gets nothing"
    elif reader.cadence == "alerts":
        yield "the reader gets alerts only"
    elif verdict.decision is Decision.SEND:
        yield f"it may come with the next digest, after {schedule.latest_slot(reader, now):%Y-%m-%d %H:%M} UTC"
