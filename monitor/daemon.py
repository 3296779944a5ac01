"""The daemon: APScheduler rings the bell, the database knows what is due. The only module that knows APScheduler.

Three jobs in memory; nothing of them is kept over a restart, because nothing needs to be.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.errors import VietnhatError
from monitor.logs import log, warn

STOP_SECONDS = 8.0
"""What is under way when the stop comes gets this long; systemd and people wait ten."""

TICK_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Work:
    """What the daemon does on each tick: each looks into the database for what is due at `now`."""

    poll: Callable[[datetime], Awaitable[None]]
    mail: Callable[[datetime, Callable[[], bool]], Awaitable[None]]
    watch: Callable[[datetime], Awaitable[None]]


async def serve(work: Work, *, ready: Callable[[], None] = lambda: None) -> None:
    """Run until SIGTERM or SIGINT; then finish what is under way, or leave it clearly undone."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    running: set[asyncio.Task[None]] = set()
    busy: set[str] = set()

    async def ring(name: str, action: Callable[[datetime], Awaitable[None]]) -> None:
        """Start one round of `name` unless the last one still runs or we are stopping.

        A coroutine, since AsyncIOScheduler calls plain functions in threads, where no task may be made.
        """
        if name in busy or stopping.is_set():
            return
        busy.add(name)
        task = loop.create_task(_round(name, action))
        running.add(task)
        task.add_done_callback(running.discard)
        task.add_done_callback(lambda _: busy.discard(name))

    async def mail(now: datetime) -> None:
        await work.mail(now, stopping.is_set)

    soon = datetime.now(UTC) + timedelta(seconds=0.1)
    for name, action in (("poll", work.poll), ("mail", mail), ("watch", work.watch)):
        scheduler.add_job(ring, "interval", seconds=TICK_SECONDS, args=(name, action), next_run_time=soon)
    scheduler.start()
    ready()
    try:
        await stopping.wait()
        log("stopping", under_way=len(running))
    finally:
        # AsyncIOScheduler.shutdown(wait=True) cancels coroutines instead of waiting for them (APScheduler #233),
        # so our own tasks are awaited here, and it is shut down without waiting.
        scheduler.pause()
        await _finish(running)
        scheduler.shutdown(wait=False)
    log("stopped")


async def _round(name: str, action: Callable[[datetime], Awaitable[None]]) -> None:
    """One round. The program's one catch-all: a bug in one round must not end the years of the others."""
    try:
        await action(datetime.now(UTC).replace(microsecond=0))
    except asyncio.CancelledError:
        raise
    except VietnhatError as error:
        warn("failed", round=name, reason=str(error))
    except Exception as error:
        warn("bug", round=name, reason=repr(error)[:500])


async def _finish(running: set[asyncio.Task[None]]) -> None:
    if running:
        _, late = await asyncio.wait(running, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
