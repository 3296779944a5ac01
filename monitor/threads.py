"""Work beside the main loop, in threads that no exit waits for.

The main loop must stay free: it answers signals and the watchdog. Python joins the threads of `asyncio.to_thread` at
exit, and one that waits for a mail server's answer would hold up a stop for minutes. What such a thread leaves half
done is what a kill would leave, and is taken up again likewise.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")

LAST_WORDS = 1.0
"""Seconds a cancelled loop gets to end its children and close its connections."""


async def apart(work: Callable[[], Result]) -> Result:
    """The result of `work`, done in a thread of its own."""
    done: Future[Result] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)


async def apart_in_loop(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """The same for a coroutine, which gets a loop of its own; a cancellation from outside reaches it."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    async def main() -> Result:
        task = asyncio.current_task()
        assert task is not None  # a coroutine that runs is in a task
        begun.set_result((asyncio.get_running_loop(), task))
        return await work()

    waiting = asyncio.ensure_future(apart(lambda: asyncio.run(main())))
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if begun.done():
            loop, task = begun.result()
            loop.call_soon_threadsafe(task.cancel)
            await asyncio.wait([waiting], timeout=LAST_WORDS)
        waiting.cancel()
        raise
