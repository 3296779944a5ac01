"""`vietnhat label`: corrections by number, in a sitting, and as files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from monitor.store.database import open_store
from tests.cli.samples import call


@pytest.fixture
def open_articles(judged_archive: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample archive, in which article 1 is near the threshold; offered whatever the day is."""
    import sqlite3

    with sqlite3.connect(judged_archive) as db:
        db.execute("UPDATE verdict SET relevance = 0.3, decision = 'review' WHERE article_id = 1")
    db.close()
    monkeypatch.setattr("monitor.cli.labelling.WITHIN_DAYS", 100_000)
    return judged_archive


def test_add_and_list(archive: Path) -> None:
    """A word on an article is stored once per person; a second one replaces the first."""
    assert (
        call("label", "add", "1", "2", "--sector", "oda", "--person", "lan").err == "noted: relevant, oda\n"
    )
    again = call("label", "add", "1", "0", "--person", "lan")
    assert again.err == "noted: not relevant (before: relevant, oda)\n"
    (row,) = json.loads(call("label", "list", "--json").out)
    assert (row["article"], row["relevance"], row["person"], row["origin"]) == (1, 0, "lan", "command")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("99", "2"), "there is no article 99"),
        (("1", "0", "--sector", "oda"), "has no sectors"),
        (("1", "2", "--sector", "sport"), "there is no sector 'sport'"),
    ],
)
def test_add_of_what_cannot_be(archive: Path, words: tuple[str, ...], complaint: str) -> None:
    """Told in one line."""
    answer = call("label", "add", *words)
    assert answer.code == 2
    assert complaint in answer.complaint


def test_next_offers_what_is_open(open_articles: Path) -> None:
    """The article near the threshold, with the reason; not once it is settled."""
    (row,) = json.loads(call("label", "next", "--json").out)
    assert row["id"] == 1
    assert "near the threshold" in row["reasons"]
    call("label", "add", "1", "2")
    answer = call("label", "next")
    assert (answer.out, answer.code) == ("", 0)
    assert "nothing is open" in answer.err


def test_a_sitting(open_articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys label, explain, undo and end; what was taken back is not stored."""
    keys = iter(["x", "21", "?", "2", "q"])
    monkeypatch.setattr(click, "getchar", lambda: next(keys))
    answer = call("label", "session", "--person", "lan")
    assert answer.err.startswith("1 labelled")
    assert "+1.50  vay" in answer.out
    assert "noted: relevant" in answer.out
    call("label", "add", "1", "2", "--person", "lan")
    (row,) = json.loads(call("label", "list", "--json").out)
    assert (row["relevance"], row["person"]) == (2, "lan")


def test_taking_back(open_articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`u` goes back to the article and forgets the vote, also after the last one."""
    keys = iter(["u", "0", "u", "q"])
    monkeypatch.setattr(click, "getchar", lambda: next(keys))
    answer = call("label", "session")
    assert "nothing to take back" in answer.out
    assert "taken back: not relevant" in answer.out
    assert answer.err.startswith("0 labelled")
    assert call("label", "list").out == ""


def test_a_vote_taken_back_leaves_the_one_before(
    open_articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person said earlier stands again."""
    from classifiers.corrections import Correction
    from classifiers.verdict import Text
    from monitor.store import corrections

    when = datetime(2026, 11, 20, tzinfo=UTC)
    text = Text("Giá vàng tăng", "Vàng miếng.")
    first = Correction(text, 1, ("economy",), "lan", "command", when)
    second = Correction(text, 0, None, "lan", "session", when)
    with open_store(open_articles) as store:
        assert corrections.record(store, first, 2) is None
        before = corrections.record(store, second, 2)
        assert before == first
        corrections.withdraw(store, second, before)
        assert corrections.votes_on(store, text) == [first]


@pytest.mark.parametrize("error", [KeyboardInterrupt, EOFError])
def test_a_sitting_that_is_broken_off(
    open_articles: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Ctrl-C and Ctrl-D end it; what was said before is kept."""

    def broken() -> str:
        raise error

    monkeypatch.setattr(click, "getchar", broken)
    answer = call("label", "session")
    assert (answer.code, answer.err.splitlines()[0][:10]) == (0, "0 labelled")


def test_a_sitting_needs_a_terminal(open_articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none, what to use instead is told."""

    def none() -> str:
        raise OSError(6, "No such device or address", "/dev/tty")

    monkeypatch.setattr(click, "getchar", none)
    answer = call("label", "session")
    assert answer.code == 2
    assert "needs a terminal" in answer.err


def test_sectors_in_a_sitting(open_articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers name sectors, main one first; a number that is none notes nothing."""
    keys = iter(["s", "s", "q"])
    monkeypatch.setattr(click, "getchar", lambda: next(keys))
    answer = call("label", "session", stdin="99\n8 13\n")
    assert "no sector of that number" in answer.out
    assert "noted: relevant, oda cities" in answer.out
    assert answer.err.startswith("1 labelled")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_files_go_round(archive: Path, tmp_path: Path, form: str) -> None:
    """What is exported can be imported elsewhere, unchanged but for where it came from."""
    call("label", "add", "1", "2", "--sector", "oda", "--person", "lan")
    call("label", "add", "2", "0", "--person", "=cmd()")
    text = call("label", "export", "--format", form).out
    file = tmp_path / f"votes.{form}"
    file.write_text(text, encoding="utf-8")
    other = ("--db", str(tmp_path / "other.db"))
    open_store(tmp_path / "other.db", create=True).close()
    assert "2 corrections stored of 2" in call(*other, "label", "import", str(file)).err
    rows = json.loads(call(*other, "label", "list", "--json").out)
    assert {(row["person"], row["relevance"], row["origin"]) for row in rows} == {
        ("lan", 2, "import"),
        ("=cmd()", 0, "import"),
    }
    assert next(row for row in rows if row["person"] == "lan")["sectors"] == ["oda"]
    if form == "csv":
        assert [row["person"] for row in csv.DictReader(io.StringIO(text))] == ["lan", "'=cmd()"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"title": "", "relevance": 2}', "the title not empty"),
        ('{"title": "a", "relevance": 3}', "relevance must be 0, 1 or 2"),
        ('{"title": "a", "relevance": 2, "sectors": ["sport"]}', "ids of the taxonomy"),
        ('{"title": "a", "relevance": 0, "sectors": ["oda"]}', "has no sectors"),
        ('{"title": "a", "relevance": 2, "made_at": "gestern"}', "made_at must be a time"),
        ('{"title": "a", "relevance": 2, "person": "a\\nb"}', "a name or an address"),
        ('{"title": "a", "relevance": 2, "person": {"a": 1}}', "a name or an address"),
        ('{"title": "a\\ud800", "relevance": 2}', "half a surrogate pair"),
        ('{"title": "a", "relevance": 2, "sectors": [["oda"]]}', "must be a list of ids"),
    ],
)
def test_a_bad_row_is_told_with_its_line(archive: Path, tmp_path: Path, line: str, words: str) -> None:
    """File and line; nothing of the file is taken in."""
    file = tmp_path / "votes.jsonl"
    file.write_text('{"title": "tốt", "relevance": 2}\n' + line + "\n", encoding="utf-8")
    answer = call("label", "import", str(file))
    assert answer.code == 2
    assert answer.complaint.startswith(f"vietnhat: {file}:2: ")
    assert words in answer.complaint
    assert call("label", "list").out == ""


@pytest.mark.parametrize("content", ["a,b\n1,2\n", 'title,relevance\n"' + "x" * 140_000 + '",2\n'])
def test_csv_that_is_none(archive: Path, tmp_path: Path, content: str) -> None:
    """Columns that are missing and fields no spreadsheet holds are told in one line."""
    file = tmp_path / "votes.csv"
    file.write_text(content, encoding="utf-8")
    answer = call("label", "import", str(file))
    assert answer.code == 2
    assert str(file) in answer.complaint


def test_an_older_word_replaces_nothing(archive: Path, tmp_path: Path) -> None:
    """The newest word of a person counts, in whatever order files come."""
    call("label", "add", "2", "0", "--person", "lan")
    title, summary = "Giá vàng tăng", "Vàng miếng."
    row = {
        "title": title,
        "summary": summary,
        "relevance": 2,
        "person": "lan",
        "made_at": "2020-01-01T00:00:00",
    }
    file = tmp_path / "votes.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert "0 corrections stored of 1" in call("label", "import", str(file)).err
    own = tmp_path / "own.jsonl"
    own.write_text(call("label", "export").out, encoding="utf-8")
    assert "0 corrections stored of 1" in call("label", "import", str(own)).err  # nor what was said here


def test_what_one_stranger_says_settles_nothing(open_articles: Path, tmp_path: Path) -> None:
    """A file of one address does not empty the queue; a second person's word does settle."""
    row = {"title": "Nhật Bản đầu tư lớn vào Huế", "summary": "JICA ký hiệp định vay.", "relevance": 0}
    for person, offered in (("bot@example.org", 1), ("lan@example.org", 0)):
        file = tmp_path / "votes.jsonl"
        file.write_text(json.dumps({**row, "person": person}) + "\n", encoding="utf-8")
        assert "1 corrections stored" in call("label", "import", str(file)).err
        assert len(json.loads(call("label", "next", "--json").out)) == offered


@pytest.mark.parametrize("words", [("--person", "x" * 201), ("--person", "a\x1bb"), ("--sector", "oda") * 1])
def test_what_cannot_be_stored_is_refused(archive: Path, words: tuple[str, ...]) -> None:
    """Names that no file could carry, and more sectors than an article has."""
    many = ("--sector", "oda", "--sector", "cities", "--sector", "energy", "--sector", "science")
    assert call("label", "add", "1", "2", *words, *many).code == 2
