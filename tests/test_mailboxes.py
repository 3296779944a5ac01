"""Messages in files, Maildirs and mbox files."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from monitor.errors import Misuse
from monitor.mailboxes import from_stream, messages_at

LIMIT = 1000


def maildir(at: Path, *names: bytes) -> Path:
    """A Maildir with a message of each name in new/."""
    for part in ("tmp", "new", "cur"):
        (at / part).mkdir(parents=True)
    for name in names:
        Path(os.fsdecode(os.fsencode(at / "new") + b"/" + name)).write_bytes(b"Subject: " + name[:5])
    return at


def test_a_stream_is_read_to_its_end() -> None:
    """The first octets are kept; whoever writes is never told that nobody listens."""
    stream = io.BytesIO(b"x" * 200_000)
    assert from_stream(stream, limit=LIMIT) == b"x" * LIMIT
    assert stream.tell() == 200_000


def test_a_file_is_one_message(tmp_path: Path) -> None:
    """Whatever is in it, cut."""
    (tmp_path / "a.eml").write_bytes(b"Subject: x\n\nFrom here\n" + b"y" * 5000)
    (piece,) = messages_at(tmp_path / "a.eml", limit=LIMIT)
    assert (piece.name, len(piece.octets)) == ("a.eml", LIMIT)


def test_an_mbox_is_taken_apart_and_left_as_it_is(tmp_path: Path) -> None:
    """A line "From " parts messages after an empty line only; long ones are cut."""
    first = b"From a Sat\nSubject: 1\n\nFrom\n>From x\nhere\nFrom is no beginning\n\n"
    second = b"From b Sun\r\nSubject: 2\r\n\r\n" + b"y" * 200_000 + b"From z\r\n\r\n"
    third = b"From c Mon\nSubject: 3\n"
    box = tmp_path / "box"
    box.write_bytes(first + second + third)
    pieces = list(messages_at(box, limit=LIMIT))
    assert [piece.octets for piece in pieces] == [first, second[:LIMIT], third]
    assert [piece.name for piece in pieces] == ["box:1", "box:2", "box:3"]
    for piece in pieces:
        piece.handled()
    assert box.read_bytes() == first + second + third


ODD = [
    b"1.M1P1.host,S=9", b"2.host:2,", b"3.host:2,RS", b"4 \n\x1b[31m.host", b"5.\xff\xfe.host",
    "6.Thư–手紙".encode(), b"-rf", b"7;rm *",
]  # fmt: skip


def test_handled_messages_are_seen(tmp_path: Path) -> None:
    """Whatever their names are: to cur/ with the flag S, others kept, and nothing is lost."""
    box = maildir(tmp_path / "box", *ODD)
    for piece in messages_at(box, limit=LIMIT):
        piece.handled()
    assert not list((box / "new").iterdir())
    seen = {os.fsencode(path.name) for path in (box / "cur").iterdir()}
    assert seen == {
        b"1.M1P1.host,S=9:2,S", b"2.host:2,S", b"3.host:2,RS", b"4 \n\x1b[31m.host:2,S", b"5.\xff\xfe.host:2,S",
        "6.Thư–手紙:2,S".encode(), b"-rf:2,S", b"7;rm *:2,S",
    }  # fmt: skip


def test_what_is_not_handled_stays_new(tmp_path: Path) -> None:
    """The next run takes it."""
    box = maildir(tmp_path / "box", b"1", b"2")
    first, _ = messages_at(box, limit=LIMIT)
    first.handled()
    assert [path.name for path in (box / "new").iterdir()] == ["2"]


def test_a_name_that_is_taken_is_not_overwritten(tmp_path: Path) -> None:
    """Both stay."""
    box = maildir(tmp_path / "box", b"1")
    (box / "cur" / "1:2,S").write_bytes(b"old")
    (piece,) = messages_at(box, limit=LIMIT)
    piece.handled()
    assert {path.name for path in (box / "cur").iterdir()} == {"1:2,S", "1.1:2,S"}
    assert (box / "cur" / "1:2,S").read_bytes() == b"old"
    piece.handled()  # another process was faster


def test_only_plain_files_are_messages(tmp_path: Path) -> None:
    """No link, pipe or folder in new/ is opened, nor a file that is still hidden."""
    box = maildir(tmp_path / "box", b".hidden", b"1")
    (tmp_path / "secret").write_text("x")
    (box / "new" / "link").symlink_to(tmp_path / "secret")
    (box / "new" / "folder").mkdir()
    os.mkfifo(box / "new" / "pipe")
    assert [piece.name for piece in messages_at(box, limit=LIMIT)] == ["1"]


def test_what_is_no_mailbox(tmp_path: Path) -> None:
    """A folder that is no Maildir, a pipe, nothing at all."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe", "nothing"):
        with pytest.raises(Misuse):
            list(messages_at(tmp_path / name, limit=LIMIT))
