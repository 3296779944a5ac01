"""Thousands of damaged feeds through the real readers: each is read or refused, and a second reading brings nothing.

300 in the normal run; VIETNHAT_FUZZ=20000 makes it that many, VIETNHAT_FUZZ_FROM=… starts at another seed.
"""

from __future__ import annotations

import asyncio
import os
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.ingest.dedupe import plan
from monitor.ingest.pool import ReaderPool
from monitor.store import polls
from monitor.store.database import Store, open_store
from monitor.types import Document, Failed, FailureKind, Feed, FeedState, PollReport
from tests.aloud import Aloud
from tests.hostile.mutate import Mutant, mutated

NUMBER = int(os.environ.get("VIETNHAT_FUZZ", "300"))  # read before the tests' own environment is emptied
FIRST = int(os.environ.get("VIETNHAT_FUZZ_FROM", "1"))
IN_ONE_STORE = 500
AT_ONCE = 4
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Findings:
    """What came of the mutants."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    entries: int = 0
    slowest: float = 0.0


def _feed(mutant: Mutant) -> Feed:
    name = f"f{mutant.seed}"
    return Feed(name, name, "tin", f"https://{name}.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")


def _chunks() -> Iterator[range]:
    for start in range(FIRST, FIRST + NUMBER, IN_ONE_STORE):
        yield range(start, min(start + IN_ONE_STORE, FIRST + NUMBER))


async def _read_all(seeds: range, findings: Findings) -> list[tuple[Mutant, Document]]:
    documents: list[tuple[Mutant, Document]] = []
    places = asyncio.Semaphore(AT_ONCE)

    async def one(pool: ReaderPool, seed: int) -> None:
        mutant = mutated(seed)
        async with places:
            started = time.monotonic()
            try:
                outcome = await pool.read(mutant.body, mutant.content_type, _feed(mutant))
            except Exception as error:
                findings.faults.append(f"{seed} {mutant.steps}: raised {error!r}")
                return
            findings.slowest = max(findings.slowest, time.monotonic() - started)
        match outcome:
            case Document():
                findings.outcomes["read, noting problems" if outcome.problems else "read"] += 1
                documents.append((mutant, outcome))
            case Failed(kind=FailureKind.UNREADABLE):
                findings.outcomes[f"refused: {outcome.reason[:40]}"] += 1
            case _:  # the reader died, hung or met a bug
                findings.faults.append(f"{seed} {mutant.steps}: {outcome!r}")

    with ReaderPool() as pool:
        await asyncio.gather(*(one(pool, seed) for seed in seeds))
    return documents


def _store(store: Store, mutant: Mutant, document: Document, *, now: datetime) -> int:
    """As a poll would; how many articles were new."""
    feed = _feed(mutant)
    known = polls.known(store, feed.outlet, (key for entry in document.entries for key in entry.keys))
    change = plan(document, known, first_poll=False, now=now)
    report = PollReport(feed.id, "new", entries=len(document.entries), new=len(change.new))
    polls.record_poll(store, feed, change, FeedState(feed.id, feed.url), report, now=now)
    return len(change.new)


def _unclean(document: Document) -> str:
    """What of a document could hurt a letter or a page; "" if nothing."""
    for entry in document.entries:
        for text in (entry.title, entry.summary):
            if text != unicodedata.normalize("NFC", text):
                return "not NFC"
            if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
                return "control characters"
        if not entry.title:
            return "no title"
        if not entry.keys or not all(entry.keys):
            return "no key"
        if entry.link and not entry.link.startswith(("http://", "https://")):
            return f"link {entry.link[:60]}"
        if entry.published is not None and entry.published.utcoffset() != timedelta(0):
            return "a date that is not UTC"
    return ""


def _check_stored(seed: int, mutant: Mutant, document: Document, store: Store) -> str:
    try:
        new = _store(store, mutant, document, now=NOW)
        again = _store(store, mutant, document, now=NOW + timedelta(minutes=15))
    except Exception as error:
        return f"storing raised {error!r}"
    return f"{again} of {new} new again" if again else _unclean(document)


def test_damaged_feeds_are_read_or_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], aloud: Aloud
) -> None:
    """Nothing raises, hangs, dies or prints a traceback; texts are clean; polling the same again stores nothing."""
    findings, started = Findings(), time.monotonic()
    for number, seeds in enumerate(_chunks()):
        documents = asyncio.run(_read_all(seeds, findings))
        with open_store(tmp_path / f"{number}.db", create=True) as store:
            for mutant, document in documents:
                findings.entries += len(document.entries)
                if fault := _check_stored(mutant.seed, mutant, document, store):
                    findings.faults.append(f"{mutant.seed} {mutant.steps}: {fault}")
        (tmp_path / f"{number}.db").unlink()
    said = "".join(capfd.readouterr())
    with aloud():
        print(
            f"\n{NUMBER} mutants from seed {FIRST}: {findings.entries} entries, slowest {findings.slowest:.1f} s, "
            f"{len(findings.faults)} faults, {time.monotonic() - started:.0f} s"
        )
        for outcome, count in findings.outcomes.most_common():
            print(f"    {count:6} {outcome}")
    assert not findings.faults, "\n".join(findings.faults[:50])
    assert "Traceback" not in said
    assert findings.outcomes["read"] + findings.outcomes["read, noting problems"] > NUMBER / 3


def test_a_seed_says_it_all() -> None:
    """The same seed gives the same bytes: a failure can be called up again."""
    assert [mutated(seed) for seed in range(40)] == [mutated(seed) for seed in range(40)]
    assert len({mutated(seed).body for seed in range(40)}) == 40
