"""The daemon: APScheduler rings the bell, the database knows what is due. The only module that knows APScheduler.

The jobs are kept in memory; nothing of them survives a restart, because nothing needs to. The main loop only rings,
beats and listens to signals: every round does its work in a thread.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.errors import VietnhatError
from monitor.logs import log, warn
from monitor.masking import logged
from monitor.notify import notify, watchdog_seconds
from monitor.pulse import Pulse

STOP_SECONDS = 6.0
"""What is under way when the stop comes gets this long. Systemd and people wait ten seconds; the rest is for children,
pages and the database, which may be locked by others."""

TICK_SECONDS = 20

CLOCK_SET = 5.0
"""Seconds between two beats by which the clock of the day and the steady one may differ."""

SAME_AGAIN = 600.0
"""Seconds for which a trouble that is told already is not told again."""

Stop = Callable[[], bool]
Round = Callable[[datetime, Stop], Awaitable[None]]
"""Looks into the database for what is due at that time, and does it; asks now and then whether to stop."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the daemon does on each tick, by name, and on SIGHUP."""

    rounds: Mapping[str, Round]
    reload: Callable[[], None] = lambda: None


@dataclass
class _Bell:
    """Starts rounds, one of each name at a time, and remembers which run."""

    pulse: Pulse
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    told: dict[str, tuple[str, float]] = field(default_factory=dict)

    async def ring(self, name: str, action: Round) -> None:
        """Start one round of `name` unless the last one still runs or we are stopping.

        A coroutine, since AsyncIOScheduler calls plain functions in threads, where no task may be made.
        """
        if name not in self.running and not self.stopping.is_set():
            task = asyncio.get_running_loop().create_task(self._round(name, action))
            self.running[name] = task
            task.add_done_callback(lambda _: self.running.pop(name, None))

    async def _round(self, name: str, action: Round) -> None:
        """One round. The program's one catch-all: a bug in one round must not end the years of the others."""
        now = datetime.now(UTC).replace(microsecond=0)
        self.pulse.begin(name)
        trouble = ""
        try:
            await action(now, self.stopping.is_set)
        except VietnhatError as error:
            trouble = self._tell("failed", name, str(error))
        except Exception as error:
            trouble = self._tell("bug", name, logged(repr(error))[:500])
        finally:
            self.pulse.end(name, now, trouble)

    def _tell(self, event: str, name: str, reason: str) -> str:
        """Log a trouble, but not the same one with every tick."""
        before, at = self.told.get(name, ("", 0.0))
        if reason != before or time.monotonic() - at > SAME_AGAIN:
            self.told[name] = (reason, time.monotonic())
            warn(event, round=name, reason=reason)
        return reason

    async def finish(self) -> None:
        """Wait for what is under way; cancel what takes too long."""
        tasks = set(self.running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def serve(work: Work, pulse: Pulse | None = None, *, ready: Callable[[], None] = lambda: None) -> None:
    """Run until SIGTERM or SIGINT; then finish what is under way, or leave it clearly undone."""
    bell = _Bell(pulse or Pulse())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, bell.stopping.set)
    loop.add_signal_handler(signal.SIGHUP, _reload, work)
    with _ringing(bell, work) as scheduler:
        beating = loop.create_task(_beat(bell.pulse, scheduler))
        ready()
        notify("READY=1", "STATUS=watching")
        await bell.stopping.wait()
        log("stopping", under_way=len(bell.running))
        notify("STOPPING=1")
        # AsyncIOScheduler.shutdown(wait=True) cancels coroutines instead of waiting for them (APScheduler #233),
        # so our own tasks are awaited here, and it is shut down without waiting.
        scheduler.pause()
        await bell.finish()
        beating.cancel()
    log("stopped")


class _Tick(BaseTrigger):  # type: ignore[misc]  # APScheduler publishes no types
    """One tick from now, whatever was missed: an interval trigger lists every tick a clock has jumped over."""

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """Aware, as `now` is."""
        return now + timedelta(seconds=TICK_SECONDS)


@contextmanager
def _ringing(bell: _Bell, work: Work) -> Iterator[AsyncIOScheduler]:
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    for name, action in work.rounds.items():
        scheduler.add_job(bell.ring, _Tick(), args=(name, action), next_run_time=_soon())
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=0.1)


async def _beat(pulse: Pulse, scheduler: AsyncIOScheduler) -> None:
    """Say that the loop is alive: every second to ourselves, and to the service manager as often as it asks.

    Also sees when somebody sets the clock: APScheduler waits for times of day, and a clock that is set back by an
    hour would keep it waiting for an hour.
    """
    every = watchdog_seconds()
    last, ahead = 0.0, time.time() - time.monotonic()
    while True:
        pulse.beat()
        before, ahead = ahead, time.time() - time.monotonic()
        if abs(ahead - before) > CLOCK_SET:
            warn("clock", moved_by_seconds=round(ahead - before))
            for job in scheduler.get_jobs():
                job.modify(next_run_time=_soon())
        if every and time.monotonic() - last >= every and not pulse.ailments():
            notify("WATCHDOG=1")
            last = time.monotonic()
        await asyncio.sleep(min(1.0, every or 1.0))


def _reload(work: Work) -> None:
    """SIGHUP: read the configuration anew; what is wrong with it is told, and the old one stays."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
    try:
        work.reload()
    except VietnhatError as error:
        warn("reload", refused=str(error), kept="the configuration in force")
    except Exception as error:  # as in a round: a mistake of ours must not end the years of the others
        warn("bug", round="reload", reason=logged(repr(error))[:500])
    finally:
        notify("READY=1")
