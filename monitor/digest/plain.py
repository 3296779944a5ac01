"""Text and links of feeds made safe to print: one line, no hidden characters, no surprising address."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

MAX_LINK = 1000
"""Longer addresses are no use to a reader and would fill the letter."""

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Marks that turn the direction of text, join or hide it, halves of surrogate pairs, non-characters, tags.
_HIDDEN = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


_SAME_FOR_MANY = 4096
"""Texts that are kept: the same stories are told to every reader."""


@lru_cache(maxsize=_SAME_FOR_MANY)
def plain(text: str) -> str:
    """`text` on one line, without control characters and invisible marks."""
    return _BREAKS.sub(" ", _HIDDEN.sub("", text)).strip()


def shorten(text: str, most: int) -> str:
    """`text` in at most `most` characters, ended between words where there are any, with an ellipsis."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at_word = head.rpartition(" ")[0]
    return (at_word if len(at_word) > most // 2 else head).rstrip(" ,;:.–-") + "…"


@lru_cache(maxsize=_SAME_FOR_MANY)
def web_link(link: str) -> str | None:
    """`link` if it is plain http or https to a named host, with no user name to mislead by; else None."""
    if len(link) > MAX_LINK or plain(link) != link or " " in link:
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    good = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return link if good else None
