"""A mail server on loopback that takes its time and keeps every copy it took."""

from __future__ import annotations

import asyncio
import email
import email.policy
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.ports import free_port


@dataclass(frozen=True)
class Copy:
    """One copy of one letter."""

    message_id: str
    reader: str
    links: frozenset[str]


class Sink:
    """Takes a letter, then answers: who dies between the two cannot know that it was taken."""

    def __init__(self, slowness: float, seed: int = 1) -> None:
        self.slowness = slowness
        self.copies: list[Copy] = []
        self.raw: list[bytes] = []
        self.begun = 0
        self.mutex = threading.Lock()
        self._random = random.Random(seed)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Half the time before taking the letter, half after."""
        self.begun += 1
        await asyncio.sleep(self._random.uniform(0, self.slowness))
        copy = read_letter(envelope.content)
        assert envelope.rcpt_tos == [copy.reader], "a letter goes to the one it names"
        with self.mutex:
            self.copies.append(copy)
            self.raw.append(envelope.content)
        await asyncio.sleep(self._random.uniform(0, self.slowness))
        return f"250 taken for {copy.reader}"


@contextmanager
def mail_server(sink: Sink) -> Iterator[int]:
    """The sink behind a port. Whoever logs in is let in, also without encryption."""
    port = free_port()
    controller = Controller(
        sink, hostname="127.0.0.1", port=port, authenticator=_let_in, auth_require_tls=False
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def _let_in(*_: object) -> AuthResult:
    return AuthResult(success=True)


def read_letter(raw: bytes) -> Copy:
    """Who a letter is for and what it links to."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # what the policy makes
    part = message.get_body(("html",))
    assert part is not None, "every letter has an HTML part"
    links = re.findall(r'href="([^"]+)"', part.get_content())
    to = message["To"].addresses
    assert len(to) == 1, "one letter, one reader"
    return Copy(str(message["Message-ID"]), to[0].addr_spec, frozenset(links))


def read_outbox(folder: Path) -> list[Copy]:
    """All letters of an outbox folder."""
    return [read_letter(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]
