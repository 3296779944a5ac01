"""Neighbours of known attacks, all in one feeds.yaml beside a healthy feed: each is read or refused as it should be."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.ingest.read import read
from monitor.types import Feed
from tests.aloud import Aloud
from tests.hostile.evidence import run
from tests.hostile.faultserver import Source, watch
from tests.hostile.kinds import HEAVY, KINDS, Kind
from tests.hostile.kindserver import kinds_server
from tests.system.house import House

DEADLINE = 4
MOST_CPU = 2.0
LONGEST = timedelta(hours=28)
"""A day of waiting, and its jitter."""

OPEN: dict[str, str] = {}
"""Known faults, by how their complaint begins. One that is mended fails the test until it is struck out here."""


def _settled(wrong: list[str]) -> list[str]:
    return [
        f"{fault} is mended: strike it out" for fault in OPEN if not any(w.startswith(fault) for w in wrong)
    ]


def _source(kind: Kind) -> Source:
    return Source(kind.name.replace(".", "-"), f"/{kind.name}", f"Báo {kind.name}", "press")


def _wrong(kind: Kind, house: House, first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    feed = _source(kind).id
    one, two = first[feed], second[feed]
    if kind.outcome != "either" and one["outcome"] != kind.outcome:
        yield f"{kind.name}: expected {kind.outcome}, got {one['outcome']}: {one['reason']}"
    if two["new"]:
        yield f"{kind.name}: the second poll brought {two['new']} new articles"
    if one["outcome"] == "failed" and len(one["reason"]) < 6:
        yield f"{kind.name}: failed without a reason"
    if "reading failed" in one["reason"] or "process died" in one["reason"]:
        yield f"{kind.name}: {one['reason']}"
    if one["seconds"] > kind.seconds:
        yield f"{kind.name}: took {one['seconds']} s: {one['reason']}"
    if kind.name.startswith("inside") and "onnect" in one["reason"]:
        yield f"{kind.name}: a connection was tried: {one['reason']}"
    rows = house.rows(
        "SELECT title, link, published FROM article a JOIN sighting s ON s.article_id = a.id WHERE feed_id = ?",
        feed,
    )
    titles = sorted(row["title"] for row in rows)
    if kind.titles is not None and titles != sorted(kind.titles):
        yield f"{kind.name}: stored {titles}"
    bad = [row["link"] for row in rows if not row["link"].startswith(("http://", "https://", ""))]
    if bad or (kind.linkless and any(row["link"] for row in rows)):
        yield f"{kind.name}: links {[row['link'] for row in rows]}"
    if any(
        abs(datetime.fromisoformat(row["published"]) - datetime.now(UTC)) > timedelta(days=2) for row in rows
    ):
        yield f"{kind.name}: published {[row['published'] for row in rows]}"


def _wrong_waits(house: House, now: datetime) -> Iterator[str]:
    for row in house.rows("SELECT feed_id, due_at, not_before FROM feed_state"):
        for name in ("due_at", "not_before"):
            if row[name] and datetime.fromisoformat(row[name]) > now + LONGEST:
                yield f"{row['feed_id']}: {name} is {row[name]}"


def test_neighbours_of_known_attacks(tmp_path: Path, models: Path, aloud: Aloud) -> None:
    """Two polls: outcomes, titles, links and times as each kind expects; nothing inside is reached, nothing hangs."""
    house = House(tmp_path, models)
    house.environment["VIETNHAT_FETCH_DEADLINE"] = str(DEADLINE)
    now = datetime.now(UTC).replace(microsecond=0)
    with kinds_server() as server:
        watch(house, [_source(kind) for kind in KINDS], server.port)
        polls = [
            run(house, "poll", "--json", "--as-of", (now + wait).isoformat())
            for wait in (timedelta(0), LONGEST)
        ]
    first, second = ({r["feed_id"]: r for r in json.loads(poll.out)["feeds"]} for poll in polls)
    wrong = [fault for kind in KINDS for fault in _wrong(kind, house, first, second)]
    wrong += _wrong_waits(house, now + LONGEST)
    wrong = [fault for fault in wrong if not fault.startswith(tuple(OPEN))] + _settled(wrong)
    with aloud():
        said = ", ".join(f"{poll.seconds:.0f} s {poll.peak:.0f} MB" for poll in polls)
        for kind in KINDS:
            got = first[_source(kind).id]
            figures = f"{got['outcome']:8} {got['new']:5} {got['seconds']:6.1f} {got['reason'][:80]}"
            print(f"{kind.name:28} {kind.outcome:7} {figures}")
        print(f"{len(KINDS)} kinds: {said}; {len(wrong)} unlike expected")
    assert not wrong, "\n".join(wrong)
    assert server.canary == 0
    assert not any("Traceback" in poll.err for poll in polls), polls[0].err[-2000:]
    assert house.is_sound()


def test_the_canary_counts(tmp_path: Path, models: Path) -> None:
    """The counter-proof: an installation that allows the canary's port is led there."""
    house = House(tmp_path, models)
    house.environment["VIETNHAT_FETCH_DEADLINE"] = str(DEADLINE)
    with kinds_server() as server:
        kind = next(kind for kind in KINDS if kind.name == "inside-no-scheme")
        watch(house, [_source(kind)], server.port)
        house.environment["VIETNHAT_ALLOW_PRIVATE"] += f",127.0.0.1:{server.canary_port}"
        house.call("poll", code=1)
        assert server.canary >= 1


SLOW: dict[str, str] = {}
"""Known faults. One that is mended fails the test until it is struck out here."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=SLOW[name]) if name in SLOW else ())
        for name in HEAVY
    ],
)
def test_no_small_feed_keeps_a_reader_busy(name: str) -> None:
    """A few hundred kilobytes are read within two seconds of processor time, whatever they are."""
    feed = Feed("k", "Báo k", "tin", "https://kinds.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
    started = time.process_time()
    read(HEAVY[name].encode(), "application/rss+xml", feed)
    assert time.process_time() - started <= MOST_CPU
