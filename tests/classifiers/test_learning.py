"""What readers' corrections may teach, what is best labelled next, and when a new model is kept back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from classifiers.corrections import LEAST_COUNTED, Correction, even, lessons, text_key
from classifiers.gate import failures, floors_of, raised, read_floors
from classifiers.replay import replay
from classifiers.teaching import Candidate, most_telling
from classifiers.verdict import Decision, SectorScore, Text, Verdict

START = datetime(2026, 11, 20, tzinfo=UTC)
TEXT = Text("JICA tài trợ trạm bơm ở Huế", "Trạm bơm chống ngập được bàn giao sáng nay.")


def vote(
    relevance: int,
    person: str = "lan",
    *,
    text: Text = TEXT,
    sectors: tuple[str, ...] | None = None,
    origin: str = "import",
    minutes: int = 0,
) -> Correction:
    """A correction of one person."""
    return Correction(text, relevance, sectors, person, origin, START + timedelta(minutes=minutes))


def test_one_vote_per_person_and_text() -> None:
    """A thousand votes of one person on one text are one; the newest counts."""
    flood = [vote(0, minutes=n) for n in range(1000)]
    (only,) = lessons([*flood, vote(2, minutes=2000)], trusted=(), corpus=6000)
    assert (only.relevance, only.text) == (2, TEXT)


def test_two_spellings_are_one_text() -> None:
    """Letter case and the place of tone marks make no other text."""
    spelt = Text("JICA tài trợ trạm bơm ở HUẾ", "Trạm bơm chống ngập được bàn giao sáng nay.")
    assert text_key(spelt) == text_key(TEXT)
    assert len(lessons([vote(2), vote(2, "minh", text=spelt)], trusted=(), corpus=6000)) == 1


def test_votes_are_counted() -> None:
    """Most votes win; even votes teach nothing; a trusted person outweighs two others, not four."""
    assert lessons([vote(2), vote(2, "minh"), vote(0, "x")], trusted=(), corpus=6000)[0].relevance == 2
    assert lessons([vote(2), vote(0, "x")], trusted=(), corpus=6000) == []
    assert even([vote(2), vote(0, "x")])
    two = [vote(0, "x"), vote(0, "y"), vote(2, origin="mail")]
    assert lessons(two, trusted={"lan"}, corpus=6000)[0].relevance == 2
    assert lessons([*two, vote(0, "z"), vote(0, "w")], trusted={"lan"}, corpus=6000)[0].relevance == 0
    claimed = [vote(0, "x"), vote(0, "y"), vote(2)]  # an imported file can name anybody
    assert lessons(claimed, trusted={"lan"}, corpus=6000)[0].relevance == 0


def test_what_is_given_on_the_machine_itself_is_trusted() -> None:
    """Who works at the terminal could as well edit the database."""
    votes = [vote(2, "root", origin="session"), vote(0, "x"), vote(0, "y")]
    assert lessons(votes, trusted=(), corpus=6000)[0].relevance == 2


def test_a_flood_counts_for_little() -> None:
    """Ten thousand texts of one address give no more examples than a hundredth of the corpus, the newest."""
    flood = [vote(0, "robot", text=Text(f"Tin số {n}", ""), minutes=n) for n in range(10_000)]
    counted = lessons(flood, trusted=(), corpus=6000)
    assert len(counted) == 60
    assert counted[0].text.title == "Tin số 9999"
    assert len(lessons(flood, trusted=(), corpus=100)) == LEAST_COUNTED
    signed = [replace(one, origin="mail") for one in flood]
    assert len(lessons(signed, trusted={"robot"}, corpus=6000)) == 1500
    own = [vote(0, "robot", text=Text(f"Tin {n}", ""), origin="session") for n in range(500)]
    assert len(lessons([*flood, *own], trusted=(), corpus=6000)) == 560


def test_sectors_are_those_most_people_name() -> None:
    """At least half of those who name sectors at all."""
    votes = [
        vote(2, "a", sectors=("oda", "cities")),
        vote(2, "b", sectors=("oda",)),
        vote(2, "c"),
        vote(2, "d", sectors=("energy",)),
    ]
    (example,) = lessons(votes, trusted=(), corpus=6000)
    assert example.sectors == ("oda",)


def judged(relevance: float, decision: Decision, *sectors: str) -> Verdict:
    """A verdict with sectors of probability ½."""
    return Verdict(relevance, decision, tuple(SectorScore(s, 0.5) for s in sectors), (), (), "m")


def test_what_teaches_most_comes_first() -> None:
    """Near the threshold and disputed before certain; copies of a story once; what is certain not at all."""
    send, drop, review = Decision.SEND, Decision.DROP, Decision.REVIEW
    candidates = [
        Candidate(1, Text("Chắc chắn một", ""), judged(0.999, send, "economy")),
        Candidate(2, Text("AEON khảo sát đất ở Huế", ""), judged(0.35, review, "economy")),
        Candidate(3, Text("AEON khảo sát đất ở Huế nhanh", ""), judged(0.34, review, "economy")),
        Candidate(4, Text("Tàu thăm cảng Cam Ranh", ""), judged(0.36, review, "defence"), (drop,)),
        Candidate(5, Text("Ngoài cổng", ""), judged(0.0, drop)),
    ]
    found = most_telling(candidates, send=0.36, labelled={"economy": 500, "defence": 20, "oda": 90}, limit=9)
    assert [lesson.candidate.article_id for lesson in found] == [4, 2]
    assert found[0].reasons == ("near the threshold", "models disagree", "few examples of defence")
    assert most_telling(candidates, send=0.36, labelled={}, limit=1)[0].candidate.article_id == 4


def test_replay_lists_every_flip() -> None:
    """Flips of what readers have already come first; the share is told once enough is sent."""
    send, drop = judged(0.9, Decision.SEND), judged(0.1, Decision.DROP)
    same = [(n, "gửi", send, send) for n in range(30)]
    flips = [(101, "mất", send, drop), (102, "mất, đã gửi", send, drop), (103, "thêm", drop, send)]
    found = replay([*same, *flips], mailed={102})
    assert [flip.article_id for flip in found.flips] == [102, 101, 103]
    assert (found.articles, found.sent_before, found.sent_after) == (33, 32, 31)
    assert found.refusal == ""
    fewer = replay([(n, "mất", send, drop) for n in range(20)] + same)
    assert fewer.share == pytest.approx(0.6)
    assert "0.60 times" in fewer.refusal
    few = replay([(1, "mất", send, drop)])
    assert (few.share, few.refusal) == (None, "")
    assert "allowed are" in replay([(n, "thêm", drop, send) for n in range(40)]).refusal


def test_the_gate() -> None:
    """A score below its floor, too high a calibration error, or other data keep a model back."""
    scores = {"relevance_f1": 0.84, "sectors_micro_f1": 0.80, "calibration_error": 0.01}
    floors = floors_of("data-1", scores)
    assert failures(floors, "data-1", scores) == ()
    assert failures(floors, "data-1", {**scores, "relevance_f1": 0.8295}) == (
        "relevance_f1 is 0.830, its floor 0.830",
    )
    assert len(failures(floors, "data-1", {**scores, "calibration_error": 0.1})) == 1
    assert "other examples" in failures(floors, "data-2", scores)[0]
    kept = read_floors({"evaluation": floors.evaluation, "least": floors.least, "most": floors.most})
    assert kept == floors
    assert failures(floors, "data-1", {**scores, "relevance_f1": float("nan")})
    worse = floors_of("data-1", {**scores, "sectors_micro_f1": 0.7, "calibration_error": 0.05})
    assert raised(floors, worse) == floors
    assert raised(floors, floors_of("data-2", scores)).evaluation == "data-2"
    assert raised(None, worse) == worse
