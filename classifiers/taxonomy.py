"""Sectors and commitments of the joint statements, with their names, sources and terms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from classifiers.shipped import shipped
from classifiers.yamlfile import Misplaced, Record, load

Line = Annotated[str, Field(min_length=1, max_length=400)]
SectorId = Annotated[str, Field(pattern=r"^[a-z]+$")]
CommitmentId = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z0-9-]+$")]
LANGUAGES: tuple[Literal["vi", "en", "ja"], ...] = ("vi", "en", "ja")


class Names(Record):
    """One text in the three languages of the product."""

    vi: Line
    en: Line
    ja: Line

    def in_(self, language: str) -> str:
        """The text in `language` (vi, en or ja)."""
        text: str = getattr(self, language)
        return text


class Section(Record):
    """A run of lines of a statement under one heading; `first` and `last` count lines from 1."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    first: int
    last: int
    title: Names


class Statement(Record):
    """A joint statement of the two governments."""

    id: str
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    title: Names
    url: Annotated[str, Field(pattern=r"^https://")] | None = None
    sections: Annotated[list[Section], Field(min_length=1)]
    plain: Annotated[list[int], Field(default_factory=list)]
    """Lines that carry no commitment: title, caption, quotation, source."""


class Source(Record):
    """Where a statement carries a commitment. The anchor (its own words, at most 8) is for machines only."""

    statement: str
    section: str
    line: Annotated[int, Field(ge=1)]
    anchor: Line

    @model_validator(mode="after")
    def _short_anchor(self) -> Self:
        if len(self.anchor.split()) > 8:
            raise ValueError("an anchor holds at most 8 words; shorten it")
        return self


class Sector(Record):
    """One of the fourteen fields of cooperation."""

    id: SectorId
    code: Annotated[str, Field(pattern=r"^[a-z]{3}$")]
    name: Names


class Commitment(Record):
    """What the two governments undertook, in our own words, and the words an article would use."""

    id: CommitmentId
    code: str
    sector: SectorId
    name: Names
    statement: Names
    sources: Annotated[list[Source], Field(min_length=1)]
    terms: Annotated[list[Line], Field(min_length=3)]
    confusables: Annotated[list[Line], Field(default_factory=list)]


class Taxonomy(Record):
    """The whole of data/taxonomy.yaml, checked: ids unique, every reference resolved."""

    version: Literal[1]
    statements: Annotated[list[Statement], Field(min_length=1)]
    sectors: Annotated[list[Sector], Field(min_length=1)]
    commitments: Annotated[list[Commitment], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, records, what in (
            ("statements", self.statements, "id"),
            ("sectors", self.sectors, "id"),
            ("commitments", self.commitments, "id"),
            ("commitments", self.commitments, "code"),
        ):
            seen: set[str] = set()
            for place, record in enumerate(records):
                value = getattr(record, what)
                if value in seen:
                    raise Misplaced((key, place, what), f"{value!r} stands twice; remove one")
                seen.add(value)
        sections = {(s.id, section.id) for s in self.statements for section in s.sections}
        for place, commitment in enumerate(self.commitments):
            at = ("commitments", place)
            if commitment.sector not in {s.id for s in self.sectors}:
                raise Misplaced((*at, "sector"), f"there is no sector {commitment.sector!r}; correct it")
            if not commitment.id.startswith(commitment.sector + "."):
                raise Misplaced((*at, "id"), f"must begin with its sector {commitment.sector!r}; correct it")
            for number, source in enumerate(commitment.sources):
                if (source.statement, source.section) not in sections:
                    where = f"{source.statement}/{source.section}"
                    raise Misplaced((*at, "sources", number), f"there is no section {where}; correct it")
        return self

    @cached_property
    def sector_by_id(self) -> Mapping[str, Sector]:
        """Sectors by id, in the taxonomy's order."""
        return {sector.id: sector for sector in self.sectors}

    @cached_property
    def commitment_by_id(self) -> Mapping[str, Commitment]:
        """Commitments by id, in the taxonomy's order."""
        return {commitment.id: commitment for commitment in self.commitments}

    @cached_property
    def statement_by_id(self) -> Mapping[str, Statement]:
        """Statements by id, oldest first."""
        return {statement.id: statement for statement in self.statements}

    def section(self, source: Source) -> Section:
        """The section a source stands in."""
        sections = self.statement_by_id[source.statement].sections
        return next(section for section in sections if section.id == source.section)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """The shipped taxonomy (read once a process), or the one at `path`. Raises BadFile."""
    return load(path, Taxonomy) if path else _shipped()


@cache
def _shipped() -> Taxonomy:
    return load(shipped("data", "taxonomy.yaml"), Taxonomy)
