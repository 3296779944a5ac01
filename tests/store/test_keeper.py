"""What a daemon holds: a mark that a copy carries, a -wal that stays, and a clean end that leaves neither."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import DatabaseError
from monitor.locks import held, holder, is_held
from monitor.store import articles, house
from monitor.store.checks import notes_in_file
from monitor.store.database import open_store, run_lock
from monitor.store.keeper import Keeper
from monitor.store.marker import Marker
from tests.store.lying import NOW, killed_daemon, laid_out, news, picture, run, taken_along

STARTS = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from monitor.errors import AlreadyRunning
from monitor.locks import held
from monitor.store.database import open_store, run_lock
from monitor.store.keeper import Keeper
path, until = Path(sys.argv[1]), float(sys.argv[2])
try:
    with held(run_lock(path)), Keeper(path, now=datetime.now(UTC)):
        print("runs", flush=True)
        time.sleep(max(0, until - time.time()))
except AlreadyRunning as error:
    print(error.pid, flush=True)
"""

LOOKS = """
import sys
from pathlib import Path
from monitor.locks import is_held
print("looks", flush=True)
while True:
    is_held(Path(sys.argv[1]))
"""

LOOKS_IN = """
import sqlite3, sys
from contextlib import closing
with closing(sqlite3.connect(sys.argv[1])) as connection:
    print(connection.execute("SELECT count(*) FROM article").fetchone()[0])
"""
"""A program of somebody else's, which tidies up behind itself when it believes to be the last."""

OPENS = """
import sys
from pathlib import Path
from monitor.store.database import open_store
open_store(Path(sys.argv[1]))
"""


def test_the_mark_stands_in_the_file_itself_and_goes_with_a_clean_end(tmp_path: Path) -> None:
    """So that a copy of the file alone carries it; afterwards nothing is left but the file and its marker."""
    path = tmp_path / "a.db"
    with held(run_lock(path)), Keeper(path, now=NOW):
        subprocess.run(["cp", path, tmp_path / "copy.db"], check=True)
        with open_store(path) as store:
            news(store, 0, 5)
    assert notes_in_file(tmp_path / "copy.db") == {house.RUNNING: "2026-11-21T02:00:00Z"}
    assert notes_in_file(path) == {house.CHANGES: "1"}
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "a.db",
        "a.db.open",
        "a.db.run.lock",
        "copy.db",
    ]
    assert Marker(path).read() == 1


def test_the_wal_stays_as_long_as_the_daemon(tmp_path: Path) -> None:
    """Commands and other programs that close last do not take it away."""
    path = laid_out(tmp_path / "a.db")
    with held(run_lock(path)), Keeper(path, now=NOW):
        for n in range(3):
            with open_store(path) as store:
                news(store, 10 + n, 1)
            assert run(LOOKS_IN, path).stdout == f"{4 + n}\n"
            assert path.with_name("a.db-wal").stat().st_size > 0
    with open_store(path) as store:
        assert articles.count(store) == 6


def test_a_wal_removed_under_a_living_daemon_costs_nothing(tmp_path: Path) -> None:
    """Who opens the file meanwhile is refused; the daemon's end writes what it still holds."""
    path = laid_out(tmp_path / "a.db")
    with held(run_lock(path)), Keeper(path, now=NOW):
        with open_store(path) as store:
            news(store, 10, 2)
        path.with_name("a.db-wal").unlink()
        path.with_name("a.db-shm").unlink()
        with pytest.raises(DatabaseError, match=r"a.db-wal is not there; stop this program"):
            open_store(path)
        assert "a.db-wal is not there; stop the daemon" in run(OPENS, path).stderr
    with open_store(path) as store:
        assert articles.count(store) == 5


def test_a_start_after_a_kill(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The daemon itself recovers what the one before left, although it holds the lock, and says so once."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    with held(run_lock(path)), Keeper(path, now=NOW), open_store(path) as store:
        assert articles.count(store) == 8
        assert store.notes()[house.RUNNING] == "2026-11-21T02:00:00Z"
    assert capfd.readouterr().err.count("recovered") == 1


def test_a_start_never_works_on_a_damaged_file(tmp_path: Path) -> None:
    """Also after an orderly end; the file is left as it is, but for SQLite's own -wal."""
    path = laid_out(tmp_path / "a.db", 200)
    with closing(sqlite3.connect(path)) as connection:
        root, size = (
            connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'article_published'"
            ).fetchone()[0],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )
    with open(path, "r+b") as file:
        file.seek((root - 1) * size)
        file.write(os.urandom(size))
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match=r"is damaged .*vietnhat restore"), Keeper(path, now=NOW):
        pass
    assert path.read_bytes() == before


def test_an_end_in_which_the_door_is_held_is_quick(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A stop has ten seconds; the mark then stays, and the next start looks after it."""
    path = laid_out(tmp_path / "a.db")
    keeper = Keeper(path, now=NOW)
    with held(run_lock(path)):
        keeper.__enter__()
        began = time.monotonic()
        with Marker(path).locked():
            keeper.__exit__(None, None, None)
        assert time.monotonic() - began < 4
        keeper.__exit__(None, None, None)
    assert "not-closed" in capfd.readouterr().err
    with Keeper(path, now=NOW):
        assert capfd.readouterr().err.count("recovered") == 1


def test_of_twenty_starts_one_runs(tmp_path: Path) -> None:
    """The others name it; after a kill before them as well, and none of them disturbs the mark."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    command = [sys.executable, "-c", STARTS, str(path), str(time.time() + 12)]
    started = [
        subprocess.Popen(
            command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(20)
    ]
    said = [process.communicate(timeout=120)[0].strip() for process in started]
    assert said.count("runs") == 1
    winner = started[said.index("runs")].pid
    assert set(said) == {"runs", str(winner)}
    with open_store(path) as store:
        assert articles.count(store) == 8
        assert house.RUNNING not in store.notes()


def test_looking_at_a_lock_takes_it_from_nobody(tmp_path: Path) -> None:
    """A lock that is looked at all the time is still given to who wants it, and its holder is known."""
    lock = tmp_path / "x.lock"
    assert not is_held(lock)
    assert not lock.exists()
    looks = subprocess.Popen(
        [sys.executable, "-c", LOOKS, str(lock)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE
    )
    try:
        assert looks.stdout
        looks.stdout.readline()
        for _ in range(50):
            with held(lock):
                assert holder(lock) == os.getpid()
    finally:
        looks.kill()
        looks.wait()
        looks.stdout.close()
    assert holder(lock) is None


@pytest.mark.alone
def test_recovery_of_a_large_file_is_quick(tmp_path: Path) -> None:
    """A start after a kill takes at most 5 seconds for 200 MB; measured here on a tenth of that."""
    path = tmp_path / "a.db"
    with open_store(path, create=True) as store:
        for n in range(0, 6000, 1000):
            news(store, n, 1000, words=250)
    killed_daemon(path, 100_000, 3)
    assert path.stat().st_size > 18_000_000
    began = time.monotonic()
    with Keeper(path, now=NOW):
        assert time.monotonic() - began < 2.5


def test_a_refused_start_leaves_everything(tmp_path: Path) -> None:
    """Where the database lost its -wal, the daemon refuses as everybody does, and writes nothing."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    alone = taken_along(path, tmp_path / "alone", ".open")
    before = picture(alone.parent)
    with pytest.raises(DatabaseError, match="5 changes are missing"), Keeper(alone, now=NOW):
        pass
    assert picture(alone.parent) == before
    shutil.rmtree(alone.parent)
