"""A data file is read whole, strictly, and every mistake is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.errors import BadFile
from classifiers.yamlfile import MAX_BYTES, Record, load


class Thing(Record):
    """A line of the sample file."""

    name: str
    size: int


class Box(Record):
    """The sample file."""

    things: list[Thing]


GOOD = "# a comment\nthings:\n  - {name: a, size: 1}\n  - name: b\n    size: 2\n"


def write(tmp_path: Path, text: str | bytes) -> Path:
    """The text as a file."""
    path = tmp_path / "box.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_good_file_loads(tmp_path: Path) -> None:
    """Values arrive typed, in order; a byte-order mark and CRLF do not matter."""
    for text in (GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n")):
        assert [t.name for t in load(write(tmp_path, text), Box).things] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD.replace("size: 2", "size: zwei"), 5, "integer"),
        (GOOD.replace("    size: 2\n", ""), 4, "things[1].size: is missing"),
        (GOOD + "    colour: red\n", 6, "things[1].colour: unknown key"),
        (GOOD + "things: []\n", 6, "duplicate key"),
        (GOOD.replace("name: b", "name: 5"), 4, "string"),
        (GOOD.replace("name: b", "name: &x b"), 4, "anchor"),
        ("things: *x\n", 1, "anchor or alias"),
        (GOOD.replace("name: b", "name: !!python/name:os.system b"), 4, "tag"),
        (GOOD + "---\n" + GOOD, 6, "more than one document"),
        (GOOD + "\t- x: 1\n", 6, ""),
        ("things: 'open\n", 2, ""),
        ("", 1, "is empty"),
        ("[1, 2]\n", 1, "keys and values"),
        ("null\n", 1, "keys and values"),
        (b"things:\n  - name: Vi\xe9t\n", 2, "UTF-8"),
        ("things:\n" + "[" * 60, 2, ""),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str | bytes, line: int, words: str) -> None:
    """One line: file, line, key, what is wrong, and no traceback's worth of detail."""
    path = write(tmp_path, text)
    with pytest.raises(BadFile) as caught:
        load(path, Box)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert words in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    """A folder, a missing file and a file too large are refused without reading them."""
    with pytest.raises(BadFile, match="regular file"):
        load(tmp_path, Box)
    with pytest.raises(BadFile, match="cannot be read"):
        load(tmp_path / "none.yaml", Box)
    with pytest.raises(BadFile, match="larger than"):
        load(write(tmp_path, b"#" * (MAX_BYTES + 1)), Box)


def test_a_bad_file_comes_back_whole_from_another_process() -> None:
    """The first model is fitted in a process of its own; what is wrong there is told here."""
    import pickle

    error = BadFile("taxonomy.yaml", "unknown key", line=7, key="sectors[0]", todo="remove it")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.line) == (BadFile, str(error), 7)
