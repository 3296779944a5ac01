"""The fault server beside the checkout, as feeds of an installation; and a quiet one that stands there before.

What it serves is none of ours: it is started, asked and listened to, never copied.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.system.house import House

EMPTY = b'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>'


@dataclass(frozen=True, slots=True)
class Source:
    """A feed of the server. `kind` decides where its news stands in a letter: official first, tabloid last."""

    id: str
    path: str
    outlet: str
    kind: str


@dataclass(frozen=True, slots=True)
class FaultServer:
    """The server while it runs."""

    port: int
    canary_port: int

    def ask(self, path: str) -> Any:
        """The answer of a control path."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.load(answer)

    def hits(self) -> dict[str, int]:
        """Requests so far, by path."""
        return dict(self.ask("/_hits"))

    def canary(self) -> list[Any]:
        """Requests that reached what nobody may reach."""
        return list(self.ask("/_canary")["hits"])

    def ledger(self) -> list[dict[str, Any]]:
        """Every request, with what was sent."""
        return list(self.ask("/_ledger?n=200000"))


def manifest(faults: Path) -> list[dict[str, Any]]:
    """The cases the server knows, with what is expected of each."""
    said = subprocess.run(
        [sys.executable, str(faults / "faultfeeds.py"), "--topic", "vn-jp", "--manifest"],
        capture_output=True,
        check=True,
    )
    return list(json.loads(said.stdout)["cases"])


def source_id(path: str) -> str:
    """The id of a case's feed."""
    return "fault-" + re.sub(r"[^a-z0-9]+", "-", path.strip("/").lower()).strip("-")


@contextmanager
def fault_server(faults: Path, *options: str) -> Iterator[FaultServer]:
    """The server on a free port, with its canary on another."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as probe:
        canary = int(probe.server_address[1])
    words = ["--topic", "vn-jp", "--port", "0", "--canary-port", str(canary), *options]
    with subprocess.Popen(
        [sys.executable, str(faults / "faultfeeds.py"), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            listening = json.loads(process.stdout.readline())
            yield FaultServer(int(listening["listening"].rpartition(":")[2]), canary)
        finally:
            process.kill()


class _Quiet(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(EMPTY)))
        self.end_headers()
        self.wfile.write(EMPTY)

    def log_message(self, *_: object) -> None:
        """Requests of our own are no news."""


@contextmanager
def quiet_server() -> Iterator[int]:
    """An empty channel at every address: feeds that were read before bring news, not their back-catalogue."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def watch(house: House, sources: Sequence[Source], port: int) -> None:
    """feeds.yaml with these sources on this port."""
    lines = (
        {
            "id": source.id,
            "outlet": source.outlet,
            "section": "tin mới",
            "url": f"http://127.0.0.1:{port}{source.path}",
            "language": "vi",
            "zone": "Asia/Ho_Chi_Minh",
            "kind": source.kind,
        }
        for source in sources
    )
    text = "feeds:\n" + "".join(f"  - {json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    (house.folder / "feeds.yaml").write_text(text, encoding="utf-8")
    house.environment["VIETNHAT_ALLOW_PRIVATE"] = f"127.0.0.1:{port}"
