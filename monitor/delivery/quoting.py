"""What servers and libraries say, made fit for a log: one line, short, without secrets they may repeat."""

from __future__ import annotations

from monitor.channel import secrets_of
from monitor.masking import MASK, brief, logged

MAX_WORDS = 120
"""Letters quoted of what was said about a channel."""


def quoted(words: str, address: str, *secrets: str) -> str:
    """What was said about a channel, without what is secret in its address, and without these further `secrets`."""
    for secret in (address, *secrets_of(address), *secrets):
        if len(secret) > 1:  # a lone slash is none
            words = words.replace(secret, MASK)
    return brief(logged(words), MAX_WORDS)
