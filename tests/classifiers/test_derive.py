"""Taking a joint statement in: what its passages renew, what is new in them, and the way back into the taxonomy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from classifiers.derive import derive
from classifiers.errors import BadFile
from classifiers.patch import as_patch, load_patch, merge
from classifiers.shipped import shipped
from classifiers.statements import Passage, coverage, read_statement
from classifiers.taxonomy import Taxonomy, load_taxonomy

STATEMENT = """Tuyên bố chung của hai Thủ tướng
Hai bên nhất trí tăng cường huấn luyện chung và chia sẻ thông tin giữa lực lượng Cảnh sát biển hai nước.
Về kinh tế, hai bên nỗ lực nâng cao sức chống chịu của chuỗi cung ứng, mở cửa thị trường cho trái cây tươi.
Hai bên sẽ cùng khai quật, trùng tu lăng mộ cổ dưới đáy hồ và lập ngân hàng hạt giống sen ngàn năm.
Nguồn: báo chí
"""


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    """The shipped taxonomy."""
    return load_taxonomy()


@pytest.fixture
def passages(tmp_path: Path) -> tuple[Passage, ...]:
    """The sample statement, as read from a file."""
    file = tmp_path / "statement.txt"
    file.write_text(STATEMENT, encoding="utf-8")
    return read_statement(file)


def test_known_matters_are_renewed_and_new_ones_proposed(
    taxonomy: Taxonomy, passages: tuple[Passage, ...]
) -> None:
    """Each clause finds its commitment; a sentence like none becomes a proposal; title and source carry nothing."""
    found = derive(taxonomy, passages)
    assert [finding.passage.line for finding in found] == [1, 2, 3, 4, 5]
    renewed = [{match.commitment for match in finding.matches} for finding in found]
    assert "security.coast-guards" in renewed[1]
    assert {"economy.supply-chains", "agriculture.fruit-market-access"} <= renewed[2]
    assert not renewed[3]
    (proposal,) = found[3].proposals
    assert len(proposal.terms) == 5
    assert all(term in proposal.sentence.lower() for term in proposal.terms)
    for nothing in (found[0], found[4]):
        assert (nothing.matches, nothing.proposals) == ((), ())


def test_anchors_are_words_of_their_passage(taxonomy: Taxonomy, passages: tuple[Passage, ...]) -> None:
    """At most eight words, and they stand on the line."""
    for finding in derive(taxonomy, passages):
        anchors = [match.anchor for match in finding.matches] + [p.anchor for p in finding.proposals]
        for anchor in anchors:
            assert 0 < len(anchor.split()) <= 8
            assert anchor in finding.passage.text


def filled(text: str) -> str:
    """A proposal as a person would hand it back."""
    text = text.replace('date: "TODO"', 'date: "2027-03-01"').replace(".todo-1", ".lotus-seeds")
    return text.replace('"TODO"', "Chữ của người").replace("TODO", "Words of a person")


def test_a_reviewed_proposal_goes_into_the_taxonomy(
    tmp_path: Path, taxonomy: Taxonomy, passages: tuple[Passage, ...]
) -> None:
    """After that every passage is accounted for; all that stood there before still stands."""
    patch, target = tmp_path / "patch.yaml", tmp_path / "taxonomy.yaml"
    shutil.copy(shipped("data", "taxonomy.yaml"), target)
    before = target.read_text(encoding="utf-8").splitlines()
    patch.write_text(filled(as_patch("2027", derive(taxonomy, passages), taxonomy, {})), encoding="utf-8")
    whole = merge(load_patch(patch), target)
    assert len(whole.commitments) == len(taxonomy.commitments) + 1
    found = coverage(whole, "2027", passages)
    assert (len(found.covered), len(found.plain)) == (3, 2)
    assert found.complete
    after = iter(target.read_text(encoding="utf-8").splitlines())
    assert all(line in after for line in before)  # in this order: lines were only added
    with pytest.raises(BadFile, match="holds the statement '2027' already"):
        merge(load_patch(patch), target)


def test_a_proposal_with_work_left_is_refused(
    tmp_path: Path, taxonomy: Taxonomy, passages: tuple[Passage, ...]
) -> None:
    """Every TODO is told with its line, and the taxonomy stays as it was."""
    patch = tmp_path / "patch.yaml"
    text = as_patch("2027", derive(taxonomy, passages), taxonomy, {"date": "2027-03-01"})
    patch.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=r"patch\.yaml:\d+: .*TODO.*fill it in"):
        load_patch(patch)


def test_what_is_not_accounted_for_is_told(taxonomy: Taxonomy, passages: tuple[Passage, ...]) -> None:
    """Open passages, anchors that moved, and lines marked plain that are not there."""
    found = coverage(taxonomy, "2023", passages)
    assert found.astray
    assert {passage.line for passage in found.open} == set()
    assert set(found.doubtful) >= {8, 28, 29}
    shorter = coverage(taxonomy, "2015", (*passages, Passage(99, "Một dòng lạ.")))
    assert [passage.line for passage in shorter.open] == [2, 99]


@pytest.mark.parametrize(("content", "words"), [(b"", "holds no words"), (b"\xff\xfe", "is not UTF-8")])
def test_a_statement_that_is_none(tmp_path: Path, content: bytes, words: str) -> None:
    """What cannot be read as a text is told."""
    file = tmp_path / "s.txt"
    file.write_bytes(content)
    with pytest.raises(BadFile, match=words):
        read_statement(file)


def test_both_statements_are_covered(shared: Path, taxonomy: Taxonomy) -> None:
    """Every passage of the texts of 2015 and 2023 carries a commitment or is marked as carrying none."""
    for statement_id in ("2015", "2023"):
        found = coverage(
            taxonomy, statement_id, read_statement(shared / "statements" / f"{statement_id}.txt")
        )
        assert found.complete


def test_the_statement_of_2023_would_be_taken_in(shared: Path, taxonomy: Taxonomy) -> None:
    """Held against a taxonomy that never saw it, most of what stands in it is found."""
    commitments = [
        commitment.model_copy(update={"sources": [s for s in commitment.sources if s.statement != "2023"]})
        for commitment in taxonomy.commitments
    ]
    older = taxonomy.model_copy(update={"commitments": commitments})
    findings = derive(older, read_statement(shared / "statements" / "2023.txt"))
    found = {(match.commitment, f.passage.line) for f in findings for match in f.matches}
    real = {(c.id, s.line) for c in taxonomy.commitments for s in c.sources if s.statement == "2023"}
    assert len(found & real) >= 0.85 * len(real)
    assert len(found & real) >= 0.45 * len(found)
