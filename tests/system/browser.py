"""Headless Chromium over its debugging protocol: opens a page as a mail client of a given width and mode would.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp

from tests.system.house import members, until

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)

Mode = Literal["light", "dark"]


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._events: list[str] = []

    async def show(self, file: Path, *, width: int, mode: Mode) -> None:
        """Open a file at this width, as a phone would, and wait until it stands."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)
        await self.ask(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": mode}]
        )
        await self.ask("Page.enable")
        self._events.clear()
        await self.ask("Page.navigate", url=file.as_uri())
        for _ in range(100):
            if "Page.loadEventFired" in self._events:
                break
            await self.ask("Runtime.evaluate", expression="0")
        await self.evaluate("document.fonts.ready.then(() => true)")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, a promise's too."""
        answer = await self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def ask(self, method: str, **params: object) -> Any:
        """One command and its answer; events that come meanwhile are noted by name."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json(timeout=20)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._events.append(message.get("method", ""))


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """A browser with a fresh profile below `folder`; it and what it started are gone afterwards."""
    program = shutil.which("chromium")
    assert program, "make test-system installs chromium"
    profile = folder / "profile"
    command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        note = profile / "DevToolsActivePort"
        assert until(lambda: note.exists() and len(note.read_text().split()) == 2, seconds=30), (
            "no browser came up"
        )
        port = note.read_text().split()[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                address = next(
                    tab["webSocketDebuggerUrl"] for tab in await answer.json() if tab["type"] == "page"
                )
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for pid in members(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=10)
    until(lambda: not members(process.pid), seconds=5)
