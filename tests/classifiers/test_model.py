"""The model: exact explanations, parity with scikit-learn, and files that can run no code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from classifiers.corpus import load_corpus
from classifiers.errors import BadModel
from classifiers.features import extract_all
from classifiers.model import Model
from classifiers.models import ModelStore, new_id
from classifiers.release import shipped_lexicon
from classifiers.space import fit_space
from classifiers.taxonomy import load_taxonomy
from classifiers.verdict import Decision, Text

TEXTS = [
    Text(
        "AEON khởi công trung tâm thương mại tại Hải Dương",
        "Sáng 2/9, nhà bán lẻ động thổ dự án 190 triệu USD.",
    ),
    Text(
        "Phú Thọ bàn với JICA về xử lý nước thải",
        "Lãnh đạo tỉnh tiếp trưởng đại diện JICA, hai bên bàn vốn vay.",
    ),
    Text("Giá vàng chiều nay tăng nhẹ", "Vàng miếng thêm 200.000 đồng mỗi lượng."),
    Text("", ""),
]


@pytest.fixture(scope="module")
def model(models: Path) -> Model:
    """The release's model."""
    return ModelStore(models).load()


@pytest.mark.parametrize("text", TEXTS)
def test_terms_and_bias_add_up_to_the_score(model: Model, text: Text) -> None:
    """The explanation is exact: shares + bias = raw score, to 1e-9."""
    rows = model.space.matrix(extract_all([text], model.lexicon))
    raw = float(model.relevance.raw(rows)[0, 0])
    assert model.explain(text).score == pytest.approx(raw, abs=1e-9)


def test_what_is_plainly_relevant_is_sent(model: Model) -> None:
    """Two plain cases are sent with sector and evidence; a gold price is not."""
    mall, agency, gold, nothing = model.classify(TEXTS)
    assert mall.decision is agency.decision is Decision.SEND
    assert "economy" in [sector.id for sector in mall.sectors]
    assert mall.evidence
    assert gold.decision is nothing.decision is Decision.DROP
    assert gold.relevance == nothing.relevance == 0.0


def test_no_evidence_no_sending(model: Model) -> None:
    """A text behind the closed gate is never sent, whatever its other words."""
    cooperation = Text(
        "Lào Cai ký thỏa thuận hợp tác", "Hai bên hợp tác đào tạo lao động, vốn vay ODA, hữu nghị."
    )
    assert model.classify([cooperation])[0].decision is Decision.DROP


def test_one_by_one_is_as_in_a_batch(model: Model) -> None:
    """A verdict depends on its own text alone."""
    assert [model.classify([text])[0] for text in TEXTS] == model.classify(TEXTS)


def test_the_space_computes_what_scikit_learn_computes() -> None:
    """TF-IDF of the word block equals TfidfVectorizer's."""
    examples = load_corpus(load_taxonomy())[:200]
    features = extract_all([e.text for e in examples], shipped_lexicon())
    space = fit_space(features, min_term=2, min_signal=10**9, max_share=1.0, signal_scale=1.0)
    reference = TfidfVectorizer(analyzer=lambda one: one.terms, min_df=2, sublinear_tf=True)
    wanted = reference.fit_transform(features)
    order = [reference.vocabulary_[term] for term in space.terms]
    assert np.abs(space.matrix(features).toarray() - wanted[:, order].toarray()).max() < 1e-12


def test_saved_and_loaded_is_the_same(model: Model, models: Path) -> None:
    """What is trained is what serves: verdicts after loading are equal."""
    again = ModelStore(models).load(model.id)
    assert again.classify(TEXTS) == model.classify(TEXTS)


@pytest.mark.parametrize(
    "damage",
    ["weights.npz", "terms.txt", "lexicon.json", "manifest.json", "truncated", "format", "pickle", "missing"],
)
def test_a_damaged_model_is_refused(models: Path, tmp_path: Path, damage: str) -> None:
    """A changed, cut, foreign or pickled file is refused in words before anything in it is used."""
    import shutil

    root = tmp_path / "models"
    shutil.copytree(models, root)
    store = ModelStore(root)
    folder = root / (store.current() or "")
    canary = tmp_path / "canary"
    match damage:
        case "truncated":
            path = folder / "weights.npz"
            path.write_bytes(path.read_bytes()[:1000])
        case "format":
            path = folder / "manifest.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
        case "pickle":
            import pickle

            class Evil:
                def __reduce__(self) -> tuple[object, tuple[str]]:
                    return (Path.touch, (canary,))  # type: ignore[return-value]

            (folder / "weights.npz").write_bytes(pickle.dumps(Evil()))
        case "missing":
            (folder / "terms.txt").unlink()
        case name:
            path = folder / name
            path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(BadModel, match=r"retrain"):
        store.load()
    assert not canary.exists()


def test_promotion_and_rollback(models: Path, tmp_path: Path) -> None:
    """The model before can be restored with one command, and an unknown one never serves."""
    import shutil
    from dataclasses import replace

    root = tmp_path / "models"
    shutil.copytree(models, root)
    store = ModelStore(root)
    first = store.current()
    assert first
    second = replace(store.load(), id=new_id(datetime(2027, 1, 1, tzinfo=UTC), "feedc0de"))
    store.save(second, replace(store.manifest(first), id=second.id))
    store.promote(second.id)
    assert store.current() == second.id
    assert store.rollback() == first == store.current()
    with pytest.raises(BadModel):
        store.promote("../../etc")
    with pytest.raises(BadModel):
        store.rollback()


def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    """The message names the command that helps."""
    with pytest.raises(BadModel, match="vietnhat retrain"):
        ModelStore(tmp_path).load()


def test_evidence_is_words_of_people(models: Path) -> None:
    """No masked name and no internal name of a relation stands in what readers and operators are shown."""
    model = ModelStore(models).load()
    texts = [example.text for example in load_corpus(load_taxonomy())[::40]]
    for text in texts:
        for part in model.explain(text).parts:
            assert not set("<>×@") & set(part.words), part
