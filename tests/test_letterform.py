"""The checker of letters finds every fault, one at a time, in a letter that is otherwise good."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from monitor.delivery.message import build
from tests.delivery.samples import NOW, SENDER, Words
from tests.letterform import Kind, faults_of_form, faults_of_octets

PAGE = "https://tin.example.org/u/0123456789abcdef"


def letter(words: Words | None = None, unsubscribe: str | None = PAGE) -> bytes:
    """A good digest; a confirmation without `unsubscribe`."""
    return build(
        words or Words(),
        recipient="ban@example.org",
        sender=SENDER,
        message_id="<d-1@example.org>",
        date=NOW,
        digest_id="d-1" if unsubscribe else None,
        list_unsubscribe=(unsubscribe,) if unsubscribe else (),
    ).raw


@pytest.mark.parametrize(
    ("raw", "kind", "https"),
    [
        (letter(), "digest", True),
        (letter(unsubscribe="mailto:dung@example.org?subject=dung"), "digest", False),
        (letter(unsubscribe=None), "confirmation", True),
        (letter(unsubscribe=None), "note", True),
        (b"Received: from a by b; now\r\nReceived: from c by d; now\r\n" + letter(), "digest", True),
    ],
)
def test_good_letters_have_no_faults(raw: bytes, kind: Kind, https: bool) -> None:
    """Of every kind, and with what servers put on top."""
    assert faults_of_form(raw, kind, https=https) == []


def without(name: str) -> Callable[[bytes], bytes]:
    """The letter without a header."""
    return lambda raw: b"\r\n".join(
        line for line in raw.split(b"\r\n") if not line.startswith(name.encode() + b":")
    )


def twice(name: str) -> Callable[[bytes], bytes]:
    """The letter with a header repeated on top."""
    return lambda raw: (
        next(line for line in raw.split(b"\r\n") if line.startswith(name.encode() + b":")) + b"\r\n" + raw
    )


def changed(old: str, new: str | bytes) -> Callable[[bytes], bytes]:
    """The letter with other words in one place."""
    return lambda raw: raw.replace(old.encode(), new if isinstance(new, bytes) else new.encode(), 1)


def subject(value: str) -> Callable[[bytes], bytes]:
    """The letter with another subject, as it stands in the header."""
    return lambda raw: re.sub(
        rb"Subject: .*?\r\n(?! )", f"Subject: {value}\r\n".encode(), raw, flags=re.DOTALL
    )


ONCE = ["Message-ID", "Date", "From", "To", "Subject", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
        "Auto-Submitted", "X-Digest-Id", "MIME-Version"]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        *((without(name), f"{name.lower()} is missing") for name in ONCE),
        *((twice(name), f"{name.lower()} stands 2 times") for name in ONCE),
        (changed("To: ban@", "To: an@example.org, ban@"), "to names"),
        (changed("From: ", "From: x@example.org, "), "from names"),
        (changed("Message-ID: <d-1@", "Message-ID: <d 1@"), "message-id"),
        (changed("Auto-Submitted: auto-generated", "Auto-Submitted: no"), "auto-submitted"),
        (changed("21 Nov 2026", "21 Now 2026"), "date is no date"),
        (changed("+0000", "-0000"), "date is no date"),
        (changed("<https://", "<http://"), "list-unsubscribe is not"),
        (changed("List-Id: <", "List-Id: "), "list-id"),
        (changed("One-Click", "Many-Clicks"), "One-Click"),
        (subject("=?utf-9?q?Tin?="), "subject cannot be decoded"),
        (subject("=?utf-8?q?Tin_m=E1=BA?="), "subject cannot be decoded"),
        (subject("=?utf-8?q?Tin_m=EF=BF=BDu?="), "subject reads"),
        (subject("=?utf-8?q?=00Tin?="), "subject reads"),
        (subject("=?utf-8?b?VGl"), "subject reads"),
        (subject(""), "subject is empty"),
        (subject("Tin mẫu"), "beyond ASCII"),
        (changed("multipart/alternative", "multipart/mixed"), "it is multipart/mixed"),
        (changed("text/html", "text/xml"), "parts"),
        (changed('charset="utf-8"', 'charset="iso-8859-1"'), "is in iso-8859-1"),
        (changed("=C3=A0o", "=C3o"), "is no UTF-8"),
        (changed("Ch=C3=A0o", "Ch=1Bo"), "text/plain holds"),
        (lambda raw: raw.replace(b"--=_", b"--_"), "defect"),
        (lambda raw: raw + b"x" * 999 + b"\r\n", "a line of 999"),
        (lambda raw: raw + b"\n\r\n", "a bare line break"),
        (lambda raw: raw + b"\r\r\n", "a bare line break"),
        (lambda raw: raw + b"\x00\r\n", "a control character"),
        (lambda raw: raw + b"x", "no line break at the end"),
        (lambda raw: b"X Y: z\r\n" + raw, "no header"),
    ],
)  # fmt: skip
def test_every_fault_is_found(spoil: Callable[[bytes], bytes], fault: str) -> None:
    """Each rule has a letter that breaks it, and the change really is one."""
    raw = spoil(letter())
    assert raw != letter()
    assert any(fault in found for found in faults_of_form(raw)), faults_of_form(raw)


def test_sizes_and_empty_parts() -> None:
    """The HTML part is counted in octets after decoding, with line ends of two."""
    assert faults_of_form(letter(Words(html="ế" * 30_000))) == ["text/html has 90002 octets"]
    assert faults_of_form(letter(Words(text=" \n"))) == ["text/plain is empty"]


def test_a_letter_of_no_list_has_nothing_of_one() -> None:
    """Nobody can leave what they have not joined."""
    assert [fault for fault in faults_of_form(letter(), "note") if "no place here" in fault] == [
        "list-id has no place here",
        "list-unsubscribe has no place here",
        "list-unsubscribe-post has no place here",
        "x-digest-id has no place here",
    ]
    assert faults_of_octets(letter()) == []
