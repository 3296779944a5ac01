"""`vietnhat keys`: what there is and how to renew it, never the keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.samples import call

FILE = Path("var/keys.json")


def test_nothing_yet() -> None:
    """Looking makes nothing."""
    answer = call("keys", "show")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "var/keys.json: no key yet; the first link that is signed makes one\n"
    assert not FILE.parent.exists()


def test_rotate_and_show() -> None:
    """Each rotation names the key that signs; ids and ages are shown, the keys nowhere."""
    first, second = call("keys", "rotate"), call("keys", "rotate")
    assert (first.code, second.code) == (0, 0)
    shown, as_json = call("keys", "show"), call("keys", "show", "--json")
    kept = json.loads(FILE.read_text(encoding="utf-8"))["keys"]
    rows = [line.split("\t") for line in shown.out.splitlines()]
    assert [row[0] for row in rows] == [key["id"] for key in kept]
    assert [row[2] for row in rows] == ["0", "0"]
    assert rows[0][3].startswith("is accepted until 2")
    assert rows[1][3] == "signs"
    assert f"key {kept[1]['id']} signs from now on" in second.err
    assert f"key {kept[0]['id']} is accepted until" in second.err
    assert [key["id"] for key in json.loads(as_json.out)] == [key["id"] for key in kept]
    said = "".join(answer.out + answer.err for answer in (first, second, shown, as_json))
    assert all(key["secret"] not in said for key in kept)


@pytest.mark.parametrize("command", ["show", "rotate"])
def test_a_damaged_file(command: str) -> None:
    """One line, exit 2, and the file stays as it is."""
    FILE.parent.mkdir()
    FILE.touch(mode=0o600)
    FILE.write_text("{", encoding="utf-8")
    answer = call("keys", command)
    assert answer.code == 2
    assert answer.complaint.startswith("vietnhat: var/keys.json: is damaged; restore it")
    assert FILE.read_text(encoding="utf-8") == "{"
