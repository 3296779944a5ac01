"""Whom an article says it has its news from: the agencies Vietnamese papers quote on Vietnam and Japan."""

from __future__ import annotations

import re
from functools import lru_cache

from monitor.types import Article

_AGENCIES = {
    "TTXVN": r"TTXVN|Thông tấn xã Việt Nam",
    "Kyodo": r"Kyodo(?: News)?",
    "Jiji": r"Jiji(?: Press)?",
    "NHK": r"NHK",
    "Nikkei": r"Nikkei(?: Asia)?",
    "Reuters": r"Reuters",
    "AFP": r"AFP",
    "AP": r"AP",
    "Bloomberg": r"Bloomberg",
    "Yonhap": r"Yonhap",
    "Tân Hoa xã": r"Tân Hoa [Xx]ã|THX|Xinhua",
}
_NAMES = "|".join(f"(?P<a{place}>{names})" for place, names in enumerate(_AGENCIES.values()))
_HOUSE = r"(?:(?:[Hh]ãng|[Đđ]ài|[Tt]ờ|[Bb]áo)(?: (?:tin|thông tấn|truyền hình))?(?: (?:của )?Nhật Bản)? )?"

_CREDIT = re.compile(
    rf"(?:(?<!\w)(?:[Tt]heo|[Dd]ẫn lời|[Dd]ẫn nguồn|[Nn]guồn:?)(?: tin)? {_HOUSE}(?:{_NAMES})(?!\w)"
    rf"|(?<=\()(?:{_NAMES.replace('?P<a', '?P<b')})(?=[)/,])"
    rf"|(?<!\w)(?:{_NAMES.replace('?P<a', '?P<c')})(?=/| (?:đưa tin|dẫn lời|cho hay|đăng)))"
)


def credit(article: Article) -> str:
    """The agency, as we call it; "" where the text names none, or the outlet itself."""
    agency = _named(f"{article.title}. {article.summary}")
    return "" if agency.casefold() in article.outlet.casefold() else agency


@lru_cache(maxsize=4096)  # the same stories are told to every reader
def _named(text: str) -> str:
    found = _CREDIT.search(text)
    if found is None:
        return ""
    group = next(name for name, text in found.groupdict().items() if text)
    return list(_AGENCIES)[int(group[1:])]
