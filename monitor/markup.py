"""How all templates are read: every value is escaped in HTML, a name without a value is an error.

The only module that knows jinja2. Text of feeds and readers is only ever a value, never a template.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


@cache
def environment(package: str) -> Environment:
    """The templates of a package; those that end in .txt.j2 or .md.j2 are plain text."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(
            disabled_extensions=("txt.j2", "md.j2"), default=True, default_for_string=True
        ),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
