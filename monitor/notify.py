"""Words to the service manager: sd_notify(3), a datagram to $NOTIFY_SOCKET. Silent where nobody listens.

Written out here because the published package is a source archive only, whose build would pull in unpinned tools.
"""

from __future__ import annotations

import os
import socket


def notify(*words: str) -> None:
    """Send assignments as `READY=1` or `STATUS=…`; a manager that cannot be reached is none of our business."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto("\n".join(words).encode(), target)
    except OSError:
        return


def watchdog_seconds() -> float | None:
    """How often the manager wants a sign of life (half of WatchdogSec); None when it wants none."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and meant else None
