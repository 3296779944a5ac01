"""What a mail server's answer means for a letter, and whom it is about. Pure; knows no connection."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.delivery.outbox import LetterRefused
from monitor.types import Deferred, Refused, SendOutcome, Sent, Unusable

CLOSING = 421
"""The server is about to hang up, whatever it was asked."""

_TOO_LARGE = 552
_LOGIN_NEEDED = frozenset({530, 534, 535, 538})

# Enhanced codes, RFC 3463.
_OF_THE_MAILBOX = re.compile(r"5\.(1\.\d+|2\.1)\b")
_OF_POLICY = re.compile(r"5\.7\.\d+\b")


@dataclass(frozen=True, slots=True)
class Reply:
    """A code and the words that came with it, fit for a log."""

    code: int
    words: str

    def __str__(self) -> str:
        return f"{self.code} {self.words}"


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ended before the letter was offered; another one may be tried."""

    reply: str


def to_sender(reply: Reply) -> SendOutcome | Lost | None:
    """After MAIL; None when the server goes on. What it holds against the sender is no reader's fault."""
    if reply.code < 400:
        return None
    if reply.code == CLOSING:
        return Lost(str(reply))
    if reply.code < 500:
        return Deferred(str(reply))
    return LetterRefused(str(reply)) if reply.code == _TOO_LARGE else Unusable(f"sender refused: {reply}")


def to_recipient(reply: Reply) -> SendOutcome | Lost | None:
    """After RCPT; None when the server goes on."""
    if reply.code < 400:
        return None
    if reply.code == CLOSING:
        return Lost(str(reply))
    if reply.code < 500:
        return Deferred(str(reply))
    if reply.code in _LOGIN_NEEDED:
        return Unusable(str(reply))
    # A relay that is closed to us says 5.7.1 of every reader: no reason to suspend them all.
    return LetterRefused(str(reply)) if _OF_POLICY.match(reply.words) else Refused(str(reply))


def to_letter(reply: Reply) -> SendOutcome:
    """After DATA. A refusal is about the letter, unless it names the mailbox."""
    if reply.code < 400:
        return Sent(str(reply))
    if reply.code < 500:
        return Deferred(str(reply))
    return Refused(str(reply)) if _OF_THE_MAILBOX.match(reply.words) else LetterRefused(str(reply))
