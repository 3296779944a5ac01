"""docs/operations.md speaks of commands, settings, files and messages that exist, and of every alert's subject."""

from __future__ import annotations

import re

import click
import pytest

from monitor.cli import COMMANDS, cli
from monitor.config.settings import PREFIX, Settings
from tests.deploy.contract import DEPLOY, METRICS, ROOT

TEXT = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
CALLS = re.findall(r"(?:^|[`\n;] ?)vietnhat (?:--db \S+ )?([a-z]+)(?: ([a-z]+))?", TEXT)
SOURCES = "\n".join(
    p.read_text("utf-8") for r in ("monitor", "classifiers") for p in (ROOT / r).glob("**/*.py")
)

NOT_OURS = {"database or disk is full", "disk I/O error", "malformed", "535"}
"""Words of SQLite and of mail servers, which we pass on."""


def test_commands_exist() -> None:
    """Every command of the page is one of the program, and its second word one of its own."""
    assert len(CALLS) > 20
    for name, second in CALLS:
        assert name in COMMANDS, name
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            assert second in command.list_commands(click.Context(command)), f"{name} {second}"


def test_settings_exist() -> None:
    """Every setting of the page is one of the program's."""
    named = {name for name in re.findall(rf"{PREFIX}([A-Z_]+)", TEXT) if name}
    assert named <= {name.upper() for name in Settings.model_fields}


def test_files_exist() -> None:
    """Every file of deploy/ that the page names is there."""
    for name in re.findall(r"\bdeploy/([\w./-]+\w)", TEXT):
        assert (DEPLOY / name).exists(), name


def test_anchors_lead_somewhere() -> None:
    """A link within the page has its heading."""
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings


def _quoted() -> list[str]:
    table = TEXT.split("## What to do when")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")][1:]
    quoted = [part for cell in cells if "feed `" not in cell for part in re.findall(r"`([^`]+)`", cell)]
    return [piece.strip() for text in quoted for piece in text.split("…") if piece.strip()]


@pytest.mark.parametrize("message", _quoted())
def test_messages_are_ours(message: str) -> None:
    """What an operator is told to look for is what the program says."""
    if message not in NOT_OURS and message != "event=bug":
        assert message in SOURCES or message in METRICS


def test_every_condition_of_a_feed_is_explained() -> None:
    """A feed in trouble is looked up by the word that board and report use."""
    table = TEXT.split("## What to do when")[1]
    for condition in METRICS["vietnhat_feeds"]["condition"] - {"ok", "new"}:
        assert f"`{condition}`" in table, condition


def test_the_operator_needs_no_other_port() -> None:
    """The address of the pages is the program's default."""
    assert f"`VIETNHAT_LISTEN` ({Settings.model_fields['listen'].default})" in TEXT
