"""Letters through a mail server that misbehaves in every way it can, to two hundred readers, with kills in between.

Needs ../shared. A few seeds of chaos in the normal run; VIETNHAT_KILLS=full makes them twenty.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.aloud import Aloud
from tests.system.growing import growing_feeds
from tests.system.house import HASTY, House, catches, until
from tests.system.relay import FEEDS, READERS, Relay, Storm, copied, prepared, relay
from tests.system.storm import HEAD, broken, row, weather
from tests.system.street import readers

pytestmark = pytest.mark.system

SOME, ALL = 2, 20
"""Seeds of chaos in the normal and in the full run."""
FULL = os.environ.get("VIETNHAT_KILLS") == "full"  # read before the tests' own environment is emptied
SOME_KILLS, ALL_KILLS = 6, 10
IMPATIENT = f"import monitor.rounds; monitor.rounds.RELAY_PAUSES = (0.5,); {HASTY}"
"""The daemon with a bell that rings often, and a broken way out that rests half a second."""

ADDRESSES = readers(READERS)


@dataclass(frozen=True)
class Mode:
    """A way to misbehave, how one whole run of `deliver` ends under it, and what the server must have noted."""

    name: str
    event: str
    at_least: int = 1
    code: int = 0
    patience: float = 0.0
    """Seconds of a run that is killed in place of one that ends: this server takes three for each letter."""


TROUBLED = [
    Mode("accept", "stored", READERS),
    Mode("tempfail", "tempfail", READERS),
    Mode("tempfail:50", "tempfail", 50),
    Mode("greylist", "greylist", READERS),
    Mode("drop-data:20", "drop-data", 20),
    Mode("drop-reply:20", "stored", READERS + 17),
    Mode("toomany", "stored", READERS),
    Mode("limit:7", "limit", READERS // 7 - 3),
    Mode("slow:0.01", "stored", 3, patience=12.0),
    Mode("nospace", "tempfail", READERS),
    Mode("drop-ehlo", "connect", code=1),
    Mode("refuse", "connect", code=1),
    Mode("hang", "connect", code=1),
    Mode("authfail", "auth", code=1),
]
"""Troubles that pass."""


@pytest.fixture
def script(shared: Path) -> Path:
    """The misbehaving server."""
    return shared / "faults" / "faultsmtp.py"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, models: Path) -> House:
    """Two hundred letters in the outbox, none of them sent. To be copied, not to be used."""
    house = prepared(tmp_path_factory.mktemp("written") / "house", models)
    house.call("digest", "send", "--queue-only", "--as-of", "2026-09-07T07:00:00+07:00", seconds=300)
    return house


def storm_of(house: House, server: Relay, folder: Path, seed: int = 1) -> Storm:
    """A copy of the house that mails through the server."""
    return Storm(copied(house, folder / "house"), server, random.Random(seed))


@pytest.mark.parametrize("mode", TROUBLED, ids=lambda mode: mode.name)
def test_a_trouble_that_passes_loses_no_letter(
    mode: Mode, script: Path, written: House, tmp_path: Path, aloud: Aloud
) -> None:
    """Killed twice, tried to the end, and then undisturbed: all readers have their letter, and the form holds."""
    with relay(script, tmp_path / "relay", mode.name) as server:
        storm = storm_of(written, server, tmp_path)
        storm.kill("deliver")
        storm.kill("deliver")
        if mode.patience:
            storm.kill("deliver", most=mode.patience)
        else:
            said = storm.run("deliver", code=mode.code)
            assert ("outcome=unusable" in said) == bool(mode.code), said[-500:]
        happened = Counter(event["event"] for event in server.events())
        assert happened[mode.event] >= mode.at_least, happened
        server.behave("accept")
        storm.settle()
        figures = storm.figures(ADDRESSES)
        assert storm.states() == {"sent": READERS}
    with aloud():
        print(f"\n{mode.name}: {figures}")
    assert figures.broken == []
    assert figures.letters == READERS


def test_full_mailboxes_hold_up_nobody(script: Path, written: House, tmp_path: Path) -> None:
    """450 at RCPT for some readers: the others get theirs at once, those when there is room."""
    with relay(script, tmp_path / "relay", "accept", "--temp-rcpt", "reader0.@") as server:
        storm = storm_of(written, server, tmp_path)
        storm.kill("deliver")
        storm.run("deliver")
        assert storm.states() == {"queued": 10, "sent": READERS - 10}
    with relay(script, tmp_path / "relay", "accept", "--run", "later") as server:
        storm.move(server)
        storm.settle()
        figures = storm.figures(ADDRESSES)
    assert figures.broken == []
    assert figures.letters == READERS


def test_readers_that_do_not_exist_are_mailed_no_more(script: Path, written: House, tmp_path: Path) -> None:
    """550 at RCPT: the answer is on record, the reader is suspended, the others get theirs; nobody is asked twice."""
    with relay(script, tmp_path / "relay", "accept", "--perm-rcpt", "reader0.@") as server:
        storm = storm_of(written, server, tmp_path)
        storm.kill("deliver")
        storm.run("deliver")
        storm.now += timedelta(days=1)
        storm.run("digest", "send")
        refused = [event["rcpt"] for event in server.events() if event["event"] == "permfail"]
        assert storm.states() == {"sent": 2 * (READERS - 10), "refused": 10}
        figures = storm.figures(ADDRESSES[10:])
    house = storm.house
    gone = {row["address"] for row in house.rows("SELECT address FROM subscriber WHERE status = 'suspended'")}
    assert gone == set(ADDRESSES[:10])
    assert len(refused) - len(set(refused)) <= len(storm.kills)
    assert all(
        "550" in row["reply"] for row in house.rows("SELECT reply FROM delivery WHERE state = 'refused'")
    )
    assert figures.broken == []


@pytest.mark.parametrize(("mode", "status"), [("permfail", "suspended"), ("reject-data", "active")])
def test_a_refusal_of_every_letter_is_on_record(
    mode: str, status: str, script: Path, written: House, tmp_path: Path
) -> None:
    """Each letter is tried once and its answer kept; who is not to blame gets the next digest."""
    with relay(script, tmp_path / "relay", mode) as server:
        storm = storm_of(written, server, tmp_path)
        storm.kill("deliver")
        storm.run("deliver")
        assert storm.states() == {"refused": READERS}
        offered = Counter(event["event"] for event in server.events())
        assert offered["stored"] == 0
        assert READERS <= offered["permfail"] <= READERS + len(storm.kills)
        house = storm.house
        assert {row["status"] for row in house.rows("SELECT status FROM subscriber")} == {status}
        assert all(row["reply"].startswith("55") for row in house.rows("SELECT reply FROM delivery"))
        server.behave("accept")
        storm.now += timedelta(days=1)
        storm.run("digest", "send")
        arrived = {event["rcpt"][0] for event in server.events() if event["event"] == "stored"}
    assert arrived == (set(ADDRESSES) if status == "active" else set())
    assert house.slips() == []


def test_chaos_and_kills(script: Path, tmp_path: Path, models: Path, aloud: Aloud) -> None:
    """A random mix of all that, with kills while digests are made and sent: nothing lost, no copy unexplained."""
    house, found = prepared(tmp_path / "house", models), []
    with aloud():
        print(f"\n{HEAD}")
        for seed in range(1, (ALL if FULL else SOME) + 1):
            found.append(weather(house, tmp_path, script, seed, kills=ALL_KILLS if FULL else SOME_KILLS))
            print(row(seed, found[-1]))
    assert list(broken(found)) == []


def test_the_daemon_in_a_storm(script: Path, tmp_path: Path, models: Path) -> None:
    """It makes and sends by itself, is killed again and again, finds the server gone and back: the same holds."""
    house = prepared(tmp_path / "house", models)
    house.starter = IMPATIENT
    with growing_feeds(FEEDS, []) as feeds, relay(script, tmp_path / "relay", "refuse") as server:
        house.watch(FEEDS, feeds.port)
        storm = Storm(house, server, random.Random(3))
        for mode in ("refuse", "chaos:3", "chaos:4", "drop-reply:5", "drop-ehlo", "chaos:5"):
            server.behave(mode)
            before = server.grown
            with house.started("run") as process:
                assert until(lambda: server.grown > before, seconds=60, every=0.002)  # noqa: B023  called at once
                time.sleep(storm.chance.uniform(0, 2))
                process.kill()
                storm.kills.append(time.time())
                process.wait()
            storm.note_in_flight()
            _let_time_pass(house)
        server.behave("tempfail:10")
        with house.started("run") as process:
            assert until(lambda: catches(process.pid, signal.SIGTERM), seconds=60)
            assert until(lambda: _over(house), seconds=120, every=1)
            process.terminate()
            assert process.wait(timeout=20) == 0
        figures = storm.figures(ADDRESSES)
    assert figures.broken == []
    assert figures.letters >= READERS
    assert "event=way-out kind=mail" in house.said()


def _over(house: House) -> bool:
    """Whether every reader's letter is sent; what was put off is due again at once."""
    _let_time_pass(house)
    states = Counter(row["state"] for row in house.rows("SELECT state FROM delivery"))
    return states.total() >= READERS and set(states) == {"sent"}


def _let_time_pass(house: House) -> None:
    house.write("UPDATE delivery SET next_attempt_at = queued_at WHERE state = 'queued'")
