"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), and the mark that prevents it."""


def harmless(cell: object) -> str:
    """A cell as text; one that a spreadsheet would take for a formula is led by an apostrophe."""
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(_FORMULA) else text


def as_given(cell: object) -> str:
    """A cell without the apostrophe that `harmless` put before it."""
    text = cell if isinstance(cell, str) else ""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
