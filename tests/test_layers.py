"""The floors of the house: imports run down, never up or sideways; one library, one module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted([*ROOT.glob("monitor/**/*.py"), *ROOT.glob("classifiers/**/*.py")])

STAGES = (
    "monitor.ingest",
    "monitor.digest",
    "monitor.delivery",
    "monitor.inbound",
    "monitor.store",
    "monitor.stories",
)
FLOORS = [
    ("classifiers",),
    (
        "monitor.types",
        "monitor.errors",
        "monitor.config",
        "monitor.masking",
        "monitor.files",
        "monitor.markup",
        "monitor.channel",
    ),
    (
        *STAGES,
        "monitor.locks",
        "monitor.logs",
        "monitor.labelfiles",
        "monitor.readerfiles",
        "monitor.cells",
        "monitor.card",
        "monitor.keys",
        "monitor.links",
        "monitor.wishes",
        "monitor.web",
        "monitor.mailboxes",
    ),
    ("monitor.threads", "monitor.pulse", "monitor.notify", "monitor.metrics", "monitor.memory"),
    (
        "monitor.archive",
        "monitor.tracing",
        "monitor.serving",
        "monitor.gathering",
        "monitor.jobs",
        "monitor.postman",
        "monitor.receiving",
        "monitor.polling",
        "monitor.learning",
        "monitor.watch",
        "monitor.health",
        "monitor.report",
    ),
    ("monitor.writing",),
    ("monitor.wiring", "monitor.daemon", "monitor.demo", "monitor.doctor"),
    ("monitor.reception", "monitor.rounds"),
    ("monitor.mailroom", "monitor.standing", "monitor.pages"),
    ("monitor.cli",),
]
"""Bottom first. A room imports from its own floor (not from a sister stage) and from those below."""

ONE_HOME = {
    "feedparser": {"monitor.ingest.parse"},
    "aiohttp": {"monitor.ingest.fetch", "monitor.ingest.guard", "monitor.delivery.webhook"},
    "apprise": {"monitor.delivery.chat"},
    "selectolax": {"monitor.ingest.clean", "monitor.cli.discovery"},
    "w3lib": {"monitor.ingest.identity"},
    "pebble": {"monitor.ingest.pool"},
    "dateparser": {"monitor.ingest.dates"},
    "jinja2": {"monitor.markup"},
    "babel": {"monitor.digest.words"},
    "smtplib": {"monitor.delivery.smtp"},
    "apscheduler": {"monitor.daemon"},
    "sqlite_utils": {"monitor.store.database", "monitor.store.migrations"},
    "ruamel": {"classifiers.yamlfile"},
    "sklearn": {"classifiers.training", "classifiers.calibration"},
    "pydantic_settings": {"monitor.config.settings"},
    "structlog": {"monitor.logs"},
    "starlette": {"monitor.web.health", "monitor.web.server", "monitor.pages.app", "monitor.pages.visit"},
    "limits": {"monitor.pages.rates"},
    "uvicorn": {"monitor.web.server"},
    "prometheus_client": {"monitor.metrics"},
    "itsdangerous": {"monitor.keys"},
    "email_validator": {"monitor.wishes"},
    "flufl": {"monitor.inbound.guesses"},
}


def name_of(path: Path) -> str:
    """The dotted name of a module file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor_of(module: str) -> int | None:
    """On which floor a module stands; None for what is no part of the house."""
    found = [
        level
        for level, rooms in enumerate(FLOORS)
        for room in rooms
        if module == room or module.startswith(room + ".")
    ]
    return max(found) if found else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_down(path: Path) -> None:
    """No module imports from a floor above its own, and no stage imports another."""
    module = name_of(path)
    own = floor_of(module)
    for imported in imports_of(path):
        level = floor_of(imported)
        if level is None or own is None:
            continue
        assert level <= own, f"{module} imports {imported} from a floor above"
        stage = next((s for s in STAGES if module.startswith(s)), None)
        other = next((s for s in STAGES if imported.startswith(s)), None)
        if stage and other:
            assert stage == other, f"{module} imports the sister stage {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_one_library_one_module(path: Path) -> None:
    """A library is known to one module, so that it can be replaced there."""
    module = name_of(path)
    for imported in imports_of(path):
        homes = ONE_HOME.get(imported.split(".")[0])
        assert homes is None or module in homes, f"{module} imports {imported}, whose home is {homes}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_small(path: Path) -> None:
    """A module is about 150 lines and never over 350."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A module opens with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
