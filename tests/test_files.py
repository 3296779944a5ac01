"""A file that is replaced is the old one or the new one."""

from pathlib import Path

import pytest

from monitor.files import replacing


def test_the_new_file_takes_the_place_of_the_old_one_and_is_its_owners_alone(tmp_path: Path) -> None:
    target = tmp_path / "letter"
    target.write_bytes(b"old")
    with replacing(target) as file:
        file.write(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_what_fails_leaves_the_old_file_and_takes_no_room(tmp_path: Path) -> None:
    target = tmp_path / "letter"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="full"):
        _fail(target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def _fail(target: Path) -> None:
    with replacing(target) as file:
        file.write(b"half")
        raise OSError("full")
