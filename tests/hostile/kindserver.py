"""A server that answers as badly as `kinds` says, and a canary where nobody may come."""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.hostile.kinds import KINDS, Kind, Visit, http

_NOTHING = Kind("nothing", lambda _: http("", status="404 Not Found"), "failed")


class Server(socketserver.ThreadingTCPServer):
    """Answers as the kinds do; `canary` counts who came where nobody may."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kinds = {kind.name: kind for kind in KINDS}
        self.asked: Counter[str] = Counter()
        self.canary = 0
        self.canary_port = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        name = self.rfile.readline().split(b" ")[1].decode("latin-1").strip("/")
        headers: dict[str, str] = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            key, _, value = line.partition(":")
            headers[key.lower()] = value.strip()
        kind = self.server.kinds.get(name, _NOTHING)
        visit = Visit(self.server.asked[name], headers, self.server.canary_port)
        self.server.asked[name] += 1
        with suppress(OSError):  # who asked has heard enough
            self._send(kind.answer(visit), kind.drip)

    def _send(self, answer: bytes, drip: bool) -> None:
        if not drip:
            self.wfile.write(answer)
            return
        half = len(answer) - 4000
        self.wfile.write(answer[:half])
        for number in range(half, len(answer)):
            self.wfile.write(answer[number : number + 1])
            time.sleep(0.2)


class _Canary(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.server.owner.canary += 1  # type: ignore[attr-defined]  # given below


@contextmanager
def kinds_server() -> Iterator[Server]:
    """The server and its canary, until the block is left."""
    with Server() as server, socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Canary) as canary:
        canary.owner = server  # type: ignore[attr-defined]  # for the handler
        server.canary_port = int(canary.server_address[1])
        threads = [
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            for each in (server, canary)
        ]
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            for each in (server, canary):
                each.shutdown()
