"""Addresses and Message-IDs in what strangers wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from monitor.inbound.opening import STUMBLES, field, fields, inner_of, parts_of, text_of

MOST = 20
"""Addresses or Message-IDs taken from one message; a letter of ours has one of each."""

_MAX_DECODED = 4000
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]]{1,64}@[^\s@<>,;:\"()\[\]]{1,255}")
_MESSAGE_ID = re.compile(r"<[^\s<>@]{1,250}@[^\s<>@]{1,250}>")
_QUOTED_ID = re.compile(rf"^[> \t]*message-id:\s*({_MESSAGE_ID.pattern})", re.IGNORECASE | re.MULTILINE)


def address_of(text: str) -> str:
    """The address in a header or a field of a report; "" when it is none."""
    bare = text.strip().strip("<>").strip()
    return bare if _ADDRESS.fullmatch(bare) else ""


def sender_of(message: Message) -> str:
    """The address in From."""
    try:
        return address_of(parseaddr(field(message, "from")[:_MAX_DECODED])[1])
    except STUMBLES:
        return ""


def decoded(text: str) -> str:
    """A header with its encoded words (RFC 2047) decoded; as it stands where they are damaged."""
    try:
        return str(make_header(decode_header(text[:_MAX_DECODED])))
    except STUMBLES:
        return text[:_MAX_DECODED]


def message_ids_of(message: Message) -> tuple[str, ...]:
    """Those of the letters it answers, returns or quotes."""
    return tuple(_first(_message_ids(message)))


def _message_ids(message: Message) -> Iterator[str]:
    for part in parts_of(message, returned=True)[1:]:
        yield from _MESSAGE_ID.findall(field(part, "message-id"))
    for name in ("in-reply-to", "references", "original-message-id"):
        for value in fields(message, name):
            yield from _MESSAGE_ID.findall(value)
    for part in parts_of(message, returned=True):
        if not inner_of(part):
            # A returned letter may stand as plain text, or as headers alone (text/rfc822-headers).
            yield from _QUOTED_ID.findall(text_of(part))


def addresses_in(values: Iterable[str]) -> tuple[str, ...]:
    """The addresses among these, each once whatever its letter case."""
    return tuple(_first(found for value in values if (found := address_of(value))))


def _first(values: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(value.casefold(), value)
        if len(found) == MOST:
            break
    return list(found.values())
