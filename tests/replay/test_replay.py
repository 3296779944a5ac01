"""Fourteen recorded days of seventeen outlets, polled and mailed every morning at seven, and measured afterwards.

The recordings are no part of the project: without ../shared these tests are skipped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.aloud import Aloud
from tests.replay.measures import (
    Mailing,
    Summaries,
    appended,
    dates,
    fresh_news,
    mailing,
    storage,
    summaries,
)
from tests.replay.newsroom import DAILY, READERS, WEEKLY, WITH_EMPTY, Day, Newsroom, Round, newsroom
from tests.replay.pairs import id_of, read_pairs, score
from tests.replay.recorded import APPENDING

pytestmark = pytest.mark.alone

EDITED = 5


@dataclass(frozen=True)
class Replay:
    """All days played, then one without news, then a round after titles were edited, and one more."""

    room: Newsroom
    days: tuple[Day, ...]
    quiet: Day
    edited: Round
    settled: Round
    articles_before_edit: int
    seconds: float


@pytest.fixture(scope="module")
def played() -> dict[str, Replay]:
    """Holds the one replay all tests look at."""
    return {}


@pytest.fixture
def replay(
    shared: Path, models: Path, tmp_path_factory: pytest.TempPathFactory, played: dict[str, Replay]
) -> Replay:
    """The days played once, by the first test that asks. Skipped by name without ../shared."""
    if "replay" not in played:
        with pytest.MonkeyPatch.context() as monkeypatch:
            folder = tmp_path_factory.mktemp("replay")
            with newsroom(folder, shared / "news" / "replay", models, monkeypatch) as room:
                played["replay"] = _play(room)
    return played["replay"]


def _play(room: Newsroom) -> Replay:
    started = time.monotonic()
    room.subscribe()
    days = tuple(room.day(day) for day in room.recording.days)
    quiet = room.morning(room.recording.days[-1] + timedelta(days=1))
    articles = len(room.rows("SELECT id FROM article"))
    room.ask(f"_edit?n={EDITED}")
    edited = room.poll(quiet.at + timedelta(hours=1))
    settled = room.poll(quiet.at + timedelta(hours=2))
    return Replay(room, days, quiet, edited, settled, articles, time.monotonic() - started)


def test_every_link_is_stored_exactly_once(replay: Replay) -> None:
    """238 documents hold 11,017 entries with 6,778 links: as many articles, each read on the day it came."""
    recording = replay.room.recording
    found = storage(replay.room)
    assert len(recording.documents) == 238
    assert sum(len(document) for document in recording.documents.values()) == 11_017
    assert sum(day.first.entries for day in replay.days) == 11_017
    assert not found.differing
    assert found.recorded == found.once == found.stored == 6_778
    assert not any(day.first.failed for day in replay.days)


def test_a_second_poll_asks_politely_and_stores_nothing(replay: Replay) -> None:
    """Polling again at once: one request a feed, at least 95 % answered 304, no article and no revision."""
    for day in (*replay.days, replay.quiet):
        assert day.second.answers.total() == len(replay.room.recording.outlets)
        assert day.second.answers["304"] >= 0.95 * day.second.answers.total()
        assert (day.second.new, day.second.revised) == (0, 0)


def test_edited_titles_are_revisions(replay: Replay) -> None:
    """The newest five of each feed, edited: the same articles with their old wording kept; no new one."""
    room, last = replay.room, replay.room.recording.days[-1]
    edited = {
        entry.link: entry.title
        for outlet in room.recording.outlets
        for entry in room.recording.documents[last, outlet["id"]][:EDITED]
    }
    rows = room.rows(
        "SELECT link, a.title AS new, r.title AS old FROM revision r JOIN article a ON a.id = r.article_id"
    )
    late = [row for row in rows if row["new"].endswith("(cập nhật)")]
    assert {row["link"]: row["old"] for row in late} == edited
    assert all(row["new"] == f"{row['old']} (cập nhật)" for row in late)
    assert (replay.edited.new, replay.edited.revised) == (0, len(edited))
    assert (replay.settled.new, replay.settled.revised) == (0, 0)
    assert len(room.rows("SELECT id FROM article")) == replay.articles_before_edit


def test_every_date_is_the_right_instant(replay: Replay) -> None:
    """Each article carries the instant its raw date names, read a second time by strptime; none is unknown."""
    found = dates(replay.room)
    assert found.checked == 6_778
    assert not found.wrong
    assert not found.undated
    assert all(hours > 0 for hours in found.latest.values()), "a feed's date lies in the future"


def test_summaries_keep_the_text_and_lose_the_related_block(replay: Replay) -> None:
    """What stands before the block is kept to the letter; what stands in it is gone; hardly any summary is empty."""
    found = summaries(replay.room)
    assert not found.leaking
    assert not [link for link, text, stored in found.differing if stored or len(text) > 40]
    assert sum(found.same.values()) >= found.articles - 1
    assert all(found.blocks[outlet] > 0 for outlet in APPENDING)
    assert found.non_empty >= 0.99 * found.articles


def test_each_morning_brings_the_letters_it_should(replay: Replay) -> None:
    """News: exactly one letter. None: no letter, but one for who wants it. Nobody reads an article twice."""
    days = (*replay.days, replay.quiet)
    found = mailing(replay.room, days)
    assert not found.unexpected
    assert not found.twice
    for day in days:
        assert bool(fresh_news(replay.room, day)) == bool(day.digests[DAILY]), f"{day.at:%d.%m.}"
        assert set(day.digests) >= {DAILY, WITH_EMPTY}
    assert not replay.quiet.digests[DAILY]
    assert found.letters[DAILY] == sum(bool(day.digests[DAILY]) for day in days)
    assert found.letters[WITH_EMPTY] == len(days)
    assert [f"{day.at:%d.%m.}" for day in days if WEEKLY in day.digests] == ["20.07.", "28.07.", "04.08."]


def test_the_figures_are_shown(replay: Replay, aloud: Aloud) -> None:
    """The table of days and counts, for whoever runs the tests; the whole replay takes less than a minute."""
    text = "\n".join(
        _table(replay, mailing(replay.room, (*replay.days, replay.quiet)), summaries(replay.room))
    )
    with aloud():
        print(f"\n{text}")
    assert replay.seconds < 120, "sixty seconds on a quiet machine"


def _table(replay: Replay, mailed: Mailing, found: Summaries) -> Iterator[str]:
    yield "day     entries  new  judged  304 on 2nd  fresh  letters (articles)"
    for day in (*replay.days, replay.quiet):
        again = f"{day.second.answers['304']}/{day.second.answers.total()}"
        sent = {letter.reader for letter in day.letters}
        letters = " ".join(
            f"{reader.partition('@')[0]} {day.digests[reader] if reader in sent else '–'}"
            for reader in READERS
            if reader in day.digests
        )
        counts = f"{day.first.entries:7}{day.first.new:5}{day.first.judged:8}"
        yield f"{day.at:%d.%m.}  {counts}{again:>12}{fresh_news(replay.room, day):7}  {letters}"
    kept = storage(replay.room)
    yield f"links {kept.recorded}, stored once {kept.once}; other {len(kept.differing)}"
    yield f"edited: {replay.edited.revised} revised, {replay.edited.new} new"
    yield (
        f"summaries: {found.articles}, not empty {found.non_empty}, as read a second time {sum(found.same.values())} "
        f"({sum(found.composed.values())} of them after NFC); marks cut: {dict(found.marks)}"
    )
    yield f"related blocks gone: {appended(found)}"
    yield f"letters {mailed.letters}, articles in them {mailed.articles}; twice {len(mailed.twice)}"
    yield f"{replay.seconds:.0f} s for {2 * len(replay.days) + 4} polls"


def test_stories_are_what_two_readers_call_one(replay: Replay, aloud: Aloud) -> None:
    """The stories of the replayed days against judged pairs (docs/stories.md has what each sample is).

    Vietnam–Japan news is what readers are sent; the samples around the border are hard by the way they were drawn.
    """
    rows = replay.room.rows("SELECT link, story_id FROM article")
    stories = {id_of(row["link"]): row["story_id"] for row in rows}
    by_sample = {
        sample: score([pair for pair in read_pairs() if pair.sample == sample], stories)
        for sample in ("bilateral", "boundary", "random")
    }
    with aloud():
        for sample, found in by_sample.items():
            print(f"\nstories, {sample}: {found}", end="")
    assert by_sample["bilateral"].precision >= 0.95
    assert by_sample["bilateral"].recall >= 0.90
    assert by_sample["boundary"].precision >= 0.80
    assert by_sample["boundary"].recall >= 0.40
    assert by_sample["random"].wrong == 0
