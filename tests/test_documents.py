"""What can drift is a test: the README's commands, the schema's description, the labels' definitions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor.cli import COMMANDS
from monitor.store.database import Store
from monitor.store.migrations import SCHEMA_VERSION

ROOT = Path(__file__).resolve().parent.parent


def read(name: str) -> str:
    """A document of the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_schema_is_described_column_by_column(store: Store) -> None:
    """docs/schema.md names every table and column in order, and nothing that is not there."""
    described = {
        part.split("\n", 1)[0]: re.findall(r"^\| (\w+) \|", part, re.MULTILINE)[1:]
        for part in read("docs/schema.md").split("\n### ")[1:]
    }
    names = [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    inner = ("sqlite_", "_sqlite", "article_search_")
    actual = {
        name: [row["name"] for row in store.rows(f"PRAGMA table_info({name})")]
        for name in names
        if not name.startswith(inner)
    }
    assert described == actual
    assert f"(`user_version`): {SCHEMA_VERSION}." in read("docs/schema.md")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_every_command(command: str) -> None:
    """A newcomer finds each command in the README."""
    assert f"vietnhat {command}" in read("README.md")


def test_every_sector_is_defined_for_labelling() -> None:
    """docs/labelling.md defines each sector of the taxonomy, and no other."""
    defined = re.findall(r"^\| `(\w+)` \|", read("docs/labelling.md"), re.MULTILINE)
    assert defined == list(load_taxonomy().sector_by_id)


def test_the_taxonomy_is_whole() -> None:
    """14 sectors and 76 commitments, each with at least three terms and a source."""
    taxonomy = load_taxonomy()
    assert (len(taxonomy.sectors), len(taxonomy.commitments)) == (14, 76)
    assert all(c.sources and len(c.terms) >= 3 for c in taxonomy.commitments)


def test_documents_link_to_files_that_exist() -> None:
    """No relative link in the documents is dead."""
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/**/*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_only_the_named_commands_are_needed() -> None:
    """Each make target is one line that calls a script of deploy/."""
    for line in read("Makefile").splitlines():
        if line.startswith("\t"):
            assert re.fullmatch(r"\t@sh deploy/[a-z-]+\.sh", line)
