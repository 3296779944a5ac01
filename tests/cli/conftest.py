"""A small archive with a subscriber's news of one day, and a server of feeds on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from pytest_httpserver import HTTPServer

from classifiers.models import ModelStore
from classifiers.verdict import CommitmentScore, Decision, Evidence, SectorScore, Text, Verdict
from monitor.masking import forget
from monitor.store import articles, polls, verdicts
from monitor.store.database import open_store
from monitor.types import Entry, Feed, FeedState, NewArticle, PollPlan, PollReport, Revision
from tests.cli.samples import feed_line, feeds_file

FEED = Feed("thu", "Báo Thử", "tin", "https://thu.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
SEEN = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
SENT = Verdict(
    0.97, Decision.SEND, (SectorScore("oda", 0.9),), (CommitmentScore("oda.yen-loans", 0.4),),
    (Evidence("vay", 1.5),), "m-1",
)  # fmt: skip
DROPPED = Verdict(0.01, Decision.DROP, (), (), (), "m-1")


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """A command chooses where log lines go and what is masked; the next test starts as new."""
    yield
    structlog.reset_defaults()
    forget()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of these settings: article 1 is to be sent, 2 dropped, 3 not judged; 1 was reworded once."""
    entries = [
        Entry((f"url:https://thu.example/{n}",), f"https://thu.example/{n}", title, summary, SEEN - timedelta(hours=n))
        for n, (title, summary) in enumerate([
            ("Nhật Bản đầu tư vào Huế", "JICA ký hiệp định vay."),
            ("Giá vàng tăng", "Vàng miếng."),
            ("Bão số 9", "Mưa lớn ở Huế."),
        ])
    ]  # fmt: skip
    path = tmp_path / "archive.db"
    monkeypatch.setenv("VIETNHAT_DB", str(path))
    state, report = FeedState("thu", FEED.url), PollReport("thu", "new")
    reworded = Entry(
        entries[0].keys, entries[0].link, "Nhật Bản đầu tư lớn vào Huế", entries[0].summary, SEEN
    )
    with open_store(path, create=True) as store:
        new = PollPlan(new=tuple(NewArticle(entry, entry.published, news=True) for entry in entries))
        polls.record_poll(store, FEED, new, state, report, now=SEEN)
        polls.record_poll(store, FEED, PollPlan(revised=(Revision(1, reworded),)), state, report, now=SEEN)
        wordings = [Text(reworded.title, reworded.summary), Text(entries[1].title, entries[1].summary)]
        verdicts.save(store, [(1, wordings[0], SENT), (2, wordings[1], DROPPED)], now=SEEN)
    return path


@pytest.fixture
def judged_archive(archive: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample archive, judged in the same way under the name of the release's model, which serves."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    serving = ModelStore(models).current() or ""
    with open_store(archive) as store:
        pairs = []
        for n, verdict in ((1, SENT), (2, DROPPED), (3, DROPPED)):
            found = articles.get(store, n)
            assert found
            text = Text(found.article.title, found.article.summary)
            pairs.append((n, text, replace(verdict, model=serving)))
        verdicts.save(store, pairs, now=SEEN + timedelta(minutes=1))
    return archive


@dataclass(frozen=True)
class Newsstand:
    """A server of feeds on loopback and the feeds file that lists some of them."""

    server: HTTPServer
    file: Path

    def url(self, path: str) -> str:
        """The address of a path on the server."""
        return f"http://127.0.0.1:{self.server.port}{path}"

    def offer(self, path: str, body: str, content_type: str = "application/rss+xml; charset=utf-8") -> None:
        """Answer requests for a path with a document."""
        self.server.expect_request(path).respond_with_data(body, content_type=content_type)

    def list(self, **feeds: str) -> None:
        """Write the feeds file: ids and paths."""
        lines = [feed_line(feed_id, self.url(path)) for feed_id, path in feeds.items()]
        self.file.write_text(feeds_file(*lines), encoding="utf-8")


@pytest.fixture
def newsstand(httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsstand:
    """A newsstand that may be fetched from, without waiting between requests."""
    monkeypatch.setenv("VIETNHAT_ALLOW_PRIVATE", f"127.0.0.1:{httpserver.port}")
    monkeypatch.setenv("VIETNHAT_HOST_SPACING", "0")
    file = tmp_path / "feeds.yaml"
    monkeypatch.setenv("VIETNHAT_FEEDS", str(file))
    return Newsstand(httpserver, file)
