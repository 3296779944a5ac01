"""How often one network may ask. Kept in memory: a restart forgets, and mail has limits of its own in the database."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from monitor.pages.visit import group

LETTERS = parse("10 per hour")
"""Sign-ups and requests for a link from one network."""

ALL_LETTERS = parse("600 per hour")
"""From all networks together: what a flood from many machines may cost us."""

WRONG = parse("60 per minute")
"""Links that are not valid, from one network: people mistype, guessers do not stop."""


class Rates:
    """Counts requests."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def may_cause_letters(self, network: str) -> bool:
        """Whether one more request that ends in a letter is all right; it is counted."""
        return self._window.hit(LETTERS, "letters", group(network)) and self._window.hit(
            ALL_LETTERS, "letters", "all"
        )

    def may_guess(self, network: str) -> bool:
        """Whether this network has not tried too many links that are not valid."""
        return self._window.test(WRONG, "wrong", group(network))

    def guessed(self, network: str) -> None:
        """Count a link that is not valid."""
        self._window.hit(WRONG, "wrong", group(network))
