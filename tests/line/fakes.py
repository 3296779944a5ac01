"""Stand-ins for the world: a fetcher that answers from a table, a way out that keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from classifiers.verdict import Decision, Evidence, SectorScore, Text, Verdict
from monitor.ingest.read import read
from monitor.types import Document, Failed, Feed, FetchOutcome, Letter, SendOutcome, Sent, Validators


@dataclass
class FakeFetcher:
    """Answers by URL; keeps what it was asked."""

    answers: dict[str, FetchOutcome]
    asked: list[tuple[str, Validators]] = field(default_factory=list)
    held: dict[str, float] = field(default_factory=dict)

    def hold(self, host: str, seconds: float) -> None:
        self.held[host] = seconds

    async def get(self, url: str, validators: Validators) -> FetchOutcome:
        self.asked.append((url, validators))
        return self.answers[url]


class InlineReader:
    """The real reading, without a process."""

    async def read(self, body: bytes, content_type: str, feed: Feed) -> Document | Failed:
        return read(body, content_type, feed)


@dataclass
class FakeModel:
    """Sends what holds a word."""

    id: str = "fake-1"
    word: str = "Nhật"

    def classify(self, texts: Sequence[Text]) -> list[Verdict]:
        return [self._verdict(self.word in text.title) for text in texts]

    def _verdict(self, relevant: bool) -> Verdict:
        decision = Decision.SEND if relevant else Decision.DROP
        evidence = (Evidence(self.word, 1.0),)
        return Verdict(
            0.9 if relevant else 0.0, decision, (SectorScore("economy", 0.8),), (), evidence, self.id
        )


@dataclass
class FakeWay:
    """Takes letters and answers as told, in turn; then always accepts."""

    answers: list[SendOutcome] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter, meanwhile: Callable[[], object] = lambda: None) -> SendOutcome:
        self.letters.append(letter)
        meanwhile()
        return self.answers.pop(0) if self.answers else Sent("250 ok")


def rss(entries: Mapping[str, tuple[str, str]]) -> bytes:
    """A feed of entries: link → (title, RFC 822 date)."""
    items = "".join(
        f"<item><title>{title}</title><link>{link}</link><description>Lời dẫn.</description>"
        f"<pubDate>{date}</pubDate></item>"
        for link, (title, date) in entries.items()
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()
    )
