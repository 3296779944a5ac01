"""Whether an article adds to what a reader was already sent of its story. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from classifiers.text import words
from monitor.types import Article

REPEATED = 0.75
"""An article of whose different words at least so many stood in what was sent tells nothing new."""


def repeats(article: Article, sent: Iterable[Article]) -> bool:
    """Whether the reader was told all this before: every name and number of the headline, and most of the words."""
    known = {word for one in sent for word in _words(f"{one.title} {one.summary}")}
    own, telling = _words(f"{article.title} {article.summary}"), _telling(article.title)
    return telling <= known and len(own & known) >= REPEATED * len(own)


def _words(text: str) -> set[str]:
    return {token.casefold() for token in words(text)}


def _telling(headline: str) -> set[str]:
    """Names and numbers of a headline; its first word is always written large."""
    return {token.casefold() for token in words(headline)[1:] if token[0].isupper() or token[0].isdigit()}
