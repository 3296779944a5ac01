"""What the tests of storage share: news to store, databases that were left in every way, and programs that die."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.store import polls
from monitor.store.database import Store, open_store
from monitor.types import Entry, Feed, FeedState, NewArticle, PollPlan, PollReport

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
FEED = Feed("thu", "Báo Thử", "tin", "https://thu.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")


def news(store: Store, first: int, count: int, *, now: datetime = NOW, words: int = 12) -> None:
    """One poll that brings so many articles, numbered from `first`."""
    new = tuple(
        NewArticle(
            Entry(
                (f"url:{n}",),
                f"https://thu.example/{n}",
                f"Tin số {n} về Huế",
                " ".join(f"chữ{n * k % 997}" for k in range(words)),
                now,
            ),
            now - timedelta(minutes=1),
            news=True,
        )
        for n in range(first, first + count)
    )
    polls.record_poll(
        store,
        FEED,
        PollPlan(new=new),
        FeedState("thu", FEED.url, read_at=NOW),
        PollReport("thu", "new"),
        now=now,
    )


def laid_out(path: Path, articles: int = 3) -> Path:
    """A database that was closed in order."""
    with open_store(path, create=True) as store:
        news(store, 0, articles)
    return path


def count(path: Path) -> int:
    """Articles, as another program sees them, which tidies up when it closes last."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM article").fetchone()[0])


def run(script: str, *values: object) -> subprocess.CompletedProcess[str]:
    """A program of its own: `script` with `values` in sys.argv[1:]."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, values)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


DAEMON_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from monitor.locks import held
from monitor.store.database import open_store, run_lock
from monitor.store.keeper import Keeper
from tests.store.lying import news
path, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with held(run_lock(path)), Keeper(path, now=datetime.now(UTC)):
    with open_store(path) as store:
        for n in range(first, first + count):
            news(store, n, 1)
        os.kill(os.getpid(), signal.SIGKILL)
"""
"""A daemon that stores a few articles, each in its own transaction, and is killed."""

POLL_KILLED = """
import os, signal, sys
from pathlib import Path
from monitor.store.database import open_store
from tests.store.lying import news
with open_store(Path(sys.argv[1]), create=True) as store:
    for n in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
        news(store, n, 1)
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""A command without a daemon, killed likewise."""


def killed_daemon(path: Path, first: int = 100, articles: int = 5) -> None:
    """Leave what a daemon leaves that is killed after storing so many articles."""
    died = run(DAEMON_KILLED, path, first, articles)
    assert died.returncode == -9, died.stderr
    assert path.with_name(path.name + "-wal").stat().st_size > 0


def taken_along(path: Path, folder: Path, *endings: str) -> Path:
    """Copy a database as `cp` would, with those of its side files; the copy."""
    folder.mkdir(exist_ok=True)
    for ending in ("", *endings):
        shutil.copyfile(path.with_name(path.name + ending), folder / (path.name + ending))
    return folder / path.name


def picture(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes, locks and SQLite's index (-shm) excepted."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith((".lock", "-shm"))
    }
