"""A model card as Markdown and as a page that needs nothing but itself."""

from __future__ import annotations

from monitor.card.figures import Card
from monitor.markup import environment


def as_markdown(card: Card) -> str:
    """For a terminal, a repository or a mail."""
    return environment("monitor.card").get_template("card.md.j2").render(card=card)


def as_html(card: Card) -> str:
    """One file with plots, light or dark as the reader's screen is."""
    return environment("monitor.card").get_template("card.html.j2").render(card=card)
