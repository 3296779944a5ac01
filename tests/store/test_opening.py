"""Opening: nothing is made by mistake, nothing lost goes unnoticed, nothing damaged is written to."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest

from monitor.errors import DatabaseError
from monitor.locks import held
from monitor.store import articles, database, house
from monitor.store.checks import APPLICATION_ID, promised_size
from monitor.store.database import Store, accept_loss, open_store, run_lock
from monitor.store.keeper import Keeper
from monitor.store.marker import Marker
from tests.store.lying import (
    NOW,
    POLL_KILLED,
    count,
    killed_daemon,
    laid_out,
    news,
    picture,
    run,
    taken_along,
)


def test_a_mistyped_path_makes_nothing(tmp_path: Path) -> None:
    """No file, no lock, no folder; the message asks whether the path is right."""
    for path in (tmp_path / "no.db", tmp_path / "neither" / "this" / "no.db"):
        with pytest.raises(DatabaseError, match=r"there is no database.*'vietnhat run'.*is --db right"):
            open_store(path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_database_is_known_as_ours(tmp_path: Path) -> None:
    """Its header names this program; another program's name in it is refused."""
    path = laid_out(tmp_path / "a.db")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        connection.execute("PRAGMA application_id=77")
    with pytest.raises(DatabaseError, match="another program"):
        open_store(path)


def test_a_numbered_database_without_our_tables_is_a_stranger(tmp_path: Path) -> None:
    """Others use `user_version`, too."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE article (x); PRAGMA user_version=2;")
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="another program"):
        open_store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("left", ["a.db-wal", "a.db-journal", "a.db.open"])
def test_a_database_that_is_gone_is_not_replaced(tmp_path: Path, left: str) -> None:
    """What it left behind tells that it was here, also to who may make a new one; removing that starts anew."""
    path = laid_out(tmp_path / "a.db")
    marker = (tmp_path / "a.db.open").read_bytes()
    path.unlink()
    (tmp_path / "a.db.open").unlink()
    (tmp_path / left).write_bytes(marker)
    for create in (True, False):
        with pytest.raises(DatabaseError, match=rf"is gone.*restore.*anew on purpose, remove.*{left}"):
            open_store(path, create=create)
    assert not path.exists()
    (tmp_path / "a.db.open").unlink(missing_ok=True)
    (tmp_path / left).unlink(missing_ok=True)
    open_store(path, create=True).close()


def test_a_marker_of_an_earlier_version_says_nothing(tmp_path: Path) -> None:
    """It was an empty lock file; it is filled in when the database is next opened."""
    path = laid_out(tmp_path / "a.db")
    Marker(path).path.write_bytes(b"")
    open_store(path).close()
    assert Marker(path).read() == 1


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.9999])
def test_a_file_cut_short_is_refused_untouched(tmp_path: Path, share: float) -> None:
    """The header says how long it has to be."""
    path = laid_out(tmp_path / "a.db", 50)
    assert promised_size(path) == path.stat().st_size
    os.truncate(path, int(path.stat().st_size * share))
    before = picture(tmp_path)
    with pytest.raises(DatabaseError, match=r"a.db: is cut short.*restore"):
        open_store(path)
    assert picture(tmp_path) == before


def test_a_file_that_is_no_file(tmp_path: Path) -> None:
    """A folder or a pipe is refused, and nobody waits for the pipe."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(DatabaseError, match="is no file"):
            open_store(tmp_path / name)


def test_a_link_leads_to_the_same_database(tmp_path: Path) -> None:
    """SQLite keeps the -wal where the file really is; so do we look there, and mark there."""
    path = laid_out(tmp_path / "a.db")
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "b.db"
    link.symlink_to(path)
    with open_store(link) as first, open_store(path) as second:
        news(first, 10, 1)
        news(second, 11, 1)
    assert Marker(link).read() == Marker(path).read() == 3
    assert [file.name for file in (tmp_path / "links").iterdir()] == ["b.db"]


# --- what a kill leaves -----------------------------------------------------------------------


def test_a_killed_command_loses_nothing(tmp_path: Path) -> None:
    """What was committed is there at the next opening, and is counted."""
    path = tmp_path / "a.db"
    assert run(POLL_KILLED, path, 0, 7).returncode == -9
    with open_store(path) as store:
        assert articles.count(store) == 7
        assert store.notes()[house.CHANGES] == "7"
        assert house.LOST not in store.notes()


def test_a_killed_daemon_is_recovered_by_whoever_comes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The next command checks the file, clears the mark, says so in one line, and finds all there was."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    with open_store(path) as store:
        assert articles.count(store) == 8
        assert house.RUNNING not in store.notes()
    assert capfd.readouterr().err.count("recovered") == 1
    open_store(path).close()
    assert "recovered" not in capfd.readouterr().err


@pytest.mark.parametrize("killed", [killed_daemon, lambda path: run(POLL_KILLED, path, 100, 5)])
def test_a_wal_that_was_removed_is_missed(tmp_path: Path, killed: object) -> None:
    """The message says how many changes are gone and the three ways on; nothing is written meanwhile."""
    path = laid_out(tmp_path / "a.db")
    killed(path)  # type: ignore[operator]  # both take the path
    wal = path.with_name("a.db-wal").read_bytes()
    path.with_name("a.db-wal").unlink()
    path.with_name("a.db-shm").unlink()
    before = picture(tmp_path)
    with pytest.raises(
        DatabaseError, match=r"changes are missing.*a.db-wal back.*restore FILE.*--accept-loss"
    ):
        open_store(path)
    assert picture(tmp_path) == before
    path.with_name("a.db-wal").write_bytes(wal)
    with open_store(path) as store:
        assert articles.count(store) == 8


def test_a_loss_can_be_accepted(tmp_path: Path) -> None:
    """Afterwards what is there is what counts, and all is as usual."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    path.with_name("a.db-wal").unlink()
    accept_loss(path)
    with open_store(path) as store:
        assert articles.count(store) == 3
        assert set(store.notes()) == {house.CHANGES}
        news(store, 500, 1)
    assert Marker(path).read() == 2


def test_a_wal_that_another_program_merged_is_no_loss(tmp_path: Path) -> None:
    """The sqlite3 shell recovers and tidies up when somebody looks after a kill; the start needs no hand."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    assert count(path) == 8
    assert not path.with_name("a.db-wal").exists()
    with open_store(path) as store:
        assert articles.count(store) == 8
        assert house.RUNNING not in store.notes()


def test_a_copy_of_a_living_file_alone_is_refused(tmp_path: Path) -> None:
    """Without its -wal it lacks the newest changes; with it, it is as good as the original."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    with pytest.raises(DatabaseError, match="copied while a daemon worked on it"):
        open_store(taken_along(path, tmp_path / "alone"))
    with open_store(taken_along(path, tmp_path / "both", "-wal")) as store:
        assert articles.count(store) == 8


def test_changes_a_power_cut_took_are_put_on_record(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A -wal whose end never reached the disk costs changes but no start; the loss is told once and kept on record."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path, articles=6)
    wal = path.with_name("a.db-wal")
    os.truncate(wal, wal.stat().st_size * 2 // 3)
    with open_store(path) as store:
        lost = 9 - articles.count(store)
        assert 0 < lost < 6
        assert store.notes()[house.LOST] == str(lost)
    assert "changes-lost" in capfd.readouterr().err
    open_store(path).close()
    assert capfd.readouterr().err == ""


def test_an_older_file_in_its_place_is_noticed(tmp_path: Path) -> None:
    """A copy put there by hand holds fewer changes than were made."""
    path = laid_out(tmp_path / "a.db")
    old = taken_along(path, tmp_path / "old")
    with open_store(path) as store:
        news(store, 10, 1)
    shutil.copyfile(old, path)
    with pytest.raises(DatabaseError, match="newest 1 changes are missing"):
        open_store(path)


def test_while_a_daemon_lives_its_mark_means_nothing(tmp_path: Path) -> None:
    """A command beside it works, and leaves the mark alone."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    with held(run_lock(path)), open_store(path) as store:
        assert house.RUNNING in store.notes()
    with open_store(path) as store:
        assert house.RUNNING not in store.notes()


def test_twenty_at_once_after_a_kill(tmp_path: Path) -> None:
    """All open the database, one recovers it, and nobody sees anything else than all articles."""
    path = laid_out(tmp_path / "a.db")
    killed_daemon(path)
    script = (
        "import sys; from pathlib import Path; from monitor.store.database import open_store\n"
        "from monitor.store.articles import count\n"
        "with open_store(Path(sys.argv[1])) as store: print(count(store))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(20)
    ]
    said = [process.communicate(timeout=120) for process in started]
    assert [out.strip() for out, _ in said] == ["8"] * 20
    assert "".join(err for _, err in said).count("recovered") == 1


def test_opening_while_others_come_and_go_never_sees_a_loss(tmp_path: Path) -> None:
    """Between a commit, a checkpoint at closing and our look nothing seems missing that is not."""
    path = laid_out(tmp_path / "a.db")
    failures: list[str] = []

    def work(start: int) -> None:
        try:
            for n in range(25):
                with open_store(path) as store:
                    news(store, start + n, 1)
        except DatabaseError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=work, args=(1000 * k,)) for k in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with open_store(path) as store:
        assert articles.count(store) == 103
        assert house.LOST not in store.notes()


def test_a_second_connection_of_ours_does_not_unlock_the_first(tmp_path: Path) -> None:
    """Opening the file once more must not drop this process's locks, else another program takes the -wal away."""
    path = laid_out(tmp_path / "a.db")
    with open_store(path) as first:
        for n in range(3):
            with open_store(path) as second:
                news(second, 10 + n, 1)
            assert count_elsewhere(path) == 4 + n
            assert first.path.with_name("a.db-wal").exists()
        news(first, 20, 1)
    assert count(path) == 7


def test_a_connection_that_wrote_nothing_yet_keeps_its_locks(tmp_path: Path) -> None:
    """Its -wal is there and empty; who looks for what is missing must not open the file past SQLite then."""
    path = laid_out(tmp_path / "a.db")
    with open_store(path) as first:
        assert first.path.with_name("a.db-wal").stat().st_size == 0
        open_store(path).close()
        assert count_elsewhere(path) == 3
        news(first, 10, 1)
        assert first.path.with_name("a.db-wal").exists()
    assert count(path) == 4


def count_elsewhere(path: Path) -> int:
    """Articles, as another process sees them that tidies up behind itself when it believes to be the last."""
    looked = run(
        "import sys; from pathlib import Path; from tests.store.lying import count; print(count(Path(sys.argv[1])))",
        path,
    )
    return int(looked.stdout)


# --- a disk that refuses ----------------------------------------------------------------------


@contextmanager
def no_file_longer_than(octets: int) -> Iterator[None]:
    """The kernel refuses to let a file grow, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_costs_one_transaction_and_no_connection(tmp_path: Path) -> None:
    """Half a poll is none; the message says what to do; when there is space again the same connection goes on."""
    path = laid_out(tmp_path / "a.db")
    with open_store(path) as store:
        with (
            no_file_longer_than(64 * 1024),
            pytest.raises(DatabaseError, match=r"a.db: .*free some space"),
        ):
            news(store, 10, 400)
        assert articles.count(store) == 3
        news(store, 10, 400)
        assert articles.count(store) == 403
    open_store(path).close()


def test_a_disk_that_is_full_at_the_commit(tmp_path: Path) -> None:
    """What fails at the very end is undone as well, wherever the limit falls."""
    path = laid_out(tmp_path / "a.db")
    for limit in range(4096, 120_000, 3000):
        with open_store(path) as store:
            before = articles.count(store)
            try:
                with no_file_longer_than(limit):
                    news(store, limit * 100, 20)
            except DatabaseError:
                assert articles.count(store) == before
            else:
                assert articles.count(store) == before + 20
            with store.transaction():
                pass
    with open_store(path) as store:
        assert house.LOST not in store.notes()


def test_no_space_for_a_new_database(tmp_path: Path) -> None:
    """Nothing half made stands in its place, and the next try makes it."""
    path = tmp_path / "a.db"
    with no_file_longer_than(20_000), pytest.raises(DatabaseError, match="free some space"):
        open_store(path, create=True)
    assert not path.exists()
    laid_out(path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file where a folder should be, and a file system that is read-only, are named."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatabaseError, match=r"file.*check path"):
        open_store(tmp_path / "file" / "a.db", create=True)
    with pytest.raises(DatabaseError, match="check path"):
        open_store(Path("/proc/vietnhat/a.db"), create=True)


def test_a_lock_that_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits too long is told to try again; afterwards the same connection works."""
    path = laid_out(tmp_path / "a.db")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    with open_store(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseError, match="another program holds it; try again"):
            news(store, 10, 1)
        assert articles.count(store) == 3
        other.execute("ROLLBACK")
        news(store, 10, 1)
        assert articles.count(store) == 4


def test_who_keeps_the_door_too_long(tmp_path: Path) -> None:
    """Nobody waits for ever for a process that was stopped while it opened."""
    path = laid_out(tmp_path / "a.db")
    with Marker(path).locked(), pytest.raises(DatabaseError, match="try again"), Marker(path).locked(0.1):
        pass


# --- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("killed", [True, False])
def test_fifty_corruptions(tmp_path: Path, killed: bool) -> None:
    """Noise over any page is refused or harmless: after a kill by whoever opens, else by the start of a daemon."""
    path = laid_out(tmp_path / "a.db", 400)
    if killed:
        killed_daemon(path)
    expected = 405 if killed else 400
    told: list[str] = []
    for seed in range(50):
        dice = random.Random(seed)
        copy = taken_along(path, tmp_path / str(seed), *(["-wal"] if killed else []))
        with open(copy, "r+b") as file:
            file.seek(dice.randrange(copy.stat().st_size // 4096) * 4096)
            file.write(dice.randbytes(4096))
        try:
            with nullcontext() if killed else Keeper(copy, now=NOW), open_store(copy) as store:
                stored, found = (
                    len(list(articles.everything(store))),
                    articles.search(store, "hue", limit=1000),
                )
        except DatabaseError as error:
            told.append(str(error))
        else:
            assert (stored, len(found)) == (expected, expected)
        shutil.rmtree(copy.parent)
    assert all("restore" in words for words in told)
    assert len(told) >= 40  # the others lay under a page of the -wal, or were free


@pytest.mark.parametrize(
    "action",
    ["lock 2", "reader 2", "readonly", "corrupt 7 3", "truncate 0.6", "zero", "notadb", "rmwal", "future"],
)
def test_the_shared_faults(shared: Path, tmp_path: Path, action: str) -> None:
    """Each way to block or damage a database ends in a refusal with advice, or does no harm; afterwards, on a copy
    that is untouched, all is as before."""
    folder = tmp_path / "house"
    folder.mkdir()
    path = laid_out(folder / "a.db", 300)
    killed_daemon(path)
    spare = taken_along(path, tmp_path / "spare", "-wal")
    process = subprocess.Popen(
        [sys.executable, str(shared / "faults" / "dbfaults.py"), str(path), *action.split()],
        stdout=subprocess.PIPE,
    )
    harmless = action.split()[0] in ("lock", "reader", "readonly")  # root may write what is read-only
    try:
        if action.split()[0] in ("lock", "reader"):
            assert process.stdout
            process.stdout.readline()
        else:
            process.wait()
        if harmless:
            with open_store(path) as store:
                news(store, 900, 1)
                assert articles.count(store) == 306
        else:
            with pytest.raises(DatabaseError, match=r"restore|upgrade"):
                open_store(path, create=True)
    finally:
        process.wait()
        if process.stdout:
            process.stdout.close()
    with open_store(spare) as store:
        assert articles.count(store) == 305


def test_a_transaction_within_another_is_part_of_it(tmp_path: Path) -> None:
    """Both or none, counted once; afterwards the next one stands by itself."""
    path = laid_out(tmp_path / "a.db")

    def half_done(store: Store) -> None:
        with store.transaction():
            store.note(house.BACKUP, "inner")
            store.write("DELETE FROM nothing_of_ours")

    with open_store(path) as store:
        before = int(store.notes()[house.CHANGES])
        with pytest.raises(DatabaseError):
            half_done(store)
        assert house.BACKUP not in store.notes()
        with store.transaction():
            store.note(house.BACKUP, "inner")
        store.note(house.TOLD, "after")
        assert store.notes()[house.BACKUP] == "inner"
        assert int(store.notes()[house.CHANGES]) == before + 2
    assert Marker(path).read() == before + 2


def test_a_transaction_that_changes_nothing_counts_for_nothing(tmp_path: Path) -> None:
    """The count is of changes, and an error in the body takes its own back."""
    path = laid_out(tmp_path / "a.db")
    with open_store(path) as store:
        with store.transaction():
            store.write("DELETE FROM article WHERE id = 999")
        with pytest.raises(DatabaseError), store.transaction():
            store.write("DELETE FROM nothing_of_ours")
        assert store.notes()[house.CHANGES] == "1"
        store.note(house.BACKUP, NOW.isoformat())
        assert store.notes()[house.CHANGES] == "2"
    assert Marker(path).read() == 2
