"""Keeps the C library from holding on to memory over the years. Linux with glibc; elsewhere nothing happens.

Each round works in a thread of its own, and glibc gives new threads new arenas, up to eight per core, each of which
keeps what it was once given: measured over an hour, that looked like a leak of 25 MB.
"""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
"""malloc.h; mallopt(3)."""


def few_arenas() -> None:
    """At most two from now on. Before the first thread starts."""
    _call("mallopt", _M_ARENA_MAX, 2)


def give_back() -> None:
    """Return to the system what is free (malloc_trim(3))."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
