"""Rules for children that read feeds. These tests start real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.ingest.pool import ReaderPool
from monitor.types import Document, Failed, FailureKind, Feed

FEED = Feed("home", "Báo thử", "trang nhất", "https://news.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
GOOD = b"<rss version='2.0'><channel><item><title>a</title></item></channel></rss>"


def _hostile() -> bytes:
    """An author field on which feedparser's own regular expression runs for minutes without a break."""
    return (
        b"<rss version='2.0'><channel><item><title>a</title><author>"
        + b"a" * 200_000
        + b"</author></item></channel></rss>"
    )


def _run(work: Callable[[ReaderPool], Awaitable[None]], **limits: float) -> None:
    async def go() -> None:
        with ReaderPool(**limits) as pool:  # type: ignore[arg-type]
            await work(pool)

    asyncio.run(go())


def test_reading_in_a_child() -> None:
    """The answer is the one `read` gives, in parallel too."""

    async def work(pool: ReaderPool) -> None:
        results = await asyncio.gather(*(pool.read(GOOD, "text/xml", FEED) for _ in range(5)))
        assert [isinstance(result, Document) for result in results] == [True] * 5
        assert await pool.read(b"{}", "", FEED) == Failed(FailureKind.UNREADABLE, "JSON, not a feed")

    _run(work)


def test_a_slow_reading_is_killed_and_others_go_on() -> None:
    """A runaway child costs its feed one reading, and nobody else anything."""

    async def work(pool: ReaderPool) -> None:
        assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)
        slow, good = await asyncio.gather(
            pool.read(_hostile(), "text/xml", FEED), pool.read(GOOD, "text/xml", FEED)
        )
        assert isinstance(slow, Failed)
        assert slow.kind is FailureKind.SLOW_READER
        assert isinstance(good, Document)
        assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)

    _run(work, seconds=1.0)


def test_computing_time_is_bounded_too() -> None:
    """The system ends a child that computes too long, however long its wall clock may run; it counts per reading."""

    async def work(pool: ReaderPool) -> None:
        slow = await pool.read(_hostile(), "text/xml", FEED)
        assert slow == Failed(FailureKind.SLOW_READER, "reading took more than 1 s of computing time")
        for _ in range(3):
            assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)

    _run(work, seconds=60.0, cpu_seconds=1)


def test_closing_is_quick_with_a_runaway_child() -> None:
    """Leaving the pool never waits for a child; whoever waits for a reading is cancelled."""

    async def go() -> None:
        with ReaderPool() as pool:
            await pool.read(GOOD, "text/xml", FEED)
            waiting = asyncio.create_task(pool.read(_hostile(), "text/xml", FEED))
            await asyncio.sleep(0)
            begun = sum(map(_cpu_seconds, _readers(os.getpid())))
            await _until(lambda: sum(map(_cpu_seconds, _readers(os.getpid()))) > begun + 0.5)
            started = time.monotonic()
        assert time.monotonic() - started < 2
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(asyncio.CancelledError):
            await pool.read(GOOD, "text/xml", FEED)

    asyncio.run(go())


def test_killed_children_are_replaced() -> None:
    """Idle children killed from outside, as by the kernel short of memory, do not end the pool."""

    async def work(pool: ReaderPool) -> None:
        assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)
        for child in _readers(os.getpid()):
            os.kill(child, signal.SIGKILL)
        results = [await pool.read(GOOD, "text/xml", FEED) for _ in range(3)]
        assert isinstance(results[-1], Document)

    _run(work)


def test_a_crash_is_the_feeds_own() -> None:
    """A child that dies over a body fails that reading; the next one is served."""

    async def work(pool: ReaderPool) -> None:
        await pool.read(GOOD, "text/xml", FEED)
        waiting = asyncio.create_task(pool.read(_hostile(), "text/xml", FEED))
        await asyncio.sleep(0)
        begun = {child: _cpu_seconds(child) for child in _readers(os.getpid())}
        await _until(lambda: any(_cpu_seconds(child) > spent + 0.5 for child, spent in begun.items()))
        for child in begun:
            os.kill(child, signal.SIGKILL)
        failed = await waiting
        assert isinstance(failed, Failed)
        assert failed.kind is FailureKind.CRASHED_READER
        assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)

    _run(work)


def test_a_bug_met_by_one_feed_is_its_failure() -> None:
    """An exception out of `read` is a failure that names it, not the end of the poll."""

    async def work(pool: ReaderPool) -> None:
        item = b"<item><title>a</title><pubDate>21/11/2026</pubDate></item>"
        nowhere = replace(FEED, zone="Nowhere/Land")
        failed = await pool.read(GOOD.replace(b"<item>", item + b"<item>"), "text/xml", nowhere)
        assert isinstance(failed, Failed)
        assert failed.kind is FailureKind.CRASHED_READER
        assert "Nowhere/Land" in failed.reason

    _run(work)


def test_no_child_can_start() -> None:
    """Where no reader can live at all, readings fail instead of waiting for ever."""

    async def work(pool: ReaderPool) -> None:
        failed = await pool.read(GOOD, "text/xml", FEED)
        assert isinstance(failed, Failed)
        assert failed.kind is FailureKind.CRASHED_READER

    _run(work, memory=2**70)  # no limit can be set so: every child refuses to start


def test_memory_is_bounded() -> None:
    """A reading that wants more memory than allowed fails alone."""

    async def work(pool: ReaderPool) -> None:
        failed = await pool.read(GOOD + b" " * 40_000_000 + "ệ".encode(), "text/xml", FEED)
        assert isinstance(failed, Failed)
        assert failed.kind in (FailureKind.CRASHED_READER, FailureKind.UNREADABLE)
        assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)

    _run(work, memory=250 * 1024**2)


def test_children_ignore_the_group_signals() -> None:
    """Ctrl-C and SIGTERM to the whole group end no reading: the parent decides."""

    async def work(pool: ReaderPool) -> None:
        assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)
        await _until(lambda: all(_ignores(child, signal.SIGTERM) for child in _readers(os.getpid())))
        before = _readers(os.getpid())
        for child in before:
            os.kill(child, signal.SIGTERM)
            os.kill(child, signal.SIGINT)
        assert isinstance(await pool.read(GOOD, "text/xml", FEED), Document)
        assert set(before) <= set(_readers(os.getpid()))

    _run(work)


PARENT = """
import asyncio, sys
from monitor.ingest.pool import ReaderPool
from tests_feed import FEED, GOOD
async def main():
    with ReaderPool() as pool:
        await pool.read(GOOD, "text/xml", FEED)
        print("ready", flush=True)
        await asyncio.sleep(60)
if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="children are tied to the parent on Linux only")
def test_children_die_with_the_parent(tmp_path: Path) -> None:
    """A kill -9 of the daemon leaves no reader behind."""
    (tmp_path / "tests_feed.py").write_text(
        f"from monitor.types import Feed\nFEED = {FEED!r}\nGOOD = {GOOD!r}\n", encoding="utf-8"
    )
    (tmp_path / "parent.py").write_text(PARENT, encoding="utf-8")
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root}:{tmp_path}"}
    with subprocess.Popen(
        [sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        children = _readers(parent.pid)
        assert children
        parent.kill()
    asyncio.run(_until(lambda: not any(_alive(child) for child in children)))


def _children(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listing.split()]


def _readers(pid: int) -> list[int]:
    """Children that pebble started; multiprocessing's resource tracker is not one."""
    return [child for child in _children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _ignores(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) >> (number - 1) & 1)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)
