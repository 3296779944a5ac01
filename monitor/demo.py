"""The whole line on sample feeds: served on loopback, polled, judged, mailed into a folder. No network, no settings.

The news of data/demo is invented; everything that happens to it is what `run` does to real news.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from classifiers.shipped import shipped
from monitor.config.settings import Settings
from monitor.errors import Misuse
from monitor.store import subscribers
from monitor.store.database import open_store
from monitor.types import NEWCOMER, Digest, Feed, SubscriberStatus
from monitor.wiring import mail_digests, poll_once

MORNINGS = tuple(datetime(2026, 9, day, 0, 0, tzinfo=UTC) for day in (14, 15, 16))
"""07:00 in Việt Nam on the days the sample news covers."""

READERS: tuple[tuple[str, Literal["vi", "en", "ja"], str, int], ...] = (
    ("ban.bien.tap@vidu.example", "vi", "Asia/Ho_Chi_Minh", 7),
    ("desk@sample.example", "en", "Asia/Ho_Chi_Minh", 7),
    ("tantou@mihon.example", "ja", "Asia/Tokyo", 9),
)

NEWEST = 60
"""Entries a sample feed holds at a time, as real ones do."""


@dataclass(frozen=True, slots=True)
class Morning:
    """What one morning of the demo brought."""

    at: datetime
    feeds: int
    new: int
    judged: int
    letters: int


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """One invented entry of a sample feed."""

    feed: str
    published: datetime
    title: str
    summary: str
    link: str


def play(folder: Path, settings: Settings, tell: Callable[[Morning], None]) -> list[Path]:
    """Run all mornings below `folder`; the digests as HTML files. An earlier demo there is replaced.

    Raises Misuse when the folder holds anything else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "demo.db").exists():
        raise Misuse(f"{folder}: holds something else than an earlier demo; give an empty folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    entries = sample_entries()
    with sample_server(entries) as server:
        port = server.server_address[1]
        own = settings.model_copy(
            update={
                "db": folder / "demo.db",
                "outbox": folder / "outbox",
                "keys": folder / "keys.json",
                "allow_private": frozenset({f"127.0.0.1:{port}"}),
                "host_spacing": 0.0,
                "smtp_host": None,
                "proxy": None,
            }
        )
        feeds = sample_feeds(int(port))
        _subscribe(own)
        for morning in MORNINGS:
            server.now = morning
            reports, judged = asyncio.run(
                poll_once(own, feeds, now=morning, create=True, report=lambda _: None)
            )
            digests = list[Digest]()
            mail_digests(own, now=morning, made=digests.append, report=lambda *_: None)
            letters = sum(bool(digest.items) for digest in digests)
            tell(Morning(morning, len(reports), sum(r.new for r in reports), judged, letters))
    return [_as_html(path, folder) for path in sorted((folder / "outbox").glob("*.eml"))]


def sample_entries() -> tuple[SampleEntry, ...]:
    """The invented news, oldest first."""
    lines = shipped("data", "demo", "entries.jsonl").read_text(encoding="utf-8").splitlines()
    entries = []
    for number, line in enumerate(lines, 1):
        data = json.loads(line)
        link = f"https://{data['feed']}.example/tin-{100000 + number}.html"
        published = datetime.fromisoformat(data["published"])
        entries.append(SampleEntry(data["feed"], published, data["title"], data["summary"], link))
    return tuple(sorted(entries, key=lambda entry: (entry.published, entry.link)))


def sample_feeds(port: int) -> tuple[Feed, ...]:
    """The sample outlets, served on loopback."""
    lines = json.loads(shipped("data", "demo", "feeds.json").read_text(encoding="utf-8"))
    return tuple(
        Feed(
            id=line["id"],
            outlet=line["outlet"],
            section=line["section"],
            url=f"http://127.0.0.1:{port}/{line['id']}.rss",
            language="vi",
            zone="Asia/Ho_Chi_Minh",
            kind=line["kind"],
        )
        for line in lines
    )


class SampleServer(ThreadingHTTPServer):
    """Serves what each sample feed would hold at `now`."""

    daemon_threads = True

    def __init__(self, entries: Sequence[SampleEntry]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.entries = entries
        self.now = MORNINGS[0]

    def feed(self, feed_id: str) -> bytes:
        """The feed as RSS 2.0."""
        own = [entry for entry in self.entries if entry.feed == feed_id and entry.published <= self.now]
        items = "".join(
            f"<item><title>{escape(entry.title)}</title><link>{entry.link}</link><guid>{entry.link}</guid>"
            f"<pubDate>{entry.published:%a, %d %b %Y %H:%M:%S %z}</pubDate>"
            f"<description>{escape('<p>' + escape(entry.summary) + '</p>')}</description></item>"
            for entry in own[: -NEWEST - 1 : -1]
        )
        head = f"<channel><title>{feed_id}</title><link>https://{feed_id}.example/</link>"
        return (
            f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{head}{items}</channel></rss>'.encode()
        )


class _Handler(BaseHTTPRequestHandler):
    server: SampleServer

    def do_GET(self) -> None:
        body = self.server.feed(self.path.strip("/").removesuffix(".rss"))
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Requests of our own to ourselves are no news."""


@contextmanager
def sample_server(entries: Sequence[SampleEntry]) -> Iterator[SampleServer]:
    """The sample feeds on a free loopback port."""
    with SampleServer(entries) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _subscribe(settings: Settings) -> None:
    with open_store(Path(settings.db), durable=True, create=True) as store:
        for address, language, zone, hour in READERS:
            subscribers.add(
                store,
                replace(
                    NEWCOMER,
                    address=address,
                    language=language,
                    zone=zone,
                    hour=hour,
                    status=SubscriberStatus.ACTIVE,
                    consent="demo",
                    created_at=MORNINGS[0],
                ),
            )


def _as_html(path: Path, folder: Path) -> Path:
    """The HTML part of a letter as a file a browser opens, named after language and day."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # what the policy makes
    part = message.get_body(("html",))
    language = message["Content-Language"]
    day = email.utils.parsedate_to_datetime(message["Date"]).date()
    target = folder / f"digest-{day}-{language}.html"
    target.write_text(part.get_content() if part else "", encoding="utf-8")
    return target
