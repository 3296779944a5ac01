"""The recorded days read a second time, by other means than the product: ElementTree, regular expressions, strptime.

Knows the shape of ../shared/news/replay and nothing of monitor.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")

APPENDING = ("nhandan", "vietnamplus", "cand", "tienphong", "sggp")
"""Outlets that append a block of related headlines to their descriptions."""

_RELATED = re.compile(r"<div\b.*\Z|<[a-z/][^>]*\Z|<\Z", re.DOTALL)
"""The first <div> of their descriptions opens the block; a description may break off within any tag."""
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<!--.*?-->", re.DOTALL)
_ANCHOR = re.compile(r"<a\b[^>]*>(.*?)</a>", re.DOTALL)
_CUT_ENTITY = re.compile(r"&#?\w*\Z")
_SHORT_OFFSET = re.compile(r"([+-]\d\d)\Z")


@dataclass(frozen=True)
class Recorded:
    """One entry as one day's document of one outlet holds it, word for word."""

    day: date
    outlet: str
    place: int
    title: str
    description: str
    link: str
    raw_date: str

    @property
    def published(self) -> datetime:
        """The instant in UTC."""
        return read_date(self.raw_date)

    @property
    def text(self) -> str:
        """What the description says before the related block, without white space."""
        before = _RELATED.sub("", self.description) if self.outlet in APPENDING else self.description
        return squeezed(html.unescape(_TAG.sub("", before)))

    @property
    def has_related(self) -> bool:
        """Whether a related block follows the text, be it only its beginning."""
        return self.outlet in APPENDING and "<div" in self.description

    @property
    def related(self) -> tuple[str, ...]:
        """The headlines of the related block, without white space."""
        block = _RELATED.search(self.description) if self.outlet in APPENDING else None
        found = _ANCHOR.findall(block[0]) if block else []
        return tuple(text for one in found if (text := squeezed(html.unescape(_TAG.sub("", one)))))


def squeezed(text: str) -> str:
    """The text without any white space, and without an entity the cut at the end has spoilt."""
    return _CUT_ENTITY.sub("", "".join(text.split()))


def read_date(raw: str) -> datetime:
    """Three forms stand in the recorded days: `Mon, 20 Jul 26 06:25:00 +07`, `… GMT`, `7/20/2026 5:25:00 AM`."""
    if raw[0].isdigit():
        local = datetime.strptime(raw.replace("\u202f", " "), "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007  its zone is next
        return local.replace(tzinfo=VIET_NAM).astimezone(UTC)
    words = _SHORT_OFFSET.sub(r"\1:00", raw).replace("GMT", "+00:00")
    year = "%y" if re.match(r"\w{3}, \d\d \w{3} \d\d ", words) else "%Y"
    return datetime.strptime(words, f"%a, %d %b {year} %H:%M:%S %z").astimezone(UTC)


class Recording:
    """All recorded days of all outlets."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.outlets: list[dict[str, str]] = json.loads((root / "outlets.json").read_text(encoding="utf-8"))
        self.days = sorted(date.fromisoformat(path.name) for path in root.iterdir() if path.is_dir())

    @cached_property
    def documents(self) -> dict[tuple[date, str], tuple[Recorded, ...]]:
        """Entries in document order, by day and outlet."""
        return {
            (day, outlet["id"]): tuple(self._entries(day, outlet["id"]))
            for day in self.days
            for outlet in self.outlets
            if self._path(day, outlet["id"]).exists()
        }

    @property
    def entries(self) -> Iterator[Recorded]:
        """Every entry of every document, in the order of days."""
        for document in self.documents.values():
            yield from document

    @cached_property
    def versions(self) -> dict[str, list[Recorded]]:
        """By link, what was recorded under it, earliest first."""
        found: dict[str, list[Recorded]] = {}
        for entry in self.entries:
            found.setdefault(entry.link, []).append(entry)
        return found

    def _path(self, day: date, outlet: str) -> Path:
        return self.root / day.isoformat() / f"{outlet}.xml"

    def _entries(self, day: date, outlet: str) -> Iterator[Recorded]:
        root = ElementTree.parse(self._path(day, outlet)).getroot()
        for place, item in enumerate(root.iter("item")):
            words = [item.findtext(tag) or "" for tag in ("title", "description", "link", "pubDate")]
            yield Recorded(day, outlet, place, *words)
