"""Shared by all tests: loopback only, no settings from outside, a model fitted once in each process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from classifiers.models import ModelStore
from monitor.store.database import Store, open_store
from tests.aloud import aloud, pytest_terminal_summary

__all__ = ["aloud", "pytest_terminal_summary"]

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours, no .env, no address but loopback."""
    for name in list(os.environ):
        if name.startswith("VIETNHAT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        if host not in ("127.0.0.1", "::1", "localhost", "unix"):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(socket.socket, "connect", only_loopback)


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """No test inherits where another one's log lines went: its captured stream is closed by then."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh database."""
    with open_store(tmp_path / "test.db", create=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the release's model, fitted once for all tests of a process."""
    from datetime import UTC, datetime

    from classifiers.release import first_model

    root = tmp_path_factory.mktemp("models")
    first_model(ModelStore(root), datetime(2026, 11, 21, tzinfo=UTC))
    return root


@pytest.fixture
def shared() -> Path:
    """The folder of measuring material beside the checkout; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, which is not part of the project")
    return SHARED
