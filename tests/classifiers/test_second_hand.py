"""Commitments on items written by a second hand that saw nothing but each commitment's sentence."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from classifiers.models import ModelStore
from classifiers.taxonomy import load_taxonomy
from classifiers.text import normalise
from classifiers.verdict import Text

ITEMS = [
    json.loads(line)
    for line in Path(__file__).with_name("second_hand.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_the_items_are_a_fair_test() -> None:
    """At least five of each commitment; at most half of them hold a term the taxonomy lists for it."""
    taxonomy = load_taxonomy()
    count = Counter(item["commitment"] for item in ITEMS)
    assert set(count) == set(taxonomy.commitment_by_id)
    assert min(count.values()) >= 5
    listed = 0
    for item in ITEMS:
        text = normalise(f"{item['title']} {item['summary']}").lower()
        terms = taxonomy.commitment_by_id[item["commitment"]].terms
        listed += any(normalise(term).lower() in text for term in terms)
    assert listed <= len(ITEMS) / 2


def test_the_nearest_commitment_is_mostly_the_right_one(models: Path) -> None:
    """First in at least 85 of 100, among the first three in at least 96."""
    model = ModelStore(models).load()
    verdicts = model.classify([Text(item["title"], item["summary"]) for item in ITEMS])
    found = [[near.id for near in verdict.commitments] for verdict in verdicts]
    wanted = [item["commitment"] for item in ITEMS]
    first = sum(near[:1] == [one] for near, one in zip(found, wanted, strict=True))
    three = sum(one in near for near, one in zip(found, wanted, strict=True))
    assert first >= 0.85 * len(ITEMS), first / len(ITEMS)
    assert three >= 0.96 * len(ITEMS), three / len(ITEMS)
