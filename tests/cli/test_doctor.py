"""`vietnhat doctor`: names what is wrong and what to do, and changes nothing whatever it finds."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor import doctor
from monitor.locks import held
from monitor.store import house
from monitor.store.backup import back_up
from monitor.store.database import open_store
from monitor.store.keeper import Keeper
from tests.cli.samples import call, feed_line, feeds_file
from tests.store.lying import killed_daemon, news, picture

Usage = namedtuple("Usage", "total used free")


def now() -> datetime:
    """The present, as the command takes it."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def well(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house in which nothing is amiss: news of today, a copy of today, a model, one feed that is read."""
    path = tmp_path / "house" / "a.db"
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds_file(feed_line("thu", "https://thu.example/rss")), encoding="utf-8")
    for name, value in (("DB", path), ("FEEDS", feeds), ("MODELS", models), ("BACKUPS", tmp_path / "copies"),
                        ("OUTBOX", tmp_path / "outbox"), ("KEYS", tmp_path / "keys.json")):  # fmt: skip
        monkeypatch.setenv(f"VIETNHAT_{name}", str(value))
    with open_store(path, create=True) as store:
        news(store, 0, 5, now=now())
        with store.transaction():
            store.write("UPDATE feed_state SET last_polled_at = ?", [f"{now():%Y-%m-%dT%H:%M:%SZ}"])
    back_up(path, tmp_path / "copies", keep=2, now=now())
    return path


def examined(code: int) -> dict[str, list[dict[str, Any]]]:
    """What the command finds, by what it looked at."""
    answer = call("doctor", "--json")
    assert answer.code == code, answer.out
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(answer.out):
        found.setdefault(finding["what"], []).append(finding)
    return found


def amiss(code: int) -> dict[str, str]:
    """What is not in order, by what it is: state and words."""
    return {
        what: " / ".join(f"{f['state']}: {f['words']}; {f['todo']}" for f in those if f["state"] != "ok")
        for what, those in examined(code).items()
        if any(f["state"] != "ok" for f in those)
    }


def test_all_is_well(well: Path) -> None:
    """While a daemon runs nothing is amiss, everything is looked at, and the daemon is named."""
    with held(doctor.run_lock(well)), Keeper(well, now=now()):
        found = examined(0)
    assert all(finding["state"] == "ok" for those in found.values() for finding in those)
    assert list(found) == [
        "settings", "feeds file", "database", "clock", "news", "feeds", "disk", "way out", "model", "backups",
        "permissions", "daemon",
    ]  # fmt: skip
    assert found["daemon"][0]["words"] == f"process {os.getpid()} runs"
    assert "5 articles" in found["database"][0]["words"]
    assert amiss(0).keys() == {"daemon"}


def test_nothing_is_changed(well: Path, tmp_path: Path) -> None:
    """Beside a living daemon, after one that was killed, and after an orderly end."""
    before = picture(tmp_path)
    examined(0)
    assert picture(tmp_path) == before
    killed_daemon(well)
    before = picture(tmp_path)
    assert "did not end in order" in amiss(0)["last run"]
    assert picture(tmp_path) == before


def test_an_empty_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first start it tells what is missing and makes nothing."""
    found = amiss(1)
    assert "there is no database" in found["database"]
    assert "none yet" in found["model"]
    assert "'vietnhat backup'" in found["backups"]
    assert list(tmp_path.iterdir()) == []


def wal_gone(path: Path) -> None:
    """A daemon was killed, and its -wal removed."""
    killed_daemon(path)
    path.with_name("a.db-wal").unlink()
    path.with_name("a.db-shm").unlink()


def noise(path: Path) -> None:
    """Bytes of nobody's in the middle."""
    with open(path, "r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 4))


DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: os.truncate(path, 0), "is empty"),
    (lambda path: os.truncate(path, 9000), "is cut short"),
    (lambda path: path.write_text("xin chào\n" * 999), "not a database"),
    (lambda path: path.write_bytes(b"SQLite format 3\0" + os.urandom(9000)), "restore"),
    (lambda path: path.unlink(), "is gone"),
    (lambda path: (path.unlink(), path.mkdir()), "is no file"),
    (lambda path: (path.unlink(), path.symlink_to(path)), "a.db"),
    (noise, "damaged|malformed"),
    (wal_gone, "changes are missing"),
]


@pytest.mark.parametrize(("ruin", "words"), DAMAGES)
def test_any_damage_is_a_finding(
    well: Path, tmp_path: Path, ruin: Callable[[Path], object], words: str
) -> None:
    """The database is bad, the rest is looked at all the same, and nothing is touched."""
    ruin(well)
    before = {name: data for name, data in picture(tmp_path).items() if not name.endswith(".open")}
    found = amiss(1)
    assert found["database"].startswith("bad: ")
    assert any(word in found["database"] for word in words.split("|"))
    after = {name: data for name, data in picture(tmp_path).items() if not name.endswith(".open")}
    assert after == before


def test_a_loss_is_accepted_by_name_only(well: Path) -> None:
    """Until then every command refuses; afterwards all work, and the doctor is content."""
    wal_gone(well)
    assert call("articles", "list").code == 1
    assert call("doctor").code == 1
    assert call("articles", "list").code == 1
    answer = call("doctor", "--accept-loss")
    assert answer.code == 0
    assert call("articles", "list").code == 0
    killed_daemon(well)
    with held(doctor.run_lock(well)):
        refused = call("doctor", "--accept-loss")
    assert refused.code == 1
    assert "already running" in refused.complaint


def test_what_a_power_cut_took_is_told(well: Path) -> None:
    """Until somebody takes note of it."""
    with open_store(well) as store:
        store.note(house.LOST, "3")
    assert "3 changes did not reach the disk" in amiss(0)["last run"]
    call("doctor", "--accept-loss")
    assert "last run" not in amiss(0)


def test_settings_and_feeds_that_cannot_be_read(
    well: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is named; with broken settings nothing else can be looked at."""
    (tmp_path / "feeds.yaml").write_text("feeds: [")
    assert amiss(1)["feeds file"].startswith("bad: ")
    monkeypatch.setenv("VIETNHAT_POLL_MINUTES", "nie")
    assert list(examined(1)) == ["settings"]


def test_a_clock_that_was_wrong(well: Path) -> None:
    """The database holds a time that has not come yet."""
    with open_store(well) as store:
        news(store, 50, 1, now=now() + timedelta(days=2))
    assert amiss(1)["clock"].startswith("bad: the database holds")


def test_old_news_and_old_copies(well: Path, tmp_path: Path) -> None:
    """A day without any article, and two without a copy."""
    with open_store(well) as store, store.transaction():
        store.write("UPDATE article SET first_seen = '2026-01-01T00:00:00Z'")
    for copy in (tmp_path / "copies").glob("*.db"):
        copy.rename(copy.with_name("vietnhat-20260101T000000Z.db"))
    found = amiss(0)
    assert found["news"].startswith("warn: the newest article came at 2026-01-01")
    assert found["backups"].startswith("warn: 1, the newest of 2026-01-01")


def test_feeds_that_fail(well: Path, tmp_path: Path) -> None:
    """One failing, ended or never polled is the publisher's matter; most at once is ours."""
    lines = [feed_line(f"f{n}", f"https://thu.example/{n}") for n in range(4)]
    (tmp_path / "feeds.yaml").write_text(feeds_file(*lines), encoding="utf-8")
    with open_store(well) as store, store.transaction():
        for n in range(3):
            store.write(
                "INSERT INTO feed_state (feed_id, url, last_polled_at, failures) VALUES (?, '', ?, ?)",
                [f"f{n}", "2026-01-01T00:00:00Z", int(n == 0)],
            )
        store.write("UPDATE feed_state SET ended_at = '2026-01-01T00:00:00Z' WHERE feed_id = 'f1'")
    assert amiss(0)["feeds"].startswith("warn: 3 polled, 1 failing, 1 ended, 1 never polled")
    with open_store(well) as store, store.transaction():
        store.write("UPDATE feed_state SET failures = 9")
    assert amiss(1)["feeds"].startswith("bad: 3 polled, 2 failing, 1 ended")


def test_a_disk_that_fills_up(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less room than two databases and 200 MB, or few inodes."""
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 9 * 10**8, 10**8))
        assert "100 MB free, 20" in amiss(0)["disk"]
    few = SimpleNamespace(
        f_files=10**6, f_favail=12, f_bavail=10**9, f_bfree=10**9, f_blocks=10**9, f_frsize=4096
    )
    monkeypatch.setattr(os, "statvfs", lambda _: few)
    assert "12 inodes free" in amiss(0)["disk"]


def test_what_others_may_read(well: Path, tmp_path: Path) -> None:
    """The database, its copies, .env and keys are for the owner; the way to mend it is told."""
    (tmp_path / ".env").write_text("VIETNHAT_SMTP_PASSWORD=geheim-42\n")
    (tmp_path / "keys.json").write_text("{}")
    (tmp_path / ".env").chmod(0o600)
    (tmp_path / "keys.json").chmod(0o600)
    assert "permissions" not in amiss(0)
    for path in (well, tmp_path / ".env", tmp_path / "keys.json", next((tmp_path / "copies").glob("*.db"))):
        path.chmod(0o644)
        assert f"{path.name}: others on this machine may read it; chmod o= " in amiss(1)["permissions"]
        path.chmod(0o600)


def test_folders_we_may_not_write(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are named."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert f"{well.parent}: we may not write there" in amiss(1)["permissions"]


def test_a_damaged_model(well: Path, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is loaded as serving would load it."""
    shutil.copytree(models, tmp_path / "own")
    monkeypatch.setenv("VIETNHAT_MODELS", str(tmp_path / "own"))
    assert "model" not in amiss(0)
    next((tmp_path / "own").glob("*/terms.txt")).write_text("x")
    assert "does not match its manifest" in amiss(1)["model"]


def test_what_nobody_thought_of_is_a_finding_too(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A doctor that falls over its own feet helps nobody."""

    def stumble(_: object) -> list[doctor.Finding]:
        raise RuntimeError("never seen before")

    monkeypatch.setattr(doctor, "_model", stumble)
    found = amiss(1)
    assert "could not be looked at: RuntimeError('never seen before')" in found["model"]


def test_a_mail_server_that_is_not_there(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No letter goes out, which is bad; the password stays untold."""
    monkeypatch.setenv("VIETNHAT_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("VIETNHAT_SMTP_PORT", "1")
    monkeypatch.setenv("VIETNHAT_SMTP_PASSWORD", "SECRETxyz")
    found = amiss(1)
    assert "mail server 127.0.0.1:1: " in found["way out"]
    assert "SECRETxyz" not in found["way out"]
