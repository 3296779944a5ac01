"""What can drift is a test: the README's commands, the schema's description, the labels' definitions."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor.cli import COMMANDS
from monitor.delivery.webhook import signature
from monitor.digest.payload import payload
from monitor.digest.render import render
from monitor.store.database import Store
from monitor.store.migrations import SCHEMA_VERSION
from tests.digest.samples import FRAME
from tests.digest.test_render import digest_of, rich

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


def test_the_example_of_a_webhook_is_whole() -> None:
    """docs/webhook.md shows each field of what is posted, in its order, and names that exist."""
    digest = digest_of([rich(1, story_id=1), rich(2, outlet="Báo Hai", title="Tin khác", story_id=1)], "en")
    taxonomy = load_taxonomy()
    actual = json.loads(payload(digest, taxonomy, render(digest, taxonomy, FRAME)))
    shown = json.loads(blocks("json")[0])
    assert list(shown) == list(actual)
    for one, other in (
        (shown["items"][0], actual["items"][0]),
        (shown["items"][0]["also"][0], actual["items"][0]["also"][0]),
    ):
        assert list(one) == list(other)
    for field in ("sectors", "commitments"):
        names = {each["id"]: each["name"] for each in actual["items"][0][field]}
        assert all(names[each["id"]] == each["name"] for each in shown["items"][0][field])


def test_the_check_of_a_signature_works() -> None:
    """What docs/webhook.md gives receivers takes what we sign and nothing else."""
    given: dict[str, Any] = {}
    exec(blocks("python")[0], given)
    body, secret, now = b"{}", "a-secret-of-the-tests", int(time.time())
    assert given["is_genuine"](signature(body, secret, now), body, secret)
    assert not given["is_genuine"](signature(body, secret, now), b"[]", secret)
    assert not given["is_genuine"](signature(body, "another", now), body, secret)
    assert not given["is_genuine"](signature(body, secret, now - 301), body, secret)


def blocks(language: str) -> list[str]:
    """What stands in docs/webhook.md between fences of a language."""
    return re.findall(rf"```{language}\n(.*?)```", read("docs/webhook.md"), re.DOTALL)


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
