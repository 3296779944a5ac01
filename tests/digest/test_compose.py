"""What a reader gets, in what order, and why the rest is left out."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from classifiers.verdict import CommitmentScore, Decision
from monitor.digest.compose import (
    IN_FULL,
    LEADS,
    LEADS_FROM,
    MAX_ITEMS,
    MAX_OF_ONE,
    NO_SECTOR,
    article_ids,
    compose,
    digest_id,
    postponed,
)
from monitor.digest.rank import gather, rank
from monitor.types import Digest, JudgedArticle, Omission, Stories, Subscriber
from tests.digest.samples import NOW, commitments, judged, reader, sectors

DAY = timedelta(days=1)


def digest_of(*candidates: JudgedArticle, subscriber: Subscriber | None = None, **more: Any) -> Digest:
    """The digest of NOW."""
    return compose(
        subscriber or reader(),
        slot=NOW,
        since=NOW - DAY,
        now=NOW,
        candidates=candidates,
        polled_entries=10,
        **more,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"decision": Decision.REVIEW}, Omission.BELOW_THRESHOLD),
        ({"news": False}, Omission.BACK_CATALOGUE),
        ({"published": NOW - 7 * DAY}, None),
        ({"published": NOW - 7 * DAY - timedelta(seconds=1)}, Omission.TOO_OLD),
        ({"sectors": sectors("oda", "energy")}, None),
        ({"sectors": sectors("oda")}, Omission.SECTOR_NOT_CHOSEN),
        ({"sectors": ()}, Omission.SECTOR_NOT_CHOSEN),
    ],
)
def test_each_candidate_is_sent_or_has_its_reason(
    changes: dict[str, object], reason: Omission | None
) -> None:
    """One rule at a time, for a reader of economy and energy."""
    digest = digest_of(judged(1, **changes), subscriber=reader(sectors=("economy", "energy")))
    assert digest.omitted == (() if reason is None else ((1, reason),))
    assert len(digest.items) == (1 if reason is None else 0)


def test_only_send_is_sent() -> None:
    """Whatever else is handed in, an article that was dropped or not judged is never mailed."""
    assert not digest_of(judged(1, decision=Decision.DROP), judged(2, decision=Decision.UNCLASSIFIED)).items


def test_a_first_digest_starts_where_it_is_told() -> None:
    """`seen_from` counts first sight, not publication; without it nothing is too old by first sight."""
    old, fresh = judged(1, first_seen=NOW - 2 * DAY), judged(2, first_seen=NOW - DAY, published=NOW - 3 * DAY)
    assert digest_of(old, fresh, seen_from=NOW - DAY).omitted == ((1, Omission.TOO_OLD),)
    assert digest_of(old, fresh).omitted == ()


def test_no_chosen_sector_means_all() -> None:
    """A reader without a choice also gets what no sector claims."""
    assert [section.sector for section in digest_of(judged(1, sectors=())).sections] == [NO_SECTOR]


def test_sections_follow_their_best_item() -> None:
    """The first section holds the best item; each item stands under the best of its chosen sectors."""
    candidates = (
        judged(1, kind="press", sectors=sectors("economy")),
        judged(2, kind="official", sectors=sectors("defence", "oda")),
        judged(3, kind="agency", sectors=sectors("economy", "oda")),
        judged(4, kind="tabloid", sectors=sectors("politics", "economy", "oda")),
    )
    digest = digest_of(*candidates, subscriber=reader(sectors=("oda", "economy")))
    shape = [
        (section.sector, [item.judged.article.id for item in section.items]) for section in digest.sections
    ]
    assert shape == [("oda", [2]), ("economy", [3, 1, 4])]


def test_one_story_is_one_item() -> None:
    """Best source first, then the earliest; what is not compared with others yet stands for itself."""
    items = digest_of(
        judged(1, outlet="A", kind="tabloid", story_id=1, published=NOW - DAY),
        judged(2, outlet="B", kind="press", story_id=1),
        judged(3, outlet="C", kind="press", story_id=1, published=NOW - 2 * DAY),
        judged(4, story_id=None),
    ).items
    assert sorted(article_ids(each) for each in items) == [(3, 2, 1), (4,)]


def test_a_story_shows_who_else_tells_it() -> None:
    """Articles that are not relevant enough by themselves are links of the item, and never items."""
    other = judged(2, outlet="B", story_id=1, published=NOW - DAY, decision=Decision.DROP).article
    sent = judged(1, outlet="A", story_id=1)
    (item,) = digest_of(sent, stories=Stories({1: (sent.article, other)})).items
    assert (item.elsewhere, item.outlets, item.first) == ((other,), 2, other)
    assert article_ids(item) == (1,)


def test_a_doubtful_article_rides_with_its_story() -> None:
    """What is below the threshold is no news of its own beside a sure one that tells the same."""
    digest = digest_of(
        judged(1, story_id=1),
        judged(2, story_id=1, decision=Decision.REVIEW),
        judged(3, decision=Decision.REVIEW),
    )
    assert [article_ids(item) for item in digest.items] == [(1, 2)]
    assert digest.omitted == ((3, Omission.BELOW_THRESHOLD),)


def test_what_adds_to_a_story_sent_before_is_an_update() -> None:
    """What only repeats it is not sent; what tells more says what it adds to."""
    sent = judged(
        1,
        story_id=1,
        title="Nhật Bản tài trợ cầu mới ở Cần Thơ",
        summary="Cầu dài hai ký lô mét được khởi công sáng nay.",
    ).article
    copy = judged(
        2,
        story_id=1,
        title="Cần Thơ khởi công cầu mới Nhật Bản tài trợ",
        summary="Sáng nay, cầu dài hai ký lô mét được khởi công.",
    )
    more = judged(
        3,
        story_id=1,
        title="Cầu Cần Thơ do Nhật Bản tài trợ thông xe sớm",
        summary="Nhà thầu cho biết nhịp chính đã hợp long, tuyến đường dẫn hoàn thành trước hạn ba tháng.",
    )
    stories = Stories({1: (sent, copy.article, more.article)}, frozenset({1}))
    digest = digest_of(copy, more, stories=stories)
    (item,) = digest.items
    assert (item.judged.article.id, item.update_of, item.elsewhere) == (3, sent, (copy.article,))
    assert digest.omitted == ((2, Omission.TOLD_BEFORE),)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"kind": "official", "relevance": 0.6}, {"kind": "agency", "relevance": 0.99}),
        ({"kind": "agency"}, {"kind": "press"}),
        ({"kind": "press"}, {"kind": "tabloid"}),
        ({"relevance": 0.9}, {"relevance": 0.7}),
        ({"relevance": 0.97, "published": NOW}, {"relevance": 0.98}),
        ({"published": NOW}, {"published": NOW - DAY}),
    ],
)
def test_rank(better: dict[str, object], worse: dict[str, object]) -> None:
    """Source first, then relevance in tenths, then recency."""
    ranked = rank(gather([judged(1, **worse), judged(2, **better)], Stories()), reader())
    assert [item.judged.article.id for item in ranked] == [2, 1]


def test_more_outlets_rank_higher() -> None:
    """Of two equals the one that more outlets carry comes first."""
    pair = (judged(3, outlet="A", story_id=3), judged(4, outlet="B", story_id=3))
    ranked = rank(gather([judged(1, published=NOW), *pair], Stories()), reader())
    assert [article_ids(item) for item in ranked] == [(3, 4), (1,)]


def test_the_order_of_candidates_does_not_matter() -> None:
    """The digest is a function of the set."""
    candidates = [
        judged(n, kind=("press", "agency")[n % 2], outlet=f"B{n % 5}", story_id=n % 20, relevance=n % 7 / 7)
        for n in range(1, 90)
    ]
    shuffled = random.Random(7).sample(candidates, len(candidates))
    assert digest_of(*candidates) == digest_of(*shuffled)


def test_what_is_over_the_cap_waits() -> None:
    """60 items are sent; the others are counted as items and recorded as articles, copies included."""
    best = [
        judged(n, kind="official", outlet=f"O{n % 8}", published=NOW - timedelta(minutes=n))
        for n in range(1, 61)
    ]
    rest = [
        judged(n, outlet=outlet, kind="tabloid", story_id=61, relevance=0.5)
        for n, outlet in ((61, "A"), (62, "A"))
    ]
    digest = digest_of(*best, *rest)
    assert len(digest.items) == MAX_ITEMS
    assert digest.more == 1
    assert digest.omitted == ((61, Omission.OVER_THE_CAP), (62, Omission.OVER_THE_CAP))


def test_one_outlets_flood_crowds_nobody_out() -> None:
    """Where there is more than a letter holds, one outlet gets a share first, and then what the others leave."""
    flood = [judged(n, outlet="Lũ", kind="official") for n in range(1, 500)]
    few = [judged(n, outlet=f"O{n % 9}", kind="tabloid") for n in range(1000, 1018)]
    digest = digest_of(*flood, *few)
    outlets = Counter(item.judged.article.outlet for item in digest.items)
    assert len(digest.items) == MAX_ITEMS
    assert outlets["Lũ"] == MAX_ITEMS - 18
    assert digest.more == 499 - outlets["Lũ"]
    crowd = [judged(n, outlet=f"O{n % 9}", kind="tabloid") for n in range(1000, 1090)]
    outlets = Counter(item.judged.article.outlet for item in digest_of(*flood, *crowd).items)
    assert outlets["Lũ"] == MAX_OF_ONE
    assert len(digest_of(*flood).items) == MAX_ITEMS


def test_what_a_letter_had_no_room_for_waits_too() -> None:
    """Postponed items leave the digest, copies included, and are counted like those over the cap."""
    copies = (judged(3, outlet="A", story_id=3), judged(4, outlet="B", story_id=3))
    digest = digest_of(judged(1), judged(2, sectors=sectors("oda")), *copies)
    late = postponed(digest, (2, 3, 4))
    assert [article_ids(item) for item in late.items] == [(1,)]
    assert [section.sector for section in late.sections] == ["economy"]
    assert late.omitted == tuple((n, Omission.OVER_THE_CAP) for n in (2, 3, 4))
    assert late.more == 2
    assert postponed(digest, ()) == digest


def test_the_id_belongs_to_subscriber_and_slot() -> None:
    """The same slot gives the same id in any zone; another slot or reader gives another."""
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert re.fullmatch(r"d-7-20261121T0000Z-[0-9a-f]{8}", digest_id(7, NOW))
    assert digest_id(7, tokyo) == digest_id(7, NOW) == digest_of().id
    assert len({digest_id(7, NOW), digest_id(8, NOW), digest_id(7, datetime(2026, 11, 22, tzinfo=UTC))}) == 3


def shape(digest: Digest) -> tuple[int, int, int]:
    """How many leads, items in full below them, and items in a line each."""
    return len(digest.leads), sum(len(section.items) for section in digest.sections), len(digest.brief)


def test_a_full_day_has_a_front_page_and_a_rest() -> None:
    """Few stories need no front page; many have three leads, the next in full by sector, the rest in a line each."""
    outlets = [f"O{n % 9}" for n in range(100)]
    few = [judged(n, outlet=outlets[n]) for n in range(1, LEADS_FROM)]
    many = [judged(n, outlet=outlets[n]) for n in range(1, 51)]
    assert shape(digest_of(*few)) == (0, LEADS_FROM - 1, 0)
    assert shape(digest_of(*few, judged(90))) == (LEADS, LEADS_FROM - LEADS, 0)
    digest = digest_of(*many)
    assert shape(digest) == (LEADS, IN_FULL - LEADS, 50 - IN_FULL)
    assert len({item.judged.article.id for item in digest.items}) == 50


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"title": "Thủ tướng tiếp Đại sứ Nhật Bản"}, {"title": "Đại sứ Nhật Bản thăm trường học"}),
        (
            {"title": "Bộ trưởng Công Thương làm việc với METI"},
            {"title": "Thứ trưởng Công Thương làm việc với METI"},
        ),
        ({"title": "Phó Thủ tướng tiếp đoàn Keidanren"}, {"title": "Hiệp hội tiếp đoàn Keidanren"}),
        ({"commitments": commitments("oda.yen-loans")}, {"commitments": ()}),
        ({"title": "Cầu Vàm Nhon hợp long"}, {"title": "Thủ tướng thăm Nhật Bản"}),
    ],
)
def test_who_acts_and_what_the_reader_watches_for_weigh(
    better: dict[str, object], worse: dict[str, object]
) -> None:
    """Leaders before ministers before others; a sure commitment; above all what stands on the reader's own list."""
    subscriber = reader(watched=("cầu Vàm Nhon",))
    ranked = rank(gather([judged(1, **worse), judged(2, **better)], Stories()), subscriber)
    assert [item.judged.article.id for item in ranked] == [2, 1]


def test_the_watch_list_knows_names_and_commitments() -> None:
    """A name as whole words, letter case and tone placement aside; a commitment when the model is sure of it."""
    subscriber = reader(watched=("Metro số 1", "oda.yen-loans", "Huế"))
    sure = (CommitmentScore("oda.yen-loans", 0.8, sure=True),)
    (item,) = digest_of(judged(1, title="METRO SỐ 1 chạy thử", commitments=sure), subscriber=subscriber).items
    assert item.watched == ("Metro số 1", "oda.yen-loans")
    (item,) = digest_of(
        judged(
            1, title="Metro số 10 chạy thử", commitments=(CommitmentScore("oda.yen-loans", 0.3, sure=False),)
        ),
        subscriber=subscriber,
    ).items
    assert item.watched == ()


def test_doubtful_news_for_who_wants_it() -> None:
    """Likeliest first, at most eight, news of the chosen sectors alone; they are on record like what is sent."""
    doubtful = [judged(n, decision=Decision.REVIEW, relevance=n / 100, outlet=f"O{n}") for n in range(10, 20)]
    other = judged(50, decision=Decision.REVIEW, sectors=sectors("oda"))
    old = judged(51, decision=Decision.REVIEW, published=NOW - 30 * DAY)
    wants = reader(wants_maybe=True, sectors=("economy",))
    digest = digest_of(*doubtful, other, old, subscriber=wants)
    assert [item.judged.article.id for item in digest.maybe] == [19, 18, 17, 16, 15, 14, 13, 12]
    assert digest.items == ()
    assert {id_ for id_, _ in digest.omitted} == {10, 11, 50, 51}
    assert digest_of(*doubtful).maybe == ()
