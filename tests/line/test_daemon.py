"""The daemon: rounds on time, one at a time, and a stop that lets them finish."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor import daemon
from monitor.errors import AlreadyRunning, Misuse
from monitor.locks import held
from monitor.pulse import Pulse
from monitor.threads import apart_in_loop


def stop_soon() -> None:
    """What systemd sends."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_rounds_run_and_a_stop_lets_them_finish() -> None:
    """Both rounds start at once; the one under way when the stop comes is awaited."""
    done: list[str] = []

    async def poll(_now: datetime, _stop: Callable[[], bool]) -> None:
        asyncio.get_running_loop().call_later(0.05, stop_soon)
        await asyncio.sleep(0.3)
        done.append("poll")

    async def mail(_now: datetime, stop: Callable[[], bool]) -> None:
        await asyncio.sleep(0.15)
        done.append(f"mail, stopping {stop()}")

    asyncio.run(daemon.serve(daemon.Work({"poll": poll, "mail": mail}), ready=lambda: done.append("ready")))
    assert done == ["ready", "mail, stopping True", "poll"]


def test_a_round_that_never_ends_does_not_hold_up_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time it is cancelled."""
    monkeypatch.setattr(daemon, "STOP_SECONDS", 0.2)
    cancelled: list[str] = []

    async def poll(_now: datetime, _stop: Callable[[], bool]) -> None:
        asyncio.get_running_loop().call_later(0.05, stop_soon)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append("poll")
            raise

    async def mail(_now: datetime, _stop: Callable[[], bool]) -> None:
        return None

    asyncio.run(daemon.serve(daemon.Work({"poll": poll, "mail": mail})))
    assert cancelled == ["poll"]


@pytest.mark.parametrize("error", [Misuse("a wrong file"), RuntimeError("a bug")])
def test_a_failing_round_ends_nothing_else(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """An error is one log line, and the daemon goes on."""
    seen: list[str] = []

    async def poll(_now: datetime, _stop: Callable[[], bool]) -> None:
        raise error

    async def mail(_now: datetime, _stop: Callable[[], bool]) -> None:
        await asyncio.sleep(0.1)
        seen.append("mail")
        stop_soon()

    asyncio.run(daemon.serve(daemon.Work({"poll": poll, "mail": mail})))
    assert seen == ["mail"]
    captured = capsys.readouterr()
    assert str(error) in captured.out + captured.err


def test_a_lock_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    """A second taker is refused with the first one's pid; when the first is gone the lock is free."""
    path = tmp_path / "x.lock"
    with (
        held(path),
        pytest.raises(AlreadyRunning, match=f"process {os.getpid()} is already running"),
        held(path),
    ):
        pass
    with held(path, wait=0.2):
        pass
    path.write_text("no pid", encoding="utf-8")
    child = os.fork()
    if child == 0:  # holds it and dies without a word
        lock = held(path)
        lock.__enter__()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with held(path):
        assert path.read_text(encoding="utf-8").strip() == str(os.getpid())


def test_the_same_trouble_is_told_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round that fails with every tick for the same reason makes one line, and is on record as a trouble."""
    monkeypatch.setattr(daemon, "TICK_SECONDS", 0.05)
    pulse, rounds = Pulse(), list[int]()

    async def poll(_now: datetime, _stop: Callable[[], bool]) -> None:
        rounds.append(1)
        if len(rounds) == 4:
            stop_soon()
        raise Misuse("the disk is full" if len(rounds) < 4 else "something else")

    asyncio.run(daemon.serve(daemon.Work({"poll": poll}), pulse))
    said = "".join(capsys.readouterr())
    assert said.count("the disk is full") == 1
    assert said.count("something else") == 1
    assert pulse.snapshot()[1] == {"poll": "something else"}
    assert pulse.ailments() == []


def test_a_hangup_reads_the_configuration_anew(capsys: pytest.CaptureFixture[str]) -> None:
    """SIGHUP reloads between two rounds; what is refused is told, and the daemon goes on."""
    seen: list[str] = []

    def reload() -> None:
        seen.append("reload")
        if len(seen) == 1:
            raise Misuse("feeds.yaml:3: no such key")

    async def poll(_now: datetime, _stop: Callable[[], bool]) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.05)
        stop_soon()

    asyncio.run(daemon.serve(daemon.Work({"poll": poll}, reload)))
    assert seen == ["reload", "reload"]
    assert "feeds.yaml:3: no such key" in "".join(capsys.readouterr())


def test_the_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready, signs of life, stopping: datagrams as sd_notify(3) wants them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")

        async def poll(_now: datetime, _stop: Callable[[], bool]) -> None:
            await asyncio.sleep(0.3)
            stop_soon()

        asyncio.run(daemon.serve(daemon.Work({"poll": poll})))
        manager.setblocking(False)
        words = []
        while len(words) < 50:
            try:
                words.append(manager.recv(4096).decode())
            except BlockingIOError:
                break
    assert words[-1] == "STOPPING=1"
    assert "READY=1\nSTATUS=watching" in words
    assert words.count("WATCHDOG=1") >= 2


def test_work_in_a_loop_of_its_own_can_be_cancelled() -> None:
    """What is cancelled outside is cancelled inside, and ends before the wait is over."""
    seen: list[str] = []

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await apart_in_loop(long)

    asyncio.run(main())
    assert seen == ["cancelled"]


def test_a_still_loop_and_an_endless_round_are_ailments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process should be started anew when its loop is still, or a round never ends."""
    pulse = Pulse()
    pulse.begin("poll")
    assert pulse.ailments() == []
    pulse.beat()
    later = time.monotonic() + 2000
    monkeypatch.setattr("monitor.pulse.time.monotonic", lambda: later)
    assert pulse.ailments() == ["the main loop has been still for 2000 s", "the poll round does not end"]
    pulse.beat()
    assert pulse.ailments() == ["the poll round does not end"]


def test_a_clock_that_is_set_back_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bell waits for times of day; when the clock is seen to have been set, it rings at once."""
    monkeypatch.setattr(daemon, "TICK_SECONDS", 0.05)
    schedulers: list[AsyncIOScheduler] = []
    real, shift, rounds = time.time, [0.0], list[float]()

    class Watched(AsyncIOScheduler):  # type: ignore[misc]  # APScheduler publishes no types
        def __init__(self, *args: object, **given: object) -> None:
            super().__init__(*args, **given)
            schedulers.append(self)

    async def poll(_now: datetime, _stop: Callable[[], bool]) -> None:
        rounds.append(time.monotonic())
        if (
            len(rounds) == 2
        ):  # as after a clock that was set back by an hour: every time to come is an hour away
            shift[0] = -3600.0
            (job,) = schedulers[0].get_jobs()
            job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        if len(rounds) == 4:
            stop_soon()

    monkeypatch.setattr(daemon, "AsyncIOScheduler", Watched)
    monkeypatch.setattr("monitor.daemon.time.time", lambda: real() + shift[0])
    asyncio.run(asyncio.wait_for(daemon.serve(daemon.Work({"poll": poll})), 20))
    assert len(rounds) == 4
    assert "moved_by_seconds=-3600" in "".join(capsys.readouterr())


def test_a_clock_that_leaps_forward_makes_no_list_of_what_was_missed() -> None:
    """One ring, however many ticks lie between 1970 and today."""
    now = datetime.now(UTC)
    assert daemon._Tick().get_next_fire_time(datetime(1970, 1, 1, tzinfo=UTC), now) > now


def test_only_a_good_end_is_dated() -> None:
    """A round that fails for ever must not look as if it had just ended."""
    pulse, now = Pulse(), datetime.now(UTC)
    pulse.end("mail", now, "no model")
    assert pulse.snapshot() == ({}, {"mail": "no model"})
    pulse.end("mail", now)
    assert pulse.snapshot() == ({"mail": now}, {})
