"""Storage's tests read what is logged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _log_to_here() -> Iterator[None]:
    """Whatever an earlier test chose, log lines go to this test's standard error."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
