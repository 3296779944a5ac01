"""Names that tell whether a text concerns Japan, Vietnam or someone else, and the word lists beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from classifiers.shipped import shipped
from classifiers.taxonomy import Line, Names
from classifiers.text import normalise
from classifiers.yamlfile import Misplaced, Record, load

Kind = Literal[
    "firm", "joint-venture", "model", "brand", "agency", "ministry", "organisation", "place", "person", "project",
    "vn-place", "vn-ministry", "vn-person", "vn-firm", "country", "other-org", "lookalike-word",
]  # fmt: skip
Country = Literal["jp", "vn", "joint", "other"]


class Name(Record):
    """A name with its spellings. A lookalike is listed so that its string is *not* taken for Japan."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    name: Line
    kind: Kind
    country: Country
    aliases: Annotated[list[Line], Field(default_factory=list)]
    lookalike: bool = False
    weak: bool = False
    notes: str = ""


class Gazetteer(Record):
    """The whole of data/gazetteer.yaml; no spelling stands under two names."""

    version: Literal[1]
    names: Annotated[list[Name], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids: set[str] = set()
        seen: dict[str, str] = {}
        for place, name in enumerate(self.names):
            if name.id in ids:
                raise Misplaced(("names", place, "id"), f"{name.id!r} stands twice; remove one")
            ids.add(name.id)
            for spelling in {normalise(text) for text in (name.name, *name.aliases)}:
                if spelling in seen:
                    other = seen[spelling]
                    raise Misplaced(("names", place), f"{spelling!r} stands under {other} too; remove one")
                seen[spelling] = name.id
        return self


class Signal(Record):
    """A named word list; `case` says whether letter case counts."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    name: Names
    case: Literal["exact", "fold"]
    terms: Annotated[list[Line], Field(min_length=1)]


class NhatRule(Record):
    """When the syllable "Nhật" does not, or does, mean Japan: tokens beside it."""

    never_before: list[str]
    never_after: list[str]
    names_before: list[str]
    nouns_before: list[str]


class WordLists(Record):
    """The whole of data/signals.yaml."""

    version: Literal[1]
    nhat: NhatRule
    signals: Annotated[list[Signal], Field(min_length=1)]


def load_gazetteer(path: Path | None = None) -> Gazetteer:
    """The shipped gazetteer, or the one at `path`. Raises BadFile."""
    return load(path or shipped("data", "gazetteer.yaml"), Gazetteer)


def load_word_lists(path: Path | None = None) -> WordLists:
    """The shipped word lists, or those at `path`. Raises BadFile."""
    return load(path or shipped("data", "signals.yaml"), WordLists)
