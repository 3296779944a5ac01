"""Bounces in no standard form. The only module that knows flufl.bounce.

It is asked only where no report by RFC 3464 says more, about messages that machines sent, and without the letter
they return: it reads every text of a message, and takes a forwarded bounce for one.
"""

from __future__ import annotations

import logging
from email.message import Message

from flufl.bounce import all_failures

from monitor.inbound.opening import STUMBLES, parts_of, text_of
from monitor.inbound.quoted import addresses_in
from monitor.inbound.reports import Failure, without_returned
from monitor.inbound.severity import is_final

_AROUND = 1000
"""Characters after an address in which the server's words about it stand."""


def guessed(message: Message) -> list[Failure]:
    """Recipients who were not reached. The message is changed: its returned letter is taken out."""
    logging.getLogger("flufl.bounce").setLevel(
        logging.CRITICAL + 1
    )  # it tells what it stumbles over with a trace
    said = without_returned(message)
    try:
        later, never = all_failures(said)
    except STUMBLES:
        return []
    text = "\n".join(text_of(part) for part in parts_of(said))
    return [
        *(_failure(address, text, is_later=False) for address in _plain(never)),
        *(_failure(address, text, is_later=True) for address in _plain(later)),
    ]


def _plain(found: frozenset[bytes]) -> tuple[str, ...]:
    return addresses_in(sorted(address.decode("ascii", "replace") for address in found))


def _failure(address: str, text: str, *, is_later: bool) -> Failure:
    # The words of a server stand behind the address; where there is none in the text, the whole of it speaks.
    at = max(text.find(address), 0)
    words = " ".join(text[at : at + _AROUND].partition("\n--")[0].split())
    return Failure((address,), not is_later and is_final("", words), words)
