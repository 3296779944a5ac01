"""A reviewable proposal that takes a statement into the taxonomy: written as YAML, read back, merged in.

`taxonomy derive` writes it, a person corrects it, `taxonomy apply` merges it into taxonomy.yaml, which keeps its
comments and layout.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from classifiers.derive import Derived
from classifiers.errors import BadFile
from classifiers.taxonomy import LANGUAGES, CommitmentId, Line, Names, SectorId, Statement, Taxonomy
from classifiers.yamlfile import Editable, Misplaced, Record, load, read_text, validate

TODO = "TODO"
"""Stands wherever a person has to write something; a proposal that still holds one is not merged."""


SectionId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


class Renewed(Record):
    """An existing commitment that stands in the new statement too."""

    commitment: CommitmentId
    section: SectionId
    line: int
    anchor: Line


class New(Record):
    """A commitment that the new statement is the first to carry."""

    id: CommitmentId
    sector: SectorId
    name: Names
    statement: Names
    section: SectionId
    line: int
    anchor: Line
    terms: Annotated[list[Line], Field(min_length=3)]


class Patch(Record):
    """The whole file."""

    statement: Statement
    renewed: list[Renewed]
    new: list[New]

    @model_validator(mode="after")
    def _filled_in(self) -> Patch:
        for location, value in _texts(self.model_dump(), ()):
            if TODO in value or TODO.lower() + "-" in value:
                raise Misplaced(location, f"still reads {value!r}; fill it in, or delete the entry")
        return self


def _texts(value: Any, at: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        return [(at, value)]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in pairs for found in _texts(inner, (*at, key))]


def load_patch(path: Path) -> Patch:
    """A reviewed proposal. Raises BadFile for the first thing that is left to do or wrong."""
    return load(path, Patch)


def merge(patch: Patch, target: Path) -> Taxonomy:
    """Write the proposal into the taxonomy at `target`, whole or not at all; the taxonomy it makes.

    Lines are inserted where they belong, everything else stays as it is. Raises BadFile when the statement or a
    commitment stands there already, or one that is renewed does not.
    """
    load(target, Taxonomy)  # what is broken before is told as its own fault
    text = _merged(patch, target)
    whole = validate(target, text, Editable.plain(text), Taxonomy)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return whole


def _merged(patch: Patch, target: Path) -> str:
    data = Editable(target).data
    lines = read_text(target).splitlines()
    if any(str(statement["id"]) == patch.statement.id for statement in data["statements"]):
        raise BadFile(target, f"holds the statement {patch.statement.id!r} already", todo="give another id")
    known = {commitment["id"]: commitment for commitment in data["commitments"]}
    inserted: dict[int, list[str]] = defaultdict(list)
    for renewed in patch.renewed:
        if renewed.commitment not in known:
            raise BadFile(target, f"holds no commitment {renewed.commitment!r}", todo="correct the proposal")
        sources = known[renewed.commitment]["sources"]
        last = sources.lc.item(len(sources) - 1)[0]
        inserted[last + 1].append(f"      - {_source(patch.statement.id, renewed)}")
    before_sectors = data.lc.key("sectors")[0]
    while not lines[before_sectors - 1].strip():
        before_sectors -= 1
    inserted[before_sectors] += _statement_lines(patch.statement)
    codes = {sector["id"]: sector["code"] for sector in data["sectors"]}
    for new in patch.new:
        inserted[len(lines)] += _commitment_lines(new, patch.statement.id, codes.get(new.sector, new.sector))
    out = [line for at in range(len(lines) + 1) for line in (*inserted.get(at, ()), *lines[at : at + 1])]
    return "\n".join(out) + "\n"


def _source(statement: str, entry: Renewed | New) -> str:
    return (
        f"{{statement: {_quoted(statement)}, section: {_quoted(entry.section)}, line: {entry.line}, "
        f"anchor: {_quoted(entry.anchor)}}}"
    )


def _names(key: str, names: Names, indent: int) -> list[str]:
    pad = " " * indent
    return [f"{pad}{key}:", *(f"{pad}  {language}: {_quoted(names.in_(language))}" for language in LANGUAGES)]


def _statement_lines(statement: Statement) -> list[str]:
    return [
        f"  - id: {_quoted(statement.id)}",
        f"    date: {_quoted(statement.date)}",
        *_names("title", statement.title, 4),
        *([f"    url: {_quoted(statement.url)}"] if statement.url else []),
        f"    plain: {statement.plain}",
        "    sections:",
        *(
            f"      - {{id: {_quoted(section.id)}, first: {section.first}, last: {section.last}, title: {{"
            + ", ".join(f"{language}: {_quoted(section.title.in_(language))}" for language in LANGUAGES)
            + "}}"
            for section in statement.sections
        ),
    ]


def _commitment_lines(new: New, statement: str, sector_code: str) -> list[str]:
    return [
        f"  - id: {new.id}",
        f"    code: {sector_code}.{new.id.partition('.')[2]}",
        f"    sector: {new.sector}",
        *_names("name", new.name, 4),
        *_names("statement", new.statement, 4),
        "    sources:",
        f"      - {_source(statement, new)}",
        f"    terms: [{', '.join(map(_quoted, new.terms))}]",
    ]


def as_patch(
    statement_id: str, findings: Sequence[Derived], taxonomy: Taxonomy, about: Mapping[str, str]
) -> str:
    """The findings as YAML for review (`taxonomy apply` takes it in). Values to be filled in read TODO."""
    lines = [
        f"# Proposal for the statement {statement_id!r}, made by 'vietnhat taxonomy derive'. Review every entry:",
        "# delete what does not hold, fill in what reads TODO, move what stands under the wrong commitment;",
        "# then run 'vietnhat taxonomy apply' with this file.",
        "statement:",
        f"  id: {_quoted(statement_id)}",
        f"  date: {_quoted(about.get('date', 'TODO'))}",
        *_named("title", about.get("title", "TODO"), indent=2),
        f"  url: {_quoted(about['url'])}" if about.get("url") else "  # url: https://…",
        "  sections:",
        *_section_lines(findings),
        f"  plain: [{', '.join(str(f.passage.line) for f in findings if not f.matches and not f.proposals)}]",
        "renewed:",
    ]
    section = {line: name for name, first, last in _sections(findings) for line in range(first, last + 1)}
    for finding in findings:
        if finding.matches:
            lines.append(f"  # line {finding.passage.line}: {_shortened(finding.passage.text)}")
        for match in finding.matches:
            name = taxonomy.commitment_by_id[match.commitment].name.vi
            lines += [
                f"  - commitment: {match.commitment}  # {name}; similarity {match.similarity:.2f}",
                f"    section: {section[finding.passage.line]}",
                f"    line: {finding.passage.line}",
                f"    anchor: {_quoted(match.anchor)}",
            ]
    if lines[-1] == "renewed:":
        lines[-1] = "renewed: []"
    lines.append("new:")
    proposals = [(finding.passage.line, proposal) for finding in findings for proposal in finding.proposals]
    for number, (line, proposal) in enumerate(proposals, 1):
        lines += [
            f"  # line {line}: {_shortened(proposal.sentence)}",
            f"  - id: {proposal.sector}.{TODO.lower()}-{number}",
            f"    sector: {proposal.sector}",
            *_named("name", "TODO", indent=4),
            *_named("statement", "TODO", indent=4),
            f"    section: {section[line]}",
            f"    line: {line}",
            f"    anchor: {_quoted(proposal.anchor)}",
            f"    terms: [{', '.join(map(_quoted, proposal.terms))}]",
        ]
    if lines[-1] == "new:":
        lines[-1] = "new: []"
    return "\n".join(lines) + "\n"


def _named(key: str, text: str, *, indent: int) -> list[str]:
    pad = " " * indent
    return [f"{pad}{key}:", f"{pad}  vi: {_quoted(text)}", f"{pad}  en: TODO", f"{pad}  ja: TODO"]


_HEADING = re.compile(r"(?:Về|Trong lĩnh vực|Trong một số)\s")


def _sections(findings: Sequence[Derived]) -> list[tuple[str, int, int]]:
    """Runs of lines from one heading to the next; a line that begins "Về …" or "Trong lĩnh vực …" opens one."""
    starts = [findings[0].passage.line]
    starts += [finding.passage.line for finding in findings[1:] if _HEADING.match(finding.passage.text)]
    last = findings[-1].passage.line
    ends = [start - 1 for start in starts[1:]] + [last]
    return [(f"part-{n}", start, end) for n, (start, end) in enumerate(zip(starts, ends, strict=True), 1)]


def _section_lines(findings: Sequence[Derived]) -> list[str]:
    return [
        f"    - {{id: {name}, first: {first}, last: {last}, title: {{vi: TODO, en: TODO, ja: TODO}}}}"
        for name, first, last in _sections(findings)
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= 150 else text[:149].rsplit(" ", 1)[0] + " …"


def _quoted(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
