"""Octets of a stranger → a parsed message, within bounds that hold whatever the octets are.

The email package takes time and depth from what it reads: every line is compared with the boundaries of all open
parts, parts nest by recursion, and each parameter of a header copies the rest of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message

MAX_OCTETS = 2**20
"""Of one message; what follows is not looked at. Reports stand before the letter they return."""

STUMBLES = (MessageError, AttributeError, AssertionError, LookupError, RecursionError, TypeError, ValueError)
"""What the email package and what is built on it raise over damaged messages."""

_MAX_LINES = 20_000
_MAX_LINE = 4096
_MAX_HEADER = 16 * 1024
_MAX_NESTING = 30
_MAX_PARTS = 200
# Servers in Japan and Vietnam still write so. Not any that is named: some decoders take minutes for a megabyte.
_CHARSETS = ("iso-2022-jp", "shift_jis", "euc-jp", "windows-1258", "iso-8859-1")
# Each of them may open a level; nothing else can.
_NESTS = re.compile(rb"boundary|message/", re.IGNORECASE)


def opened(raw: bytes) -> Message | None:
    """The message; None when it is nested deeper than any report, or cannot be parsed at all."""
    bounded = b"\n".join(_bounded(raw[:MAX_OCTETS].split(b"\n", _MAX_LINES)[:_MAX_LINES]))
    if len(_NESTS.findall(bounded)) > _MAX_NESTING:
        return None
    try:
        return message_from_bytes(bounded)
    except STUMBLES:
        return None


def _bounded(lines: list[bytes]) -> Iterator[bytes]:
    """Lines that are cut, without what goes on and on: a header of a megabyte takes minutes to take apart."""
    run = 0
    for line in lines:
        run = run + len(line) if line[:1] in (b" ", b"\t") else 0
        if run <= _MAX_HEADER:
            yield line if len(line) <= _MAX_LINE else line[:_MAX_LINE]


def parts_of(message: Message, *, returned: bool = False) -> list[Message]:
    """The message and its parts in reading order.

    What a returned or forwarded letter holds is quoted, not said: it comes along only with `returned`.
    """
    found: list[Message] = []
    waiting: list[Message] = [message]
    while waiting and len(found) < _MAX_PARTS:
        part = waiting.pop()
        found.append(part)
        if returned or part.get_content_maintype() != "message":
            waiting += reversed(inner_of(part))
    return found


def inner_of(part: Message) -> list[Message]:
    """The parts directly inside; for a report of deliveries its blocks of fields."""
    payload = part.get_payload()
    return (
        [inner for inner in payload if isinstance(inner, Message)][:_MAX_PARTS]
        if isinstance(payload, list)
        else []
    )


def field(part: Message, name: str) -> str:
    """The first header of that name as text on one line, "" when there is none."""
    return next(iter(fields(part, name)), "")


def fields(part: Message, name: str) -> list[str]:
    """All headers of that name; octets beyond ASCII are taken as UTF-8 (RFC 6532)."""
    # `items` would replace such octets; addresses in Vietnamese consist of them.
    return [_text(value) for key, value in part.raw_items() if key.lower() == name]


def _text(value: object) -> str:
    return " ".join(str(value).encode("ascii", "surrogateescape").decode("utf-8", "replace").split())


def text_of(part: Message) -> str:
    """The text of a part without parts, decoded from its transfer encoding; "" for what cannot be."""
    try:
        payload = part.get_payload(decode=True)
    except STUMBLES:
        return ""
    if not isinstance(payload, bytes):
        return ""
    charset = (part.get_content_charset() or "").lower()
    return payload.decode(charset if charset in _CHARSETS else "utf-8", "replace")
