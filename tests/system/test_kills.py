"""kill -9 at random moments of polling and of mailing: nothing lost, nothing stored twice, hardly a letter doubled.

What is killed is the command alone, not its group: its children have to notice by themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aloud import Aloud
from tests.letterform import faults_of_form
from tests.system.growing import growing_feeds, relevant_texts
from tests.system.house import House
from tests.system.post import Sink, mail_server, read_outbox
from tests.system.street import FEEDS, Ledger, Street, check, settle
from tests.system.street import readers as readers_of

pytestmark = pytest.mark.system

ENOUGH = 20
MOST_ROUNDS = 70
SLOWNESS = 0.06


def _play(street: Street, enough: Callable[[Ledger], bool], *, polls: bool, most_seconds: float) -> float:
    """Mornings full of kills until there were enough; how long it took."""
    started = time.monotonic()
    for round_number in range(MOST_ROUNDS):
        if enough(street.ledger) or time.monotonic() - started > most_seconds:
            break
        street.next_morning()
        if polls:
            street.kill_poll()
            if round_number % 2:  # a week without a whole poll would make news too old to be mailed
                street.poll_after_kill()
        else:
            street.house.call("poll", "--as-of", street.as_of, FEEDS[0])
        street.kill_mail()
    return time.monotonic() - started


def test_kills_during_polls_and_deliveries_by_smtp(tmp_path: Path, models: Path, aloud: Aloud) -> None:
    """Promises 1 to 3 over a mail server that takes letters before it says so."""
    sink, readers = Sink(SLOWNESS), readers_of(10)
    house = House(tmp_path, models)
    with growing_feeds(FEEDS, relevant_texts(models)) as feeds, mail_server(sink) as port:
        house.watch(FEEDS, feeds.port)
        house.mail_through(port)
        house.subscribe(readers)
        street = Street(house, feeds, lambda: sink.begun, mailing=0.5, seed=1)
        street.morning()
        seconds = _play(
            street,
            lambda ledger: ledger.polling["polling"] >= ENOUGH and ledger.mailing["sending"] >= ENOUGH,
            polls=True,
            most_seconds=150,
        )
        settle(street)
        figures = check(street, sink.copies, readers)
    with aloud():
        print(
            f"\nkill -9, SMTP: {dict(street.ledger.polling)} {dict(street.ledger.mailing)} {figures} {seconds:.0f} s"
        )
    assert not [fault for raw in sink.raw for fault in faults_of_form(raw)]
    assert street.ledger.polling["polling"] >= ENOUGH
    assert street.ledger.mailing["sending"] >= ENOUGH


def test_kills_during_deliveries_into_a_folder(tmp_path: Path, models: Path, aloud: Aloud) -> None:
    """The same with .eml files: each letter is there whole and once, whatever was killed while writing."""
    readers = readers_of(40)
    house = House(tmp_path, models)
    with growing_feeds(FEEDS, relevant_texts(models), seed=2) as feeds:
        feeds.slowness = 0.0
        house.watch(FEEDS, feeds.port)
        house.subscribe(readers)
        street = Street(house, feeds, lambda: len(list(house.outbox.glob("*.eml"))), mailing=0.1, seed=2)
        street.morning()
        seconds = _play(
            street,
            lambda ledger: ledger.mailing["sending"] + ledger.mailing["between letters"] >= ENOUGH,
            polls=False,
            most_seconds=80,
        )
        settle(street)
        copies = read_outbox(house.outbox)
        figures = check(street, copies, readers)
    with aloud():
        print(f"\nkill -9, folder: {dict(street.ledger.mailing)} {figures} {seconds:.0f} s")
    assert figures["extra copies"] == 0
    assert street.ledger.mailing["sending"] + street.ledger.mailing["between letters"] >= ENOUGH
