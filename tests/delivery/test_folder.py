"""Letters as files: whole, private, one for each letter."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.delivery.folder import FolderWay, file_name
from monitor.types import Sent, Unusable
from tests.delivery.samples import letter


def test_the_same_letter_twice_is_one_file(tmp_path: Path) -> None:
    """Written whole and readable by its owner alone; no other file is left."""
    folder = tmp_path / "outbox" / "new"
    with FolderWay(folder) as way:
        outcomes = [way.send(letter(1)), way.send(letter(1)), way.send(letter(2))]
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert sorted(path.name for path in folder.iterdir()) == ["d-1@example.org.eml", "d-2@example.org.eml"]
    assert (folder / "d-1@example.org.eml").read_bytes() == letter(1).raw
    assert (folder / "d-1@example.org.eml").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_a_crash_left_behind_does_no_harm(tmp_path: Path) -> None:
    """A half-written part, or a link planted in its place, is replaced and never followed."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / ".d-1@example.org.eml.part").symlink_to(victim)
    assert isinstance(FolderWay(tmp_path).send(letter(1)), Sent)
    assert victim.read_text() == "untouched"
    assert not (tmp_path / "d-1@example.org.eml").is_symlink()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    """A file in its place is the way's fault, not the letter's."""
    (tmp_path / "outbox").write_text("")
    outcome = FolderWay(tmp_path / "outbox").send(letter(1))
    assert isinstance(outcome, Unusable)
    assert str(tmp_path / "outbox") in outcome.reply


def test_a_full_disk_leaves_no_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the octets are not safe on the disk, there is no .eml file."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    outcome = FolderWay(tmp_path).send(letter(1))
    assert isinstance(outcome, Unusable)
    assert "No space left" in outcome.reply
    assert not list(tmp_path.glob("*.eml"))


@pytest.mark.parametrize(
    "id_", ["<../../etc/passwd@a.vn>", "<.@a.vn>", "<a/b@c>", "<" + "x" * 400 + "@a.vn>", "", "<>", "\ud800"]
)
def test_no_message_id_leaves_the_folder(tmp_path: Path, id_: str) -> None:
    """Whatever it holds, it names one plain file there."""
    assert isinstance(FolderWay(tmp_path / "out").send(replace(letter(1), message_id=id_)), Sent)
    assert [path.parent for path in tmp_path.rglob("*.eml")] == [tmp_path / "out"]


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_different_ids_have_different_files(ids: list[str]) -> None:
    """Also when all their letters are unsafe."""
    assert file_name(ids[0]) != file_name(ids[1])


def test_a_folder_for_letters_is_not_made(tmp_path: Path) -> None:
    """It is asked whether it could be."""
    assert FolderWay(tmp_path / "not" / "yet").probe() is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    refused = FolderWay(tmp_path / "file" / "out").probe()
    assert refused
    assert "letters cannot be written there" in refused.reply
