"""Takes a new joint statement in: which commitments its passages renew, and which they make new.

Similarity is the cosine of TF-IDF between a window of a passage and a commitment's own words (its name, sentence,
terms and the anchors of earlier statements). Nothing here is final: the result is a proposal that a person reviews.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

from classifiers.statements import Passage
from classifiers.taxonomy import Commitment, Taxonomy
from classifiers.text import normalise, tokens

RENEWED = 0.20
"""From this similarity on a passage is taken to renew a commitment. On the statements of 2015 and 2023, each held
against a taxonomy without its own anchors, this finds most of what stands there without naming too much besides
(tests/classifiers/test_derive.py)."""

BEHIND_BEST = 0.55
"""A further commitment of one clause must come at least this near to the best one."""

ANCHOR_WORDS = 8
TERMS_PROPOSED = 5
LEAST_WORDS = 8
"""A shorter line is a heading, a caption or a source."""

_CLAUSE = re.compile(r"[,;:.!?…–-]\s+|\s+(?:và|cũng như|đồng thời|bao gồm|trong đó|qua đó|nhằm)\s+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_UNDERTAKING = re.compile(
    r"nhất trí|cam kết|khẳng định|tăng cường|"
    r"thúc đẩy|hợp tác|hỗ trợ|phối hợp|hoan nghênh|sẽ|đánh giá cao|nhấn mạnh|ủng hộ|quan ngại|triển khai",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Match:
    """An existing commitment that a passage seems to renew, with the words of the passage nearest to it."""

    commitment: str
    similarity: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A sentence that nothing existing covers: what a new commitment could be made from."""

    sector: str
    terms: tuple[str, ...]
    anchor: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Derived:
    """What one passage holds; with neither matches nor proposals it carries no commitment."""

    passage: Passage
    matches: tuple[Match, ...]
    proposals: tuple[Proposal, ...]


def derive(
    taxonomy: Taxonomy, passages: Sequence[Passage], *, background: Iterable[str] = ()
) -> tuple[Derived, ...]:
    """One finding per passage, in order. `background` is ordinary text that says which words are common."""
    profiles = _Profiles(taxonomy, [*background, *(passage.text for passage in passages)])
    return tuple(_derive_one(profiles, taxonomy, passage) for passage in passages)


def _derive_one(profiles: _Profiles, taxonomy: Taxonomy, passage: Passage) -> Derived:
    if len(_words(passage.text)) < LEAST_WORDS:
        return Derived(passage, (), ())
    best: dict[str, Match] = {}
    proposals = []
    for sentence in _SENTENCE.split(passage.text):
        found = _matches(profiles, sentence)
        for match in found:
            if match.commitment not in best or match.similarity > best[match.commitment].similarity:
                best[match.commitment] = match
        if not found and len(_words(sentence)) >= LEAST_WORDS and _UNDERTAKING.search(sentence):
            proposals.append(_proposal(profiles, taxonomy, sentence))
    ranked = sorted(best.values(), key=lambda match: (-match.similarity, match.commitment))
    return Derived(passage, tuple(ranked), tuple(proposals))


def _matches(profiles: _Profiles, sentence: str) -> list[Match]:
    """What the clauses of a sentence come near to, each clause on its own and with the next one."""
    clauses = [clause for clause in _CLAUSE.split(sentence) if clause and _words(clause)]
    windows = [*clauses, *(f"{one} {two}" for one, two in pairwise(clauses)), sentence]
    best: dict[str, float] = {}
    for window in windows:
        similar = profiles.similar(window)
        top = max(similar.values(), default=0.0)
        for commitment_id, value in similar.items():
            if value >= RENEWED and value >= BEHIND_BEST * top:
                best[commitment_id] = max(value, best.get(commitment_id, 0.0))
    return [Match(one, value, profiles.anchor(sentence, one)) for one, value in best.items()]


def _proposal(profiles: _Profiles, taxonomy: Taxonomy, sentence: str) -> Proposal:
    similar = profiles.similar(sentence)
    by_sector: dict[str, float] = {}
    for commitment_id, value in similar.items():
        sector = taxonomy.commitment_by_id[commitment_id].sector
        by_sector[sector] = max(by_sector.get(sector, 0.0), value)
    sector = max(by_sector, key=by_sector.__getitem__, default=taxonomy.sectors[0].id)
    terms = profiles.telling(sentence)
    return Proposal(sector, terms, profiles.densest(sentence), sentence)


class _Profiles:
    """Commitments as TF-IDF vectors of their own words, and what can be asked of them."""

    def __init__(self, taxonomy: Taxonomy, background: Sequence[str]) -> None:
        own = {commitment.id: _own_words(commitment) for commitment in taxonomy.commitments}
        seen: Counter[str] = Counter()
        documents = [*own.values(), *background]
        for document in documents:
            seen.update(set(_grams(document)))
        self._idf = {gram: log((1 + len(documents)) / (1 + n)) + 1 for gram, n in seen.items()}
        self._rare = log(1 + len(documents)) + 1
        self._vectors = {commitment_id: self._vector(document) for commitment_id, document in own.items()}

    def similar(self, text: str) -> dict[str, float]:
        """Cosine to every commitment that shares a word with `text`."""
        vector = self._vector(text)
        out = {}
        for commitment_id, own in self._vectors.items():
            value = sum(weight * own[gram] for gram, weight in vector.items() if gram in own)
            if value > 0:
                out[commitment_id] = value
        return out

    def anchor(self, sentence: str, commitment_id: str) -> str:
        """The run of at most eight words that says most of what the sentence shares with a commitment."""
        own = self._vectors[commitment_id]
        return self._run(sentence, lambda gram: own.get(gram, 0.0))

    def densest(self, sentence: str) -> str:
        """The run of at most eight words with the rarest vocabulary."""
        return self._run(sentence, lambda gram: self._idf.get(gram, self._rare))

    def telling(self, sentence: str) -> tuple[str, ...]:
        """Phrases of two to four syllables that say most, none inside another."""
        runs = []
        for clause in _CLAUSE.split(sentence):
            words = _words(clause)
            for length in (2, 3, 4):
                for start in range(len(words) - length + 1):
                    phrase = words[start : start + length]
                    grams = [" ".join(pair) for pair in pairwise(phrase)]
                    score = sum(self._idf.get(gram, self._rare) for gram in grams) / len(grams)
                    runs.append((score + 0.3 * length, " ".join(phrase)))
        chosen: list[str] = []
        for _, run in sorted(runs, key=lambda pair: (-pair[0], pair[1])):
            if not any(set(run.split()) & set(other.split()) for other in chosen):
                chosen.append(run)
            if len(chosen) == TERMS_PROPOSED:
                break
        return tuple(chosen)

    def _vector(self, text: str) -> dict[str, float]:
        counts = Counter(_grams(text))
        raw = {gram: (1 + log(n)) * self._idf.get(gram, self._rare) for gram, n in counts.items()}
        length = sqrt(sum(value * value for value in raw.values()))
        return {gram: value / length for gram, value in raw.items()} if length else {}

    def _run(self, sentence: str, worth: Callable[[str], float]) -> str:
        pieces = sentence.split()
        scores = [sum(worth(gram) for gram in _grams(piece)) for piece in pieces]
        best = max(
            range(max(1, len(pieces) - ANCHOR_WORDS + 1)),
            key=lambda start: (sum(scores[start : start + ANCHOR_WORDS]), -start),
        )
        return " ".join(pieces[best : best + ANCHOR_WORDS]).strip(" ,;:.!?…()\"'")


def _own_words(commitment: Commitment) -> str:
    anchors = (source.anchor for source in commitment.sources)
    return ". ".join((commitment.name.vi, commitment.statement.vi, *commitment.terms, *anchors))


def _words(text: str) -> list[str]:
    return [word.lower() for word in tokens(normalise(text)) if word[0].isalpha()]


def _grams(text: str) -> list[str]:
    """Words and pairs of words; most Vietnamese words are two syllables long."""
    words = _words(text)
    return [word for word in words if word not in _EMPTY] + [
        f"{one} {two}" for one, two in pairwise(words) if one not in _EMPTY and two not in _EMPTY
    ]


_EMPTY = frozenset(
    """
    và của các những cho trong với là được có về ra vào từ đến tại ở một này đó như để khi trên hai bên nước việt nam
    nhật bản sẽ đã đang cũng không hơn rằng thông qua việc nhất trí tăng cường thúc đẩy hợp tác thế giới khu vực châu á
    hòa bình ổn định thịnh vượng đóng góp phát triển quan trọng
    """.split()  # noqa: SIM905  # words to be read, not a list to be counted
)
"""Words every passage of such a statement holds; they tell no commitment from another."""
