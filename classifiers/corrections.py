"""What readers say of single texts, and what of it a model may learn.

One vote per person and text. Votes on one text are counted; a text on which they stand even teaches nothing. However
much one person sends in, only so much of it counts: a flood from one address moves no model.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from classifiers.corpus import Example
from classifiers.text import normalise, words
from classifiers.verdict import Text

TRUSTED_VOTE = 3.0
"""How many readers' votes a trusted person's one outweighs."""

READER_SHARE = 0.01
"""Of one reader at most this share of the corpus counts as examples, the newest first; at least LEAST_COUNTED."""

TRUSTED_SHARE = 0.25
LEAST_COUNTED = 20

HERE = frozenset({"session", "command"})
"""Origins of votes given on the machine itself, by someone who could as well edit the database."""

SIGNED = frozenset({"mail", "page"})
"""Origins whose person is known by a signed link; an imported file can claim any name."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One person's word on one text. `sectors` is None where nothing was said of them; `made_at` is UTC.

    `origin` says where it was given: session, command, import, mail or page.
    """

    text: Text
    relevance: int
    sectors: tuple[str, ...] | None
    person: str
    origin: str
    made_at: datetime


def text_key(text: Text) -> str:
    """What makes two wordings the same text: title and summary without letter case and spelling variants."""
    whole = f"{normalise(text.title)}\n{normalise(text.summary)}".casefold()
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def story_key(text: Text) -> str:
    """What copies of one story in several papers mostly share: the words of the headline."""
    return " ".join(word.lower() for word in words(text.title))


def lessons(corrections: Iterable[Correction], *, trusted: Collection[str], corpus: int) -> list[Example]:
    """The corrections as examples, newest first. `corpus` is the number of examples they join."""
    left: dict[tuple[str, bool], int] = {}
    out = []
    for votes in _by_text(corrections):
        winner = _verdict(votes, trusted)
        if winner is None:
            continue
        agreeing = [vote for vote in votes if vote.relevance == winner]
        payer = next((v for v in agreeing if _budget(left, v, trusted, corpus) > 0), None)
        if payer is None:
            continue
        left[payer.person, trusts(payer, trusted)] -= 1
        out.append(_example(agreeing, winner))
    return out


def trusts(vote: Correction, trusted: Collection[str]) -> bool:
    """Whether a vote was given on the machine itself, or comes by a signed link from someone trusted by name."""
    return vote.origin in HERE or (vote.origin in SIGNED and vote.person in trusted)


def even(votes: Sequence[Correction], trusted: Collection[str] = ()) -> bool:
    """Whether the votes on one text cancel each other out."""
    return _verdict(votes, trusted) is None


def _by_text(corrections: Iterable[Correction]) -> list[list[Correction]]:
    """Votes of one text together, the newest of each person; texts by their newest vote, newest first."""
    newest: dict[tuple[str, str], Correction] = {}
    for correction in corrections:
        at = (text_key(correction.text), correction.person)
        if at not in newest or newest[at].made_at <= correction.made_at:
            newest[at] = correction
    together: dict[str, list[Correction]] = defaultdict(list)
    for (key, _), correction in sorted(newest.items()):
        together[key].append(correction)
    return sorted(
        together.values(),
        key=lambda votes: (max(v.made_at for v in votes), text_key(votes[0].text)),
        reverse=True,
    )


def _verdict(votes: Sequence[Correction], trusted: Collection[str]) -> int | None:
    sums: dict[int, float] = defaultdict(float)
    for vote in votes:
        sums[vote.relevance] += TRUSTED_VOTE if trusts(vote, trusted) else 1.0
    most = max(sums.values())
    winners = [relevance for relevance, weight in sums.items() if weight == most]
    return winners[0] if len(winners) == 1 else None


def _budget(
    left: dict[tuple[str, bool], int], vote: Correction, trusted: Collection[str], corpus: int
) -> int:
    """How many more texts one person may teach; what they said on the machine and elsewhere is counted apart."""
    sure = trusts(vote, trusted)
    share = TRUSTED_SHARE if sure else READER_SHARE
    return left.setdefault((vote.person, sure), max(LEAST_COUNTED, int(share * corpus)))


def _example(votes: Sequence[Correction], relevance: int) -> Example:
    text, key = votes[0].text, text_key(votes[0].text)
    return Example(
        id=f"correction-{key}",
        text=text,
        relevance=relevance,
        sectors=_sectors(votes) if relevance else (),
        commitments=(),
        register="reader",
        kind="correction",
        story=story_key(text) or key,
    )


def _sectors(votes: Sequence[Correction]) -> tuple[str, ...]:
    """Those that at least half of the people name who speak of sectors at all, most named first."""
    given = [set(vote.sectors) for vote in votes if vote.sectors]
    named = Counter(sector for sectors in given for sector in sorted(sectors))
    order = [sector for vote in votes for sector in vote.sectors or ()]
    chosen = [sector for sector, n in named.items() if 2 * n >= len(given)]
    return tuple(sorted(chosen, key=lambda sector: (-named[sector], order.index(sector))))[:3]
