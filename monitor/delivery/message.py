"""A rendered text as the octets of one letter to one reader. What the email package writes, it writes here.

The same input gives the same octets, so that every attempt sends the same letter. Text of feeds reaches only
the subject and the bodies; a line break in it becomes a space. Elsewhere it breaks the contract: BadLetter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, Protocol

from monitor.errors import VietnhatError
from monitor.types import Letter

MAX_LINE = 998
"""Octets in one line of a letter (RFC 5322), its end not counted."""

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff<>,;\"\\]")
_ADDRESS = re.compile(r"[^@()\[\]:]{1,64}@[^@()\[\]:]{1,255}")


class BadLetter(VietnhatError):
    """A value that no letter can carry; the letter is not made."""


class Content(Protocol):
    """What a letter says."""

    @property
    def subject(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def language(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sender:
    """Who every letter is from."""

    name: str
    address: str
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        """The domain under which lists and messages are named."""
        return self.address.rpartition("@")[2]

    @property
    def envelope(self) -> str:
        """The address for the mail server, its domain in ASCII. Raises BadLetter."""
        return _address(self.address)


def build(
    content: Content,
    *,
    recipient: str,
    sender: Sender,
    message_id: str,
    date: datetime,
    digest_id: str | None = None,
    list_unsubscribe: tuple[str, ...] = (),
    thread: str | None = None,
) -> Letter:
    """The letter. `list_unsubscribe` are https or mailto URIs, best first; one click works with https alone (RFC 8058).

    Letters with the same `thread`, the Message-ID of no letter, are one conversation (RFC 5322, 3.6.4).

    A letter that asks for consent has neither digest nor unsubscribe. Raises BadLetter.
    """
    to = _address(recipient)
    message = EmailMessage(policy=_POLICY if to.isascii() else _POLICY.clone(utf8=True))
    message["From"] = _mailbox(_address(sender.address), _one_line(sender.name))
    message["To"] = _mailbox(to)
    message["Subject"] = _one_line(content.subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = _message_id(message_id)
    for name, value in _list_headers(sender, digest_id, list_unsubscribe).items():
        message[name] = value
    if thread:
        message["References"] = _message_id(thread)
    if sender.reply_to:
        message["Reply-To"] = _mailbox(_address(sender.reply_to))
    message["Auto-Submitted"] = "auto-generated"
    message["MIME-Version"] = "1.0"
    message.set_content(_body(content.text), cte="quoted-printable")
    message.add_alternative(_body(content.html), subtype="html", cte="quoted-printable")
    message.set_boundary("=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32])
    # Set last: adding the alternative would take headers that begin with Content- down into the first part.
    message["Content-Language"] = _token("language", content.language)
    return Letter(message_id=message_id, recipient=to, raw=message.as_bytes())


def message_id(digest_id: str, recipient_id: int, domain: str, *, secret: str = "") -> str:
    """The one Message-ID of this digest to this recipient; with their `secret`, nobody can guess it.

    A report that quotes it is believed (`monitor.inbound.consequences`).
    """
    tail = hashlib.sha256(f"{digest_id} {recipient_id} {domain} {secret}".rstrip().encode()).hexdigest()[:16]
    return _message_id(f"<{digest_id}.{tail}@{_ascii_domain(domain)}>")


def _list_headers(sender: Sender, digest_id: str | None, unsubscribe: tuple[str, ...]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    if unsubscribe:
        headers["List-Id"] = f"<digest.{_ascii_domain(sender.domain)}>"
        ways = ", ".join(f"<{_token('unsubscribe address', way)}>" for way in unsubscribe)
        if len(ways) > MAX_LINE - 40:
            raise BadLetter(
                f"the ways to unsubscribe {ways[:80]!r} do not fit on one line; shorten the addresses"
            )
        headers["List-Unsubscribe"] = ways
        if any(way.startswith("https://") for way in unsubscribe):
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if digest_id is not None:
        headers["X-Digest-Id"] = _token("digest id", digest_id)
    return headers


def _one_line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()


def _body(text: str) -> str:
    """Text as UTF-8 can carry it; a lone half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _token(what: str, value: str) -> str:
    """A header value that is one ASCII word, short enough to stand on its line."""
    if not value or _UNFIT.search(value) or not value.isascii() or len(value) > MAX_LINE - 40:
        raise BadLetter(f"the {what} {value[:80]!r} cannot stand in a mail header; correct it")
    return value


def _message_id(value: str) -> str:
    inner = value.removeprefix("<").removesuffix(">")
    if value != f"<{inner}>" or inner.count("@") != 1:
        raise BadLetter(f"{value[:80]!r} is no Message-ID; it must be <left@right>")
    _token("Message-ID", inner)
    return value


def _address(address: str) -> str:
    """The address as the envelope carries it: the domain in its ASCII form."""
    if _UNFIT.search(address) or not _ADDRESS.fullmatch(address):
        raise BadLetter(f"{address[:80]!r} is no address that a letter can be sent to; correct or remove it")
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _ascii_domain(domain: str) -> str:
    if _UNFIT.search(domain):
        raise BadLetter(f"{domain[:80]!r} is no domain; correct it")
    try:
        return domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError as error:
        raise BadLetter(f"{domain[:80]!r} is no domain; correct it") from error


class _Policy(EmailPolicy):
    """Leaves machine-read headers on one line: folded into encoded words they break (cpython #85725)."""

    whole = frozenset(
        {"message-id", "references", "list-id", "list-unsubscribe", "list-unsubscribe-post", "x-digest-id"}
    )

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header as octets."""
        if name.lower() in self.whole:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        if name.lower() == "subject" and not self.utf8 and not str(value).isascii():
            # EmailPolicy loses the space between two encoded words (cpython #92081); the older Header keeps it.
            encoded = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {encoded}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n", max_line_length=78)
