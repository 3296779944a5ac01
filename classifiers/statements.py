"""The text of a joint statement, line by line, held against the taxonomy: is every passage accounted for?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from classifiers.errors import BadFile
from classifiers.taxonomy import Taxonomy
from classifiers.text import normalise

MAX_CHARACTERS = 400_000
"""Far above any statement of two governments (that of 2023 has 10,000); a larger file is the wrong one."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One line of a statement that holds words; `line` counts from 1, as in the taxonomy's sources."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a taxonomy makes of a statement's passages. The last three are what is wrong."""

    covered: tuple[Passage, ...]
    plain: tuple[Passage, ...]
    open: tuple[Passage, ...]
    """Passages that no commitment stands on and that are not marked as carrying none."""
    astray: tuple[tuple[str, int, str], ...]
    """(commitment, line, anchor) of anchors that do not stand on their line."""
    doubtful: tuple[int, ...]
    """Lines marked as carrying none on which a commitment stands all the same, or that do not exist."""

    @property
    def complete(self) -> bool:
        """Whether every passage is accounted for and every anchor stands where it should."""
        return not (self.open or self.astray or self.doubtful)


def read_statement(path: Path) -> tuple[Passage, ...]:
    """The passages of a plain UTF-8 text. Raises BadFile."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(path, "is not UTF-8", todo="save the statement as plain UTF-8 text") from error
    except OSError as error:
        raise BadFile(path, f"cannot be read: {error.strerror}", todo="check the path") from error
    if len(text) > MAX_CHARACTERS:
        raise BadFile(path, "is far larger than a joint statement", todo="give the statement's text alone")
    lines = [(number, normalise(line)) for number, line in enumerate(text.splitlines(), 1)]
    passages = tuple(Passage(number, line) for number, line in lines if any(c.isalnum() for c in line))
    if not passages:
        raise BadFile(path, "holds no words", todo="give the statement's text, one paragraph a line")
    return passages


def coverage(taxonomy: Taxonomy, statement_id: str, passages: tuple[Passage, ...]) -> Coverage:
    """Every passage of a statement the taxonomy knows, sorted by what stands on it."""
    by_line = {passage.line: passage for passage in passages}
    none = set(taxonomy.statement_by_id[statement_id].plain)
    sources = [
        (commitment.id, source)
        for commitment in taxonomy.commitments
        for source in commitment.sources
        if source.statement == statement_id
    ]
    standing = {source.line for _, source in sources}
    astray = tuple(
        (commitment_id, source.line, source.anchor)
        for commitment_id, source in sources
        if source.line not in by_line or not holds(by_line[source.line], source.anchor)
    )
    return Coverage(
        tuple(p for p in passages if p.line in standing),
        tuple(p for p in passages if p.line in none and p.line not in standing),
        tuple(p for p in passages if p.line not in standing | none),
        astray,
        tuple(sorted(line for line in none if line in standing or line not in by_line)),
    )


def holds(passage: Passage, anchor: str) -> bool:
    """Whether the words of an anchor stand in a passage, letter case aside."""
    return normalise(anchor).casefold() in passage.text.casefold()
