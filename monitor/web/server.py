"""Serves an application in a thread of its own, so that it answers whatever the rounds do. Knows uvicorn."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from monitor.errors import Misuse

_LAST_SECONDS = 1
_MOST_CONNECTIONS = 64


def listening_socket(where: str) -> socket.socket:
    """A socket at "host:port". Raises Misuse when it cannot be had."""
    host, _, port = where.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), int(port)))
        listener.listen(_MOST_CONNECTIONS)
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
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=front,
        ws="none",
        limit_concurrency=_MOST_CONNECTIONS,
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
