"""Labelled examples: the shipped corpus, and whatever else is labelled in the same form.

A corpus file is JSON Lines; docs/labelling.md says what the labels mean.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.errors import BadFile
from classifiers.shipped import shipped
from classifiers.taxonomy import Taxonomy
from classifiers.verdict import Text

_FIELDS = {"id", "title", "summary", "relevance", "sectors", "commitments", "register", "kind", "story"}


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. `story` groups examples that must stay on one side of a fold."""

    id: str
    text: Text
    relevance: int
    sectors: tuple[str, ...]
    commitments: tuple[str, ...]
    register: str
    kind: str
    story: str


def load_corpus(taxonomy: Taxonomy, folder: Path | None = None) -> tuple[Example, ...]:
    """All examples of `folder` (the shipped corpus by default), by file and line.

    Raises BadFile for the first line that breaks the form or names an unknown label.
    """
    folder = folder or shipped("data", "corpus")
    examples: list[Example] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), 1):
            example = _example(path, number, line, taxonomy)
            if example.id in seen:
                raise BadFile(path, f"id {example.id!r} stands twice", line=number, todo="give it another id")
            seen.add(example.id)
            examples.append(example)
    if not examples:
        raise BadFile(folder, "holds no corpus file (*.jsonl)", todo="restore data/corpus")
    return tuple(examples)


def fingerprint(examples: Iterable[Example]) -> str:
    """SHA-256 over the examples' texts and labels, whatever their order."""
    lines = sorted(json.dumps(_as_dict(example), ensure_ascii=False, sort_keys=True) for example in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def counts(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    """How many examples carry each label, register and kind: the corpus's manifest (data/corpus/manifest.json)."""
    return {
        "file": dict(sorted(Counter(e.id.rpartition("-")[0] for e in examples).items())),
        "relevance": dict(sorted(Counter(str(e.relevance) for e in examples).items())),
        "sector": dict(sorted(Counter(s for e in examples if e.relevance == 2 for s in e.sectors).items())),
        "commitment": dict(sorted(Counter(c for e in examples for c in e.commitments).items())),
        "register": dict(sorted(Counter(e.register for e in examples).items())),
        "kind of negative": dict(Counter(sorted(e.kind for e in examples if e.relevance == 0)).most_common()),
    }


def _as_dict(example: Example) -> dict[str, object]:
    return {
        "title": example.text.title,
        "summary": example.text.summary,
        "relevance": example.relevance,
        "sectors": example.sectors,
        "commitments": example.commitments,
    }


def _example(path: Path, number: int, line: str, taxonomy: Taxonomy) -> Example:
    def bad(problem: str, key: str = "") -> BadFile:
        return BadFile(path, problem, line=number, key=key, todo="correct the line")

    try:
        data = json.loads(line)
    except ValueError as error:
        raise bad("is not JSON") from error
    if not isinstance(data, dict) or set(data) != _FIELDS:
        raise bad(f"must hold exactly the keys {', '.join(sorted(_FIELDS))}")
    for key in ("id", "title", "summary", "register", "kind", "story"):
        if not isinstance(data[key], str):
            raise bad("must be a text", key)
    if data["relevance"] not in (0, 1, 2):
        raise bad("must be 0, 1 or 2", "relevance")
    known = {"sectors": taxonomy.sector_by_id, "commitments": taxonomy.commitment_by_id}
    for key, ids in known.items():
        unknown = [value for value in data[key] if value not in ids] if isinstance(data[key], list) else ["?"]
        if unknown:
            raise bad(f"unknown label {unknown[0]!r}", key)
    if (data["relevance"] == 0) != (not data["sectors"]):
        raise bad("relevance 0 carries no sectors, 1 and 2 carry at least one", "sectors")
    return Example(
        data["id"],
        Text(data["title"], data["summary"]),
        data["relevance"],
        tuple(data["sectors"]),
        tuple(data["commitments"]),
        data["register"],
        data["kind"],
        data["story"],
    )
