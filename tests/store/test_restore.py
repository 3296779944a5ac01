"""Bringing a copy back: checked before anything is exchanged, the old one kept, and no kill leaves nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import DatabaseError
from monitor.locks import held
from monitor.store import articles
from monitor.store.backup import back_up
from monitor.store.database import open_store
from monitor.store.restore import restore
from tests.cli.samples import call
from tests.store.lying import NOW, count, killed_daemon, laid_out, news, picture, run, taken_along


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of three articles; the database it was made of has grown to five since."""
    path = laid_out(tmp_path / "a.db")
    made, _ = back_up(path, tmp_path / "copies", keep=3, now=NOW)
    with open_store(path) as store:
        news(store, 50, 2)
    return made.path


def stored(path: Path) -> int:
    """Articles, by our own opening."""
    with open_store(path) as store:
        return articles.count(store)


def test_the_copy_serves_and_the_old_one_is_kept(tmp_path: Path, copy: Path) -> None:
    """The copy itself stays as it was; what stood there has a name of its own and is whole."""
    before = copy.read_bytes()
    done = restore(copy, tmp_path / "a.db", now=NOW)
    assert (done.articles, done.newest) == (3, "2026-11-21T02:00:00Z")
    assert done.aside == tmp_path / "a.db.replaced-20261121T020000Z"
    assert stored(tmp_path / "a.db") == 3
    assert copy.read_bytes() == before
    assert count(done.aside) == 5
    again = restore(copy, tmp_path / "a.db", now=NOW)
    assert again.aside == tmp_path / "a.db.replaced-20261121T020001Z"
    assert not list(tmp_path.glob("*.rest*"))


@pytest.mark.parametrize("ruin", ["missing", "zero", "text", "wal-lost", "cut"])
def test_it_works_whatever_became_of_the_current_one(tmp_path: Path, copy: Path, ruin: str) -> None:
    """What is there is put aside as it is, its -wal with it, so that the new file never meets it."""
    path = tmp_path / "a.db"
    killed_daemon(path)
    match ruin:
        case "missing":
            path.unlink()
        case "zero":
            os.truncate(path, 0)
        case "text":
            path.write_text("xin chào\n" * 1000)
        case "wal-lost":
            path.with_name("a.db-wal").unlink()
        case _:
            os.truncate(path, 5000)
    left = {name: data for name, data in picture(tmp_path).items() if name in ("a.db", "a.db-wal")}
    restore(copy, path, now=NOW)
    assert stored(path) == 3
    kept = tmp_path / "a.db.replaced-20261121T020000Z"
    assert {name: kept.with_name(name.replace("a.db", kept.name)).read_bytes() for name in left} == left


def test_a_database_may_be_brought_to_another_machine(tmp_path: Path, copy: Path) -> None:
    """Where none ever was."""
    done = restore(copy, tmp_path / "new" / "b.db", now=NOW)
    assert done.aside is None
    assert stored(tmp_path / "new" / "b.db") == 3


def test_a_copy_that_is_not_sound_replaces_nothing(tmp_path: Path, copy: Path) -> None:
    """Damaged, cut, empty, of a newer schema, of another program, a living file alone, the database itself, nothing."""
    bad: list[tuple[Path, str]] = [
        (tmp_path / "nothing.db", "no such file"),
        (tmp_path / "a.db", "is the database"),
    ]
    for name, change, words in (
        ("damaged", lambda f: (f.seek(4096 * 5), f.write(os.urandom(4096))), "damaged|malformed"),
        ("cut", lambda f: f.truncate(9000), "cut short"),
        ("empty", lambda f: f.truncate(0), "is empty"),
        ("text", lambda f: (f.seek(0), f.write(b"xin " * 5000)), "not a database"),
    ):
        path = tmp_path / f"{name}.db"
        path.write_bytes(copy.read_bytes())
        with open(path, "r+b") as file:
            change(file)  # type: ignore[no-untyped-call]  # one line each
        bad.append((path, words))
    for name, sql, words in (
        ("newer", "PRAGMA user_version=99", "newer version"),
        ("other", "PRAGMA application_id=5", "another program"),
        ("orphan", "INSERT INTO revision VALUES (999, '', '', '')", "belongs to no row"),
    ):
        path = tmp_path / f"{name}.db"
        path.write_bytes(copy.read_bytes())
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(sql)
        bad.append((path, words))
    killed_daemon(laid_out(tmp_path / "living.db"))
    bad.append((taken_along(tmp_path / "living.db", tmp_path / "alone"), "without its -wal"))
    assert stored(tmp_path / "a.db") == 5
    before = picture(tmp_path)
    for path, words in bad:
        with pytest.raises(DatabaseError, match=words):
            restore(path, tmp_path / "a.db", now=NOW)
        assert picture(tmp_path) == before, words


def test_a_living_file_with_its_wal_is_a_copy(tmp_path: Path, copy: Path) -> None:
    """And stays as it is."""
    killed_daemon(laid_out(tmp_path / "living.db"))
    taken = taken_along(tmp_path / "living.db", tmp_path / "both", "-wal")
    before = picture(taken.parent)
    assert restore(taken, tmp_path / "a.db", now=NOW).articles == 8
    assert picture(taken.parent) == before
    assert stored(tmp_path / "a.db") == 8


HOLDS = """
import sys, time
from pathlib import Path
from monitor.store.database import open_store
with open_store(Path(sys.argv[1])) as store:
    store.rows("SELECT count(*) FROM article")
    print("open", flush=True)
    sys.stdin.read()
"""


def test_nothing_is_replaced_under_a_program_that_has_it_open(tmp_path: Path, copy: Path) -> None:
    """A labelling session would go on writing into the file put aside."""
    session = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "a.db")],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdout
    assert session.stdin
    session.stdout.readline()
    with pytest.raises(DatabaseError, match="another program has it open"):
        restore(copy, tmp_path / "a.db", now=NOW)
    session.communicate()
    restore(copy, tmp_path / "a.db", now=NOW)
    assert stored(tmp_path / "a.db") == 3


DIES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from monitor.store import restore, swap
left = int(sys.argv[3])
def step(function):
    def stepped(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return stepped
for name in ("rename", "replace", "unlink"):
    setattr(Path, name, step(getattr(Path, name)))
restore.sync_folder = swap.sync_folder = step(swap.sync_folder)
restore.shutil.copyfile = step(restore.shutil.copyfile)
os.pwrite = step(os.pwrite)
restore.restore(Path(sys.argv[1]), Path(sys.argv[2]), now=datetime(2026, 11, 22, tzinfo=UTC))
"""
"""A restore that is killed before its n-th touch of the disk."""


def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, copy: Path) -> None:
    """The next opening finds one of them whole, by itself; a second try works; the old one is never lost."""
    outcomes = []
    for step in range(40):
        house = tmp_path / str(step)
        house.mkdir()
        path = laid_out(house / "a.db", 5)
        killed_daemon(path, articles=2)
        died = run(DIES, copy, path, step)
        if died.returncode == 0:
            break
        assert died.returncode == -9, died.stderr
        outcomes.append(stored(path))
        assert outcomes[-1] in (3, 7)
        kept = list(house.glob("a.db.replaced-*Z"))
        assert (len(kept) == 1) == (outcomes[-1] == 3)
        restore(copy, path, now=NOW + timedelta(days=2))
        assert stored(path) == 3
        assert any(count(each) == 7 for each in house.glob("a.db.replaced-*Z"))
        assert not list(house.glob("a.db.rest*"))
    else:
        pytest.fail("never came to an end")
    assert set(outcomes) == {3, 7}
    assert outcomes == sorted(outcomes, reverse=True)


@pytest.mark.parametrize("activity", ["run", "poll", "mail"])
def test_the_command_waits_for_nobody(
    tmp_path: Path, copy: Path, activity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a daemon, a poll or a delivery is under way it refuses."""
    monkeypatch.setenv("VIETNHAT_DB", str(tmp_path / "a.db"))
    with held(tmp_path / f"a.db.{activity}.lock"):
        answer = call("restore", str(copy), "--yes")
    assert answer.code == 1
    assert "already running" in answer.err.splitlines()[-1]
    assert stored(tmp_path / "a.db") == 5


def test_the_commands_from_end_to_end(tmp_path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`backup` prints the copy's path, `restore` asks, tells what it means for mail, and puts it back."""
    monkeypatch.setenv("VIETNHAT_DB", str(tmp_path / "a.db"))
    monkeypatch.setenv("VIETNHAT_BACKUPS", str(tmp_path / "more"))
    made = call("backup", "--keep", "2")
    assert made.code == 0
    assert count(Path(made.out.strip())) == 5
    refused = call("restore", str(copy), stdin="n\n")
    assert refused.code == 130
    assert "may be mailed again" in refused.err
    assert stored(tmp_path / "a.db") == 5
    done = call("restore", str(copy), "--yes")
    assert done.code == 0
    assert "holds 3 articles" in done.err
    assert "a.db.replaced-" in done.err
    assert stored(tmp_path / "a.db") == 3
    assert call("restore", made.out.strip(), "--yes").code == 0
    assert stored(tmp_path / "a.db") == 5
