"""The columns of a model: TF-IDF of masked words beside signals, as one sparse matrix.

Sublinear term frequency, smoothed idf, rows of unit length over the word block (Salton and Buckley 1988, as
scikit-learn's TfidfVectorizer computes it); signals stand beside it, scaled but not normalised. Needs scipy,
not scikit-learn, so that serving stays light; a test holds both to the same numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from classifiers.features import Features

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """Terms with their idf, then signals. Column order is terms first, each block sorted."""

    terms: tuple[str, ...]
    idf: Floats
    signals: tuple[str, ...]
    signal_scale: float
    _column: dict[str, int] = field(init=False, repr=False, compare=False)
    _signal_column: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_column", {term: i for i, term in enumerate(self.terms)})
        start = len(self.terms)
        object.__setattr__(self, "_signal_column", {name: start + i for i, name in enumerate(self.signals)})

    @property
    def columns(self) -> tuple[str, ...]:
        """The name of every column."""
        return self.terms + self.signals

    def matrix(self, features: Sequence[Features]) -> csr_array:
        """Shape (len(features), len(columns)), float64."""
        indptr, indices, data = [0], [], []
        for one in features:
            columns, values = self._row(one)
            indices.append(columns)
            data.append(values)
            indptr.append(indptr[-1] + len(columns))
        if not features:
            return csr_array((0, len(self.columns)))
        return csr_array(
            (np.concatenate(data), np.concatenate(indices), np.asarray(indptr, dtype=np.int32)),
            shape=(len(features), len(self.columns)),
        )

    def _row(self, features: Features) -> tuple[NDArray[np.int32], Floats]:
        known = self._column
        counts = Counter(column for term in features.terms if (column := known.get(term)) is not None)
        words = np.fromiter(counts, np.int32, len(counts))
        values = (1.0 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self.idf[words]
        length = np.sqrt(values @ values)
        if length > 0:
            values = values / length
        pairs = [
            (column, value * self.signal_scale)
            for name, value in features.signals.items()
            if (column := self._signal_column.get(name)) is not None
        ]
        signal_columns = np.array([column for column, _ in pairs], dtype=np.int32)
        signal_values = np.array([value for _, value in pairs], dtype=np.float64)
        return np.concatenate((words, signal_columns)), np.concatenate((values, signal_values))


def fit_space(
    features: Sequence[Features], *, min_term: int, min_signal: int, max_share: float, signal_scale: float
) -> Space:
    """The space of a training set: terms in at least `min_term` texts and at most `max_share` of them."""
    of_terms = Counter(term for one in features for term in set(one.terms))
    of_signals = Counter(name for one in features for name in one.signals)
    most = max_share * len(features)
    terms = tuple(sorted(term for term, n in of_terms.items() if min_term <= n <= most))
    frequency = np.array([of_terms[term] for term in terms], dtype=np.float64)
    idf = np.log((1.0 + len(features)) / (1.0 + frequency)) + 1.0
    signals = tuple(sorted(name for name, n in of_signals.items() if n >= min_signal))
    return Space(terms, idf, signals, signal_scale)
