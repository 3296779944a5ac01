"""Whether a new model may serve: floors per metric, pinned to the data they were measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SLACK: Mapping[str, float] = {
    "relevance_f1": 0.010,
    "sectors_micro_f1": 0.015,
    "sectors_macro_f1": 0.020,
    "commitments_top1": 0.020,
}
"""How far below the accepted score a floor lies: what another seed or another release of a library moves."""

CALIBRATION_SLACK = 0.02


@dataclass(frozen=True, slots=True)
class Floors:
    """Lowest scores that may serve, measured on the examples whose fingerprint is `evaluation`.

    `least` are floors, `most` is the ceiling of the expected calibration error.
    """

    evaluation: str
    least: Mapping[str, float]
    most: Mapping[str, float]


def floors_of(evaluation: str, scores: Mapping[str, float]) -> Floors:
    """The floors that a set of accepted scores pins."""
    return Floors(
        evaluation,
        {name: round(scores[name] - slack, 4) for name, slack in SLACK.items() if name in scores},
        {"calibration_error": round(scores.get("calibration_error", 0.0) + CALIBRATION_SLACK, 4)},
    )


def failures(floors: Floors, evaluation: str, scores: Mapping[str, float]) -> tuple[str, ...]:
    """In words, every floor that `scores`, measured on the data `evaluation`, do not reach."""
    if floors.evaluation != evaluation:
        found, pinned = evaluation[:8], floors.evaluation[:8]
        where = f"it was measured on other examples ({found}) than the floors were set on ({pinned})"
        return (f"{where}; if data/corpus was edited on purpose, --accept pins its figures anew",)
    low = [
        f"{name} is {scores.get(name, 0.0):.3f}, its floor {least:.3f}"
        for name, least in floors.least.items()
        if not scores.get(name, 0.0) >= least
    ]
    high = [
        f"{name} is {scores.get(name, 1.0):.3f}, its ceiling {most:.3f}"
        for name, most in floors.most.items()
        if not scores.get(name, 1.0) <= most
    ]
    return (*low, *high)


def raised(old: Floors | None, new: Floors) -> Floors:
    """The floors to pin when a release is accepted: on the same data none sinks by itself, however often that is
    done; on other data they are set anew."""
    if old is None or old.evaluation != new.evaluation:
        return new
    least = {name: max(value, old.least.get(name, 0.0)) for name, value in new.least.items()}
    return Floors(new.evaluation, least, {n: min(v, old.most.get(n, v)) for n, v in new.most.items()})


def read_floors(data: Mapping[str, Any]) -> Floors:
    """Floors as a file keeps them."""
    return Floors(str(data["evaluation"]), dict(data["least"]), dict(data["most"]))
