"""What a new model would have sent that the serving one did not, and the other way round."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from classifiers.verdict import Decision, Verdict

SHARE_FLOOR, SHARE_CEILING = 0.7, 1.5
"""A new model that sends fewer or more than this many times what the serving one sends is not promoted unasked."""

ENOUGH = 20
"""With fewer sent than this by the serving model the share says nothing; more than 1.5 times this is too many then."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One article on which two models decide differently about sending. `mailed`: readers have it already."""

    article_id: int
    title: str
    before: Decision
    after: Decision
    relevance_before: float
    relevance_after: float
    mailed: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """The archive under both models. Flips of mailed articles come first, then by how far relevance moved."""

    articles: int
    sent_before: int
    sent_after: int
    flips: tuple[Flip, ...]

    @property
    def share(self) -> float | None:
        """How many times what the serving model sends the new one would; None where too little is known."""
        return self.sent_after / self.sent_before if self.sent_before >= ENOUGH else None

    @property
    def refusal(self) -> str:
        """Why this alone keeps the model back; empty when it does not."""
        few = SHARE_FLOOR * self.sent_before if self.sent_before >= ENOUGH else 0
        if few <= self.sent_after <= SHARE_CEILING * max(self.sent_before, ENOUGH):
            return ""
        share = self.sent_after / max(1, self.sent_before)
        return (
            f"it would have sent {self.sent_after} of the archive's articles where the serving model sends "
            f"{self.sent_before} ({share:.2f} times; allowed are {SHARE_FLOOR} to {SHARE_CEILING})"
        )


def replay(
    judged: Iterable[tuple[int, str, Verdict, Verdict]], *, mailed: Collection[int] = frozenset()
) -> Replay:
    """Compare (article, title, verdict before, verdict after), one by one."""
    articles = sent_before = sent_after = 0
    flips = []
    for article_id, title, before, after in judged:
        articles += 1
        was, would = before.decision is Decision.SEND, after.decision is Decision.SEND
        sent_before += was
        sent_after += would
        if was != would:
            flips.append(
                Flip(
                    article_id,
                    title,
                    before.decision,
                    after.decision,
                    before.relevance,
                    after.relevance,
                    article_id in mailed,
                )
            )
    flips.sort(key=lambda f: (not f.mailed, -abs(f.relevance_after - f.relevance_before), f.article_id))
    return Replay(articles, sent_before, sent_after, tuple(flips))
