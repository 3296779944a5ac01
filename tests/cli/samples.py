"""What the tests of the command line share: one way to call it, and sample files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from click.testing import CliRunner

from monitor.cli import cli, guarded

CONSENT = ("--consent", "signed list, 3 Nov 2026")
NOW = "2026-11-21T07:30"
"""When the sample archive is read: the day of its news, Vietnam time."""


class _Whole(click.Command):
    """The program as `monitor.cli.main` runs it: errors go through `guarded`."""

    def main(self, *args: Any, **extra: Any) -> Any:
        sys.exit(guarded(lambda: cli.main(*args, standalone_mode=False, **extra)))


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line in which a command that failed says why."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("vietnhat: ")
        return lines[0]


def call(*args: str, stdin: str | bytes | None = None, env: Mapping[str, str] | None = None) -> Answer:
    """Run `vietnhat ARGS…`. An error that nobody caught, which a person would see as a traceback, is raised."""
    result = CliRunner().invoke(_Whole("vietnhat"), args, input=stdin, env=env)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def rss(*items: tuple[str, str], title: str = "Thời sự - Báo Thử RSS") -> str:
    """An RSS document of (title, pubDate) items; no date element where the date is empty."""
    body = "".join(
        f"<item><title>{words}</title><link>https://thu.example/{number}</link>"
        f"{f'<pubDate>{date}</pubDate>' if date else ''}</item>"
        for number, (words, date) in enumerate(items)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{title}</title>{body}</channel></rss>"


TWO = rss(
    ("Nhật Bản cấp vốn vay ODA cho tuyến metro Bến Thành – Suối Tiên", "Sat, 21 Nov 2026 06:00:00 +0700"),
    ("Giá vàng sáng nay tăng nhẹ", "Fri, 20 Nov 2026 20:00:00 +0700"),
)


def feed_line(feed_id: str, url: str, **other: str) -> str:
    """One feed as it stands in feeds.yaml."""
    keys = {"outlet": "Báo Thử", "section": "thời sự", "url": url, "language": "vi",
            "zone": "Asia/Ho_Chi_Minh", "kind": "press", **other}  # fmt: skip
    return f"  - id: {feed_id}\n" + "".join(f"    {key}: {value}\n" for key, value in keys.items())


def feeds_file(*lines: str) -> str:
    """A feeds.yaml with comments a person wrote."""
    return "# Our feeds.   Keep this   comment.\nfeeds:\n\n" + "".join(lines)
