"""`vietnhat run` as systemd and people treat it: stopped at any moment, started twice, started without a network."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.aloud import Aloud
from tests.ports import refusing_port
from tests.system.growing import growing_feeds, relevant_texts
from tests.system.house import HASTY, House, catches, members, until
from tests.system.post import Sink, mail_server

pytestmark = pytest.mark.system

FEEDS = ("bao-cau-rong", "bao-cau-giay", "bao-cau-mong", "bao-cau-bong")
STOPS = 20
LETTERS = 8


def _everything_is_due(house: House) -> None:
    """As if the minutes to the next poll had passed."""
    if house.rows("SELECT 1 FROM sqlite_master WHERE name = 'feed_state'"):
        house.write("UPDATE feed_state SET due_at = NULL")


def test_sigterm_at_random_moments(tmp_path: Path, models: Path, aloud: Aloud) -> None:
    """It ends within ten seconds with exit code 0; no letter is half sent, none is sent twice, the file is sound."""
    house, sink, chance = House(tmp_path, models), Sink(0.15), random.Random(7)
    durations, moments = list[float](), Counter[str]()
    house.starter = HASTY
    with growing_feeds(FEEDS, relevant_texts(models)) as feeds, mail_server(sink) as port:
        house.watch(FEEDS, feeds.port)
        house.mail_through(port)
        for number in range(STOPS):
            house.subscribe([f"reader{number:02d}-{copy}@stop.example" for copy in range(LETTERS)])
            _everything_is_due(house)
            asked, begun, cycles = feeds.asked, sink.begun, house.said().count("event=cycle")
            with house.started("run") as process:
                until(
                    lambda p=process: catches(p.pid, signal.SIGTERM) or p.poll() is not None,
                    seconds=20,
                    every=0.002,
                )  # type: ignore[misc]  # mypy sees no type of a default in a lambda
                if number % 2:
                    until(lambda b=begun: sink.begun > b, seconds=10)  # type: ignore[misc]  # as above
                    time.sleep(chance.uniform(0, 1.2))
                else:
                    time.sleep(chance.uniform(0, 2.5))
                process.terminate()
                started = time.monotonic()
                code = process.wait(timeout=20)
                durations.append(time.monotonic() - started)
            moments[
                _moment(feeds.asked > asked, house.said().count("event=cycle") > cycles, sink.begun - begun)
            ] += 1
            assert code == 0, house.said()[-2000:]
            assert durations[-1] <= 10
            assert not house.rows("SELECT 1 FROM delivery WHERE state = 'sending'")
        feeds.growing = False
        _everything_is_due(house)
        house.call("poll")
        house.call("digest", "send")
        served = Counter(item.link for item in feeds.everything)
    with aloud():
        print(
            f"\nSIGTERM: {STOPS} stops, longest {max(durations):.1f} s, {dict(moments)}, {len(sink.copies)} letters"
        )
    assert house.is_sound()
    assert Counter(row["link"] for row in house.rows("SELECT link FROM article")) == served
    assert {row["state"] for row in house.rows("SELECT state FROM delivery")} == {"sent"}
    copies = Counter(copy.message_id for copy in sink.copies)
    assert set(copies) == {row["message_id"] for row in house.rows("SELECT message_id FROM delivery")}
    assert set(copies.values()) == {1}
    assert house.slips() == []
    assert not house.strays()


def _moment(asked: bool, polled: bool, letters: int) -> str:
    if letters:
        return "mailing" if letters < LETTERS else "after the letters"
    if polled:
        return "between polling and mailing"
    return "polling" if asked else "before polling"


def test_a_second_daemon_refuses_and_names_the_first(tmp_path: Path, models: Path) -> None:
    """Exit code 1, the first one's pid, and the first one goes on; commands work beside it."""
    house = House(tmp_path, models)
    with growing_feeds(FEEDS, []) as feeds:
        house.watch(FEEDS, feeds.port)
        with house.started("run") as process:
            assert until(lambda: "event=cycle" in house.said(), seconds=30)
            said = house.call("run", code=1)
            assert f"process {process.pid} is already running" in said
            assert "bao-cau-rong" in house.call("poll")
            assert process.poll() is None
            process.terminate()
            assert process.wait(timeout=10) == 0
    assert "what was under way goes on at the next start" in house.said()


def test_of_many_started_at_once_exactly_one_runs(tmp_path: Path, models: Path) -> None:
    """Eight starts in the same moment on a database that is not there yet: one lays it out, seven refuse."""
    house = House(tmp_path, models)
    with growing_feeds(FEEDS, []) as feeds, ExitStack() as stack:
        house.watch(FEEDS, feeds.port)
        processes = [stack.enter_context(house.started("run")) for _ in range(8)]
        assert until(lambda: sum(process.poll() is None for process in processes) == 1, seconds=40)
        assert until(lambda: "event=cycle" in house.said(), seconds=30)
        (alive,) = (process for process in processes if process.poll() is None)
        assert [process.poll() for process in processes if process is not alive] == [1] * 7
        alive.terminate()
        assert alive.wait(timeout=10) == 0
    assert (
        house.said().count(f"process {alive.pid} is already running") + house.said().count("another process")
        == 7
    )
    assert house.is_sound()
    assert house.slips() == []


def test_what_a_dead_process_left_unjudged_is_judged_at_the_start(tmp_path: Path, models: Path) -> None:
    """Killed between storing and judging, with nothing new in any feed afterwards: the articles get their verdicts."""
    house = House(tmp_path, models)
    house.starter = HASTY
    with growing_feeds(FEEDS, relevant_texts(models)) as feeds:
        house.watch(FEEDS, feeds.port)
        house.call("poll")
        house.write("DELETE FROM verdict")
        house.write("UPDATE feed_state SET due_at = '2099-01-01T00:00:00Z'")
        with house.started("run") as process:
            judged = until(
                lambda: len(house.rows("SELECT 1 FROM verdict")) == len(feeds.everything), seconds=40
            )
            process.terminate()
            assert process.wait(timeout=10) == 0
    assert judged


def test_without_a_network_it_comes_up_and_keeps_trying(tmp_path: Path, models: Path) -> None:
    """Nobody listens where the feeds should be: one line for each, and another as soon as they are due again."""
    house = House(tmp_path, models)
    house.starter = HASTY
    with refusing_port() as port:
        house.watch(FEEDS, port)
        with house.started("run") as process:
            assert until(lambda: "event=cycle" in house.said(), seconds=30)
            first = house.said()
            _everything_is_due(house)
            again = until(lambda: house.said().count("event=cycle") == 2, seconds=40)
            assert process.poll() is None
            process.terminate()
            assert process.wait(timeout=10) == 0
    lines = [line for line in first.splitlines() if "event=poll" in line]
    assert sorted(line.partition("feed=")[2].split()[0] for line in lines) == sorted(FEEDS)
    assert all("outcome=failed" in line and "reason=" in line for line in lines)
    assert again, "it did not try a second time"
    assert house.slips() == []


def test_sigterm_while_the_first_model_is_fitted(tmp_path: Path, models: Path) -> None:
    """Before anything runs there is nothing to finish: it ends at once, and so does the process that fits."""
    house = House(
        tmp_path, tmp_path / "models"
    )  # `models` is asked for only so that fitting is known to work
    with growing_feeds(FEEDS, []) as feeds:
        house.watch(FEEDS, feeds.port)
        with house.started("run") as process:
            assert until(lambda: len(members(process.pid)) > 2, seconds=20), "nobody fits a model"
            time.sleep(1)
            process.terminate()
            assert process.wait(timeout=5) == 0
    assert house.slips() == []


def test_a_mail_server_that_hangs_cannot_hold_up_the_stop(tmp_path: Path, models: Path) -> None:
    """SIGTERM, and again, while the answer to a letter is awaited: over in ten seconds; the letter goes out later."""
    house, sink = House(tmp_path, models), Sink(120.0)
    with growing_feeds(FEEDS, []) as feeds, mail_server(sink) as port:
        house.watch(FEEDS, feeds.port)
        house.mail_through(port)
        house.subscribe(["slow@stop.example"])
        house.starter = HASTY
        with house.started("run") as process:
            assert until(lambda: sink.begun == 1, seconds=30)
            started = time.monotonic()
            while process.poll() is None and time.monotonic() - started < 20:
                process.terminate()
                time.sleep(0.2)
            assert time.monotonic() - started <= 10
            assert process.wait(timeout=1) == 0
        assert house.slips() == []
        sink.slowness = 0.0
        house.call("deliver")
    assert [row["state"] for row in house.rows("SELECT state FROM delivery")] == ["sent"]
    assert len({copy.message_id for copy in sink.copies}) == 1


def test_sigterm_while_others_hold_the_database(tmp_path: Path, models: Path) -> None:
    """At the start and later, a database that somebody else has locked does not hold up a stop."""
    house = House(tmp_path, models)
    house.starter = HASTY
    with growing_feeds(FEEDS[:1], []) as feeds:
        house.watch(FEEDS[:1], feeds.port)
        house.call("poll")
        for warm_up in (0.0, 3.0):
            with house.started("run") as process:
                time.sleep(warm_up)
                with closing(sqlite3.connect(house.db, isolation_level=None)) as other:
                    other.execute("BEGIN EXCLUSIVE" if warm_up == 0.0 else "BEGIN IMMEDIATE")
                    time.sleep(2.5)
                    process.terminate()
                    started = time.monotonic()
                    assert process.wait(timeout=12) == 0, house.said()[-1000:]
                    assert time.monotonic() - started <= 10
    assert house.is_sound()
    assert house.slips() == []
