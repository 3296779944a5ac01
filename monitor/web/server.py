"""Serves an application in a thread of its own, so that it answers whatever the rounds do. Knows uvicorn."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.errors import Misuse

_LAST_SECONDS = 1

MOST_CONNECTIONS = 500
"""At once; beyond them the one that has been silent for longest makes room."""

HEAD_SECONDS = 10.0
"""For the head of a request, from its connection or the request before."""


class _Impatient(H11Protocol):
    """Closes connections that say nothing: else a few hundred of them would shut everybody out.

    uvicorn has no such limit of its own (its `timeout_keep_alive` ends with the first octet of the next request).
    """

    since: float
    _waiting: asyncio.TimerHandle

    def connection_made(self, transport: Any) -> None:
        """Somebody came."""
        if len(self.connections) >= MOST_CONNECTIONS:
            others = [each for each in self.connections if isinstance(each, _Impatient)]
            silent = [each for each in others if each.cycle is None or each.cycle.response_complete]
            if silent:
                min(silent, key=lambda each: each.since).transport.abort()
        super().connection_made(transport)
        self.since = self.loop.time()
        self._wait()

    def handle_events(self) -> None:
        """Octets came; with the whole head of a request among them, waiting is over."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._waiting.cancel()

    def on_response_complete(self) -> None:
        """The next request of the same connection has as long as the first."""
        self.since = self.loop.time()
        self._waiting.cancel()
        self._wait()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._waiting.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.abort)


def listening_socket(where: str) -> socket.socket:
    """A socket at "host:port". Raises Misuse when it cannot be had."""
    host, _, port = where.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), int(port)))
        listener.listen(MOST_CONNECTIONS)
    except (OSError, OverflowError) as error:
        listener.close()
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Misuse(
            f"VIETNHAT_LISTEN: {where} cannot be listened on ({words}); give another host:port, or 'off'"
        ) from error
    return listener


@contextmanager
def serving(application: Starlette, listener: socket.socket, *, front: str = "127.0.0.1") -> Iterator[None]:
    """Answer on `listener` until the block ends.

    `front` are the proxies before us, comma-separated; only they are believed in X-Forwarded-For.
    """
    logging.getLogger("uvicorn.error").setLevel(
        logging.ERROR
    )  # strangers must not fill the log with nonsense
    config = uvicorn.Config(
        application,
        http=_Impatient,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=_both_spellings(front),
        ws="none",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=_LAST_SECONDS + 1)


def _both_spellings(front: str) -> list[str]:
    """Addresses also as a socket for both families spells those of IPv4."""
    names = [name.strip() for name in front.split(",") if name.strip()]
    return [*names, *(f"::ffff:{name}" for name in names if "." in name and "/" not in name)]
