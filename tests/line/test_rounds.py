"""The rounds of a running daemon: what they take over on a reload, and how they treat a way out that is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from monitor import rounds as room
from monitor.config.settings import Settings, load_settings
from monitor.errors import BadFile, Misuse
from monitor.rounds import Rounds
from monitor.types import Feed

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
    """It is not tried with every tick: pauses grow, and a letter that goes ends them."""
    tried: list[float] = []
    clock, works = [1000.0], [False]

    def deliver(*_: object, **__: object) -> bool:
        tried.append(clock[0])
        return works[0]

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
    works[0] = True
    clock[0] += 900
    tried.clear()
    asyncio.run(ticks(10))
    assert len(tried) == 10
