"""A model card as Markdown and as a page that needs nothing but itself."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.card.figures import Card


def as_markdown(card: Card) -> str:
    """For a terminal, a repository or a mail."""
    return _templates().get_template("card.md.j2").render(card=card)


def as_html(card: Card) -> str:
    """One file with plots, light or dark as the reader's screen is."""
    return _templates().get_template("card.html.j2").render(card=card)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("monitor.card"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
