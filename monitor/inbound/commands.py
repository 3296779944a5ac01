"""What a person, or their mail program, asks for: in the subject or in the address written to, never in the text.

Text may be quoted, also from our own letters.
"""

from __future__ import annotations

import re
import unicodedata
from email.message import Message
from urllib.parse import unquote

from monitor.inbound.opening import field, fields
from monitor.inbound.quoted import address_of, decoded, sender_of
from monitor.types import Confirm, Unsubscribe

# What mail programs put before a subject when answering or forwarding, and companies' gateways to foreign letters.
_PREFIX = re.compile(
    r"(?:(?:re|aw|antw|fwd?|wg|sv|vs|tr|rv|res|enc|odp|tl|trả lời|chuyển tiếp|返信|転送|回复|答复|转发|回覆|轉寄)"
    r"(?:\s?\[\d{1,3}\]|\^\d{1,3})?\s?:\s*|\[[^\[\]]{1,20}\]\s*)",
    re.IGNORECASE,
)
_UNSUBSCRIBE = re.compile(r"unsubscribe(?:(?:\s*[:+]\s*|\s+|%20)(.{1,500}))?", re.IGNORECASE)
_CONFIRM = re.compile(r"confirm\s+(\S{3,2000})", re.IGNORECASE)
_TOKEN = re.compile(r"[\w-]{16,64}", re.ASCII)
_PLUS = re.compile(r"[^\s@<>]{0,64}?[+=-]unsubscribe[-+.=]([\w-]{16,64})@[^\s@<>]+", re.IGNORECASE | re.ASCII)
_WRITTEN_TO = ("to", "delivered-to", "x-original-to", "envelope-to")
_MAX_PREFIXES = 9


def unsubscribe(message: Message) -> Unsubscribe | None:
    """What it asks to stop, if it does."""
    for name in _WRITTEN_TO:
        for value in fields(message, name):
            if plus := _PLUS.search(value):
                return Unsubscribe(token=plus[1])
    command = _UNSUBSCRIBE.fullmatch(_subject(message)[0])
    if command is None:
        return None
    # Some programs leave a mailto's escapes as they are; some people write quotation marks or a full stop.
    words = [word.strip("\"'“”.<>") for word in (command[1] or "").replace("%20", " ").split()]
    token = next((word for word in words if _TOKEN.fullmatch(word)), "")
    address = next((found for word in words if (found := address_of(word))), "")
    if len(words) != bool(token) + bool(address):  # something else is said: a person should read it
        return None
    return Unsubscribe(token, address, sender_of(message))


def confirm(message: Message) -> Confirm | None:
    """What it agrees to, if it does."""
    command = _CONFIRM.fullmatch(_subject(message)[0])
    return Confirm(command[1]) if command else None


def is_answer(message: Message) -> bool:
    """Whether the subject is another's, with "Re:" or the like before it."""
    return _subject(message)[1]


def _subject(message: Message) -> tuple[str, bool]:
    """The subject in its plainest letters, without what was put before it, and whether there was any."""
    # NFKC: Japanese mail programs write a wide colon; invisible letters come along when a subject is pasted.
    text = unicodedata.normalize("NFKC", decoded(field(message, "subject")))
    text = " ".join("".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc")).split())
    bare = text
    for _ in range(_MAX_PREFIXES):
        prefix = _PREFIX.match(bare)
        if prefix is None:
            break
        bare = bare[prefix.end() :]
    if " " not in bare:  # some programs leave a mailto's escapes as they are; tokens hold none
        return unquote(bare), bare != text
    return bare, bare != text
