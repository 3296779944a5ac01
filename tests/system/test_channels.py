"""A daemon with readers of mail and a webhook, killed and stopped while the webhook keeps it waiting."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.delivery.receiver import HANG, SECRET_PATH, answer, receiving
from tests.system.growing import growing_feeds, relevant_texts
from tests.system.house import HASTY, HOOK, House, until
from tests.system.post import Sink, mail_server

pytestmark = pytest.mark.system

FEEDS = ("bao-cau-rong", "bao-cau-treo")
READERS = ("mot@vidu.example", "hai@vidu.example")


def test_a_webhook_that_hangs(tmp_path: Path, models: Path) -> None:
    """Killed while it waits, then stopped while it waits: mail goes all the same, and in the end each has its letter,
    the webhook's several times under one id."""
    assert HOOK == SECRET_PATH
    house, sink = House(tmp_path, models), Sink(0.0)
    house.starter = HASTY
    with (
        growing_feeds(FEEDS, relevant_texts(models)) as feeds,
        mail_server(sink) as port,
        receiving(HANG, HANG) as receiver,
    ):
        house.watch(FEEDS, feeds.port)
        house.mail_through(port)
        house.subscribe([*READERS, receiver.url])
        with house.started("run") as daemon:
            assert until(lambda: len(receiver.requests) == 1, seconds=90)
            daemon.send_signal(signal.SIGKILL)
            daemon.wait(timeout=10)
        (left,) = house.rows("SELECT message_id FROM delivery WHERE state = 'sending'")
        with house.started("run") as daemon:
            assert until(lambda: len(receiver.requests) == 2, seconds=90)
            began = time.monotonic()
            daemon.terminate()
            assert daemon.wait(timeout=10) == 0
            assert time.monotonic() - began < 10
        with house.started("run") as daemon:
            everyone = "SELECT 1 FROM delivery WHERE state = 'sent'"
            assert until(lambda: len(house.rows(everyone)) == 3, seconds=90)
            daemon.terminate()
            assert daemon.wait(timeout=10) == 0
    assert {request.headers["x-vietnhat-delivery"] for request in receiver.requests} == {left["message_id"]}
    assert len({request.body for request in receiver.requests}) == 1
    assert Counter(copy.reader for copy in sink.copies) == Counter(READERS)
    assert house.is_sound()
    assert house.slips() == []


def test_a_dead_webhook_does_not_hold_up_mail(tmp_path: Path, models: Path) -> None:
    """A refusal, a server that is not there, one without end: mail has gone in the same round, and no key is told."""
    house, sink = House(tmp_path, models), Sink(0.0)
    house.starter = HASTY
    with (
        growing_feeds(FEEDS, relevant_texts(models)) as feeds,
        mail_server(sink) as port,
        receiving(answer("403 Forbidden", f"not {HOOK}")) as refusing,
    ):
        house.watch(FEEDS, feeds.port)
        house.mail_through(port)
        house.subscribe([*READERS, refusing.url, f"http://127.0.0.1:1/{HOOK}"])
        with house.started("run") as daemon:
            assert until(lambda: len(sink.copies) == 2, seconds=90)
            assert until(lambda: "outcome=refused" in house.said(), seconds=10)
            daemon.terminate()
            assert daemon.wait(timeout=10) == 0
    states = Counter(row["state"] for row in house.rows("SELECT state FROM delivery"))
    assert states == {"sent": 2, "queued": 1, "refused": 1}
    assert house.slips() == []
