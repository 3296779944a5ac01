"""The form every letter must have, whoever made it and whatever it went through: one checker for all tests.

Reads the octets by itself where the email package would forgive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Literal

Kind = Literal["digest", "confirmation", "note"]
"""A digest or an alert belongs to a list; a confirmation and a note to the operator belong to none."""

MAX_LINE = 998
MAX_HTML = 90_000

_EACH_ONCE = frozenset(
    {"message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type"}
)
_OF_A_LIST = frozenset({"list-id", "list-unsubscribe", "x-digest-id"})
_ON_THE_WAY = frozenset({"received", "return-path", "delivered-to", "x-original-to"})
"""What servers add on top; there may be several of each."""
_RAW_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_UNSUBSCRIBE = re.compile(r"<https://[!-;=?-~]+>(?:, <mailto:[!-;=?-~]+>)?|<mailto:[!-;=?-~]+>")
"""The page where there are any, and a letter, the better way first (RFC 2369, 3.2)."""
_LIST_ID = re.compile(r"<[a-z0-9.-]+>")
_PARTS = ["text/plain", "text/html"]


def faults_of_form(raw: bytes, kind: Kind = "digest", *, https: bool = True) -> list[str]:
    """What is wrong with a letter. `https`: unsubscribing must be a page that takes one click."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # what the policy makes
    head = dict(_headers(raw))
    return [
        *faults_of_octets(raw),
        *_faults_of_counts(raw, kind, https=https),
        *_faults_of_people(head),
        *_faults_of_values(head),
        *_faults_of_subject(head.get("subject", "")),
        *(_faults_of_the_list(head, https=https) if kind == "digest" else ()),
        *_faults_of_parts(message),
    ]


def faults_of_octets(raw: bytes) -> list[str]:
    """What no letter may hold, whatever its words are: long lines, bare line breaks, control characters."""
    faults = []
    longest = max(map(len, raw.split(b"\r\n")))
    if longest > MAX_LINE:
        faults.append(f"a line of {longest} octets")
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        faults.append("a bare line break")
    if found := _RAW_CONTROL.search(raw):
        faults.append(f"a control character {found[0]!r}")
    if not raw.endswith(b"\r\n"):
        faults.append("no line break at the end")
    return faults


def _headers(raw: bytes) -> Iterator[tuple[str, str]]:
    """Names in small letters, values unfolded and otherwise as they stand."""
    head = raw.partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape")
    for line in re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n"):
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


def _faults_of_counts(raw: bytes, kind: Kind, *, https: bool) -> Iterator[str]:
    counts = Counter(name for name, _ in _headers(raw) if name not in _ON_THE_WAY)
    wanted = _EACH_ONCE | (_OF_A_LIST if kind == "digest" else frozenset())
    wanted |= {"list-unsubscribe-post"} if kind == "digest" and https else frozenset()
    yield from (f"{name} is missing" for name in sorted(wanted - set(counts)))
    yield from (f"{name} stands {count} times" for name, count in counts.items() if count > 1)
    foreign = (_OF_A_LIST | {"list-unsubscribe-post"}) - wanted
    yield from (f"{name} has no place here" for name in sorted(foreign & set(counts)))
    yield from (f"no header: {name!r}" for name in counts if not re.fullmatch(r"[a-z0-9-]+", name))


def _faults_of_people(head: dict[str, str]) -> Iterator[str]:
    for name in ("from", "to"):
        people = getaddresses([head.get(name, "")])
        if len(people) != 1 or people[0][1].count("@") != 1:
            yield f"{name} names {people}"
    if re.search(r"[^\x00-\x7f]", "".join(value for name, value in head.items() if name != "to")):
        yield "letters beyond ASCII in a header"


def _faults_of_values(head: dict[str, str]) -> Iterator[str]:
    if not _MESSAGE_ID.fullmatch(head.get("message-id", "")):
        yield "message-id is no such id"
    if head.get("auto-submitted") != "auto-generated":
        yield "auto-submitted does not say auto-generated"
    if not _is_date(head.get("date", "")):
        yield "date is no date with a zone"


def _is_date(value: str) -> bool:
    try:
        found: datetime = parsedate_to_datetime(value)
    except ValueError:
        return False
    return found.tzinfo is not None


def _faults_of_subject(value: str) -> Iterator[str]:
    try:
        subject = str(make_header(decode_header(value)))
    except (UnicodeError, LookupError, ValueError):
        yield "subject cannot be decoded"
        return
    if "\ufffd" in subject or "=?" in subject or _CONTROL.search(subject):
        yield f"subject reads {subject!r}"
    if not subject.strip():
        yield "subject is empty"


def _faults_of_the_list(head: dict[str, str], *, https: bool) -> Iterator[str]:
    if not _LIST_ID.fullmatch(head.get("list-id", "")):
        yield "list-id is no such id"
    unsubscribe = head.get("list-unsubscribe", "")
    if not _UNSUBSCRIBE.fullmatch(unsubscribe) or unsubscribe.startswith("<https://") != https:
        yield "list-unsubscribe is not as it should be"
    if https and head.get("list-unsubscribe-post") != "List-Unsubscribe=One-Click":
        yield "list-unsubscribe-post is not One-Click"


def _faults_of_parts(message: EmailMessage) -> Iterator[str]:
    if message.get_content_type() != "multipart/alternative":
        yield f"it is {message.get_content_type()}"
    leaves = [part for part in message.walk() if not part.is_multipart()]
    if [part.get_content_type() for part in leaves] != _PARTS:
        yield f"parts {[part.get_content_type() for part in leaves]}"
    for part in message.walk():
        yield from (f"defect {type(defect).__name__}" for defect in part.defects)
    for part in leaves:
        yield from _faults_of_part(part.get_content_type(), part)


def _faults_of_part(name: str, part: EmailMessage) -> Iterator[str]:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)  # it is a leaf
    if part.get_content_charset() != "utf-8":
        yield f"{name} is in {part.get_content_charset()}"
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        yield f"{name} is no UTF-8"
        return
    if found := _CONTROL.search(text):
        yield f"{name} holds {found[0]!r}"
    if not text.strip():
        yield f"{name} is empty"
    if name == "text/html" and len(payload) > MAX_HTML:
        yield f"{name} has {len(payload)} octets"
