"""`vietnhat classify` and `vietnhat explain`, with the release's model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.samples import call

KEYS = ["id", "decision", "relevance", "sectors", "commitments", "evidence", "model"]
LOAN = "Nhật Bản cung cấp vốn vay ODA 500 triệu USD cho tuyến metro số 1 TP.HCM"
GOLD = "Giá vàng miếng trong nước sáng nay tăng nhẹ"


@pytest.fixture(autouse=True)
def _model(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model fitted once for all tests serves."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))


def lines(*items: dict[str, Any]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def verdicts(text: str) -> list[dict[str, Any]]:
    """The verdicts of JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_classify_keeps_the_order_and_the_keys() -> None:
    """One verdict a text, in order, under the ids given, with just the promised keys."""
    whole = {"id": "a/1", "title": LOAN, "summary": "", "url": "https://x", "published": None, "source": "x"}
    answer = call("classify", stdin=lines(whole, {"id": 7, "title": GOLD}, {"id": "ba", "title": LOAN}))
    assert (answer.code, answer.err) == (0, "")
    out = verdicts(answer.out)
    assert [verdict["id"] for verdict in out] == ["a/1", 7, "ba"]
    for verdict in out:
        assert list(verdict) == KEYS
        assert verdict["decision"] in ("send", "review", "drop")
        assert 0 <= verdict["relevance"] <= 1
        chances = [sector["probability"] for sector in verdict["sectors"]]
        assert chances == sorted(chances, reverse=True)
        assert all(set(each) == {"id", "probability"} for each in verdict["sectors"])
        assert all(set(each) == {"id", "score"} for each in verdict["commitments"])
        assert all(set(each) == {"term", "weight"} for each in verdict["evidence"])
    assert out[0]["relevance"] > out[1]["relevance"]
    assert {**out[0], "id": ""} == {**out[2], "id": ""}


def test_classify_a_file(tmp_path: Path) -> None:
    """A file instead of standard input gives the same."""
    source = tmp_path / "in.jsonl"
    source.write_text(lines({"id": 1, "title": LOAN}), encoding="utf-8")
    assert call("classify", str(source)).out == call("classify", stdin=source.read_bytes()).out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'"text"', "is not a JSON object"),
        (b"[]", "is not a JSON object"),
        (b"{}", "has no id"),
        (b'{"id": null, "title": "x"}', "has no id"),
        (b'{"id": {}, "title": "x"}', "has no id"),
        (b'{"id": 1, "title": 5}', "title is not a text"),
        (b'{"id": 1, "title": "x", "summary": []}', "summary is not a text"),
    ],
)
def test_a_bad_line_stops_no_other(line: bytes, words: str) -> None:
    """It is reported with its number, the others are judged, and the exit code is 1."""
    good = [lines({"id": n, "title": LOAN}).encode() for n in (1, 2)]
    answer = call("classify", stdin=good[0] + b"\n" + line + b"\n" + good[1])
    assert answer.code == 1
    assert [verdict["id"] for verdict in verdicts(answer.out)] == [1, 2]
    assert answer.err.splitlines() == [f"line 3: {words}; it is left out"]


def test_classify_nothing() -> None:
    """No input, no output, no error."""
    assert call("classify", stdin="").code == 0
    assert call("classify", stdin="\n\n").out == ""


def test_texts_may_be_missing() -> None:
    """Only the id is needed; a text without words is dropped, not guessed at."""
    out = verdicts(call("classify", stdin=lines({"id": 1}, {"id": 2, "title": None, "summary": None})).out)
    assert [verdict["decision"] for verdict in out] == ["drop", "drop"]


def test_half_a_surrogate_pair() -> None:
    """What JSON can say and UTF-8 cannot comes back as it was sent."""
    answer = call("classify", stdin=b'{"id": "\\ud83d", "title": "Nh\xe1\xba\xadt \\ud83d"}\n')
    assert answer.code == 0
    assert verdicts(answer.out)[0]["id"] == "\ud83d"


def test_an_unreadable_source() -> None:
    """A file that is not there is named: exit 2."""
    answer = call("classify", "nix.jsonl")
    assert answer.code == 2
    assert "nix.jsonl" in answer.err


def test_explain_a_text() -> None:
    """The parts and the bias add up to the raw score; the same verdict as classify gives."""
    data = json.loads(call("explain", "--text", LOAN, "--json").out)
    assert data["bias"] + sum(part["share"] for part in data["parts"]) == pytest.approx(data["score"])
    assert data["japan"] is True
    (same,) = verdicts(call("classify", stdin=lines({"id": 1, "title": LOAN})).out)
    assert data["verdict"]["decision"] == same["decision"]
    assert data["verdict"]["relevance"] == pytest.approx(same["relevance"], abs=1e-6)
    out = call("explain", "--text", LOAN).out
    assert out.startswith(LOAN)
    assert "raw score" in out
    assert f"model {same['model']}" in out


def test_explain_what_has_nothing_to_do_with_japan() -> None:
    """The closed gate is said in words."""
    assert "the gate stays closed" in call("explain", "--text", GOLD).out


def test_explain_a_stored_article(archive: Path) -> None:
    """An article by its number is explained as its text would be."""
    by_number = json.loads(call("explain", "1", "--json").out)
    text = json.loads(call("articles", "show", "1", "--json").out)
    by_text = json.loads(call("explain", "--text", text["title"], "--summary", text["summary"], "--json").out)
    assert by_number == by_text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "give either"),
        (("1", "--text", "x"), "give either"),
        (("99",), "there is no article 99"),
    ],
)
def test_explain_needs_one_text(args: tuple[str, ...], words: str, archive: Path) -> None:
    """Neither, both, or a number without an article: exit 2, one line."""
    answer = call("explain", *args)
    assert answer.code == 2
    assert words in answer.complaint


def test_a_models_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file where the folder should be, or a damaged model, is told in one line."""
    file = tmp_path / "models"
    file.write_text("", encoding="utf-8")
    answer = call("explain", "--text", "x", env={"VIETNHAT_MODELS": str(file)})
    assert answer.code == 1
    assert str(file) in answer.complaint
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "current").write_text("m-1", encoding="utf-8")
    answer = call("classify", stdin=lines({"id": 1}), env={"VIETNHAT_MODELS": str(folder)})
    assert answer.code == 1
    assert answer.complaint
