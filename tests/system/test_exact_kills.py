"""Killed, or failed by the disk, at exactly the N-th system call: what is promised holds after each one.

A dozen in the normal run; VIETNHAT_KILLS=full makes it 300.
"""

from __future__ import annotations

import itertools
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aloud import Aloud
from tests.system.calls import FILES, Ended, Fault, counted, has_strace, struck
from tests.system.growing import growing_feeds, relevant_texts
from tests.system.house import House, until
from tests.system.post import Sink, mail_server, read_outbox
from tests.system.street import FEEDS, Street, check, readers, settle

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not has_strace(), reason="needs strace; deploy/test-system.sh installs it"),
]

SOME, ALL = 4, 100
"""Faults per scene, of which there are three, in the normal and in the full run."""
STARTS = 20
FULL = os.environ.get("VIETNHAT_KILLS") == "full"  # read before the tests' own environment is emptied


@pytest.fixture
def faults() -> int:
    """How many faults a scene gets."""
    return ALL if FULL else SOME


@dataclass
class Scene:
    """A street on which one command meets faults."""

    street: Street
    words: tuple[str, ...]
    tally: Counter[str]

    @property
    def command(self) -> tuple[str, ...]:
        return (*self.words, "--as-of", self.street.as_of)

    def meet(self, fault: Fault) -> None:
        """One fault on the command; then what must hold at once."""
        house = self.street.house
        ended = struck(house, self.command, fault)
        sending = house.rows("SELECT message_id FROM delivery WHERE state = 'sending'")
        assert len(sending) <= 1, "one letter at a time"
        self.street.ledger.in_flight.update(row["message_id"] for row in sending)
        self.tally[f"{fault.call} {fault.action}: {'hit' if ended.code else 'went on'}"] += 1
        assert house.is_sound(), fault
        assert not ended.tracebacks, (fault, ended.said)
        if fault.action != "kill":
            _check_words(fault, ended)
            if not ended.code and not re.search("outcome=(failed|unusable|deferred)", ended.said):
                self._check_done(fault, ended)

    def _check_done(self, fault: Fault, ended: Ended) -> None:
        """Who says nothing of an error has done the work all the same."""
        if self.words == ("poll",):
            self.street.check_stored()
            return
        rows = self.street.house.rows("SELECT state, attempts, reply FROM delivery WHERE state <> 'sent'")
        assert not rows, (fault, [tuple(row) for row in rows], ended.said)


def _check_words(fault: Fault, ended: Ended) -> None:
    """An error of the system is told in one line, with exit code 1; or it did no harm."""
    complaints = [line for line in ended.said.splitlines() if line.startswith("vietnhat: ")]
    told = re.findall(r"outcome=(?:failed|unusable)|Input/output error|No space left", ended.said)
    assert ended.code in (0, 1), (fault, ended)
    assert len(complaints) <= 1, (fault, ended)
    if ended.code:
        assert complaints or told, (fault, ended)
    else:
        assert not complaints, (fault, ended)


def drawn(
    counts: Counter[str], actions: Sequence[tuple[str, str]], number: int, seed: int
) -> Iterator[Fault]:
    """Faults in turn over all kinds the command makes at all, each at a random call."""
    chance = random.Random(seed)
    possible = [(call, action) for call, action in actions if counts[call]]
    chance.shuffle(possible)
    for turn in range(number):
        call, action = possible[turn % len(possible)]
        lasting = action != "kill" and turn // len(possible) % 2 == 1
        most = 2 if call == "unlink" and action != "kill" else counts[call]
        yield Fault(call, action, chance.randint(1, most), lasting)


ON_FILES = [
    (call, action)
    for call in FILES
    for action in ("kill", "ENOSPC", "EIO")
    if (call, action) != ("unlink", "ENOSPC")
]
ON_SOCKETS = [("sendto", "kill"), ("write", "kill"), ("sendto", "EIO")]


def _play(
    scene: Scene, number: int, actions: Sequence[tuple[str, str]], *, after: Callable[[], None], seed: int
) -> None:
    """A morning for each fault; what the command usually calls is counted on two mornings before."""
    street = scene.street
    street.morning()
    street.next_morning()
    if "send" in scene.words:
        street.house.call("poll", "--as-of", street.as_of)
    counts = Counter(counted(street.house, scene.command, street.house.folder / "calls.txt"))
    for fault in drawn(counts, actions, number, seed):
        street.next_morning()
        if "send" in scene.words:
            street.house.call("poll", "--as-of", street.as_of)
        scene.meet(fault)
        after()


def _now_and_then(street: Street) -> Callable[[], None]:
    """Every third morning ends with an undisturbed delivery: a letter is given up after five days of no luck."""
    mornings = itertools.count(1)

    def after() -> None:
        if next(mornings) % 3 == 0:
            street.house.call("deliver", "--as-of", street.as_of)

    return after


def _told(aloud: Aloud, what: str, scene: Scene, figures: dict[str, int]) -> None:
    with aloud():
        print(f"\n{what}: {scene.tally.total()} faults {figures}")
        for line, count in sorted(scene.tally.items()):
            print(f"    {count:4} {line}")


def test_faults_in_polls(tmp_path: Path, models: Path, aloud: Aloud, faults: int) -> None:
    """After each: the file is sound, and one undisturbed poll has everything served stored exactly once."""
    house, names = House(tmp_path, models), FEEDS[:3]
    with growing_feeds(names, relevant_texts(models)) as feeds:
        feeds.slowness = 0.0
        house.watch(names, feeds.port)
        addresses = readers(2)
        house.subscribe(addresses)
        street = Street(house, feeds, lambda: 0, mailing=0.1, seed=1)
        scene = Scene(street, ("poll",), Counter())

        def after() -> None:
            street.poll_after_kill()
            house.call("digest", "send", "--as-of", street.as_of)

        _play(scene, faults, ON_FILES + ON_SOCKETS, after=after, seed=11)
        settle(street)
        _told(aloud, "polls", scene, check(street, read_outbox(house.outbox), addresses))


def test_faults_in_deliveries_into_a_folder(tmp_path: Path, models: Path, aloud: Aloud, faults: int) -> None:
    """After each: the file is sound, nothing queued is lost; in the end every letter is there once and whole."""
    house, names, addresses = House(tmp_path, models), FEEDS[:2], readers(3)
    with growing_feeds(names, relevant_texts(models), seed=2) as feeds:
        feeds.slowness = 0.0
        house.watch(names, feeds.port)
        house.subscribe(addresses)
        street = Street(house, feeds, lambda: 0, mailing=0.1, seed=2)
        scene = Scene(street, ("digest", "send"), Counter())
        _play(scene, faults, [*ON_FILES, ("write", "kill")], after=_now_and_then(street), seed=12)
        settle(street)
        figures = check(street, read_outbox(house.outbox), addresses)
        _told(aloud, "deliveries into a folder", scene, figures)
    assert figures["extra copies"] == 0


def test_faults_in_deliveries_by_smtp(tmp_path: Path, models: Path, aloud: Aloud, faults: int) -> None:
    """The same over a mail server: a copy more than once only of the letter that was in flight."""
    house, names, addresses, sink = House(tmp_path, models), FEEDS[:2], readers(3), Sink(0.0)
    with growing_feeds(names, relevant_texts(models), seed=3) as feeds, mail_server(sink) as port:
        feeds.slowness = 0.0
        house.watch(names, feeds.port)
        house.mail_through(port)
        house.subscribe(addresses)
        street = Street(house, feeds, lambda: 0, mailing=0.1, seed=3)
        scene = Scene(street, ("digest", "send"), Counter())
        _play(scene, faults, ON_SOCKETS + ON_FILES, after=_now_and_then(street), seed=13)
        settle(street)
        _told(aloud, "deliveries by SMTP", scene, check(street, sink.copies, addresses))


def test_of_twenty_started_at_once_exactly_one_runs(tmp_path: Path, models: Path) -> None:
    """All in the same moment on a database that is not there yet: one lays it out and runs, the others refuse."""
    house = House(tmp_path, models)
    with growing_feeds(FEEDS[:2], []) as feeds, ExitStack() as stack:
        house.watch(FEEDS[:2], feeds.port)
        starts = [stack.enter_context(house.started("run")) for _ in range(STARTS)]
        assert until(lambda: sum(start.poll() is None for start in starts) == 1, seconds=120)
        assert until(lambda: "event=cycle" in house.said(), seconds=60)
        (alive,) = (start for start in starts if start.poll() is None)
        assert [start.poll() for start in starts if start is not alive] == [1] * (STARTS - 1)
        alive.terminate()
        assert alive.wait(timeout=10) == 0
    assert house.is_sound()
    assert house.slips() == []
