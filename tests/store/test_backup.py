"""Copies: whole while others write, verified before an older one goes, and ours alone to remove."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections import namedtuple
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import DatabaseError
from monitor.locks import held
from monitor.store import articles, house
from monitor.store.backup import Copy, back_up, copies, rotate
from monitor.store.database import open_store, run_lock
from monitor.store.keeper import Keeper
from tests.store.lying import NOW, count, laid_out, news, run

Usage = namedtuple("Usage", "total used free")


def test_a_copy_made_while_a_daemon_writes_is_whole(tmp_path: Path) -> None:
    """Of one moment, without mark, one file that is ours alone to read; the database knows when it was made."""
    path = laid_out(tmp_path / "a.db", 500)
    stop = threading.Event()

    def write() -> None:
        n = 1000
        with open_store(path) as store:
            while not stop.is_set():
                news(store, n, 5)
                n += 5

    with held(run_lock(path)), Keeper(path, now=NOW):
        writer = threading.Thread(target=write)
        writer.start()
        try:
            copy, removed = back_up(path, tmp_path / "to", keep=3, now=NOW)
        finally:
            stop.set()
            writer.join()
    assert removed == ()
    assert copy.path.name == "vietnhat-20261121T020000Z.db"
    assert copy.path.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in copy.path.parent.iterdir()} == {copy.path.name, ".vietnhat.lock"}
    with closing(sqlite3.connect(copy.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert house.RUNNING not in house.notes(connection)
        stored = connection.execute("SELECT count(*) FROM article").fetchone()[0]
    assert stored >= 500
    assert stored % 5 == 0
    with open_store(path) as store:
        assert store.notes()[house.BACKUP] == "2026-11-21T02:00:00Z"
        assert articles.count(store) >= stored


def test_the_newest_stay_and_strangers_are_left_alone(tmp_path: Path) -> None:
    """Only files of our own name pattern go; a clock that was once wrong does not cost the copy just made."""
    path, folder = laid_out(tmp_path / "a.db"), tmp_path / "to"
    folder.mkdir()
    strangers = ["vietnhat.db", "vietnhat-20200101T000000Z.db.old", "other-20200101T000000Z.db", "notes.txt"]
    strangers.append("vietnhat-20209901T000000Z.db")  # no day of any calendar
    for name in strangers:
        (folder / name).write_text("mine")
    (folder / "vietnhat-20990101T000000Z.db").write_text("from a clock that was wrong")
    (folder / "vietnhat-20190101T000000Z.db").mkdir()
    for day in range(5):
        copy, _ = back_up(path, folder, keep=2, now=NOW + timedelta(days=day))
        assert copy.path.exists()
    ours = [each.path.name for each in copies(folder)]
    assert ours == ["vietnhat-20261125T020000Z.db", "vietnhat-20261124T020000Z.db"]
    assert all((folder / name).exists() for name in strangers)
    assert (folder / "vietnhat-20190101T000000Z.db").is_dir()


def test_the_only_good_one_never_goes(tmp_path: Path) -> None:
    """Whatever is asked for, the copy just verified stays."""
    path, folder = laid_out(tmp_path / "a.db"), tmp_path / "to"
    copy, _ = back_up(path, folder, keep=1, now=NOW)
    assert rotate(folder, keep=0, new=copy) == ()
    assert [each.path for each in copies(folder)] == [copy.path]
    assert copies(tmp_path / "nowhere") == ()


def test_a_damaged_database_costs_no_older_copy(tmp_path: Path) -> None:
    """A copy that is not sound is no copy: the older ones stay, and the message says what it means."""
    path, folder = laid_out(tmp_path / "a.db", 300), tmp_path / "to"
    back_up(path, folder, keep=1, now=NOW)
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'article_published'"
        ).fetchone()
    with open(path, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(os.urandom(4096))
    with pytest.raises(DatabaseError, match=r"damaged.*restore FILE"):
        back_up(path, folder, keep=1, now=NOW + timedelta(days=1))
    assert [each.made_at for each in copies(folder)] == [NOW]
    assert not list(folder.glob("*.part*"))


def test_no_room_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much is free and how much is needed; nothing is begun."""
    path, folder = laid_out(tmp_path / "a.db"), tmp_path / "to"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10**6))
    with pytest.raises(DatabaseError, match=r"to: 1 MB are free and 16 MB are needed; free some space"):
        back_up(path, folder, keep=1, now=NOW)
    assert [file.name for file in folder.iterdir()] == [".vietnhat.lock"]


def test_a_killed_backup_leaves_no_copy_and_is_swept(tmp_path: Path) -> None:
    """A file has a copy's name only after it was verified; the next backup removes what was begun."""
    path, folder = laid_out(tmp_path / "a.db", 50), tmp_path / "to"
    died = run(
        "import os, signal, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from monitor.store import backup\n"
        "backup.damage = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "backup.back_up(Path(sys.argv[1]), Path(sys.argv[2]), keep=1, now=datetime(2026, 11, 20, tzinfo=UTC))",
        path,
        folder,
    )
    assert died.returncode == -9
    assert list(folder.glob("*.part"))
    assert copies(folder) == ()
    copy, _ = back_up(path, folder, keep=1, now=NOW)
    assert count(copy.path) == 50
    assert not list(folder.glob("*.part*"))


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """The message names it."""
    path = laid_out(tmp_path / "a.db")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatabaseError, match=r"file.*check path"):
        back_up(path, tmp_path / "file", keep=1, now=NOW)


def test_copies_know_their_size(tmp_path: Path) -> None:
    """What is listed is what is there."""
    copy, _ = back_up(laid_out(tmp_path / "a.db"), tmp_path / "to", keep=1, now=NOW)
    assert copies(tmp_path / "to") == (Copy(copy.path, NOW, copy.path.stat().st_size),)
