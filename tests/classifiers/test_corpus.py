"""Labelled examples: their form, and that the shipped ones cover what they must."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from classifiers.corpus import Example, counts, fingerprint, load_corpus
from classifiers.errors import BadFile
from classifiers.taxonomy import Taxonomy, load_taxonomy

GOOD = {
    "id": "a-1",
    "title": "Một tiêu đề",
    "summary": "Một lời dẫn.",
    "relevance": 2,
    "sectors": ["economy"],
    "commitments": ["economy.trade"],
    "register": "press",
    "kind": "trade",
    "story": "a-1",
}


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    """The shipped taxonomy."""
    return load_taxonomy()


@pytest.fixture(scope="module")
def corpus(taxonomy: Taxonomy) -> tuple[Example, ...]:
    """The shipped corpus."""
    return load_corpus(taxonomy)


def write(folder: Path, *lines: object) -> Path:
    """A corpus folder of one file."""
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "a.jsonl").write_text(text + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold exactly the keys"),
        ({**GOOD, "extra": 1}, "must hold exactly the keys"),
        ({**GOOD, "relevance": 3}, "relevance: must be 0, 1 or 2"),
        ({**GOOD, "title": None}, "title: must be a text"),
        ({**GOOD, "sectors": ["sport"]}, "sectors: unknown label 'sport'"),
        ({**GOOD, "sectors": []}, "carries no sectors"),
        ({**GOOD, "commitments": ["x.y"]}, "commitments: unknown label"),
        ({**GOOD}, "stands twice"),
    ],
)
def test_a_bad_line_is_told_with_its_number(
    tmp_path: Path, taxonomy: Taxonomy, line: object, words: str
) -> None:
    """File, line and key, and what is wrong."""
    with pytest.raises(BadFile, match=r"a\.jsonl:2: ") as caught:
        load_corpus(taxonomy, write(tmp_path, GOOD, line))
    assert words in str(caught.value)


def test_an_empty_folder_is_no_corpus(tmp_path: Path, taxonomy: Taxonomy) -> None:
    """Nothing to learn from is an error, not an empty model."""
    with pytest.raises(BadFile, match="holds no corpus file"):
        load_corpus(taxonomy, tmp_path)


def test_the_fingerprint_is_of_texts_and_labels(tmp_path: Path, taxonomy: Taxonomy) -> None:
    """The order of lines does not matter, a label does."""
    second = {**GOOD, "id": "a-2", "title": "Khác"}
    one = load_corpus(taxonomy, write(tmp_path, GOOD, second))
    other = load_corpus(taxonomy, write(tmp_path, second, GOOD))
    changed = load_corpus(taxonomy, write(tmp_path, {**GOOD, "sectors": ["oda"]}, second))
    assert fingerprint(one) == fingerprint(other) != fingerprint(changed)


def test_the_corpus_covers_what_it_must(corpus: tuple[Example, ...], taxonomy: Taxonomy) -> None:
    """At least 2,000 examples, 900 of them negative; every sector and commitment has relevant ones."""
    manifest = counts(corpus)
    assert len(corpus) >= 2000
    assert manifest["relevance"]["0"] >= 900
    assert set(manifest["sector"]) == set(taxonomy.sector_by_id)
    assert set(manifest["commitment"]) == set(taxonomy.commitment_by_id)
    assert min(manifest["commitment"].values()) >= 5


def test_the_corpus_is_clean(corpus: tuple[Example, ...]) -> None:
    """NFC, one line each, no title twice, real length."""
    texts = [part for example in corpus for part in (example.text.title, example.text.summary)]
    assert all(text == unicodedata.normalize("NFC", text) and "\n" not in text for text in texts)
    titles = Counter(example.text.title.casefold() for example in corpus)
    assert titles.most_common(1)[0][1] == 1
    lengths = sorted(len(example.text.summary.split()) for example in corpus)
    assert 28 <= lengths[len(lengths) // 2] <= 40


def test_the_demo_repeats_no_training_text(corpus: tuple[Example, ...]) -> None:
    """The demo shows what the model makes of news it has not seen."""
    from monitor.demo import sample_entries

    titles = {example.text.title.casefold() for example in corpus}
    assert not [entry.title for entry in sample_entries() if entry.title.casefold() in titles]
