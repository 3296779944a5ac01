"""A day of 120 stories with long words: the letter stays small and whole, and what it has no room for comes next."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import pytest

from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.verdict import CommitmentScore, Decision, Evidence, SectorScore, Text, Verdict
from monitor import jobs
from monitor.delivery.message import Sender
from monitor.digest.render import Frame
from monitor.polling import Poller
from monitor.postman import Postman
from monitor.store import subscribers
from monitor.store.database import Store
from monitor.types import NEWCOMER, Bounds, Digest, Feed, Fetched, Language, SubscriberStatus, Validators
from tests.letterform import faults_of_form
from tests.line.fakes import FakeFetcher, FakeWay, InlineReader

DAY = datetime(2026, 9, 14, 0, 0, tzinfo=UTC)
"""07:00 in Việt Nam."""
STORIES, OUTLETS = 120, 15
MOST_LETTERS = 6

TITLE = {
    "vi": "Đoàn đại biểu cấp cao hai nước khảo sát tuyến đường sắt đô thị số {0} và trao đổi về nguồn vốn, công nghệ, "
    "đào tạo nhân lực cũng như phương thức vận hành phù hợp với điều kiện của từng địa phương trong giai đoạn mới",
    "ja": "両国の代表団が都市鉄道第{0}号線を視察し、資金、技術、人材育成および"
    "各地域の事情に合った運営方法について意見を交わし、今後の協力の進め方を確認した",
}
SUMMARY = {
    "vi": 'Tại buổi làm việc thứ {0}, hai bên nhất trí rà soát tiến độ, tháo gỡ vướng mắc về mặt bằng & thủ tục, "sớm" '
    "hoàn tất hồ sơ <vay vốn> và cử chuyên gia sang hướng dẫn vận hành, bảo trì, bảo đảm an toàn cho người dân. ",
    "ja": "第{0}回の会合で双方は、進捗の確認、用地と手続きの課題の解消、資金手続きの早期完了、"
    "専門家の派遣による運行・保守の指導、そして住民の安全の確保について認識を共有した。",
}


@dataclass
class Wordy:
    """A model that sends everything, with much to say of each."""

    taxonomy: Taxonomy
    id: str = "wordy-1"

    def classify(self, texts: Sequence[Text]) -> list[Verdict]:
        """Two sectors, a sure commitment, long evidence."""
        return [self._verdict(place) for place, _ in enumerate(texts)]

    def _verdict(self, place: int) -> Verdict:
        commitment = self.taxonomy.commitments[place % len(self.taxonomy.commitments)]
        return Verdict(
            0.9,
            Decision.SEND,
            (SectorScore("oda", 0.9), SectorScore("economy", 0.6)),
            (CommitmentScore(commitment.id, 0.8, True),),
            tuple(Evidence(f"đường sắt đô thị {n}", 1.0) for n in range(5)),
            self.id,
        )


def document(feed: int) -> bytes:
    """A feed with its share of the stories; every other one is in Japanese."""
    items = []
    for number in range(feed, STORIES, OUTLETS):
        words: Language = "ja" if number % 2 else "vi"
        date = (DAY - timedelta(minutes=number + 30)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        items.append(
            f"<item><title>{escape(TITLE[words].format(number))}</title><pubDate>{date}</pubDate>"
            f"<link>https://bao{feed}.example/tin-{100000 + number}.html</link>"
            f"<description>{escape(escape(SUMMARY[words].format(number) * 4))}</description></item>"
        )
    return f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'.encode()


def poll(store: Store) -> None:
    """All stories of the morning, stored and judged."""
    feeds = [
        Feed(
            f"bao{n}", f"Báo Dài {n}", "tin", f"https://bao{n}.example/rss", "vi", "Asia/Ho_Chi_Minh", "press"
        )
        for n in range(OUTLETS)
    ]
    answers = {
        feed.url: Fetched(feed.url, 200, document(n), "application/rss+xml", Validators())
        for n, feed in enumerate(feeds)
    }
    poller = Poller(store, FakeFetcher(dict(answers)), InlineReader(), Bounds(), lambda _: None)
    asyncio.run(poller.poll(feeds, now=DAY))
    assert jobs.classify_stored(store, Wordy(load_taxonomy()), now=DAY) == STORIES


@pytest.mark.parametrize("language", ["vi", "en", "ja"])
def test_of_120_stories_none_is_lost(store: Store, language: Language) -> None:
    """Every letter keeps its form and size; each story stands in exactly one; in the end nothing waits."""
    poll(store)
    reader = replace(
        NEWCOMER, address="ban@vidu.example", language=language, status=SubscriberStatus.ACTIVE, consent="đơn",
        created_at=DAY,
    )  # fmt: skip
    subscribers.add(store, reader)
    page = "https://tin.vidu.example"
    frame = Frame("Việt–Nhật Monitor", "ai@vidu.example", f"{page}/u/0123456789", page)
    sender = Sender("Việt–Nhật Monitor", "ai@vidu.example")
    press = jobs.Press(store, load_taxonomy(), sender, lambda _: frame, "wordy-1", print)
    made: list[Digest] = []
    way = FakeWay()
    for day in range(MOST_LETTERS):
        now = DAY + timedelta(days=day)
        made += press.issue(now=now)
        Postman(store, way, lambda *_: None).deliver(now=now)
    told = Counter(item.judged.article.link for digest in made for item in digest.items)
    assert told == Counter(
        {f"https://bao{n % OUTLETS}.example/tin-{100000 + n}.html": 1 for n in range(STORIES)}
    )
    assert [digest.more for digest in made if digest.items][-1] == 0
    assert made[0].more == STORIES - len(made[0].items) > 0
    assert [faults_of_form(letter.raw) for letter in way.letters] == [[]] * len(way.letters)
    assert len(way.letters) == sum(bool(digest.items) for digest in made)
