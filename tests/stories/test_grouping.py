"""Which articles become one story: alike ones, whatever the order they came in, and never what is a story already."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import combinations

import pytest

from monitor.stories.grouping import WINDOW, Told, assign
from monitor.stories.likeness import Weighed, likeness, weigh
from monitor.stories.terms import Rarity, tells_one_thing, terms_of
from monitor.types import Article
from tests.stories.samples import BRIDGE, NURSES, OTHERS, article, everything

COMMON = "tỉnh của và từ sáng ngày có trong đã được các với cho là nhật bản việt nam"


def rarity_of(articles: Iterable[Article]) -> Rarity:
    """As if a thousand other articles had been read, in which common words are common."""
    own = Counter(word for one in articles for word in terms_of(one).words)
    common = dict.fromkeys(COMMON.split(), 300)
    return Rarity(1000, own + Counter(common))


def told(articles: Iterable[Article]) -> list[Told]:
    """The articles ready for comparing."""
    articles = list(articles)
    rarity = rarity_of(articles)
    return [Told(one.id, weigh(terms_of(one), rarity), one.link, one.story_id) for one in articles]


def groups(stories: Mapping[int, int]) -> set[frozenset[int]]:
    """Who is with whom, whatever the stories are called."""
    return {
        frozenset(id_ for id_, story in stories.items() if story == name) for name in set(stories.values())
    }


def weighed(*articles: Article) -> list[Weighed]:
    return [one.terms for one in told([*articles, *everything()])[: len(articles)]]


def test_tellings_of_one_happening_come_together() -> None:
    """Three of a bridge, two of nurses, and four that are alone."""
    all_told = told(everything())
    found = groups(assign(all_told, lambda _: all_told))
    assert found == {frozenset({1, 2, 3}), frozenset({4, 5}), *(frozenset({n}) for n in (6, 7, 8, 9))}


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    """Neither the order in which articles are handed in nor the order of those they are compared with."""
    all_told = told(everything())
    shuffled = random.Random(seed).sample(all_told, len(all_told))
    assert assign(shuffled, lambda _: reversed(shuffled)) == assign(all_told, lambda _: all_told)


def test_a_story_stays_what_it_is() -> None:
    """New articles join the story that is there; two stories of the past are never made one."""
    first, second, third = (
        article(n, *text, hours=n, story=story)
        for (n, text), story in zip(enumerate(BRIDGE, 1), (1, 2, None), strict=True)
    )
    all_told = told([first, second, third, *(article(10 + n, *text) for n, text in enumerate(OTHERS))])
    found = assign([one for one in all_told if one.id == 3], lambda _: all_told)
    assert set(found) == {3}
    assert found[3] in (1, 2)


def test_what_lies_further_apart_is_another_story() -> None:
    """The window slides: days later the same words tell of something else."""
    far = WINDOW / timedelta(hours=1) + 1
    pair = [article(1, *BRIDGE[0]), article(2, *BRIDGE[0], hours=far)]
    all_told = told([*pair, *(article(10 + n, *text) for n, text in enumerate(OTHERS))])
    assert assign(all_told[:2], lambda _: all_told) == {1: 1, 2: 2}


def test_nothing_is_compared_with_itself_or_with_nothing() -> None:
    """Without anything near, an article begins its own story."""
    all_told = told(everything())
    assert assign(all_told, lambda one: [one]) == {one.id: one.id for one in all_told}


def test_likeness_is_mutual_and_bounded() -> None:
    """Every figure is between 0 and 1 but the days, and the same from either side."""
    every = [one.terms for one in told(everything())]
    for one, other in combinations(every, 2):
        there, back = likeness(one, other), likeness(other, one)
        assert there.odds == pytest.approx(back.odds)
        for name in ("telling", "contained", "headlines", "names", "same_outlet"):
            assert -1e-9 <= getattr(there, name) <= 1 + 1e-9


def test_time_and_outlet_speak_against() -> None:
    """The same two texts are less likely one story days apart, or from one outlet."""
    near, late, same = (
        likeness(
            *weighed(article(1, *NURSES[0], outlet="A"), article(2, *NURSES[1], outlet=outlet, hours=hours))
        )
        for hours, outlet in ((1, "B"), (48, "B"), (1, "A"))
    )
    assert near.odds > late.odds
    assert near.odds > same.odds
    assert near.probability > 0.5


@pytest.mark.parametrize(
    ("title", "summary", "one"),
    [
        ("Bản tin tối 20-11: Nhật Bản hỗ trợ Cần Thơ", "Các tin đáng chú ý khác trong ngày.", False),
        ("Tin tức sáng 21-11: Giá điện giữ nguyên", "Xăng giảm; học sinh nghỉ học.", False),
        ("Tin tức", "", False),
        ("Tin vui cho người lao động Việt Nam tại Nhật", "Mức lương tối thiểu tăng từ tháng sau.", True),
        ("Thủ tướng tiếp Đại sứ Nhật Bản", "", True),
    ],
)
def test_round_ups_are_no_tellings(title: str, summary: str, one: bool) -> None:
    """What lists many things, or says nothing at all, is compared with nothing."""
    assert tells_one_thing(article(1, title, summary)) is one


def test_the_same_words_about_others_are_another_story() -> None:
    """Agreements told by one template between different provinces; one that names nobody else joins either."""
    template = "Tỉnh {0} và tỉnh {1} (Nhật Bản) ký thỏa thuận hợp tác về điện gió"
    summary = "Lãnh đạo hai tỉnh ký bản ghi nhớ; phía Nhật Bản cử chuyên gia, tỉnh {0} chuẩn bị mặt bằng cho điện gió."
    names = [("Gia Lai", "Mie"), ("Gia Lai", "Aichi"), ("Phú Thọ", "Mie")]
    articles = [
        article(n, template.format(*pair), summary.format(*pair), hours=n / 10)
        for n, pair in enumerate(names, 1)
    ]
    again = article(4, "Gia Lai hợp tác với tỉnh Mie về điện gió", summary.format("Gia Lai", "Mie"), hours=1)
    all_told = told([*articles, again, *(article(10 + n, *text) for n, text in enumerate(OTHERS))])
    assert groups(assign(all_told[:4], lambda _: all_told)) == {
        frozenset({1, 4}),
        frozenset({2}),
        frozenset({3}),
    }
