"""What kind of way out an address names, and how the address of a channel may be told: it is a key to the channel.

A reader's address is a mail address, the http(s) address of a webhook, or a channel of a chat service as the library
`apprise` writes it (`slack://…`).
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from monitor.masking import MASK

Kind = Literal["webhook", "chat", "mail"]

KINDS: tuple[Kind, ...] = ("webhook", "chat", "mail")
"""In the order in which they are served: mail last, for its rate may take a whole round."""

_LONG_SEGMENT = 16
_LONG_VALUE = 8
"""Shorter parts of an address are words that other addresses have too; masking them would eat every line."""


def kind_of(address: str) -> Kind:
    """By its scheme; what has none is a mail address."""
    scheme = scheme_of(address)
    if scheme in ("http", "https"):
        return "webhook"
    return "chat" if scheme else "mail"


def scheme_of(address: str) -> str:
    """What stands before `://`, in small letters; "" for a mail address."""
    scheme, sign, _ = address.partition("://")
    return scheme.strip().lower() if sign else ""


def told(address: str) -> str:
    """The address as it may be told: of a webhook scheme and host, of a chat the scheme alone, of mail all of it."""
    scheme = scheme_of(address)
    if not scheme:
        return address
    try:
        host = urlsplit(address).netloc.rpartition("@")[2] if kind_of(address) == "webhook" else ""
    except ValueError:
        host = ""
    return f"{scheme}://{host}/{MASK}" if host else f"{scheme}://{MASK}"


def same_address(one: str, other: str) -> bool:
    """Whether two spellings name one address: letter case aside, the domain in its ASCII form or not."""
    return _folded(one) == _folded(other)


def _folded(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}".casefold()
    except UnicodeError:
        return address.casefold()


def target_of(address: str) -> str:
    """What a webhook's server is asked for: path and query."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def secrets_of(address: str) -> tuple[str, ...]:
    """What must never be told of an address; nothing for mail, whose addresses are masked by what they look like."""
    kind = kind_of(address)
    if kind == "mail":
        return ()
    try:
        parts = urlsplit(address)
    except ValueError:
        return (address,)
    long_ones = [part for part in parts.path.split("/") if len(part) >= _LONG_SEGMENT]
    long_ones += [value for _, value in parse_qsl(parts.query) if len(value) >= _LONG_VALUE]
    if kind == "chat":
        return (address.partition("://")[2], *long_ones, *_long(parts.netloc))
    target = target_of(address)
    return (target if len(target) >= _LONG_SEGMENT else parts.netloc + target, *long_ones)


def _long(netloc: str) -> list[str]:
    """Chat services' tokens stand where others have a host."""
    return [part for part in (netloc, *netloc.split(":"), *netloc.split("@")) if len(part) >= _LONG_VALUE]
