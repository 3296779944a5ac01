"""Feeds on loopback to which every request adds entries; nothing ever falls out of them.

All news in here is invented. What is relevant in it was so by the model of the installation under test.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

from classifiers.models import ModelStore
from classifiers.verdict import Decision, Text

_PROVINCES = ("Hưng Yên", "Thanh Hóa", "Cần Thơ", "Đồng Nai", "Quảng Ninh", "Lâm Đồng", "Phú Thọ", "Gia Lai")
_PREFECTURES = (
    "Hokkaido",
    "Aichi",
    "Fukuoka",
    "Niigata",
    "Nagano",
    "Kumamoto",
    "Shiga",
    "Gunma",
    "Kagawa",
    "Mie",
)
_WORKS = (
    "cấp nước sạch",
    "xử lý rác thải",
    "thủy lợi",
    "đào tạo điều dưỡng",
    "điện gió",
    "phòng chống thiên tai",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One invented entry."""

    link: str
    title: str
    summary: str
    published: datetime
    relevant: bool


def relevant_texts(models: Path) -> list[Text]:
    """Invented agreements, all headlines different, that the model sends."""
    store = ModelStore(models)
    model = store.load(store.current() or "")
    texts = [
        Text(
            f"Tỉnh {province} và tỉnh {prefecture} (Nhật Bản) ký thỏa thuận hợp tác về {work}",
            f"Lãnh đạo hai tỉnh vừa ký bản ghi nhớ hợp tác giai đoạn mới; phía Nhật Bản cử chuyên gia, tỉnh {province} "
            f"chuẩn bị mặt bằng và nhân lực cho {work}.",
        )
        for work, province, prefecture in itertools.product(_WORKS, _PROVINCES, _PREFECTURES)
    ]
    verdicts = model.classify(texts)
    return [text for text, verdict in zip(texts, verdicts, strict=True) if verdict.decision is Decision.SEND]


class GrowingFeeds(ThreadingHTTPServer):
    """Every answer holds everything so far and takes a moment; `asked` counts them."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, feeds: Sequence[str], relevant: Sequence[Text], *, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.items: dict[str, list[Item]] = {feed: [] for feed in feeds}
        self.now = datetime.now().astimezone()
        self.growing = True
        self.slowness = 0.6
        self.asked = 0
        self.mutex = threading.Lock()
        self._relevant = iter(relevant)
        self._random = random.Random(seed)
        self._number = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def everything(self) -> list[Item]:
        """All entries of all feeds."""
        with self.mutex:
            return [item for items in self.items.values() for item in items]

    def document(self, feed: str) -> bytes:
        """The feed as it is now, after it has grown."""
        with self.mutex:
            self.asked += 1
            if self.growing:
                self._grow(feed)
            items = "".join(map(_as_xml, reversed(self.items[feed])))
        head = f"<channel><title>{feed}</title><link>https://{feed}.example/</link>"
        return (
            f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{head}{items}</channel></rss>'.encode()
        )

    def pause(self) -> None:
        """As long as a server may take in the middle of its answer."""
        time.sleep(self._random.uniform(0, self.slowness))

    def _grow(self, feed: str) -> None:
        self._add(
            feed,
            Text(f"Chợ hoa số {self._number} nhộn nhịp cuối tuần", "Giá hoa tăng nhẹ, sức mua ổn định."),
            False,
        )
        text = next(self._relevant, None) if self._random.random() < 0.5 else None
        if text:
            self._add(feed, text, True)

    def _add(self, feed: str, text: Text, relevant: bool) -> None:
        self._number += 1
        link = f"https://{feed}.example/tin-{200000 + self._number}.html"
        self.items[feed].append(Item(link, text.title, text.summary, self.now, relevant))


@contextmanager
def growing_feeds(feeds: Sequence[str], relevant: Sequence[Text], *, seed: int = 1) -> Iterator[GrowingFeeds]:
    """The feeds, served until the block is left."""
    with GrowingFeeds(feeds, relevant, seed=seed) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _as_xml(item: Item) -> str:
    return (
        f"<item><title>{escape(item.title)}</title><link>{item.link}</link><guid>{item.link}</guid>"
        f"<pubDate>{item.published:%a, %d %b %Y %H:%M:%S %z}</pubDate>"
        f"<description>{escape(item.summary)}</description></item>"
    )


class _Handler(BaseHTTPRequestHandler):
    server: GrowingFeeds

    def do_GET(self) -> None:
        body = self.server.document(self.path.partition("?")[0].strip("/").removesuffix(".rss"))
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body[: len(body) // 2])
            self.server.pause()
            self.wfile.write(body[len(body) // 2 :])
        except OSError:
            pass  # who asked was killed

    def log_message(self, *_: object) -> None:
        """Requests of our own are no news."""
