"""Every case of the fault server in one feeds.yaml, with ten healthy feeds: all expectations of its manifest hold."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.aloud import Aloud
from tests.hostile.evidence import Evidence, letters_with, read_mail, run
from tests.hostile.faultserver import (
    FaultServer,
    Source,
    fault_server,
    manifest,
    quiet_server,
    source_id,
    watch,
)
from tests.hostile.rules import CHECKS, HEALTHY, UNCHECKED, Case, broken
from tests.system.house import House

pytestmark = pytest.mark.system

READERS = ("mot@feeds.example", "hai@feeds.example")
MOST_SECONDS, MOST_GROWTH = 90, 300
SOON, DAY = timedelta(seconds=30), timedelta(days=1)
HEALTHY_FEEDS = [
    Source(f"{HEALTHY}-{n}", f"/ok/grow?key={HEALTHY}-{n}&per=2", f"Báo Lành {n}", "official")
    for n in range(10)
]
_KINDS = {
    "date": "agency",
    "id": "agency",
    "cache": "agency",
    "ok": "agency",
    "size": "tabloid",
    "inject": "tabloid",
}
"""The floods come last in a letter, so that they cannot crowd out what is counted; others are press."""
_SPECIAL = {
    "/status/flaky": "failed failed failed new",
    "/status/200-then-404": "new failed failed failed",
}
_WAITING = ("429-seconds", "429-date", "429-huge", "503")
_MAILED = ("/inject/", "/enc/", "/xml/nul", "/size/huge-title", "/size/long-word-title", "/proto/header-utf8")
"""What is mailed in the second installation, whatever the model thinks of it."""


OPEN: dict[str, str] = {}
"""Known faults, by how their complaint begins. One that is mended fails the test until it is struck out here."""


@pytest.fixture
def cases(shared: Path) -> list[dict[str, Any]]:
    """The manifest."""
    return manifest(shared / "faults")


def _sources(cases: Sequence[dict[str, Any]]) -> list[Source]:
    return [
        Source(
            source_id(case["path"]),
            case["path"],
            "Báo Chung" if case["path"].startswith("/id/shared") else f"Báo {case['path']}",
            "tabloid" if case["path"] == "/id/republish" else _KINDS.get(case["category"], "press"),
        )
        for case in cases
    ]


def _as_of(instant: datetime) -> tuple[str, str]:
    return "--as-of", instant.isoformat()


def _house(folder: Path, models: Path, sources: Sequence[Source], start: datetime) -> House:
    """An installation that has read all its feeds before, when they were empty."""
    folder.mkdir()
    house = House(folder, models)
    with quiet_server() as port:
        watch(house, sources, port)
        house.call("poll", *_as_of(start - timedelta(hours=2)), seconds=120)
    return house


def _polls(seen: Evidence, server: FaultServer, start: datetime) -> Iterator[datetime]:
    """Four polls and, between them, two attempts to ask too early; the time of each poll, for the digests after it."""

    def asked() -> None:
        seen.hits.append(server.hits())

    seen.poll(*_as_of(start))
    asked()
    yield start
    run(seen.house, "poll", "--due", *_as_of(start + SOON))
    run(seen.house, "poll", *_as_of(start + SOON), *(f"fault-status-{name}" for name in _WAITING))
    asked()
    for day in (1, 2):
        seen.poll(*_as_of(start + day * DAY))
        asked()
        yield start + day * DAY
    last = start + 3 * DAY + timedelta(hours=6)
    seen.poll("--due", *_as_of(last))
    asked()
    yield last


def _baseline(folder: Path, models: Path, server: FaultServer, start: datetime) -> float:
    house = _house(folder, models, HEALTHY_FEEDS, start)
    watch(house, HEALTHY_FEEDS, server.port)
    return run(house, "poll", *_as_of(start)).peak


def _mail_everything(
    folder: Path, models: Path, server: FaultServer, cases: Sequence[dict[str, Any]]
) -> Evidence:
    """A second installation, whose model is said to want all it read: what is hostile gets into letters."""
    start = datetime.now(UTC).replace(microsecond=0)
    sources = [source for source in _sources(cases) if source.path.startswith(_MAILED)]
    seen = Evidence(_house(folder, models, sources, start))
    seen.house.subscribe(READERS[:1])
    watch(seen.house, sources, server.port)
    seen.poll(*_as_of(start))
    seen.house.write("UPDATE verdict SET decision = 'send'")
    for day in range(7):
        seen.house.call("digest", "send", *_as_of(start + day * DAY))
    seen.letters = read_mail(seen.house.outbox)
    return seen


def _collect(folder: Path, models: Path, server: FaultServer, cases: Sequence[dict[str, Any]]) -> Evidence:
    start = datetime.now(UTC).replace(microsecond=0)
    sources = [*HEALTHY_FEEDS, *_sources(cases)]
    baseline = _baseline(folder / "few", models, server, start)
    server.ask("/_reset")
    seen = Evidence(_house(folder / "all", models, sources, start), baseline=baseline)
    seen.house.subscribe(READERS)
    watch(seen.house, sources, server.port)
    for now in _polls(seen, server, start):
        seen.house.call("digest", "send", *_as_of(now), seconds=120)
    for day in (4, 5):
        seen.house.call("digest", "send", *_as_of(start + day * DAY + timedelta(hours=6)))
    seen.letters = read_mail(seen.house.outbox)
    seen.ledger, seen.canary = server.ledger(), server.canary()
    for case in cases:
        feed, most = source_id(case["path"]), case["expect"]["max_seconds"]
        if max(reports[feed]["seconds"] for reports in seen.reports if feed in reports) > most:
            seen.alone[feed] = _seconds_alone(seen.house, feed, start + 6 * DAY)
    return seen


def _seconds_alone(house: House, feed: str, now: datetime) -> float:
    ran = run(house, "poll", *_as_of(now), feed)
    found = re.search(rf"feed={feed} .*seconds=([\d.]+)", ran.err)
    return float(found[1]) if found else ran.seconds


def _wrong_outcome(case: Case) -> Iterator[str]:
    wanted, outcomes = case.expect["outcome"], case.outcomes
    if case.path in _SPECIAL:
        good = " ".join(outcomes) == _SPECIAL[case.path]
    elif wanted == "ok":
        good = "failed" not in outcomes and (outcomes[0] == "new" or case.path == "/id/wipe")
    elif wanted in ("error", "blocked", "deferred", "unchanged"):
        good = set(outcomes) <= {"failed", "waiting", "ended"}
    else:
        good = True
    if not good:
        yield f"{case.path}: expected {wanted}, got {outcomes}: {case.reason}"
    items, stored = case.expect["items"], len(case.articles)
    if items is not None and items != stored and wanted != "ok_or_error":
        yield f"{case.path}: expected {items} articles, {stored} stored"
    slowest = case.seen.alone.get(case.feed, 0.0)
    if slowest > case.expect["max_seconds"]:
        yield f"{case.path}: took {slowest} s alone, {case.expect['max_seconds']} are allowed"


def _wrong_health(seen: Evidence) -> Iterator[str]:
    """Healthy feeds are stored whole and mailed once to each reader, whatever their neighbours do."""
    served = {
        item for request in seen.ledger for item in request.get("items", ()) if item.startswith(HEALTHY)
    }
    rows = [article for source in HEALTHY_FEEDS for article in seen.articles(source.id)]
    stored = Counter(re.search(r"\[([\w-]+)\]$", row["title"])[1] for row in rows)  # type: ignore[index]  # all have it
    if stored != Counter(served) or len(served) != 10 * 2 * 4:
        yield f"healthy: {len(served)} served, {len(stored)} stored, {Counter(served) - stored} lost"
    relevant = [row for row in rows if row["decision"] == "send"]
    if len(relevant) < 0.9 * len(rows):
        yield f"only {len(relevant)} of {len(rows)} healthy articles are relevant: the measure is void"
    for row in relevant:
        times = letters_with(seen.letters, row["link"])
        if set(times) != set(READERS) or set(times.values()) != {1}:
            yield f"healthy article mailed {times}: {row['title']}"


def _wrong_limits(seen: Evidence, mailed: Evidence) -> Iterator[str]:
    for number, poll in enumerate(seen.polls, 1):
        if poll.seconds > MOST_SECONDS:
            yield f"poll {number} took {poll.seconds:.0f} s"
        if poll.peak - seen.baseline > MOST_GROWTH:
            yield f"poll {number} grew from {seen.baseline:.0f} to {poll.peak:.0f} MB"
    if seen.canary:
        yield f"{len(seen.canary)} requests reached the canary: {seen.canary[:3]}"
    for each in (seen, mailed):
        if "Traceback" in each.said:
            yield "a traceback was printed"
        if not each.house.is_sound():
            yield "the database is damaged"


def _table(cases: Sequence[Case]) -> str:
    lines = [f"{'path':32} {'expected':12} {'got':44} {'items':>6} {'seconds':>8}"]
    for case in cases:
        seconds = max(reports[case.feed]["seconds"] for reports in case.seen.reports if case.feed in reports)
        got = " ".join(case.outcomes)
        lines.append(
            f"{case.path:32} {case.expect['outcome']:12} {got:44} {len(case.articles):6} {seconds:8.1f} "
            f"{case.reason[:90]}"
        )
    return "\n".join(lines)


def test_every_rule_has_a_check(cases: list[dict[str, Any]]) -> None:
    """A rule of the manifest is checked, or stands on the short list of those that cannot be, with its reason."""
    rules = {rule for case in cases for kind in ("must", "must_not") for rule in case["expect"][kind]}
    assert rules == (set(CHECKS) | set(UNCHECKED)) & rules
    assert not set(CHECKS) & set(UNCHECKED)
    assert len(UNCHECKED) <= 5


def test_hostile_feeds_harm_nobody(
    shared: Path,
    tmp_path: Path,
    models: Path,
    cases: list[dict[str, Any]],
    aloud: Aloud,
) -> None:
    """Four polls of all feeds, a digest after each: every outcome, item count, time and rule is as it must be."""
    on = [case for case in cases if case["default_on"]]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(fault_server(shared / "faults"))
        seen = _collect(tmp_path, models, server, on)
    with fault_server(shared / "faults") as server:
        mailed = _mail_everything(tmp_path / "mail", models, server, on)
    judged = [Case(case["path"], case["expect"], seen, mailed) for case in on]
    wrong = [*_wrong_limits(seen, mailed), *_wrong_health(seen)]
    for case in judged:
        wrong += [*_wrong_outcome(case), *broken(case)]
    with aloud():
        print(f"\n{_table(judged)}")
        cycles = ", ".join(f"{poll.seconds:.0f} s {poll.peak:.0f} MB" for poll in seen.polls)
        print(
            f"{len(on)} cases and {len(HEALTHY_FEEDS)} healthy feeds; polls: {cycles}; base {seen.baseline:.0f} MB; "
            f"{len(seen.letters)} and {len(mailed.letters)} letters; {len(wrong)} rules broken; alone: {seen.alone}"
        )
    mended = [fault for fault in OPEN if not any(each.startswith(fault) for each in wrong)]
    left = [each for each in wrong if not each.startswith(tuple(OPEN))]
    assert not left, "\n".join(left)
    assert not mended, f"strike out: {mended}"
