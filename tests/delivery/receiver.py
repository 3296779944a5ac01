"""A receiver of webhooks on loopback that behaves in every way one can. It knows HTTP by itself, from RFC 9112."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.ports import listening


@dataclass
class Request:
    """What somebody asked."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers in turn with what it was told, then always 200; keeps what it was asked.

    An answer is the octets of one; HANG says nothing until the receiver is closed, DROP hangs up at once.
    """

    port: int
    answers: list[bytes] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """An address there, with a secret in it."""
        return f"http://127.0.0.1:{self.port}/hooks/{SECRET_PATH}"


HANG, DROP = b"HANG", b"DROP"
SECRET_PATH = "planted-hook-5d1e9c77aa"


def answer(status: str, body: str = "", **headers: str) -> bytes:
    """A whole answer, as `answer("503 Busy", Retry_After="7")`."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@contextmanager
def receiving(*answers: bytes, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a free port."""

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.settimeout(10)
            if tls:
                with tls.wrap_socket(connection, server_side=True) as encrypted:
                    _serve(receiver, encrypted)
            else:
                _serve(receiver, connection)

    with listening(serve) as port:
        receiver = Receiver(port, list(answers))
        try:
            yield receiver
        finally:
            receiver.closed.set()  # before the listener waits for who still hangs


def _serve(receiver: Receiver, connection: socket.socket) -> None:
    receiver.requests.append(_read(connection))
    reply = receiver.answers.pop(0) if receiver.answers else answer("200 OK", "thank you")
    if reply == HANG:
        receiver.closed.wait(10)
    elif reply != DROP:
        connection.sendall(reply)


def _read(connection: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += _more(connection)
    return Request(first, headers, body)


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise OSError("hung up")
    return piece
