"""Instants as text: UTC, whole seconds, `2026-11-21T00:00:00Z`, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """The stored form of an aware datetime."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> datetime:
    """The aware datetime a stored text stands for."""
    return datetime.fromisoformat(text)


def to_text_or_none(instant: datetime | None) -> str | None:
    """`to_text`, with None for unknown."""
    return to_text(instant) if instant else None


def from_text_or_none(text: str | None) -> datetime | None:
    """`from_text`, with None for unknown."""
    return from_text(text) if text else None
