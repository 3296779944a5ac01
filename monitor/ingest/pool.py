"""Reads feeds in child processes that can be killed: a hostile feed costs one child, never the daemon.

The only module that knows pebble and the operating system's limits.
"""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self

from pebble import CONSTS, ProcessExpired, ProcessFuture, ProcessPool

from monitor.ingest.read import read
from monitor.masking import logged
from monitor.types import Document, Failed, FailureKind, Feed

READERS = 2
_SECONDS = 30.0
_CPU_SECONDS = 20
_MEMORY = 1024**3
_TASKS_PER_CHILD = 500
_GRACE = 0.2
_PR_SET_PDEATHSIG = 1


class ReaderPool:
    """A context manager. Leaving it kills whatever still runs; whoever waits or comes later is cancelled."""

    def __init__(
        self,
        *,
        workers: int = READERS,
        seconds: float = _SECONDS,
        cpu_seconds: int = _CPU_SECONDS,
        memory: int = _MEMORY,
    ) -> None:
        self._workers, self._seconds, self._cpu_seconds, self._memory = workers, seconds, cpu_seconds, memory
        self._closed = False
        self._running: set[ProcessFuture[Document | Failed]] = set()
        # A runaway child hears no signal but SIGKILL, so waiting for it to end politely is lost time.
        CONSTS.term_timeout = _GRACE
        self._pool = self._new_pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        _end(self._pool)
        for future in self._running:
            future.cancel()  # type: ignore[no-untyped-call]  # pebble leaves it unannotated

    async def read(self, body: bytes, content_type: str, feed: Feed) -> Document | Failed:
        """`read.read` in a child. The time limit counts from the moment a child takes the body."""
        for _ in range(2):
            pool = self._usable_pool()
            work = (self._cpu_seconds, body, content_type, feed)
            future = pool.schedule(_read_within, args=work, timeout=self._seconds)
            self._running.add(future)
            try:
                return await asyncio.wrap_future(future)
            except TimeoutError:
                return Failed(FailureKind.SLOW_READER, f"reading took longer than {self._seconds:g} s")
            except ProcessExpired as error:
                if error.exitcode == -signal.SIGXCPU:
                    reason = f"reading took more than {self._cpu_seconds} s of computing time"
                    return Failed(FailureKind.SLOW_READER, reason)
                return Failed(FailureKind.CRASHED_READER, f"the reading process died: code {error.exitcode}")
            except BrokenProcessPool:
                continue
            except Exception as error:  # a bug met by one feed's body is that feed's failure, with its name
                return Failed(FailureKind.CRASHED_READER, f"reading failed: {logged(repr(error))[:200]}")
            finally:
                self._running.discard(future)
        return Failed(FailureKind.CRASHED_READER, "no reading process could be started")

    def _usable_pool(self) -> ProcessPool:
        """The pool, or a new one: pebble gives up for good once an idle child is killed from outside."""
        if self._closed:
            raise asyncio.CancelledError("the readers are closed")
        if not self._pool.active:
            _end(self._pool)
            self._pool = self._new_pool()
        return self._pool

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=_TASKS_PER_CHILD,
            initializer=_confine,
            initargs=(self._memory, os.getpid()),
            context=multiprocessing.get_context("spawn"),
        )


def _end(pool: ProcessPool) -> None:
    """Stop a pool without a word from its children.

    pebble removes the children's locks before it ends them, and one that is just starting then prints a traceback
    on our standard error; so the locks are kept until the children are gone.
    """
    manager: Any = pool._pool_manager.worker_manager
    mutex: Any = getattr(manager.workers_channel, "mutex", None)
    remove = getattr(mutex, "unlink", None)
    if remove:
        mutex.unlink = lambda: None
    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it unannotated
    pool.join()
    if remove:
        remove()


def _read_within(
    cpu_seconds: int, body: bytes, content_type: str, feed: Feed
) -> Document | Failed:  # pragma: no cover - runs in the child
    """In the child: reading, with a bound on its computing time counted from now (RLIMIT_CPU counts a whole life).

    The parent's clock would do it too, but not while the machine is suspended or the parent starved.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    return read(body, content_type, feed)


def _confine(memory: int, parent: int) -> None:  # pragma: no cover - runs in the child
    """In the child: bounded memory, no core files, no signals but the parent's SIGKILL, and no life after it.

    Ctrl-C and systemd signal the whole group; the parent alone decides what becomes of a reading under way.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be tied to us
        os._exit(1)
