"""Asks the daemon of this machine whether it is alive: exit code 0 or 1. For containers, which have no curl."""

from __future__ import annotations

import http.client
import sys

from monitor.config.settings import load_settings

SECONDS = 5.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - what it listens on, not what we do
"""Where to ask a daemon that listens on all addresses."""


def alive(listen: str) -> bool:
    """Whether /healthz answers 200 on `listen` (host:port); a daemon told to serve no pages counts as alive."""
    if listen == "off":
        return True
    host, _, port = listen.rpartition(":")
    connection = http.client.HTTPConnection(EVERYWHERE.get(host, host), int(port), timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if alive(load_settings().listen) else 1)
