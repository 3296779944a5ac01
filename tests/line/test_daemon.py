"""The daemon: rounds on time, one at a time, and a stop that lets them finish."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from monitor import daemon
from monitor.errors import AlreadyRunning, Misuse
from monitor.locks import held


def stop_soon() -> None:
    """What systemd sends."""
    os.kill(os.getpid(), signal.SIGTERM)


async def nothing(_now: datetime) -> None:
    """A round with nothing to do."""


def test_rounds_run_and_a_stop_lets_them_finish() -> None:
    """Both rounds start at once; the one under way when the stop comes is awaited."""
    done: list[str] = []

    async def poll(_now: datetime) -> None:
        asyncio.get_running_loop().call_later(0.05, stop_soon)
        await asyncio.sleep(0.3)
        done.append("poll")

    async def mail(_now: datetime, stop: Callable[[], bool]) -> None:
        await asyncio.sleep(0.15)
        done.append(f"mail, stopping {stop()}")

    asyncio.run(daemon.serve(daemon.Work(poll, mail, nothing), ready=lambda: done.append("ready")))
    assert done == ["ready", "mail, stopping True", "poll"]


def test_a_round_that_never_ends_does_not_hold_up_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time it is cancelled."""
    monkeypatch.setattr(daemon, "STOP_SECONDS", 0.2)
    cancelled: list[str] = []

    async def poll(_now: datetime) -> None:
        asyncio.get_running_loop().call_later(0.05, stop_soon)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append("poll")
            raise

    async def mail(_now: datetime, _stop: Callable[[], bool]) -> None:
        return None

    asyncio.run(daemon.serve(daemon.Work(poll, mail, nothing)))
    assert cancelled == ["poll"]


@pytest.mark.parametrize("error", [Misuse("a wrong file"), RuntimeError("a bug")])
def test_a_failing_round_ends_nothing_else(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """An error is one log line, and the daemon goes on."""
    seen: list[str] = []

    async def poll(_now: datetime) -> None:
        raise error

    async def mail(_now: datetime, _stop: Callable[[], bool]) -> None:
        await asyncio.sleep(0.1)
        seen.append("mail")
        stop_soon()

    asyncio.run(daemon.serve(daemon.Work(poll, mail, nothing)))
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
