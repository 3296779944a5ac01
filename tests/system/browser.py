"""Headless Chromium over its debugging protocol: opens a page as a mail client of a given width and mode would.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
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


_PRESS = """(() => {
  const button = document.querySelector(%s), fields = %s;
  if (!button) return "no such button on " + document.title;
  for (const [name, value] of Object.entries(fields)) {
    const found = button.form.querySelectorAll(`[name="${name}"]`);
    if (!found.length) return "no field " + name;
    for (const field of found) {
      if (["checkbox", "radio"].includes(field.type)) field.checked = value.split(" ").includes(field.value);
      else field.value = value;
    }
  }
  return button.form && !button.form.reportValidity() ? "the form is not filled in well" : "";
})()"""


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._events: list[str] = []

    async def show(self, where: Path | str, *, width: int, mode: Mode = "light") -> None:
        """Open a file or an address at this width, as a phone would, and wait until it stands."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)
        await self.ask(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": mode}]
        )
        await self.ask("Page.enable")
        self._events.clear()
        await self.ask("Page.navigate", url=where if isinstance(where, str) else where.as_uri())
        await self._stands()

    async def press(self, selector: str, **fields: str) -> None:
        """Fill in fields, by name, of the form whose button this is, press it, and wait for the next page."""
        found = await self.evaluate(_PRESS % (json.dumps(selector), json.dumps(fields)))
        assert found == "", found
        self._events.clear()
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        await self._stands()

    async def picture(self, file: Path, *, width: int, most: int = 2400) -> None:
        """What is seen of the whole page, or of so many pixels of it, as PNG."""
        height = await self.evaluate("document.documentElement.scrollHeight")
        size = {"width": width, "height": min(height, most), "deviceScaleFactor": 1, "mobile": False}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)
        shot = await self.ask("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))

    def saw(self, event: str) -> bool:
        """Whether the browser told of this since the page was called."""
        return event in self._events

    async def _stands(self) -> None:
        """Wait for the page and its fonts; without promises, which no page settles whose scripts are switched off."""
        for _ in range(500):
            await self.ask("Runtime.evaluate", expression="0")
            if (
                "Page.loadEventFired" in self._events
                and await self.evaluate("document.fonts.status") == "loaded"
            ):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the page does not come")

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
