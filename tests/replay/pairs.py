"""Pairs of recorded articles that two people read and judged: one story, or not. Ids and judgements alone are kept.

`pairs.jsonl`: {"pair": two ids, "sample": why this pair, "readings": [0|1, 0|1]}. An id is the beginning of the
SHA-256 of an article's link. `boundary`: drawn from bands around the program's own border; `random`: from all pairs
that share a rare word within three days; `bilateral`: every pair of Vietnam–Japan articles that have anything in
common. The rules the readers had stand in docs/stories.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("pairs.jsonl")


@dataclass(frozen=True, slots=True)
class Pair:
    """One judged pair."""

    ids: tuple[str, str]
    sample: str
    readings: tuple[int, int]

    @property
    def agreed(self) -> int | None:
        """What both readers said; None where they differ."""
        one, other = self.readings
        return one if one == other else None


@dataclass(frozen=True, slots=True)
class Score:
    """How stories agree with what both readers said."""

    pairs: int
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of the pairs joined, those that both readers joined."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of the pairs both readers joined, those that were joined."""
        return self.right / max(1, self.right + self.missed)

    def __str__(self) -> str:
        return f"{self.pairs} pairs: precision {self.precision:.3f} recall {self.recall:.3f}"


def read_pairs() -> list[Pair]:
    """All judged pairs."""
    rows = map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
    return [Pair(tuple(row["pair"]), row["sample"], tuple(row["readings"])) for row in rows]


def id_of(link: str) -> str:
    """What stands for an article in the file."""
    return hashlib.sha256(link.encode()).hexdigest()[:16]


def score(pairs: Iterable[Pair], stories: Mapping[str, int]) -> Score:
    """Compare with the story of each article, by id."""
    right = wrong = missed = total = 0
    for pair in pairs:
        if pair.agreed is None:
            continue
        joined = stories[pair.ids[0]] == stories[pair.ids[1]]
        total += 1
        right += joined and pair.agreed
        wrong += joined and not pair.agreed
        missed += pair.agreed and not joined
    return Score(total, right, wrong, missed)
