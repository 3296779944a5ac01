"""What a running daemon knows of its own life: when each round ended last, and what went wrong. Safe across threads."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

STUCK = 1800.0
"""Seconds after which a round that has not ended is no longer taken for a long one."""

LOOK, PATIENCE = 30.0, 300.0
"""Seconds between two looks at ourselves, and for how long we bear being ill."""

STILL = 30.0
"""Seconds without a beat of the main loop after which it counts as dead; systemd's watchdog asks every half minute."""


@dataclass
class Pulse:
    """One per daemon. Times of `rounds` are UTC, the others monotonic."""

    beat_at: float | None = None
    begun: dict[str, float] = field(default_factory=dict)
    rounds: dict[str, datetime] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def beat(self) -> None:
        """The main loop is alive."""
        self.beat_at = time.monotonic()

    def begin(self, name: str) -> None:
        """A round begins."""
        with self.lock:
            self.begun[name] = time.monotonic()

    def end(self, name: str, now: datetime, trouble: str = "") -> None:
        """A round that began at `now` has ended, well or in the words of `trouble`; only a good end is dated."""
        with self.lock:
            self.begun.pop(name, None)
            if trouble:
                self.troubles[name] = trouble
            else:
                self.troubles.pop(name, None)
                self.rounds[name] = now

    def ailments(self) -> list[str]:
        """Why this process should be started anew; empty while it lives."""
        now = time.monotonic()
        with self.lock:
            stuck = [f"the {name} round does not end" for name, at in self.begun.items() if now - at > STUCK]
        still = (
            now - self.beat_at if self.beat_at is not None else 0.0
        )  # not begun yet: the first model is fitted
        return [f"the main loop has been still for {still:.0f} s", *stuck] if still > STILL else stuck

    def guard(self) -> None:
        """End this process, from a thread of its own, when it has been ill for long: not every manager watches us."""

        def watch() -> None:
            ill = 0
            while True:
                time.sleep(LOOK)
                ill = ill + 1 if self.ailments() else 0
                if ill * LOOK >= PATIENCE:
                    os._exit(1)

        threading.Thread(target=watch, daemon=True).start()

    def snapshot(self) -> tuple[dict[str, datetime], dict[str, str]]:
        """(when each round ended last, what is wrong with it)."""
        with self.lock:
            return dict(self.rounds), dict(self.troubles)
