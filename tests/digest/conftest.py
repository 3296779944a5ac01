"""Shared by the tests of digests."""

from __future__ import annotations

import pytest

from classifiers.taxonomy import Taxonomy, load_taxonomy


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    """The shipped taxonomy."""
    return load_taxonomy()
