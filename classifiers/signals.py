"""Finds signals in a text: who is named (names by kind and country) and what is done (word lists).

A `Lexicon` is plain data, so that a model file can hold the one it was trained with. Names match whole tokens,
letter case counts, the longest wins and consumes its tokens; word lists match whatever tokens they match.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from classifiers.gazetteer import Gazetteer, Name, WordLists
from classifiers.taxonomy import Taxonomy
from classifiers.text import normalise, tokens

JAPAN_KINDS = frozenset(
    {"jp-firm", "jp-joint-venture", "jp-model", "jp-brand", "jp-agency", "jp-ministry", "jp-organisation", "jp-place",
     "jp-person", "jp-project", "weak-firm", "weak-brand", "weak-model", "weak-agency", "weak-ministry",
     "weak-person", "weak-place", "weak-bilateral"}
)  # fmt: skip
"""Signals of names that are Japanese; with `JAPAN_WORDS` they make the gate. Some weak kinds do not open it: works
once built with Japanese aid (`weak-project`), firms with a Japanese shareholder (`weak-owned`,
`weak-joint-venture`) and events (`weak-organisation`). Alone they stand in a third of what a wider gate lets in."""

JAPAN_WORDS = frozenset({"japan", "nhat", "bilateral", "japan-actor", "japan-market"})

NUMBER = "<n>"
"""Stands for every number: which one it is never tells a development from another."""

TOPIC = "topic-"
"""Prefix of the signals that count a sector's terms of the taxonomy."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A signal found at a token: its id and the words that raised it."""

    signal: str
    words: str
    at: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What one text holds. `masked` are its lower-case tokens, each name replaced by its signal (`<jp-firm>`)
    and each number by `<n>`, so that what is learnt of one firm holds for the next; `plain` are the tokens with
    the names left in."""

    hits: tuple[Hit, ...]
    masked: tuple[str, ...]
    plain: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """All phrases by signal. `names` are case-exact and consume their tokens; `exact` and `folded` do not."""

    names: Mapping[str, str]
    exact: Mapping[str, Sequence[str]]
    folded: Mapping[str, Sequence[str]]
    nhat: Mapping[str, Sequence[str]]
    _tries: dict[str, dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        names: dict[str, list[str]] = {phrase: [signal] for phrase, signal in self.names.items()}
        self._tries["names"] = _index(names)
        self._tries["exact"] = _index(self.exact)
        self._tries["folded"] = _index(self.folded)

    def scan(self, text: str) -> Scan:
        """All signals in normalised `text`, and its masked tokens."""
        words = tokens(text)
        names, free = self._names(words)
        lower = [word.lower() for word in words]
        hits = [*names, *_matches(self._tries["exact"], words), *_matches(self._tries["folded"], lower)]
        hits += self._nhat(words, free)
        plain = tuple(NUMBER if word[0].isdigit() else word for word in lower)
        return Scan(tuple(hits), tuple(_masked(lower, names, free)), plain)

    def _names(self, words: Sequence[str]) -> tuple[list[Hit], list[bool]]:
        trie = self._tries["names"]
        free = [True] * len(words)
        found: list[Hit] = []
        position = 0
        while position < len(words):
            length = 1
            for phrase, (signal,) in trie.get(words[position], ()):
                if tuple(words[position : position + len(phrase)]) == phrase and not (
                    signal == "other-country" and len(phrase) == 1 and self._in_a_name(words, position)
                ):
                    length = len(phrase)
                    found.append(Hit(signal, " ".join(phrase), position))
                    if signal not in ("japan", "lookalike") and _spells_japan(phrase):
                        found.append(Hit("japan", "Nhật Bản", position))
                    free[position : position + length] = [False] * length
                    break
            position += length
        return found, free

    def _nhat(self, words: Sequence[str], free: Sequence[bool]) -> Iterator[Hit]:
        for position, word in enumerate(words):
            if word in ("Nhật", "NHẬT") and free[position] and self._means_japan(words, position):
                yield Hit("nhat", word, position)

    def _means_japan(self, words: Sequence[str], position: int) -> bool:
        before = words[position - 1] if position else ""
        after = words[position + 1] if position + 1 < len(words) else ""
        if after in ("Bản", "BẢN"):
            return True
        if after.lower() in self.nhat["never_before"] or before.lower() in self.nhat["never_after"]:
            return False
        starts = position < 2 or not words[position - 2][0].isalnum()
        if before[:1].isupper() and not starts and not self._introduces(before):
            return False  # "Phạm Nhật": part of a name, not a capital at the start of a sentence
        return not after[:1].isupper() or before.lower() in self.nhat["nouns_before"]

    def _in_a_name(self, words: Sequence[str], position: int) -> bool:
        """Whether a country of one syllable (Đức, Mỹ, Nga …) stands inside a person's or a place's name."""
        before = words[position - 1] if position else ""
        starts = position < 2 or not words[position - 2][0].isalnum()
        inside = before[:1].isupper() and not before.isupper() and not starts
        return inside and before not in self.nhat["names_before"]

    def _introduces(self, word: str) -> bool:
        return word in self.nhat["names_before"] or word.lower() in self.nhat["nouns_before"]


def build_lexicon(gazetteer: Gazetteer, lists: WordLists, taxonomy: Taxonomy) -> Lexicon:
    """The lexicon of the shipped (or edited) data files."""
    names = {}
    for name in gazetteer.names:
        for spelling in (name.name, *name.aliases):
            names[" ".join(tokens(normalise(spelling)))] = _signal_of(name)
    exact: dict[str, list[str]] = {}
    folded: dict[str, list[str]] = {}
    for signal in lists.signals:
        target = exact if signal.case == "exact" else folded
        for term in signal.terms:
            _add(target, term if signal.case == "exact" else term.lower(), signal.id)
    for commitment in taxonomy.commitments:
        for term in commitment.terms:
            _add(folded, term.lower(), TOPIC + commitment.sector)
    nhat = {key: tuple(value) for key, value in lists.nhat.model_dump().items()}
    return Lexicon(names, exact, folded, nhat)


_COUNTRIES = {"jp": "japan", "vn": "vietnam", "joint": "bilateral"}
"""The countries themselves, by the gazetteer's `country`."""


def _masked(lower: Sequence[str], names: Iterable[Hit], free: Sequence[bool]) -> Iterator[str]:
    starts = {hit.at: hit.signal for hit in reversed(list(names))}  # the name itself, not what it spells
    for position, word in enumerate(lower):
        if position in starts:
            yield f"<{starts[position]}>"
        elif free[position]:
            yield NUMBER if word[0].isdigit() else word


def _signal_of(name: Name) -> str:
    if name.lookalike or name.kind == "lookalike-word":
        return "lookalike"
    if name.kind == "country" and name.country in _COUNTRIES:
        return "weak-bilateral" if name.weak else _COUNTRIES[name.country]
    if name.country in ("jp", "joint"):
        if name.kind.startswith("vn-"):
            return "weak-owned"
        return f"weak-{name.kind}" if name.weak else f"jp-{name.kind}"
    if name.country == "other":
        return "other-country" if name.kind in ("country", "place") else "other-org"
    return name.kind if name.kind.startswith("vn-") else "vn-firm"


def _add(target: dict[str, list[str]], term: str, signal: str) -> None:
    phrase = " ".join(tokens(normalise(term)))
    if phrase and signal not in target.setdefault(phrase, []):
        target[phrase].append(signal)


def _spells_japan(phrase: Sequence[str]) -> bool:
    """Whether a longer name holds the country's own, as in "Hội nghị ASEAN - Nhật Bản"."""
    return ("Nhật", "Bản") in pairwise(phrase)


def _index(
    phrases: Mapping[str, Iterable[str]],
) -> dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]:
    """Phrases by first token, longest first."""
    index: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for phrase, signals in phrases.items():
        words = tuple(phrase.split(" "))
        index.setdefault(words[0], []).append((words, tuple(signals)))
    for entries in index.values():
        entries.sort(key=lambda entry: (-len(entry[0]), entry[0]))
    return index


def _matches(
    index: Mapping[str, list[tuple[tuple[str, ...], tuple[str, ...]]]], words: Sequence[str]
) -> list[Hit]:
    """Every phrase found; of one signal only the longest phrase at a place, not the shorter ones inside it."""
    found: list[Hit] = []
    until: dict[str, int] = {}
    for position, word in enumerate(words):
        for phrase, signals in index.get(word, ()):
            length = len(phrase)
            if length > 1 and tuple(words[position : position + length]) != phrase:
                continue
            for signal in signals:
                if until.get(signal, 0) <= position:
                    until[signal] = position + length
                    found.append(Hit(signal, " ".join(phrase), position))
    return found
