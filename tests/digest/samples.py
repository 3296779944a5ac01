"""Values for the tests of digests. The news is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from classifiers.verdict import CommitmentScore, Decision, Evidence, SectorScore, Verdict
from monitor.digest.render import Frame
from monitor.digest.view import Manner
from monitor.types import NEWCOMER, Article, JudgedArticle, Language, Subscriber, SubscriberStatus

NOW = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)

FRAME = Frame(
    product="Việt–Nhật Monitor",
    contact="lienhe@example.org",
    unsubscribe="https://tin.example.org/u/0123456789abcdef",
    page="https://tin.example.org/d/trang-cua-thu-nay",
    preferences="https://tin.example.org/p/tuy-chon-cua-ban",
    manner=Manner(judge="https://tin.example.org/f/{:x}".format),
    outlets=52,
)

READER = replace(
    NEWCOMER,
    id=7,
    address="ban@example.org",
    wants_empty=True,
    status=SubscriberStatus.ACTIVE,
    consent="test",
    created_at=NOW - timedelta(days=30),
)

ARTICLE = Article(
    id=1,
    outlet="Báo Mẫu",
    kind="press",
    section="Kinh tế",
    language="vi",
    link="https://baomau.example/tin-1.html",
    title="Tin mẫu số một về hợp tác hai nước",
    summary="Tóm tắt của tin mẫu số một.",
    published=NOW - timedelta(hours=3),
    dated=True,
    first_seen=NOW - timedelta(hours=2),
    news=True,
)

VERDICT = Verdict(
    relevance=0.9,
    decision=Decision.SEND,
    sectors=(SectorScore("economy", 0.8),),
    commitments=(),
    evidence=(Evidence("Nhật Bản", 1.5),),
    model="m1",
)


def reader(language: Language = "vi", **changes: object) -> Subscriber:
    """A subscriber who differs from READER as told."""
    return replace(READER, language=language, **changes)  # type: ignore[arg-type]  # checked by the dataclass's users


def judged(id_: int = 1, **changes: object) -> JudgedArticle:
    """An article of its own headline; `changes` are fields of the article or of the verdict."""
    of_verdict = {name: value for name, value in changes.items() if name in Verdict.__slots__}
    of_article = {"title": f"Tin mẫu số {id_} về hợp tác", "link": f"https://baomau.example/{id_}.html"}
    of_article |= {name: value for name, value in changes.items() if name not in Verdict.__slots__}  # type: ignore[misc]
    article = replace(ARTICLE, id=id_, **of_article)  # type: ignore[arg-type]  # checked by dataclass
    return JudgedArticle(article, replace(VERDICT, **of_verdict))  # type: ignore[arg-type]


def sectors(*ids: str) -> tuple[SectorScore, ...]:
    """Sectors, best first."""
    return tuple(SectorScore(id_, 0.9 - 0.1 * place) for place, id_ in enumerate(ids))


def commitments(*ids: str) -> tuple[CommitmentScore, ...]:
    """Commitments, nearest first."""
    return tuple(CommitmentScore(id_, 0.7 - 0.1 * place) for place, id_ in enumerate(ids))


def evidence(*terms: str) -> tuple[Evidence, ...]:
    """Terms that speak for an article, strongest first."""
    return tuple(Evidence(term, 3.0 - 0.2 * place) for place, term in enumerate(terms))
