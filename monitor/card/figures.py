"""Turns a model's manifest into what its card shows. Knows no file and no markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classifiers.models import Manifest


@dataclass(frozen=True, slots=True)
class SectorLine:
    """One sector's scores; `low` and `high` bound the 95 % interval of F1."""

    id: str
    precision: float
    recall: float
    f1: float
    low: float
    high: float
    examples: int


@dataclass(frozen=True, slots=True)
class Card:
    """All a card says. `bins` are (mean predicted, share relevant); `missed` and `wrong` (kind, wrong, of)."""

    id: str
    created: str
    fingerprint: str
    about: Sequence[tuple[str, str]]
    scores: Sequence[tuple[str, float]]
    relevance: tuple[float, float] | None
    sectors: Sequence[SectorLine]
    bins: Sequence[tuple[float, float]]
    missed: Sequence[tuple[str, int, int]]
    wrong: Sequence[tuple[str, int, int]]


def card_of(manifest: Manifest, fingerprint: str) -> Card:
    """The card of a model; of one fitted with accepted thresholds it shows the scores accepted at release."""
    report: Mapping[str, Any] = manifest.card
    details: Mapping[str, Any] = report.get("details", {})
    intervals: Mapping[str, Any] = details.get("intervals", {})
    relevance = intervals.get("relevance")
    return Card(
        manifest.id,
        manifest.created,
        fingerprint,
        (
            ("examples", str(manifest.examples)),
            ("of these readers' corrections", str(manifest.lessons)),
            ("data, SHA-256", manifest.corpus),
            ("scores measured on, SHA-256", manifest.evaluation or "the shipped corpus"),
            *((("let through the gate although", manifest.note),) if manifest.note else ()),
            ("seed", str(manifest.recipe.get("seed", ""))),
            *((name, version) for name, version in sorted(manifest.versions.items())),
        ),
        tuple((name.replace("_", " "), value) for name, value in manifest.scores.items()),
        (float(relevance[0]), float(relevance[1])) if relevance else None,
        tuple(_sector(name, score, intervals) for name, score in report.get("sectors", {}).items()),
        tuple((mean, share) for mean, share, _ in details.get("bins", ())),
        tuple((kind, n, of) for kind, n, of in details.get("missed", ())),
        tuple((kind, n, of) for kind, n, of in details.get("wrong", ())),
    )


def _sector(name: str, score: Mapping[str, Any], intervals: Mapping[str, Any]) -> SectorLine:
    low, high = intervals.get(name, (score["f1"], score["f1"]))
    return SectorLine(name, score["precision"], score["recall"], score["f1"], low, high, score["support"])
