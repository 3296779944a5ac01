"""Figures for whoever runs the tests: seen at once, or at the end where another process runs the test."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout

import pytest

Aloud = Callable[[], AbstractContextManager[None]]
"""What is printed inside is seen."""

_FIGURES = "figures"


@pytest.fixture
def aloud(request: pytest.FixtureRequest) -> Aloud:
    """As `capsys.disabled`, which shows nothing where pytest-xdist runs the test."""

    @contextmanager
    def speaking() -> Iterator[None]:
        if not hasattr(request.config, "workerinput"):
            capture = request.config.pluginmanager.getplugin("capturemanager")
            with capture.global_and_fixture_disabled():
                yield
            return
        said = io.StringIO()
        try:
            with redirect_stdout(said):
                yield
        finally:
            request.node.user_properties.append((_FIGURES, said.getvalue()))

    return speaking


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests in other processes said."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, said in report.user_properties:
                    if name == _FIGURES:
                        terminalreporter.write_line(f"\n{report.nodeid}{said.rstrip()}")
