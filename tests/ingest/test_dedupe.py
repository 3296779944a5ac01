"""Rules for new, changed and known entries."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.dedupe import plan
from monitor.types import Document, Entry, Known, NewArticle, PollPlan, Revision, Sighting

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _entry(*keys: str, title: str = "Cầu mới", summary: str = "", published: datetime | None = NOW) -> Entry:
    return Entry(keys, "http://news.example/a", title, summary, published)


def _plan(
    entries: list[Entry], known: dict[str, Known] | None = None, *, first_poll: bool = False
) -> PollPlan:
    return plan(Document("t", tuple(entries)), known or {}, first_poll=first_poll, now=NOW)


def fingerprint(title: str, summary: str) -> str:
    """The mark of a wording."""
    return Entry((), "", title, summary, None).fingerprint


MARK = fingerprint("Cầu mới", "")


def test_fingerprint() -> None:
    """It tells title from summary and nothing else matters."""
    assert fingerprint("a", "b") == fingerprint("a", "b")
    assert (
        len({fingerprint("a", "b"), fingerprint("a", ""), fingerprint("", "a"), fingerprint("ab", "")}) == 4
    )


def test_a_new_entry() -> None:
    """What has no known key is new."""
    entry = _entry("url:a", "guid:a")
    assert _plan([entry]) == PollPlan(new=(NewArticle(entry, NOW, True),))


def test_a_known_entry() -> None:
    """A known article is seen again, and may bring further keys."""
    result = _plan([_entry("url:a", "guid:b")], {"url:a": Known(1, frozenset({MARK}))})
    assert result == PollPlan(seen=(Sighting(1, ("url:a", "guid:b")),))


def test_a_revision() -> None:
    """A changed title or summary is a revision of the same article, never a new one."""
    entry = _entry("url:a", title="Cầu mới (cập nhật)")
    result = _plan([entry], {"url:a": Known(1, frozenset({MARK}))})
    assert result == PollPlan(revised=(Revision(1, entry),), seen=(Sighting(1, ("url:a",)),))


def test_the_strongest_key_wins() -> None:
    """If keys point to two articles, the first decides, and the other's keys stay where they are."""
    known = {"url:a": Known(1, frozenset({MARK})), "guid:b": Known(2, frozenset({MARK}))}
    assert _plan([_entry("url:a", "guid:b")], known).seen == (Sighting(1, ("url:a",)),)
    assert _plan([_entry("num:x", "guid:b")], known).seen == (Sighting(2, ("num:x", "guid:b")),)


def test_twice_in_one_document_counts_once() -> None:
    """Copies are one new article with all their keys, or one sighting."""
    entries = [_entry("url:a", "guid:a"), _entry("url:a", "guid:b", title="Cầu mới 2")]
    (new,) = _plan(entries).new
    assert (new.entry.title, new.entry.keys) == ("Cầu mới", ("url:a", "guid:a", "guid:b"))
    result = _plan(entries, {"url:a": Known(1, frozenset({MARK}))})
    assert result == PollPlan(seen=(Sighting(1, ("url:a", "guid:a", "guid:b")),))


def test_two_versions_in_one_document_do_not_alternate() -> None:
    """A document that always holds two versions of an article makes no revision at every poll."""
    entries = [_entry("url:a", title="mới"), _entry("url:a", title="cũ")]
    for stored in ("mới", "cũ"):
        assert _plan(entries, {"url:a": Known(1, frozenset({fingerprint(stored, "")}))}).revised == ()
    (revision,) = _plan(entries, {"url:a": Known(1, frozenset({fingerprint("khác", "")}))}).revised
    assert revision.entry.title == "mới"


def test_new_and_known_never_mix() -> None:
    """An entry is matched with an earlier one of the document only if the store knows none of its keys."""
    known = {"guid:b": Known(2, frozenset({MARK}))}
    result = _plan([_entry("url:a"), _entry("url:a", "guid:b")], known)
    assert [new.entry.keys for new in result.new] == [("url:a",)]
    assert [seen.article_id for seen in result.seen] == [2]


@pytest.mark.parametrize(
    ("published", "kept"),
    [
        (NOW + timedelta(minutes=10), True),
        (NOW + timedelta(minutes=11), False),
        (NOW - timedelta(days=5 * 365), True),
        (NOW - timedelta(days=5 * 366), False),
        (datetime(1, 1, 1, tzinfo=UTC), False),
        (datetime(9999, 12, 31, tzinfo=UTC), False),
        (None, False),
    ],
)
def test_impossible_dates_are_unknown(published: datetime | None, kept: bool) -> None:
    """More than ten minutes ahead, or five years old at first sight, is no date."""
    (new,) = _plan([_entry("url:a", published=published)]).new
    assert new.published == (published if kept else None)
    assert new.news


@pytest.mark.parametrize(
    ("published", "news"),
    [
        (NOW - timedelta(hours=24), True),
        (NOW - timedelta(hours=24, seconds=1), False),
        (NOW + timedelta(minutes=5), True),
        (NOW + timedelta(days=1), False),
        (None, False),
    ],
)
def test_back_catalogue(published: datetime | None, news: bool) -> None:
    """What the very first poll brings is news only if dated within the last 24 hours."""
    (new,) = _plan([_entry("url:a", published=published)], first_poll=True).new
    assert new.news is news


KEYS = st.lists(st.sampled_from([f"url:{n}" for n in range(8)]), min_size=1, max_size=3, unique=True).map(
    tuple
)
DOCUMENTS = st.lists(st.builds(Entry, KEYS, st.just("x"), st.sampled_from("abc"), st.just(""), st.just(NOW)))


@given(DOCUMENTS)
def test_a_stored_document_brings_nothing_new(entries: list[Entry]) -> None:
    """Once a plan is carried out, the same document is all sightings."""
    known: dict[str, Known] = {}
    for number, new in enumerate(_plan(entries).new):
        for key in new.entry.keys:
            known.setdefault(key, Known(number, frozenset({fingerprint(new.entry.title, new.entry.summary)})))
    again = _plan(entries, known)
    assert again.new == ()
    assert {key for seen in again.seen for key in seen.keys} <= set(known)


@given(st.lists(st.integers(0, 50)))
def test_nothing_is_lost(numbers: list[int]) -> None:
    """Every article of a document ends up in the plan, exactly once."""
    result = _plan(
        [_entry(f"url:{n}") for n in numbers], {f"url:{n}": Known(n, frozenset({MARK})) for n in range(10)}
    )
    found = [new.entry.keys[0] for new in result.new] + [seen.keys[0] for seen in result.seen]
    assert sorted(found) == sorted({f"url:{n}" for n in numbers})
