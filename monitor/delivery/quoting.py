"""What servers and libraries say, made fit for a log: one line, short, without secrets they may repeat."""

from __future__ import annotations

from monitor.channel import secrets_of
from monitor.masking import MASK, logged

MAX_WORDS = 120
"""Letters quoted of what was said about a channel."""


def quoted(words: str, address: str, *secrets: str) -> str:
    """What was said about a channel, without what is secret in its address, and without these further `secrets`."""
    for secret in (address, *secrets_of(address), *secrets):
        if len(secret) > 1:  # a lone slash is none
            words = words.replace(secret, MASK)
    return one_line(logged(words), MAX_WORDS)


def one_line(text: str, most: int) -> str:
    """At most so many letters of a text, without line breaks and what else cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]
