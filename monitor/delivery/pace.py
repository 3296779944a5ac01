"""So many letters a minute and no more, one after another at equal distances. Knows no letters and no way out."""

from __future__ import annotations

import time
from collections.abc import Callable

_LISTEN_EVERY = 0.5
"""Seconds after which a wait looks whether it is to end."""


class Pace:
    """When the next letter may go. One outlives the runs it paces: else each of them would begin with a letter at once.

    `clock` gives seconds that never go back; `sleep` waits for so many.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._free_at = float("-inf")

    def wait(self, per_minute: int, stop: Callable[[], bool]) -> None:
        """Come back when a letter may go, or when `stop` says so. 0 per minute is no limit."""
        if not per_minute:
            return
        while (left := self._free_at - self._clock()) > 0:
            if stop():
                return
            self._sleep(min(left, _LISTEN_EVERY))
        self._free_at = self._clock() + 60 / per_minute
