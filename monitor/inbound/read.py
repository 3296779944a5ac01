"""Octets of one message → what it is. Whatever they are, there is an answer.

In this order, the surest first: reports of complaints and of deliveries, a wish to stop, what servers write in their
own words, machines' answers, a consent, a person's letter.
"""

from __future__ import annotations

import hashlib
import re
from email.message import Message

from monitor.inbound import commands
from monitor.inbound.guesses import guessed
from monitor.inbound.opening import MAX_OCTETS, STUMBLES, field, fields, opened
from monitor.inbound.quoted import message_ids_of, sender_of
from monitor.inbound.reports import Failure, complaint, deliveries
from monitor.masking import on_one_line
from monitor.types import Automatic, Bounce, Complaint, Inbound, Other

_MAX_DIAGNOSTIC = 300
_SERVER = re.compile(r"(?:mailer-?daemon|postmaster|mail-daemon|double-bounce)@", re.IGNORECASE)
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_ANSWERING = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-vacation")


def read(raw: bytes) -> Inbound:
    """What the message is. Looks at the first MAX_OCTETS alone."""
    message = opened(raw)
    if message is None:
        return Other()
    try:
        return _read(message, raw)
    except STUMBLES:  # nothing that is damaged in a new way may come back to the server as an error
        return Other()


def _read(message: Message, raw: bytes) -> Inbound:
    reference = _reference(message, raw)
    if (feedback := complaint(message)) is not None:
        addresses, complains = feedback
        return Complaint(addresses, message_ids_of(message), reference) if complains else Automatic()
    if (failures := deliveries(message)) is not None:
        return _bounce(failures, message_ids_of(message), reference) or Automatic()
    if (
        (wish := commands.unsubscribe(message))
        and not _is_from_list(message)
        and not _answers_itself(message)
    ):
        return wish
    if _is_from_server(message):
        ids = message_ids_of(message)  # before the returned letter is taken out
        return _bounce(guessed(message), ids, reference) or Automatic()
    if _is_automatic(message) or _is_from_list(message):
        return Automatic()
    return commands.confirm(message) or Other()


def _bounce(failures: list[Failure], message_ids: tuple[str, ...], reference: str) -> Bounce | None:
    """Those for good where there are any: of the others the server will say more."""
    hard = [failure for failure in failures if failure.hard]
    told = hard or failures
    if not told:
        return None
    addresses = tuple(dict.fromkeys(address for failure in told for address in failure.addresses))
    return Bounce(
        addresses, bool(hard), message_ids, on_one_line(told[0].diagnostic)[:_MAX_DIAGNOSTIC], reference
    )


def _reference(message: Message, raw: bytes) -> str:
    """Its own Message-ID; a message that comes a second time has other headers of transport."""
    own = field(message, "message-id").encode("utf-8", "surrogatepass") or raw[:MAX_OCTETS]
    return hashlib.sha256(own).hexdigest()[:16]


def _is_from_server(message: Message) -> bool:
    """Whether a mail server wrote it: nothing else is asked for addresses that bounced."""
    return (
        "<>" in (path.replace(" ", "") for path in fields(message, "return-path"))
        or bool(_SERVER.match(sender_of(message)))
        or bool(field(message, "x-failed-recipients"))
    )


def _answers_itself(message: Message) -> bool:
    """Apple's Mail says "auto-replied" of what its user had it write; a machine's answer has "Re:" or the like."""
    return _is_automatic(message) and commands.is_answer(message)


def _is_automatic(message: Message) -> bool:
    """RFC 3834, and what was written before it."""
    submitted = field(message, "auto-submitted").lower()
    return (
        submitted not in ("", "no")
        or any(field(message, name) for name in _ANSWERING)
        or field(message, "precedence").lower() == "auto_reply"
        or message.get_content_type() in ("multipart/report", "message/disposition-notification")
    )


def _is_from_list(message: Message) -> bool:
    return field(message, "precedence").lower() in _BULK or bool(
        field(message, "list-id") or field(message, "list-post")
    )
