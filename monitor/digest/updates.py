"""Whether an article adds to what a reader was already sent of its story. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from classifiers.text import normalise, tokens
from monitor.types import Article

REPEATED = 0.75
"""An article of whose different words at least so many stood in what was sent tells nothing new."""


def repeats(article: Article, sent: Iterable[Article]) -> bool:
    """Whether the reader was told all this before."""
    known = {word for one in sent for word in _words(one)}
    words = _words(article)
    return len(words & known) >= REPEATED * len(words)


def _words(article: Article) -> set[str]:
    text = normalise(f"{article.title} {article.summary}").casefold()
    return {token for token in tokens(text) if token[0].isalnum()}
