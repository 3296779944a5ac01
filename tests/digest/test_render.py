"""A digest as a letter: complete, safe, readable, and under the size at which mail clients cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from classifiers.taxonomy import LANGUAGES, Taxonomy
from monitor.digest.compose import IN_FULL, MAX_ITEMS, compose
from monitor.digest.render import MAX_HTML, Rendered, Request, render, render_request
from monitor.digest.view import PLAINLY, Manner
from monitor.types import Digest, JudgedArticle, Language
from tests.digest.samples import FRAME, NOW, commitments, evidence, judged, reader, sectors


class Page(HTMLParser):
    """What a mail client sees: tags with attributes, and the text outside <style>."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        """Leave <style>."""
        self._style = False

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += "" if self._style else data

    @property
    def links(self) -> list[str]:
        """All addresses, in order."""
        return [str(attrs["href"]) for tag, attrs in self.tags if tag == "a"]


def digest_of(candidates: Sequence[JudgedArticle], language: Language = "vi", **subscriber: object) -> Digest:
    """The digest of NOW."""
    return compose(
        reader(language, **subscriber),
        slot=NOW,
        since=NOW - timedelta(days=1),
        now=NOW,
        candidates=candidates,
        polled_entries=4812,
    )


def rich(id_: int = 1, **changes: object) -> JudgedArticle:
    """An article with all that an item can show."""
    fields: dict[str, object] = {
        "sectors": sectors("oda", "economy"),
        "commitments": commitments("oda.yen-loans"),
        "evidence": evidence("hiệp định vay", "tỷ yên"),
    }
    return judged(id_, **(fields | changes))


def test_an_item_shows_all_that_is_promised(taxonomy: Taxonomy) -> None:
    """Headline, outlet, time, summary, copies, sectors, commitment with source, the reason; in both parts."""
    title = "Ký hiệp định vay cho tuyến đường sắt"
    copy = rich(2, outlet="Báo Thứ Hai", title=title, kind="tabloid", story_id=1)
    letter = render(digest_of([rich(1, title=title), copy]), taxonomy, FRAME)
    page = Page(letter.html)
    for text in (page.text, letter.text):
        for expected in (
            title, "Báo Mẫu", "04:00, 21/11", "Tóm tắt của tin mẫu số một.", "Báo Thứ Hai",
            "Kinh tế, thương mại, đầu tư", "Vốn vay yên và quy mô ODA",
            taxonomy.commitment_by_id["oda.yen-loans"].statement.vi, "(27/11/2023), mục “Kinh tế”",
            taxonomy.statement_by_id["2023"].title.vi, "“hiệp định vay”, “tỷ yên”",
        ):  # fmt: skip
            assert expected in text
    official = taxonomy.statement_by_id["2023"].url
    assert page.links[:3] == ["https://baomau.example/1.html", "https://baomau.example/2.html", official]
    assert all(link in letter.text for link in page.links if re.match(r"http(?!.*/(sector|more)$)", link))
    assert "ODA, hạ tầng và giao thông" in page.text
    assert letter.left_out == ()


def test_an_undated_article_says_when_it_was_seen(taxonomy: Taxonomy) -> None:
    """First-seen time serves and is marked as such."""
    assert "ghi nhận lúc 04:00, 21/11" in render(digest_of([judged(1, dated=False)]), taxonomy, FRAME).text


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("vi", "Tin mẫu số 1 về hợp tác · 21/11 · 2 tin"),
        ("en", "Tin mẫu số 1 về hợp tác · 21 Nov · 2 stories"),
        ("ja", "Tin mẫu số 1 về hợp tác｜11月21日｜2件"),
    ],
)
def test_the_subject_tells_the_top_story(taxonomy: Taxonomy, language: Language, subject: str) -> None:
    """Headline, date, count; the preview goes on with the next headline."""
    digest = digest_of([judged(1, published=NOW), judged(2)], language)
    letter = render(digest, taxonomy, FRAME)
    assert (letter.subject, letter.preview, letter.language) == (subject, "Tin mẫu số 2 về hợp tác", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_made_for_mail_clients(taxonomy: Taxonomy, language: Language) -> None:
    """Language, layout tables marked as such, no scripts, images or forms, no type under 16 px."""
    letter = render(digest_of([rich(n) for n in range(1, 9)], language), taxonomy, FRAME)
    page = Page(letter.html)
    tags = {tag for tag, _ in page.tags}
    assert page.tags[0] == ("html", {"lang": language, "dir": "ltr"})
    assert all(attrs.get("role") == "presentation" for tag, attrs in page.tags if tag == "table")
    assert not tags & {"script", "img", "form", "iframe", "link", "svg", "button", "input"}
    assert min(int(size) for size in re.findall(r"font-size:(\d+)", letter.html)) >= 16
    assert all(attrs.get("lang") == "vi" for tag, attrs in page.tags if tag == "h3")
    assert "{" not in page.text
    assert "�" not in page.text


def test_no_two_languages_share_their_frame(taxonomy: Taxonomy) -> None:
    """Nothing of ours is left untranslated."""
    texts = [render(digest_of([], language), taxonomy, FRAME).text for language in LANGUAGES]
    shared = set.intersection(*(set(text.splitlines()) for text in texts))
    assert shared <= {"", "-" * 40, FRAME.product, FRAME.unsubscribe, FRAME.page, FRAME.preferences}


HOSTILE = (
    "<script>alert(1)</script> {{ 7*7 }} {% raw %} \" onmouseover='x' &amp; \u202e\r\nBcc: x@example.org"
)


def test_feed_text_is_text(taxonomy: Taxonomy) -> None:
    """Markup and template syntax in any field come out as the characters they are, on one line."""
    article = rich(
        1,
        title=HOSTILE,
        summary=HOSTILE,
        outlet=HOSTILE,
        link="javascript:alert(1)",
        language='x" onload="1',
        evidence=evidence(HOSTILE[:50]),
    )
    letter = render(digest_of([article]), taxonomy, FRAME)
    page = Page(letter.html)
    shown = "<script>alert(1)</script> {{ 7*7 }} {% raw %} \" onmouseover='x' &amp; Bcc: x@example.org"
    assert page.text.count(shown) == 3
    assert not {"script", "raw"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert not any(link.startswith("javascript") for link in page.links)
    assert "javascript" not in letter.text
    assert shown in letter.text
    assert "\n" not in letter.subject
    assert letter.subject.startswith("<script>alert(1)</script> {{ 7*7 }}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_full_letter_fits_with_all_its_words(taxonomy: Taxonomy, language: Language) -> None:
    """60 ordinary items of real length need no shortening."""
    some = [commitment.id for commitment in taxonomy.commitments][:MAX_ITEMS]
    summary = "Hai bên nhất trí rà soát các dự án và đặt mục tiêu ký công hàm trao đổi mới trước mùa hè. " * 3
    articles = [
        rich(
            n,
            commitments=commitments(id_),
            title=f"Ký kết thỏa thuận hợp tác số {n} về phát triển hạ tầng giao thông",
        )
        for n, id_ in enumerate(some, 1)
    ]
    letter = render(
        digest_of([replace(j, article=replace(j.article, summary=summary)) for j in articles], language),
        taxonomy,
        FRAME,
    )
    assert len(letter.html.encode()) <= MAX_HTML
    assert letter.left_out == ()
    assert Page(letter.html).text.count(summary.strip()) == IN_FULL


def test_long_summaries_give_way_from_the_end(taxonomy: Taxonomy) -> None:
    """First the summaries of the last items become short; none is lost."""
    summary = "越" * 2000
    articles = [rich(n, summary=summary, title="&" * 150 + str(n)) for n in range(1, 41)]
    letter = render(digest_of(articles), taxonomy, FRAME)
    lengths = [len(run) for run in re.findall("越+", letter.html)]
    assert len(letter.html.encode()) <= MAX_HTML
    assert len(lengths) == IN_FULL
    assert lengths == sorted(lengths, reverse=True)
    assert (max(lengths) > 400, min(lengths) < 200) == (True, True)
    assert letter.left_out == ()


def test_then_the_last_items_are_left_out_and_told(taxonomy: Taxonomy) -> None:
    """What finds no room is counted for the reader and named for the caller, copies included."""
    many = [
        rich(
            100 * n + m,
            title="越" * 230 + str(n),
            outlet=f"Báo {m} " + "&" * 200,
            link=f"https://a.example/{'&' * 900}",
            sectors=sectors("oda" if n < 20 else "energy"),
            published=NOW - timedelta(minutes=n),
            story_id=100 * n,
        )
        for n in range(1, 41)
        for m in range(5)
    ]
    letter = render(digest_of(many), taxonomy, FRAME)
    shown = sum(tag == "h3" for tag, _ in Page(letter.html).tags)
    assert len(letter.html.encode()) <= MAX_HTML
    assert 0 < shown < 40
    assert len(letter.left_out) == 5 * (40 - shown)
    assert "Năng lượng" not in letter.html
    assert f"Còn {40 - shown} tin nữa" in letter.html
    assert f"Còn {40 - shown} tin nữa" in letter.text


def test_more_is_said_in_numbers(taxonomy: Taxonomy) -> None:
    """What waits for the next letter is told, and counted in the subject."""
    letter = render(replace(digest_of([judged(1)], "en"), more=1), taxonomy, FRAME)
    assert "1 more story will follow in the next letter." in letter.text
    assert letter.subject.endswith("2 stories")


@pytest.mark.parametrize(
    ("language", "cadence", "outlets", "lines"),
    [
        ("vi", "daily", 52, ("Hôm nay chưa có diễn biến", "Đã đọc 4.812 tin bài của 52 cơ quan báo chí.")),
        (
            "en",
            "weekly",
            1,
            ("no new development between Vietnam and Japan this week", "4,812 entries from 1 outlet read."),
        ),
        ("ja", "daily", 0, ("本日、日越間の新しい動きは", "記事4,812件を確認しました。")),
    ],
)
def test_an_empty_digest_says_what_was_read(
    taxonomy: Taxonomy, language: Language, cadence: str, outlets: int, lines: tuple[str, ...]
) -> None:
    """Silence is an answer too."""
    letter = render(digest_of([], language, cadence=cadence), taxonomy, replace(FRAME, outlets=outlets))
    for line in lines:
        assert line in letter.text
        assert line in letter.html
    assert letter.subject
    assert letter.preview == lines[1]


def test_an_empty_digest_speaks_of_chosen_sectors_alone(taxonomy: Taxonomy) -> None:
    """When other sectors had news, "nothing" would be untrue."""
    letter = render(digest_of([judged(1)], "en", sectors=("energy",)), taxonomy, FRAME)
    assert "today in the sectors you follow." in letter.text


def test_nothing_read_nothing_claimed(taxonomy: Taxonomy) -> None:
    """Without a count there is no sentence about one."""
    letter = render(replace(digest_of([]), polled_entries=0), taxonomy, FRAME)
    assert "Đã đọc" not in letter.text


def test_the_foot_says_why_when_and_how_to_stop(taxonomy: Taxonomy) -> None:
    """Reason, cadence, chosen sectors, the way out, a contact."""
    digest = digest_of([judged(1)], "en", cadence="weekly", weekday=4, hour=18, sectors=("economy", "oda"))
    letter = render(digest, taxonomy, FRAME)
    for expected in (
        "This letter goes to ban@example.org because you signed up for it.",
        "Sent every Friday at 18:00 (Vietnam Time).",
        "Sectors you follow: Economy, trade and investment; ODA, infrastructure and transport.",
        FRAME.unsubscribe, FRAME.contact,
    ):  # fmt: skip
        assert expected in letter.text
    assert Page(letter.html).links[-4:] == [
        FRAME.preferences, FRAME.unsubscribe, FRAME.page, f"mailto:{FRAME.contact}"
    ]  # fmt: skip


def test_outlets_are_quoted_as_far_as_they_may_be(taxonomy: Taxonomy) -> None:
    """So many letters of a summary, or none; nothing of an outlet that wants none quoted; headlines always."""
    articles = [
        rich(1, outlet="Báo Một", summary="ngon " * 90),
        rich(2, outlet="Báo Hai", summary="ngọt " * 90),
    ]
    for manner, counts in (
        (Manner(quoted=100), (20, 20)), (Manner(quoted=0), (0, 0)),
        (Manner(quoted=100, unquoted=frozenset({"Báo Hai"})), (20, 0)),
    ):  # fmt: skip
        letter = render(digest_of(articles), taxonomy, replace(FRAME, manner=manner))
        for part in (letter.html, letter.text):
            assert all(
                abs(part.count(word) - n) <= 1 for word, n in zip(("ngon", "ngọt"), counts, strict=True)
            )
            assert "Tin mẫu số 1" in part
            assert "Tin mẫu số 2" in part


def test_without_a_website_one_stops_by_mail(taxonomy: Taxonomy) -> None:
    """No base URL: no web link, and the way out is a letter; the operator's own reason is given as it is."""
    frame = replace(
        FRAME, page="", preferences="", manner=PLAINLY, unsubscribe="mailto:dung@example.org?subject=dung",
        reason="Theo danh sách.",
    )  # fmt: skip
    letter = render(digest_of([]), taxonomy, frame)
    assert Page(letter.html).links == ["mailto:dung@example.org?subject=dung", f"mailto:{FRAME.contact}"]
    assert "Theo danh sách. Gửi hằng ngày lúc 7:00 (giờ Việt Nam)." in letter.text


def test_a_contact_may_be_a_page(taxonomy: Taxonomy) -> None:
    """An address is written to, a URL is opened."""
    frame = replace(FRAME, contact="https://example.org/lien-he")
    assert Page(render(digest_of([]), taxonomy, frame).html).links[-1] == "https://example.org/lien-he"


def test_what_the_taxonomy_does_not_know_is_passed_over(taxonomy: Taxonomy) -> None:
    """Verdicts of an older model may name what is gone; the nearest known commitment is shown."""
    article = rich(1, commitments=commitments("oda.gone", "oda.transport"), sectors=sectors("gone"))
    text = render(digest_of([article]), taxonomy, FRAME).text
    assert "Giao thông vận tải" in text
    assert "TIN KHÁC" in text
    assert (
        "Cam kết"
        not in render(digest_of([judged(1, commitments=commitments("oda.gone"))]), taxonomy, FRAME).text
    )


def test_items_with_nothing_to_show_stay_whole(taxonomy: Taxonomy) -> None:
    """No title, no summary, no evidence, no sector: the outlet's name serves as headline."""
    text = render(
        digest_of([judged(1, title="\u200b", summary="", evidence=(), sectors=())]), taxonomy, FRAME
    ).text
    assert "* Báo Mẫu\n  Báo Mẫu · 04:00, 21/11\n  https://baomau.example/1.html\n" in text
    assert "Căn cứ" not in text


def test_many_copies_are_counted(taxonomy: Taxonomy) -> None:
    """Five other outlets by name, the rest as a number."""
    copies = [judged(n, outlet=f"Báo {n}", story_id=1) for n in range(1, 9)]
    letter = render(digest_of(copies), taxonomy, FRAME)
    assert "và 2 báo khác" in letter.text
    assert "và 2 báo khác" in letter.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("request_", ["confirm", "link", "move", "moved"])
def test_a_request_asks_and_nothing_else(taxonomy: Taxonomy, language: Language, request_: Request) -> None:
    """One link to confirm with, until when, and what to do if it was someone else."""
    link = "https://tin.example.org/c/abc"
    letter = render_request(request_, reader(language), taxonomy, FRAME, link=link, until=NOW)
    assert Page(letter.html).links == [link, f"mailto:{FRAME.contact}"]
    assert link in letter.text
    assert FRAME.product in letter.subject
    assert ("07:00, 21/11" in letter.text) == (language == "vi")


def test_a_confirmation_by_mail_explains_itself(taxonomy: Taxonomy) -> None:
    """Without a web page the answer is a letter."""
    letter: Rendered = render_request(
        "confirm", reader("en"), taxonomy, FRAME, link="mailto:x@example.org?subject=ok"
    )
    assert "sending it is all that is needed" in letter.text
    assert "valid until" not in letter.text
