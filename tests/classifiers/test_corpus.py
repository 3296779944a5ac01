"""Labelled examples: their form, and that the shipped ones cover what they must."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from classifiers.corpus import Example, counts, fingerprint, load_corpus
from classifiers.errors import BadFile
from classifiers.release import shipped_lexicon
from classifiers.shipped import shipped
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
    """At least 6,000 examples; every commitment with 25 relevant ones in six registers; near misses outnumber all."""
    manifest = counts(corpus)
    assert len(corpus) >= 6000
    assert manifest["relevance"]["0"] > manifest["relevance"]["2"]
    assert set(manifest["sector"]) == set(taxonomy.sector_by_id)
    for commitment in taxonomy.commitment_by_id:
        members = [example for example in corpus if commitment in example.commitments]
        assert len(members) >= 25, commitment
        assert len({example.register for example in members}) >= 6, commitment
    relevant = [example for example in corpus if example.relevance == 2]
    assert sum(len(example.sectors) for example in relevant) >= 1.4 * len(relevant)


def test_the_manifest_is_that_of_the_corpus(corpus: tuple[Example, ...]) -> None:
    """data/corpus/manifest.json counts what is there; 'vietnhat retrain --accept' writes it."""
    written = json.loads(shipped("data", "corpus", "manifest.json").read_text(encoding="utf-8"))
    assert written == counts(corpus)


def test_no_phrase_is_worn_out(corpus: tuple[Example, ...]) -> None:
    """No run of six words stands in more than 3 of 1,000 examples."""
    runs: Counter[tuple[str, ...]] = Counter()
    for example in corpus:
        runs.update({run for part in parts(example) for run in grams(part, 6)})
    phrase, most = runs.most_common(1)[0]
    assert most <= 0.003 * len(corpus), phrase


def test_examples_are_not_copies_of_each_other(corpus: tuple[Example, ...]) -> None:
    """With names and numbers masked, at most 2 of 100 share half of their runs of three words with an earlier one."""
    lexicon = shipped_lexicon()
    masked = [
        {run for part in parts(example) for run in grams(" ".join(lexicon.scan(part).masked), 3)}
        for example in corpus
    ]
    copies = {later for later, _, shared in alike(masked, masked) if shared >= 0.5}
    assert len(copies) <= 0.02 * len(corpus)


def test_the_words_are_those_of_real_feeds(corpus: tuple[Example, ...], shared: Path) -> None:
    """Of the 2,000 most frequent words of a year of feeds at least 85 of 100 occur."""
    often: Counter[str] = Counter()
    with gzip.open(shared / "news" / "stream.jsonl.gz", "rt", encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            often.update(re.findall(r"\w+", f"{row['title']} {row['summary']}".lower()))
    own = {word for example in corpus for part in parts(example) for word in re.findall(r"\w+", part.lower())}
    known = sum(word in own for word, _ in often.most_common(2000))
    assert known >= 0.85 * 2000


def test_no_example_is_a_real_article(corpus: tuple[Example, ...], shared: Path) -> None:
    """Title and summary apart share less than four tenths of their runs of three syllables with any real one."""
    news = shared / "news"
    with gzip.open(news / "stream.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    rows += [json.loads(line) for line in (news / "labelled.jsonl").read_text(encoding="utf-8").splitlines()]
    for key in ("title", "summary"):
        own = [set(grams(getattr(example.text, key).lower(), 3)) for example in corpus]
        real = [set(grams((row[key] or "").lower(), 3)) for row in rows]
        near = [corpus[place].id for place, _, jaccard in alike(own, real) if jaccard >= 0.4]
        assert not near, near[:5]


def parts(example: Example) -> tuple[str, str]:
    """Title and summary."""
    return example.text.title, example.text.summary


def grams(text: str, length: int) -> Iterator[tuple[str, ...]]:
    """Runs of so many words."""
    words = re.findall(r"\w+|<[\w-]+>", text.lower())
    return (tuple(words[i : i + length]) for i in range(len(words) - length + 1))


COMMON = 500
"""A run that stands in more texts than this is no trace of copying and is not followed."""


def alike(
    ones: list[set[tuple[str, ...]]], others: list[set[tuple[str, ...]]]
) -> Iterator[tuple[int, int, float]]:
    """Pairs that share a run, with their Jaccard similarity; within one list each pair once, later one first."""
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, own in enumerate(ones):
        for run in own:
            where[run].append(place)
    for number, other in enumerate(others):
        common = Counter(p for run in other if len(where.get(run, ())) <= COMMON for p in where.get(run, ()))
        for place, n in common.items():
            if ones is not others or place > number:
                yield place, number, n / (len(ones[place]) + len(other) - n)


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
