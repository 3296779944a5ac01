"""Looks at everything the program needs to run for years, and says what is wrong and what to do. Changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeVar

from classifiers.models import ModelStore
from monitor.config.feeds import load_feeds
from monitor.config.settings import Settings, told_to_all
from monitor.delivery.chat import MISSING
from monitor.errors import VietnhatError
from monitor.locks import holder, is_held
from monitor.store import house
from monitor.store.backup import SLACK, STALE, copies
from monitor.store.database import run_lock
from monitor.store.disk import SIDE_FILES, beside
from monitor.store.examine import Facts, examine
from monitor.store.migrations import SCHEMA_VERSION
from monitor.store.times import from_text
from monitor.types import Feed
from monitor.wiring import mail_way

STALE_NEWS = timedelta(hours=24)
CLOCK_SLACK = timedelta(minutes=10)
SPARE_BYTES = 200_000_000
SPARE_INODES = 1000
NO_ROOM = 20_000_000
"""Bytes; below, a transaction or a letter may fail at any moment."""
MANY = 0.5
"""Share of the feeds failing from which it is hardly the publishers' fault."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `todo` is empty where there is nothing to do."""

    what: str
    state: Literal["ok", "warn", "bad"]
    words: str
    todo: str = ""


def look(load: Callable[[], Settings], *, now: datetime) -> list[Finding]:
    """All findings. Whatever is broken becomes one, and the rest is looked at all the same."""
    settings = _outcome(load)
    if isinstance(settings, VietnhatError):
        return [Finding("settings", "bad", str(settings), "correct it; nothing else can be looked at before")]
    feeds = _outcome(lambda: load_feeds(settings.feeds))
    facts = _outcome(lambda: examine(Path(settings.db)))
    checks: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("feeds file", partial(_feeds_file, feeds)),
        ("database", partial(_database, facts, now)),
        ("feeds", partial(_feeds, feeds, facts)),
        ("disk", partial(_disk, settings)),
        ("way out", partial(_way_out, settings)),
        ("channels", partial(_channels, settings, facts)),
        ("model", partial(_model, settings)),
        ("backups", partial(_backups, settings, now)),
        ("permissions", partial(_permissions, settings)),
        ("daemon", partial(_daemon, settings)),
    )
    found = [Finding("settings", "ok", "readable")]
    for what, check in checks:
        found += _safely(what, check)
    return found


def _outcome(action: Callable[[], T]) -> T | VietnhatError:
    try:
        return action()
    except VietnhatError as error:
        return error


def _safely(what: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """One thing that cannot be looked at must not hide the others: a doctor is called when nothing is as it was."""
    try:
        return list(check())
    except VietnhatError as error:
        return [Finding(what, "bad", str(error))]
    except Exception as error:
        return [Finding(what, "bad", f"could not be looked at: {error!r}"[:300])]


def _feeds_file(feeds: Sequence[Feed] | VietnhatError) -> Iterator[Finding]:
    if isinstance(feeds, VietnhatError):
        yield Finding("feeds file", "bad", str(feeds))
        return
    yield Finding("feeds file", "ok", f"{len(feeds)} feeds of {len({feed.outlet for feed in feeds})} outlets")


def _database(facts: Facts | VietnhatError, now: datetime) -> Iterator[Finding]:
    if isinstance(facts, VietnhatError):
        yield Finding("database", "bad", str(facts))
        return
    words = f"whole; {facts.articles:,} articles, {facts.size / 1e6:,.1f} MB, schema {facts.schema}"
    if facts.schema < SCHEMA_VERSION:
        words += f", which the next start brings to {SCHEMA_VERSION}"
    yield Finding("database", "ok", words)
    yield from _marks(facts)
    yield _clock(facts, now)
    newest = from_text(facts.newest_article) if facts.newest_article else None
    if newest is None:
        yield Finding("news", "warn", "no article yet", "'vietnhat poll', or wait for the first round")
    elif now - newest > STALE_NEWS:
        yield Finding(
            "news", "warn", f"the newest article came at {newest:%Y-%m-%d %H:%M} UTC", "see the feeds"
        )
    else:
        yield Finding("news", "ok", f"the newest article came at {newest:%Y-%m-%d %H:%M} UTC")


def _marks(facts: Facts) -> Iterator[Finding]:
    """What the last run left: a mark without a daemon, changes that are known to be lost."""
    since, lost = facts.notes.get(house.RUNNING), facts.notes.get(house.LOST)
    if since and not facts.running:
        words = f"the run of {since} did not end in order; the file is whole"
        yield Finding("last run", "warn", words, "start it again; it makes good what is left")
    if lost:
        words = f"{lost} changes did not reach the disk (a power cut, or an older copy)"
        yield Finding("last run", "warn", words, "'vietnhat doctor --accept-loss' takes note of it")


def _clock(facts: Facts, now: datetime) -> Finding:
    latest = from_text(facts.latest) if facts.latest else None
    if latest and latest > now + CLOCK_SLACK:
        words = f"the database holds {facts.latest}, and now it is {now:%Y-%m-%dT%H:%M:%SZ}"
        return Finding(
            "clock", "bad", words, "the clock is wrong, or was; set it by NTP before anything is mailed"
        )
    return Finding("clock", "ok", f"{now:%Y-%m-%dT%H:%M:%SZ}, after all that is stored")


def _feeds(feeds: Sequence[Feed] | VietnhatError, facts: Facts | VietnhatError) -> Iterator[Finding]:
    if isinstance(feeds, VietnhatError) or isinstance(facts, VietnhatError):
        return
    rows = [facts.feeds.get(feed.id) for feed in feeds]
    polled = [row for row in rows if row and row["last_polled_at"]]
    failing = sum(row["failures"] > 0 and not row.get("ended_at") for row in polled)
    ended = sum(bool(row.get("ended_at")) for row in polled)
    words = f"{len(polled)} polled, {failing} failing, {ended} ended, {len(feeds) - len(polled)} never polled"
    if polled and failing >= MANY * len(polled):
        yield Finding(
            "feeds", "bad", words, "look at this machine's network, DNS and proxy; 'vietnhat status'"
        )
    elif failing or ended or len(polled) < len(feeds):
        yield Finding("feeds", "warn", words, "'vietnhat status' names them")
    else:
        yield Finding("feeds", "ok", words)


def _disk(settings: Settings) -> Iterator[Finding]:
    database = Path(settings.db)
    needed = 2 * sum(file.stat().st_size for file in _files_of(database)) + SPARE_BYTES
    folders = {_existing(folder) for folder in (database.parent, Path(settings.backups))}
    for folder in sorted(folders):
        free, inodes = shutil.disk_usage(folder).free, os.statvfs(folder)
        words = f"{folder}: {free / 1e6:,.0f} MB free"
        if free < NO_ROOM:
            yield Finding("disk", "bad", f"{words}: nothing more can be stored", "free some space")
        elif free < needed:
            yield Finding("disk", "warn", f"{words}, {needed / 1e6:,.0f} MB wanted", "free some space")
        elif inodes.f_files and inodes.f_favail < SPARE_INODES:
            yield Finding("disk", "warn", f"{folder}: {inodes.f_favail} inodes free", "remove small files")
        else:
            yield Finding("disk", "ok", words)


def _way_out(settings: Settings) -> Iterator[Finding]:
    with mail_way(settings) as way:
        refusal = way.probe()
    where = (
        f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else f"folder {settings.outbox}"
    )
    if refusal:
        yield Finding(
            "way out", "bad", refusal.reply, "no letter goes out; correct it, then 'vietnhat deliver test'"
        )
    else:
        yield Finding("way out", "ok", where)


def _channels(settings: Settings, facts: Facts | VietnhatError) -> Iterator[Finding]:
    """What readers' channels need; nothing to say where nobody has one."""
    if isinstance(facts, VietnhatError):
        return
    if "webhook" in facts.kinds and not settings.webhook_secret:
        yield Finding("webhooks", "bad", "their letters wait", "set VIETNHAT_WEBHOOK_SECRET")
    if "chat" in facts.kinds and find_spec("apprise") is None:
        yield Finding("chats", "bad", "their messages wait", MISSING)


def _model(settings: Settings) -> Iterator[Finding]:
    models = ModelStore(Path(settings.models))
    current = models.current()
    if current is None:
        yield Finding("model", "warn", f"{settings.models}: none yet", "the first poll makes one")
        return
    models.load(current)
    yield Finding("model", "ok", f"{current} serves, fingerprint {models.fingerprint(current)[:16]}")


def _backups(settings: Settings, now: datetime) -> Iterator[Finding]:
    there = copies(Path(settings.backups))
    if not there:
        yield Finding("backups", "warn", f"{settings.backups}: none", "'vietnhat backup', every day")
        return
    newest = next((copy for copy in there if copy.made_at <= now + SLACK), there[-1])
    words = f"{len(there)}, the newest of {newest.made_at:%Y-%m-%d %H:%M} UTC ({newest.size / 1e6:,.1f} MB)"
    stale = not timedelta(0) - SLACK <= now - newest.made_at <= STALE
    yield Finding(
        "backups", "warn" if stale else "ok", words, "'vietnhat backup', every day" if stale else ""
    )


def _permissions(settings: Settings) -> Iterator[Finding]:
    """Files with secrets or addresses are for us alone; what we write to is ours to write."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    secret = [*_files_of(Path(settings.db)), Path(settings.keys)]
    secret += [Path(".env")] if told_to_all() else []
    secret += [copy.path for copy in copies(Path(settings.backups))]
    secret += [Path(credentials)] if credentials else []
    open_ones = [path for path in secret if path.exists() and path.stat().st_mode & 0o007]
    for path in open_ones:
        yield Finding("permissions", "bad", f"{path}: others on this machine may read it", f"chmod o= {path}")
    folders = {
        Path(settings.db).parent,
        Path(settings.models),
        Path(settings.backups),
        Path(settings.keys).parent,
    }
    locked = sorted(
        {_existing(folder) for folder in folders if not os.access(_existing(folder), os.W_OK | os.X_OK)}
    )
    for folder in locked:
        yield Finding(
            "permissions", "bad", f"{folder}: we may not write there", "give it to the user we run as"
        )
    if not open_ones and not locked:
        yield Finding("permissions", "ok", "secrets are ours alone, folders writable")


def _daemon(settings: Settings) -> Iterator[Finding]:
    lock = run_lock(Path(settings.db))
    if not is_held(lock):
        yield Finding("daemon", "warn", "none runs on this database", "'vietnhat run', or start its service")
        return
    pid = holder(lock)
    yield Finding("daemon", "ok", f"process {pid} runs" if pid else "runs")


def _files_of(database: Path) -> list[Path]:
    return [file for file in (database, *(beside(database, each) for each in SIDE_FILES)) if file.exists()]


def _existing(folder: Path) -> Path:
    """The folder, or the one it would be made in."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
