"""The value both packages name; importable without scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What happens to an article: mailed, shown to the operator, kept silent, or not judged."""

    SEND = "send"
    REVIEW = "review"
    DROP = "drop"
    UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class Text:
    """What a verdict depends on, and nothing else: title and summary after cleaning."""

    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class SectorScore:
    """A sector above its threshold, with its calibrated probability."""

    id: str
    probability: float


@dataclass(frozen=True, slots=True)
class CommitmentScore:
    """A commitment near the text, with its calibrated probability; readers are shown those that are `sure`."""

    id: str
    score: float
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """A term or signal and its share of the raw relevance score (log-odds; negative speaks against)."""

    term: str
    weight: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model says of one text. `relevance` is a calibrated probability; sectors come best first."""

    relevance: float
    decision: Decision
    sectors: tuple[SectorScore, ...]
    commitments: tuple[CommitmentScore, ...]
    evidence: tuple[Evidence, ...]
    model: str
