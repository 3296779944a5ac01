"""How often one network may ask. Kept in memory: a restart forgets, and mail has limits of its own in the database."""

from __future__ import annotations

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from monitor.logs import warn
from monitor.pages.visit import group

LETTERS = parse("10 per hour")
"""Sign-ups and requests for a link from one network."""

WIDER = parse("50 per hour")
"""The same from all networks a single customer may have."""

ALL_SIGNUPS = parse("300 per hour")
"""From everybody together: what a flood from many machines may cost us. Readers who ask for their link are counted by
themselves, so that such a flood does not shut them out."""

ALL_LINKS = parse("1200 per hour")

WRONG = parse("60 per minute")
"""Links that are not valid, from one network: people mistype, guessers do not stop."""

VISITOR, CUSTOMER = 64, 48
"""Bits of an IPv6 address: what counts as one visitor, and what one customer of a provider may be given whole."""

MOST_NETWORKS = 50_000
"""Remembered at once; a flood from more makes us begin anew rather than fill the memory."""


class Rates:
    """Counts requests."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)

    def may_sign_up(self, network: str) -> bool:
        """Whether one more sign-up is all right; it is counted."""
        return self._letter(network) and self._hit(ALL_SIGNUPS, "signups", "all")

    def may_ask_for_link(self, network: str) -> bool:
        """Whether one more request for a letter to a reader is all right; it is counted."""
        return self._letter(network) and self._hit(ALL_LINKS, "links", "all")

    def guessed(self, network: str) -> bool:
        """Count a link that is not valid; whether there were too many from this network."""
        return not self._hit(WRONG, "wrong", group(network, ipv6=VISITOR))

    def _letter(self, network: str) -> bool:
        return self._hit(LETTERS, "letters", group(network, ipv6=VISITOR)) and self._hit(
            WIDER, "wider", group(network, ipv6=CUSTOMER)
        )

    def _hit(self, limit: RateLimitItem, what: str, who: str) -> bool:
        if len(self._storage.events) > MOST_NETWORKS:
            self._storage.reset()
            warn("pages", note="requests from very many networks; their limits begin anew")
        allowed = self._window.hit(limit, what, who)
        if not allowed and who == "all":
            warn("pages", note=f"no more {what} this hour: more than {limit.amount} came")
        return allowed
