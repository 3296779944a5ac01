"""What commands share: settings from the command line, the store, `--as-of`, tables and JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from monitor.config.settings import PREFIX, Settings, load_settings, told_to_all
from monitor.errors import Misuse
from monitor.masking import hide, on_one_line, said, without_secrets
from monitor.store.database import Store, open_store
from monitor.types import Feed

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""Of times a person types or reads on the terminal without naming a zone."""

ARTICLE_ID = click.IntRange(1, 2**63 - 1)
"""What SQLite takes for a row number."""

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_of(ctx: click.Context) -> Settings:
    """Settings with the options of the command line on top, read once. Raises Misuse.

    From then on secrets are masked in all we say, and gone from the environment that children inherit.
    """
    given = ctx.find_root().ensure_object(dict)
    if "settings" not in given:
        given["settings"] = fresh_settings(ctx)
        if exposed := told_to_all():
            say(exposed)
    found: Settings = given["settings"]
    return found


def fresh_settings(ctx: click.Context) -> Settings:
    """The settings as they are now. Raises Misuse.

    A secret that stood in the environment is remembered from the first reading, since it is gone from there.
    """
    given = ctx.find_root().ensure_object(dict)
    here = Path(".env").is_file()
    if given.setdefault("had_dotenv", here) and not here:
        raise Misuse(".env: is gone; bring it back (without it all settings would be the defaults)")
    taken: dict[str, str] = given.setdefault("taken", {})
    settings = load_settings({"db": given.get("db"), "feeds": given.get("feeds"), **taken})
    hide(settings.secrets)
    for name in settings.secret_names:
        value = os.environ.pop(PREFIX + name.upper(), None)
        if value:
            taken[name] = value
    return settings


def store_of(settings: Settings, *, durable: bool = False, create: bool = False) -> Store:
    """The database of these settings; it has to be there unless `create` allows to make it."""
    return open_store(Path(settings.db), durable=durable, create=create)


def as_of_option(function: Command) -> Command:
    """`--as-of TIME`: what "now" is, so that recorded days can be replayed."""
    return click.option(
        "--as-of",
        "now",
        metavar="TIME",
        callback=_instant,
        help="Take this as now: ISO 8601; Vietnam time where it names no zone.",
    )(function)


def json_option(function: Command) -> Command:
    """`--json`: for other programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def chosen_feeds(listed: Sequence[Feed], ids: Sequence[str]) -> list[Feed]:
    """The feeds named, in the list's order; all when none is named. Raises Misuse for an unknown id."""
    unknown = sorted(set(ids) - {feed.id for feed in listed})
    if unknown:
        raise Misuse(f"there is no feed {unknown[0]!r}; see 'vietnhat feeds list'")
    return [feed for feed in listed if not ids or feed.id in ids]


def checked_sectors(ids: Sequence[str]) -> tuple[str, ...]:
    """Sector ids, each once. Raises Misuse for an unknown one."""
    from classifiers.taxonomy import load_taxonomy
    from monitor import wishes

    return wishes.checked_sectors(ids, load_taxonomy().sector_by_id)


def checked_consent(words: str | None) -> str:
    """How and when someone agreed, on one line; "" where nothing is given. Raises Misuse for nothing but blanks."""
    agreed = " ".join((words or "").split())
    if words is not None and not agreed:
        raise Misuse("--consent says nothing; write how and when, as 'signed list, 3 Nov 2026'")
    return agreed


def parse_instant(text: str) -> datetime:
    """An ISO 8601 time as aware UTC. Raises Misuse."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(
            f"{text!r} is not a time; write it as 2026-11-21T07:00 or 2026-11-21T07:00+09:00"
        ) from error
    if not 1970 < instant.year < 2200:  # beyond, sums with it overflow
        raise Misuse(f"{text!r} is no time of this program; write one from 1971 to 2199")
    return (instant if instant.tzinfo else instant.replace(tzinfo=ZONE)).astimezone(UTC)


def present() -> datetime:
    """Now, in whole seconds, as it is stored."""
    return datetime.now(UTC).replace(microsecond=0)


def _instant(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> datetime:
    return parse_instant(value) if value else present()


def local(instant: datetime) -> str:
    """A time for the terminal."""
    return instant.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def say(text: str) -> None:
    """A line for the person, on standard error: results go to standard output."""
    click.echo(clean(said(text)), err=True)


def print_json(value: object) -> None:
    """JSON, indented for people, one line for pipes."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(without_secrets(json.dumps(value, ensure_ascii=False, indent=indent, default=str)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; plain tab-separated lines when nobody is looking."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(clean(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    Console().print(table)


def clean(cell: object) -> str:
    """Text of strangers, safe for a terminal: no control characters, and none of our secrets."""
    return "" if cell is None else on_one_line(without_secrets(str(cell)))


def as_rows(values: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> list[list[Any]]:
    """The chosen columns of each mapping."""
    return [[value.get(column) for column in columns] for value in values]
