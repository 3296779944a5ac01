"""The weekly edition as a letter: five stories in full, the week around them, the form mail clients need."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from classifiers.taxonomy import LANGUAGES, Taxonomy
from monitor.digest.compose import MAX_ITEMS, WEEKLY_LEADS, compose
from monitor.digest.render import MAX_HTML, render_weekly
from monitor.digest.weekly import for_reader, week_of
from monitor.digest.weekview import HIGHEST, LINE, MAX_MOVED, MAX_NAMES, MAX_SILENT
from monitor.types import Archive, JudgedArticle, Language, Week
from tests.digest.samples import FRAME, commitments, evidence, judged, reader, sectors
from tests.digest.test_render import Page
from tests.digest.weeks import DAY, NOW, WEEK, archive_of, rich_archive, told, weekly_letter


@pytest.fixture(scope="module")
def archive(taxonomy: Taxonomy) -> Archive:
    """Half a year."""
    return rich_archive(taxonomy)


EMPTY = archive_of([], weeks=0, entries=(0,) * 9)


def digest_of(candidates: list[JudgedArticle], language: Language = "vi", **changes: object):  # type: ignore[no-untyped-def]  # a Digest
    """The weekly digest of NOW."""
    return compose(
        reader(language, cadence="weekly", **changes),
        slot=NOW,
        since=NOW - WEEK,
        now=NOW,
        candidates=candidates,
        polled_entries=12_400,
    )


def test_five_in_full_the_rest_in_a_line_each_by_sector() -> None:
    """In order of weight, sectors where their best stands; nothing lost."""
    many = [
        judged(n, sectors=sectors("oda" if n % 2 else "energy"), published=NOW - n * DAY / 24, story_id=n)
        for n in range(1, 13)
    ]
    digest = digest_of(many)
    assert [item.judged.article.id for item in digest.leads] == [1, 2, 3, 4, 5]
    assert digest.sections == ()
    assert [item.judged.article.id for item in digest.brief] == [6, 8, 10, 12, 7, 9, 11]
    assert len(digest.items) == len(many)


def test_what_is_over_the_cap_waits_as_ever(taxonomy: Taxonomy) -> None:
    """No more than the cap, the rest counted and on record."""
    outlets = [f"Báo {n}" for n in range(10)]
    digest = digest_of([judged(n, story_id=n, outlet=outlets[n % 10]) for n in range(1, MAX_ITEMS + 4)])
    assert (len(digest.items), len(digest.leads), digest.more) == (MAX_ITEMS, WEEKLY_LEADS, 3)
    assert [reason for _, reason in digest.omitted] == ["over-the-cap"] * 3


@pytest.mark.parametrize(
    ("language", "subject", "title"),
    [
        ("vi", "Bản tin tuần: Tin mẫu số 1 về hợp tác · 21/11 · 2 tin", "Bản tin tuần · Thứ Bảy, 21/11/2026"),
        ("en", "The week: Tin mẫu số 1 về hợp tác · 21 Nov · 2 stories", "The week · Saturday, 21 Nov 2026"),
        ("ja", "週刊版：Tin mẫu số 1 về hợp tác｜11月21日｜2件", "週刊版・2026年11月21日（土）"),
    ],
)
def test_the_subject_says_that_it_is_the_week(
    taxonomy: Taxonomy, language: Language, subject: str, title: str
) -> None:
    """The top story, and that it is the week's edition; the page's head as well."""
    digest = digest_of([judged(1, published=NOW), judged(2)], language)
    letter = render_weekly(digest, week_of(EMPTY, taxonomy), taxonomy, FRAME)
    assert (letter.subject, letter.language) == (subject, language)
    assert title in letter.html
    assert title in letter.text


def test_the_week_is_told_in_html_and_in_text(taxonomy: Taxonomy, archive: Archive) -> None:
    """Figures with what they are of, what is more than usual, what moved, what is silent, what is new; links too."""
    letter = weekly_letter(archive, taxonomy, "en")
    page = Page(letter.html)
    for text in (page.text, letter.text):
        for expected in (
            "Economy, trade and investment", "More than usual, which is about 2.2.", "11 of 12,400 read",
            "before: 2, 2, –, 2, 3, 1, 2, 3", "No story in any of these weeks: Defence;",
            "11,204; 11,530; –; 11,871; 12,044; 11,962; 12,310; 12,188; 12,400",
            "“–” is a week in which hardly anything was read.", "this one up to 21 Nov, 07:00",
            "1 story · first since 11 September 2026", "1 story · first on record (since 23 May 2026)",
            "no news for 42 days; the usual pause is 4 days", "Hoshino Kasei; Sông Lam 3", "Thái Bình Kết Nối",
            "on record since 23 May 2026",
        ):  # fmt: skip
            assert expected in text, expected
    assert all(link in letter.text for link in page.links if re.match(r"http(?!.*/(sector|more)$)", link))
    assert "No sector has more than usual" not in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_made_for_mail_clients(taxonomy: Taxonomy, archive: Archive, language: Language) -> None:
    """Layout tables marked as such, no scripts, images or forms, no type under 16 px, bars of borders alone."""
    letter = weekly_letter(archive, taxonomy, language)
    page = Page(letter.html)
    assert page.tags[0] == ("html", {"lang": language, "dir": "ltr"})
    assert all(attrs.get("role") == "presentation" for tag, attrs in page.tags if tag == "table")
    pictures = {"script", "img", "form", "iframe", "link", "svg", "button", "input"}
    assert not {tag for tag, _ in page.tags} & pictures
    assert min(int(size) for size in re.findall(r"font-size:(\d+)", letter.html)) >= 16
    assert all(attrs.get("lang") == "vi" for tag, attrs in page.tags if tag == "h3")
    assert "{" not in page.text
    assert len(letter.html.encode()) <= MAX_HTML
    bare = re.sub(r"<!--.*?-->", "", letter.html, flags=re.DOTALL)
    opened = [tag for tag, _ in page.tags]
    assert all(
        opened.count(tag) == bare.count(f"</{tag}>") for tag in ("table", "tr", "td", "p", "b", "span")
    )


def test_a_bar_is_as_high_as_its_share(taxonomy: Taxonomy) -> None:
    """Of the reading, not of the stories; one story alone is no tower; a week without reading has no bar."""
    counts = {1: 6, 2: 6, 3: 1, 4: 0}
    articles = [
        told(10 * back + n, NOW - (back - 1) * WEEK - DAY, sectors=["oda"])
        for back, count in counts.items()
        for n in range(count)
    ]
    one = told(900, NOW - DAY, sectors=["energy"])
    entries = (0, 0, 0, 0, 0, 6_000, 6_000, 12_000, 6_000)
    html = weekly_letter(
        archive_of([*articles, one], entries=entries), taxonomy, sectors=("oda", "energy")
    ).html
    cells = re.findall(r'<td width="7" style="width:7px;padding:0(?:;border-bottom:(\d+)px[^"]*)?">', html)
    heights = [int(cell) if cell else None for cell in cells]
    assert heights[:9] == [None] * 5 + [LINE, 7, HIGHEST // 2, HIGHEST]
    assert heights[9:] == [None] * 5 + [LINE, LINE, LINE, HIGHEST // 5]


def test_a_short_history_is_said_to_be_short(taxonomy: Taxonomy) -> None:
    """Counts yes, verdicts no; names not before four weeks."""
    articles = [told(n, NOW - DAY, f"Nhà máy mới ở Sông Lam {n}", sectors=["oda"]) for n in range(1, 20)]
    letter = weekly_letter(archive_of(articles, weeks=3), taxonomy, "en")
    assert "it takes 4 earlier weeks, and there are 2." in letter.text
    assert "19 of 12,000 read" in letter.text
    assert "before: 0, 0" in letter.text
    for absent in ("More than usual", "No sector has more", "NEW NAMES", "UNUSUALLY SILENT", "–"):
        assert absent not in letter.text.replace(FRAME.product, "").split("Statements cited")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_week(taxonomy: Taxonomy, archive: Archive, language: Language) -> None:
    """No story: said plainly, the trend and the silences still stand; without any reading nothing is claimed."""
    week = week_of(archive, taxonomy)
    digest = digest_of([], language)
    letter = render_weekly(digest, for_reader(week, digest.subscriber, taxonomy), taxonomy, FRAME)
    name = taxonomy.commitment_by_id[week.silent[0].commitment].name.in_(language)
    assert name in letter.text
    assert name in letter.html
    assert letter.subject.startswith(
        {"vi": "Bản tin tuần: chưa", "en": "The week: no", "ja": "週刊版：日越"}[language]
    )
    bare = render_weekly(replace(digest, polled_entries=0), week_of(EMPTY, taxonomy), taxonomy, FRAME)
    assert 'width="7"' not in bare.html
    assert name not in bare.text


def test_a_reader_of_some_sectors_is_told_of_those(taxonomy: Taxonomy, archive: Archive) -> None:
    """Trend, commitments, silences and names alike."""
    week = week_of(archive, taxonomy)
    own = for_reader(week, reader(sectors=("science", "oda")), taxonomy)
    assert [one.sector for one in own.trend.sectors] == ["oda", "science"]
    assert {taxonomy.commitment_by_id[one.commitment].sector for one in own.moved} == {"oda", "science"}
    assert own.silent == ()
    assert [one.name for one in own.names] == ["Thái Bình Kết Nối"]
    assert for_reader(week, reader(sectors=("security",)), taxonomy).silent == week.silent
    assert for_reader(week, reader(), taxonomy) == week


def test_few_of_each_kind(taxonomy: Taxonomy) -> None:
    """However much moved: no more than the most, and how many more; what the taxonomy lost is passed over."""
    ids = [*taxonomy.commitment_by_id, "oda.gone"]
    articles = [
        told(100 * n + back, NOW - back * DAY, commitments=[id_], sectors=["oda"])
        for n, id_ in enumerate(ids, 1)
        for back in ((1,) if n % 2 else (40, 42, 44, 46, 48))
    ]
    articles += [
        told(90_000 + n, NOW - DAY, f"Nhà máy mới ở Sông {name}") for n, name in enumerate("ABCDEGHIK")
    ]
    week = week_of(archive_of(articles), taxonomy)
    assert (len(week.moved), len(week.silent), len(week.names)) == (38, 38, 9)
    text = render_weekly(digest_of([], "en"), week, taxonomy, FRAME).text
    counts = [text.count(words) for words in ("· first on record", "no news for", "Nhà máy mới")]
    assert counts == [MAX_MOVED, MAX_SILENT, MAX_NAMES]
    assert f"and {38 - MAX_MOVED} more" in text
    assert f"and {38 - MAX_SILENT} more" in text
    assert "oda.gone" not in {one.commitment for one in (*week.moved, *week.silent)}


def test_the_first_week_has_none_before(taxonomy: Taxonomy) -> None:
    """Counts alone, and that there is no history."""
    articles = [told(1, NOW - DAY, sectors=["oda"], commitments=["oda.yen-loans"])]
    text = weekly_letter(archive_of(articles, weeks=1), taxonomy, "en").text
    assert "1 of 12,000 read" in text
    assert "and there are 0." in text
    assert "before:" not in text


HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \" onmouseover='x'"


def test_feed_text_is_text(taxonomy: Taxonomy) -> None:
    """Names and headlines come out as the characters they are, and a bad link is none."""
    bad = replace(
        told(1, NOW - DAY, f"Nhà máy Hoshino {HOSTILE}", sectors=["oda"]),
        link="javascript:alert(1)",
        outlet=HOSTILE,
    )
    letter = weekly_letter(archive_of([bad]), taxonomy)
    page = Page(letter.html)
    assert f"Nhà máy Hoshino {HOSTILE}" in page.text
    assert "Hoshino" in letter.text
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert not any(link.startswith("javascript") for link in page.links)


def test_what_finds_no_room_is_left_out_and_told(taxonomy: Taxonomy, archive: Archive) -> None:
    """Under the size at which clients cut, with the week around: the last lines wait, counted and named."""
    many = [
        judged(
            n, story_id=n, title="越" * 230 + str(n), summary="越" * 900, outlet=f"Báo {n % 10} " + "&" * 200,
            link=f"https://a.example/{'&' * 900}{n}", sectors=sectors("oda" if n < 30 else "energy"),
            commitments=commitments("oda.yen-loans"), evidence=evidence("tỷ yên"), published=NOW - n * DAY / 24,
        )
        for n in range(1, 61)
    ]  # fmt: skip
    digest = digest_of(many)
    week = for_reader(week_of(archive, taxonomy), digest.subscriber, taxonomy)
    letter = render_weekly(digest, week, taxonomy, FRAME)
    shown = len(set(re.findall(r"越(\d+)</", letter.html)))
    assert len(letter.html.encode()) <= MAX_HTML
    assert WEEKLY_LEADS < shown < 60
    assert len(letter.left_out) == 60 - shown
    assert f"Còn {60 - shown} tin nữa" in letter.text


def test_a_full_letter_has_room_for_the_week(taxonomy: Taxonomy, archive: Archive) -> None:
    """60 ordinary stories and the whole week fit without shortening."""
    summary = "Hai bên nhất trí rà soát các dự án và đặt mục tiêu ký công hàm trao đổi mới trước mùa hè. " * 3
    many = [
        judged(
            n, story_id=n, title=f"Ký kết thỏa thuận hợp tác số {n} về phát triển hạ tầng giao thông",
            summary=summary, outlet=f"Báo {n % 10}", commitments=commitments("oda.yen-loans"),
        )
        for n in range(1, 61)
    ]  # fmt: skip
    digest = digest_of(many)
    letter = render_weekly(digest, week_of(archive, taxonomy), taxonomy, FRAME)
    assert len(letter.html.encode()) <= MAX_HTML
    assert letter.left_out == ()
    assert Page(letter.html).text.count(summary.strip()) == WEEKLY_LEADS


def test_statements_are_those_of_the_stories_in_full(taxonomy: Taxonomy) -> None:
    """A line cites nothing, so nothing of it is explained at the end."""
    many = [judged(n, story_id=n, published=NOW - n * DAY / 24) for n in range(1, 6)]
    last = judged(
        9, story_id=9, published=NOW - 2 * DAY, commitments=commitments("oda.yen-loans"), relevance=0.1
    )
    letter = render_weekly(digest_of([*many, last]), week_of(EMPTY, taxonomy), taxonomy, FRAME)
    assert "Các tuyên bố được dẫn" not in letter.text


def test_the_week_does_not_depend_on_the_order_of_the_archive(taxonomy: Taxonomy, archive: Archive) -> None:
    """Backwards, it is the same week."""
    backwards: Week = week_of(replace(archive, relevant=archive.relevant[::-1]), taxonomy)
    assert backwards == week_of(archive, taxonomy)
