"""Reports that machines write for machines: of deliveries (RFC 3464, RFC 6533) and of complaints (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from urllib.parse import unquote

from monitor.inbound.opening import field, fields, inner_of, parts_of, text_of
from monitor.inbound.quoted import address_of, addresses_in
from monitor.inbound.severity import is_final

_DELIVERIES = ("message/delivery-status", "message/global-delivery-status")
_FEEDBACK = "message/feedback-report"
_NO_COMPLAINT = ("not-spam", "auth-failure", "virus")
_XTEXT = re.compile(r"\+([0-9A-Fa-f]{2})")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of one recipient: under which addresses they are known, and whether it is final."""

    addresses: tuple[str, ...]
    hard: bool
    diagnostic: str


def deliveries(message: Message) -> list[Failure] | None:
    """Recipients who were not reached, or not yet; None when it is no report of deliveries.

    Those who were reached, or whose server was told to report no further, are none.
    """
    reports = [part for part in parts_of(message) if part.get_content_type() in _DELIVERIES]
    blocks = [block for report in reports for block in _blocks(report)]
    told = [block for block in blocks if field(block, "action")]
    return [failure for block in told if (failure := _failure(block))] if told else None


def _blocks(report: Message) -> list[Message]:
    """The groups of fields. One for addresses beyond ASCII is taken apart by us, for the email package does not."""
    if report.get_content_type() == _DELIVERIES[0]:
        return inner_of(report)
    inner = inner_of(report)
    if not inner:
        return []
    groups = re.split(r"\n[ \t]*\r?\n", text_of(inner[0]))
    return [*inner, *(_as_fields(group) for group in groups)]


def _as_fields(group: str) -> Message:
    block = Message()
    for line in re.sub(r"\r?\n[ \t]+", " ", group).splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip().isascii():
            block[name.strip()] = value.strip().encode().decode("ascii", "surrogateescape")
    return block


def _failure(block: Message) -> Failure | None:
    action = field(block, "action").lower()
    delayed = action.startswith("delay")
    if not delayed and not action.startswith(("fail", "error")):  # opensmtpd writes "error"
        return None
    addresses = addresses_in(
        spelling
        for name in ("original-recipient", "final-recipient")
        for value in fields(block, name)
        for spelling in _spellings(value)
    )
    words = field(block, "diagnostic-code")
    status = field(block, "status")
    diagnostic = " ".join(part for part in (status, words.partition(";")[2].strip() or words) if part)
    return Failure(addresses, not delayed and is_final(status, words), diagnostic) if addresses else None


def _spellings(value: str) -> Iterator[str]:
    """The address of a field "type; address", as it stands and as RFC 3461 or RFC 6533 may have encoded it."""
    kind, semicolon, rest = value.partition(";")
    written = rest.strip() if semicolon else kind.strip()
    yield written
    if "+" in written:
        yield unquote(_XTEXT.sub(r"%\1", written))
    if "\\x{" in written:
        yield re.sub(r"\\x\{([0-9A-Fa-f]{2,5})\}", lambda found: chr(int(found[1], 16)), written)


def complaint(message: Message) -> tuple[tuple[str, ...], bool] | None:
    """The addresses a report of feedback names, and whether it complains; None when it is no such report."""
    report = next((part for part in parts_of(message) if part.get_content_type() == _FEEDBACK), None)
    if report is None:
        return None
    inner = inner_of(report)
    block = _as_fields(text_of(inner[0])) if inner and not inner[0].keys() else (inner or [report])[0]
    named = [*fields(block, "original-rcpt-to"), *_recipients(message)]
    return addresses_in(named), field(block, "feedback-type").lower() not in _NO_COMPLAINT


def _recipients(message: Message) -> list[str]:
    """To whom the returned letter was written; ours name one reader."""
    returned = [part for part in parts_of(message) if part.get_content_type() in _RETURNED]
    headers = [inner for part in returned for inner in (inner_of(part) or [_as_fields(text_of(part))])]
    return [address_of(value) for part in headers for value in fields(part, "to")]


def without_returned(message: Message) -> Message:
    """The message with only what the machine itself says: the letter it returns may hold any words."""
    payload = message.get_payload()
    if isinstance(payload, list):
        message.set_payload([part for part in inner_of(message) if part.get_content_type() not in _RETURNED])
    return message
