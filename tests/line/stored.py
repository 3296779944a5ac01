"""An invented archive put into a database at once, past fetching and reading."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from classifiers.verdict import CommitmentScore, Decision, Evidence, SectorScore, Text, Verdict
from monitor.store import verdicts
from monitor.store.database import Store
from monitor.store.times import to_text
from monitor.types import Article, RelevantArticle


def keep(store: Store, articles: Iterable[Article | RelevantArticle]) -> None:
    """Store articles under the numbers they have."""
    with store.transaction():
        for one in articles:
            story = one.story if isinstance(one, RelevantArticle) else one.story_id
            store.write(
                "INSERT INTO article (id, outlet, kind, section, language, link, title, summary, fingerprint, "
                "published, dated, first_seen, news, story_id) VALUES (?,?,'press','tin',?,?,?,?,'',?,1,?,?,?)",
                [
                    one.id, one.outlet, one.language, one.link, one.title, one.summary, to_text(one.first_seen),
                    to_text(one.first_seen), int(one.news), story,
                ],
            )  # fmt: skip


def judge(
    store: Store,
    articles: Iterable[RelevantArticle],
    *,
    model: str,
    now: datetime,
    decision: Decision = Decision.SEND,
) -> None:
    """Store what a model says of articles: their own sectors and commitments."""
    verdicts.save(
        store,
        [(one.id, Text(one.title, one.summary), _verdict(one, model, decision)) for one in articles],
        now=now,
    )


def _verdict(one: RelevantArticle, model: str, decision: Decision) -> Verdict:
    return Verdict(
        relevance=0.95,
        decision=decision,
        sectors=tuple(SectorScore(id_, 0.9 - place / 10) for place, id_ in enumerate(one.sectors)),
        commitments=tuple(CommitmentScore(id_, 0.8) for id_ in one.commitments),
        evidence=tuple(Evidence(f"từ thứ {n}", 1.0 / n) for n in range(1, 13)),
        model=model,
    )
