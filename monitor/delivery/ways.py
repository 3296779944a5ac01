"""All ways out as one: each letter goes the way that its recipient's address names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from monitor.channel import Kind, kind_of, secrets_of
from monitor.delivery.chat import checked_chat
from monitor.delivery.webhook import checked_webhook
from monitor.masking import hide
from monitor.types import Letter, SendOutcome


class Way(Protocol):
    """One way out; `meanwhile` as in `monitor.postman.Sends`."""

    def send(self, letter: Letter, meanwhile: Callable[[], object] = ...) -> SendOutcome: ...


class Ways:
    """The way out through whichever of them a letter is for."""

    def __init__(self, by_kind: Mapping[Kind, Way]) -> None:
        self._by_kind = by_kind

    def send(self, letter: Letter, meanwhile: Callable[[], object] = lambda: None) -> SendOutcome:
        """Send one letter, and say what became of it."""
        hide(secrets_of(letter.recipient))  # before libraries and servers can repeat it
        return self._by_kind[kind_of(letter.recipient)].send(letter, meanwhile)


def checked_channel(address: str) -> str:
    """The address of a webhook or of a chat's channel. Raises Misuse; its words do not repeat what is secret in it."""
    return checked_webhook(address) if kind_of(address) == "webhook" else checked_chat(address)
