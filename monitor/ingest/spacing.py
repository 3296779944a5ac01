"""Politeness: one request at a time per host, a pause between two starts on it, none while it asked for patience.

Knows nothing of HTTP. A pause of 0 switches all rules off: that is for servers of one's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0


class HostSpacing:
    """Hands out turns on hosts. At most `concurrency` turns are held at once over all hosts."""

    def __init__(self, seconds: float, concurrency: int) -> None:
        self._seconds = seconds
        self._running = asyncio.Semaphore(concurrency)
        self._queues: dict[str, _Queue] = {}
        self._held_until: dict[str, float] = {}

    def hold(self, host: str, seconds: float) -> None:
        """The host asked for no request for so long. Call within a running event loop."""
        until = asyncio.get_running_loop().time() + seconds
        self._held_until[host] = max(until, self._held_until.get(host, 0.0))

    def held(self, host: str) -> float:
        """Seconds for which the host is still to be left alone."""
        if self._seconds <= 0:
            return 0.0
        return max(0.0, self._held_until.get(host, 0.0) - asyncio.get_running_loop().time())

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host, then for a free place; whoever waits for a host keeps no place occupied."""
        if self._seconds <= 0:
            async with self._running:
                yield
            return
        queue = self._queues.setdefault(host, _Queue())
        now = asyncio.get_running_loop().time
        async with queue.lock:
            await asyncio.sleep(max(0.0, queue.free_at - now()))
            async with self._running:
                queue.free_at = now() + self._seconds
                yield
