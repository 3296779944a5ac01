"""The rounds of a running daemon: what they take over on a reload, and how they treat a way out that is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from monitor import rounds as room
from monitor.channel import Kind
from monitor.config.settings import Settings, load_settings
from monitor.delivery.pace import Pace
from monitor.errors import AlreadyRunning, BadFile, BadModel, DatabaseError, Misuse, WrongClock
from monitor.rounds import Rounds
from monitor.store import outbox
from monitor.store.database import open_store
from monitor.types import Feed, PollReport

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
ONE = Feed("mot", "Báo Một", "tin", "https://mot.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
TWO = Feed("hai", "Báo Hai", "tin", "https://hai.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")


def test_a_reload_takes_over_what_can_change(capsys: pytest.CaptureFixture[str]) -> None:
    """Feeds and settings change at once, but not the files and the address that are in use; those are told."""
    before = load_settings({})
    changed = {"poll_minutes": 33.0, "db": Path("other.db"), "listen": "127.0.0.1:1"}
    rounds = Rounds(before, (ONE,), lambda: (before.model_copy(update=changed), (ONE, TWO)))
    rounds.reload()
    assert (rounds.settings.poll_minutes, rounds.feeds) == (33.0, (ONE, TWO))
    assert (rounds.settings.db, rounds.settings.listen) == (before.db, before.listen)
    said = "".join(capsys.readouterr())
    assert "added=1" in said
    assert said.count("takes effect at the next start") == 2


@pytest.mark.parametrize(
    "error", [Misuse("VIETNHAT_LOG: no"), BadFile(Path("feeds.yaml"), "no such key", line=3)]
)
def test_a_reload_that_is_refused_changes_nothing(error: Exception) -> None:
    """The last good configuration stays in force."""
    before = load_settings({})

    def load() -> tuple[Settings, Sequence[Feed]]:
        raise error

    rounds = Rounds(before, (ONE,), load)
    with pytest.raises(type(error)):
        rounds.reload()
    assert (rounds.settings, rounds.feeds) == (before, (ONE,))


def test_a_broken_relay_gets_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried with every tick: pauses grow, and a letter that goes ends them. Webhooks go on meanwhile."""
    tried, webhooks = list[float](), list[float]()
    clock, works, paces = [1000.0], [False], set[Pace]()

    def deliver(*_: object, resting: Collection[Kind], pace: Pace, **__: object) -> frozenset[Kind]:
        assert "webhook" not in resting
        paces.add(pace)
        webhooks.append(clock[0])
        if "mail" in resting:
            return frozenset()
        tried.append(clock[0])
        return frozenset() if works[0] else frozenset({"mail"})

    monkeypatch.setattr(room, "deliver_letters", deliver)
    monkeypatch.setattr("monitor.rounds.time.monotonic", lambda: clock[0])
    rounds = Rounds(load_settings({}), (ONE,), lambda: (load_settings({}), (ONE,)))

    async def ticks(number: int) -> None:
        for _ in range(number):
            await rounds.mail(NOW, lambda: False)
            clock[0] += 20

    asyncio.run(ticks(180))  # an hour
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert gaps[:4] == [60.0, 120.0, 300.0, 600.0]
    assert len(tried) == 7
    assert len(webhooks) == 180
    assert len(paces) == 1  # else each round would begin with a letter at once
    works[0] = True
    clock[0] += 900
    tried.clear()
    asyncio.run(ticks(10))
    assert len(tried) == 10


@pytest.mark.parametrize("broken", [True, False])
def test_a_way_out_found_broken_is_not_tried_twice_in_a_round(
    monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """Letters that wait are sent even when no digest can be made; a relay that refused us gets its rest."""
    tried: list[tuple[str, list[str]]] = []

    def mail(*_: object, resting: frozenset[str], **__: object) -> frozenset[str]:
        tried.append(("mail", sorted(resting)))
        if broken:
            return frozenset({"mail"} - resting)
        raise BadModel("no model")

    def deliver(*_: object, resting: frozenset[str], **__: object) -> frozenset[str]:
        tried.append(("deliver", sorted(resting)))
        return frozenset()

    monkeypatch.setattr(room, "mail_digests", mail)
    monkeypatch.setattr(room, "deliver_letters", deliver)
    rounds = Rounds(load_settings({}), (ONE,), lambda: (load_settings({}), (ONE,)), _polled=True)
    if broken:
        asyncio.run(rounds.mail(NOW, lambda: False))
        asyncio.run(rounds.mail(NOW, lambda: False))
        assert tried == [("mail", []), ("deliver", ["mail"]), ("mail", ["mail"]), ("deliver", ["mail"])]
    else:
        with pytest.raises(BadModel):
            asyncio.run(rounds.mail(NOW, lambda: False))
        assert tried == [("mail", []), ("deliver", [])]


def report_of(outcome: str) -> PollReport:
    """A poll that ended so."""
    return PollReport("mot", outcome)  # type: ignore[arg-type]  # the words of PollReport


def test_digests_wait_for_the_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the network is down no slot is served without the news of the pause, for an hour at most."""
    outcome, clock, made = ["offline"], [1000.0], list[str]()

    async def poll(*_: object, **__: object) -> tuple[list[PollReport], int]:
        return [report_of(outcome[0])], 0

    def mail(*_: object, **__: object) -> frozenset[str]:
        made.append(outcome[0])
        return frozenset()

    monkeypatch.setattr(room, "poll_once", poll)
    monkeypatch.setattr(room, "mail_digests", mail)
    monkeypatch.setattr(room, "deliver_letters", lambda *_, **__: frozenset())
    monkeypatch.setattr("monitor.rounds.time.monotonic", lambda: clock[0])

    async def tick(rounds: Rounds) -> None:
        await rounds.poll(NOW, lambda: False)
        await rounds.mail(NOW, lambda: False)

    def begun() -> Rounds:
        return Rounds(load_settings({}), (ONE,), lambda: (load_settings({}), (ONE,)))

    rounds = begun()
    asyncio.run(tick(rounds))
    assert made == []
    outcome[0] = "failed"
    asyncio.run(tick(rounds))
    assert made == ["failed"]
    outcome[0], rounds = "offline", begun()
    made.clear()
    asyncio.run(tick(rounds))
    clock[0] += room.WITHOUT_NEWS + 1
    asyncio.run(tick(rounds))
    assert made == ["offline"]


def test_a_person_who_polls_makes_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round finds the lock taken, and leaves the work to them."""

    async def poll(*_: object, **__: object) -> tuple[list[PollReport], int]:
        raise AlreadyRunning(7, "house.db.poll.lock")

    monkeypatch.setattr(room, "poll_once", poll)
    rounds = Rounds(load_settings({}), (ONE,), lambda: (load_settings({}), (ONE,)))
    asyncio.run(rounds.poll(NOW, lambda: False))
    assert not rounds._polled


def test_a_disk_that_is_taken_away_gets_no_new_database(tmp_path: Path) -> None:
    """The folder was a mount: what stood there comes back with it, and nothing is begun anew on the empty place."""
    settings = load_settings({"db": tmp_path / "disk" / "a.db"})
    rounds = Rounds(settings, (ONE,), lambda: (settings, (ONE,)))
    with pytest.raises(DatabaseError, match="there is no database"):
        asyncio.run(rounds.poll(NOW, lambda: False))
    assert not settings.db.exists()


def test_a_clock_of_the_past_is_refused() -> None:
    """What is dated before this program was made would never be mailed: every round says so instead."""
    rounds = Rounds(load_settings({}), (ONE,), lambda: (load_settings({}), (ONE,)))
    for work in (rounds.poll, rounds.mail, rounds.keep):
        with pytest.raises(WrongClock, match="the clock says 2020-01-01"):
            asyncio.run(work(datetime(2020, 1, 1, tzinfo=UTC), lambda: False))


def test_the_report_comes_before_what_may_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A model that cannot be loaded stops the week's look, and is itself in the report."""
    monkeypatch.setenv("VIETNHAT_OPERATOR", "truc@example.org")
    settings = load_settings({"db": tmp_path / "a.db"})
    open_store(tmp_path / "a.db", create=True).close()

    def broken(*_: object) -> None:
        raise BadModel("its files do not match its manifest")

    monkeypatch.setattr(room, "watch_week", broken)
    rounds = Rounds(settings, (ONE,), lambda: (settings, (ONE,)))
    rounds._polled = True
    rounds.pulse.end("mail", NOW, "its files do not match its manifest")
    for _ in range(3):
        with pytest.raises(BadModel):
            asyncio.run(rounds.keep(NOW, lambda: False))
    with open_store(tmp_path / "a.db") as store:
        (letter,) = outbox.due(store, now=NOW)
    assert b"do not match its manifest" in letter.letter.raw
