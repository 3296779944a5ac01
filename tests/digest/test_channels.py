"""A digest for programs and for chats: what is in it, and what no channel is told."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from classifiers.taxonomy import LANGUAGES, Taxonomy
from classifiers.verdict import Decision
from monitor.digest.chat import ROOMS, render_message
from monitor.digest.compose import postponed
from monitor.digest.payload import payload
from monitor.digest.render import render
from monitor.types import Language
from tests.digest.samples import FRAME, commitments, evidence, judged, sectors
from tests.digest.test_render import Page, digest_of, rich

HOOK = "https://hooks.example/planted-hook-5d1e9c77aa"
CHATS = {
    "slack": "slack://T1PLANTED/B1PLANTED/PlantedToken",
    "tgram": "tgram://123456789:PlantedToken/-100123",
    "workflows": "workflows://prod.example:443/PlantedToken/PlantedToken",
}


def test_the_body_of_a_webhook(taxonomy: Taxonomy) -> None:
    """Each field that docs/webhook.md promises, in order, with ids beside names and times in UTC."""
    copy = rich(2, outlet="Báo Thứ Hai", title="Tin mẫu số 1 về hợp tác", kind="tabloid", story_id=1)
    digest = digest_of([rich(1, story_id=1), copy], language="ja", address=HOOK)
    rendered = render(digest, taxonomy, FRAME)
    found = json.loads(payload(digest, taxonomy, rendered))
    assert list(found) == [
        "id",
        "kind",
        "subject",
        "language",
        "slot",
        "items",
        "maybe",
        "more",
        "html",
        "text",
    ]
    assert (found["id"], found["kind"], found["language"]) == (digest.id, "digest", "ja")
    assert (found["slot"], found["more"], found["maybe"]) == ("2026-11-21T00:00:00Z", 0, [])
    assert (found["subject"], found["html"], found["text"]) == (
        rendered.subject,
        rendered.html,
        rendered.text,
    )
    (item,) = found["items"]
    assert item == {
        "headline": "Tin mẫu số 1 về hợp tác",
        "link": "https://baomau.example/1.html",
        "outlet": "Báo Mẫu",
        "published": "2026-11-20T21:00:00Z",
        "language": "vi",
        "summary": "Tóm tắt của tin mẫu số một.",
        "sectors": [
            {"id": "oda", "name": taxonomy.sector_by_id["oda"].name.in_("ja")},
            {"id": "economy", "name": taxonomy.sector_by_id["economy"].name.in_("ja")},
        ],
        "commitments": [
            {"id": "oda.yen-loans", "name": taxonomy.commitment_by_id["oda.yen-loans"].name.in_("ja")}
        ],
        "why": ["hiệp định vay", "tỷ yên"],
        "also": [
            {
                "headline": "Tin mẫu số 1 về hợp tác",
                "link": "https://baomau.example/2.html",
                "outlet": "Báo Thứ Hai",
            }
        ],
    }


def test_the_body_is_the_same_each_time(taxonomy: Taxonomy) -> None:
    """UTF-8 as it is written, never escapes; half a character becomes a question mark."""
    digest = digest_of([judged(1, title="Nhật \ud800 日本")], address=HOOK)
    rendered = render(digest, taxonomy, FRAME)
    one, two = (payload(digest, taxonomy, rendered) for _ in range(2))
    assert one == two
    assert "日本" in one.decode("utf-8")


def test_links_of_feeds_are_checked(taxonomy: Taxonomy) -> None:
    """What is no plain web address is no link, for a program either."""
    digest = digest_of([judged(1, link="javascript:alert(1)")], address=HOOK)
    assert json.loads(payload(digest, taxonomy, render(digest, taxonomy, FRAME)))["items"][0]["link"] is None


def test_no_letter_tells_a_channels_address(taxonomy: Taxonomy) -> None:
    """Who reads a channel must not learn the key to it; where a letter tells the address, it is masked."""
    digest = digest_of([rich()], address=HOOK)
    body = payload(digest, taxonomy, render(digest, taxonomy, FRAME)).decode()
    assert "https://hooks.example/***" in body
    assert "planted" not in body
    for address in CHATS.values():
        message = render_message(digest_of([rich()], address=address), taxonomy, FRAME)
        assert "Planted" not in message.html + message.text + message.subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_is_compact(taxonomy: Taxonomy, language: Language) -> None:
    """Title and counts, each story with its link, outlet and sector, how many there are of each sector, no more."""
    candidates = [
        judged(1, sectors=sectors("oda"), commitments=commitments("oda.yen-loans"), evidence=evidence("vay")),
        judged(2, sectors=sectors("oda")),
        judged(3, sectors=sectors("economy")),
    ]
    message = render_message(digest_of(candidates, language, address=CHATS["slack"]), taxonomy, FRAME)
    page = Page(message.html)
    assert page.links == [f"https://baomau.example/{n}.html" for n in (1, 2, 3)]
    assert {tag for tag, _ in page.tags} == {"p", "b", "br", "ul", "li", "a"}
    oda, economy = (taxonomy.sector_by_id[id_].name.in_(language) for id_ in ("oda", "economy"))
    colon = "：" if language == "ja" else ": "
    for text in (page.text, message.text):
        assert f"{oda}{colon}2" in text
        assert f"{economy}{colon}1" in text
        assert FRAME.product in text
    assert "Tóm tắt" not in message.html
    assert "\n\n\n" not in message.text
    assert message.left_out == ()


def test_text_of_feeds_stays_text(taxonomy: Taxonomy) -> None:
    """No markup of a headline survives in the message's HTML."""
    digest = digest_of([judged(1, title='<b>x</b> & "y" <script>')], address=CHATS["tgram"])
    page = Page(render_message(digest, taxonomy, FRAME).html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert '<b>x</b> & "y" <script>' in page.text


def utf16(text: str) -> int:
    """What Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def as_json(text: str) -> int:
    """What travels to Teams."""
    return len(json.dumps(text))


@pytest.mark.parametrize(
    ("scheme", "most", "size"),
    [("slack", 12_000, len), ("tgram", 4096, utf16), ("workflows", 22_000, as_json)],
)
def test_a_message_fits_its_service(
    taxonomy: Taxonomy, scheme: str, most: int, size: Callable[[str], int]
) -> None:
    """It is cut between items, as late as it can be; what found no room is told, and waits for the next one."""
    digest = digest_of(
        [judged(n, title=f"Tin {n} 日本とベトナム 🚄 " + "hợp tác " * 25) for n in range(1, 61)],
        address=CHATS[scheme],
    )
    message = render_message(digest, taxonomy, FRAME)
    assert size(message.html) <= most
    assert size(message.html) > most - 1500
    page = Page(message.html)
    items = [item.judged.article for item in digest.items]
    shown = len(page.links)
    assert page.links == [article.link for article in items[:shown]]
    assert list(message.left_out) == [article.id for article in items[shown:]]
    assert f"Còn {digest.more + 60 - shown} tin nữa" in page.text
    after = postponed(digest, message.left_out)
    assert len(after.items) == shown


def test_the_rooms_are_those_of_the_services() -> None:
    """Each kind of chat that can be subscribed has a room."""
    assert set(ROOMS) == set(CHATS)


def test_doubtful_news_comes_last_or_waits(taxonomy: Taxonomy) -> None:
    """Under a heading of its own where there is room for it; it never takes room from what is sure."""
    doubtful = judged(90, decision=Decision.REVIEW, title="Tin ngờ")
    few = digest_of([judged(1), doubtful], address=CHATS["tgram"], wants_maybe=True)
    message = render_message(few, taxonomy, FRAME)
    assert "Có thể liên quan" in message.html
    assert Page(message.html).links[-1] == "https://baomau.example/90.html"
    assert message.left_out == ()
    long = [judged(n, title=f"Tin {n} " + "hợp tác " * 28) for n in range(1, 31)]
    message = render_message(
        digest_of([*long, doubtful], address=CHATS["tgram"], wants_maybe=True), taxonomy, FRAME
    )
    assert "Tin ngờ" not in message.html
    assert message.left_out[-1] == 90


def test_a_message_without_news(taxonomy: Taxonomy) -> None:
    """Who wants to hear of quiet days hears so."""
    message = render_message(digest_of([], address=CHATS["slack"]), taxonomy, FRAME)
    assert "Hôm nay chưa có diễn biến mới nào" in message.html
    assert Page(message.html).links == []
