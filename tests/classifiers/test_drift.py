"""Whether two periods of news look alike to a model: shares, scores, vocabulary, outlets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.drift import Period, compare, psi, summarise
from classifiers.models import ModelStore
from classifiers.verdict import Text

BEFORE = Period(
    texts=8000,
    japan=720,
    sent=40,
    review=32,
    scores=(300, 120, 120, 60, 45, 30, 15, 15, 15),
    signals={"japan": 600, "vietnam": 300, "invest": 150},
    words=27000,
    strange={"lạ": 270},
    outlets={"Báo Một": (4000, 360), "Báo Hai": (4000, 360)},
)
WEEK = replace(
    BEFORE,
    texts=1000,
    japan=91,
    sent=5,
    review=4,
    scores=tuple(n // 8 for n in BEFORE.scores),
    signals={"japan": 75, "vietnam": 37, "invest": 20},
    words=3300,
    strange={"lạ": 33},
    outlets={"Báo Một": (500, 46), "Báo Hai": (500, 45)},
)


def test_an_ordinary_week_needs_nothing() -> None:
    """Small changes are no news."""
    drift = compare(BEFORE, WEEK)
    assert drift.notes == ()
    assert drift.figures["naming Japan, per 1,000"] == pytest.approx(91)
    assert drift.figures["sent before"] == pytest.approx(5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"japan": 5}, "of 1,000 articles 5.0 are naming Japan, before it were 90.0"),
        ({"sent": 20}, "of 1,000 articles 20.0 are sent"),
        ({"review": 40}, "of 1,000 articles 40.0 are in review"),
        ({"scores": (0, 0, 6, 30, 30, 30, 6, 0, 0)}, "scores are spread otherwise"),
        ({"signals": {"other-country": 120, "sport": 90}}, "names and acts in the news are others"),
        ({"strange": {"kỳ": 180, "quặc": 120}}, "9.1 of 100 words are unknown"),
        ({"outlets": {"Báo Một": (500, 1), "Báo Hai": (500, 45)}}, "Báo Một: of 1,000 articles 2 name Japan"),
    ],
)
def test_what_has_changed_is_told_with_what_to_do(change: dict[str, object], words: str) -> None:
    """One note per threshold crossed."""
    notes = compare(BEFORE, replace(WEEK, **change)).notes  # type: ignore[arg-type]  # fields by name
    told = [note for note in notes if note.what.startswith(words)]
    assert len(told) == 1, notes
    assert "vietnhat" in told[0].todo or "gazetteer" in told[0].todo or "retrain" in told[0].todo


def test_little_is_not_compared() -> None:
    """A new installation has nothing to compare with."""
    assert compare(replace(BEFORE, texts=200), WEEK).notes == ()
    assert compare(BEFORE, replace(WEEK, texts=10, japan=10)).notes == ()


def test_psi() -> None:
    """0 for the same shape, beyond 0.25 for a changed one."""
    assert psi([100, 200, 300], [10, 20, 30]) == pytest.approx(0, abs=0.01)
    assert psi([300, 200, 100], [10, 20, 300]) > 0.25


def test_a_period_is_counted(models: Path) -> None:
    """Texts by outlet, those behind the gate, what they hold."""
    model = ModelStore(models).load()
    texts = [
        Text("Nhật Bản cho Việt Nam vay vốn ODA làm tuyến metro", "JICA ký hiệp định vay với Bộ Tài chính."),
        Text("Giá vàng tăng", "Vàng miếng tăng sáng nay."),
    ]
    period = summarise(model, zip(("Một", "Hai"), texts, model.classify(texts), strict=True))
    assert (period.texts, period.japan, period.sent, sum(period.scores)) == (2, 1, 1, 1)
    assert period.outlets == {"Hai": (1, 0), "Một": (1, 1)}
    assert period.signals["japan"] >= 1
    assert period.words > 10


def test_chance_alone_is_no_drift() -> None:
    """Weeks drawn from the very population of the weeks before: hardly ever a note, however small the paper."""
    draw = np.random.default_rng(7)
    score_shares = np.array(BEFORE.scores) / sum(BEFORE.scores)
    shares = np.full(60, 1 / 60)
    told = 0
    for texts in (300, 700, 1500, 3000):
        for _ in range(50):
            weeks = []
            for size in (8 * texts, texts):
                japan = int(draw.binomial(size, 0.03))
                hits = draw.multinomial(5 * japan, shares)
                weeks.append(
                    Period(
                        size, japan, int(draw.binomial(size, 0.002)), int(draw.binomial(size, 0.004)),
                        tuple(int(n) for n in draw.multinomial(japan, score_shares)),
                        {f"s{k}": int(n) for k, n in enumerate(hits)}, 30 * japan, {"lạ": japan // 3}, {},
                    )
                )  # fmt: skip
            told += bool(compare(*weeks).notes)
    assert told <= 2  # of 200
