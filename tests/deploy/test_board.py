"""Board and alerts ask only for figures that the daemon gives, and each says what it means or what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.deploy.contract import DEPLOY, METRICS, unknown_in

BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
RULES: list[dict[str, Any]] = YAML(typ="safe").load((DEPLOY / "alerts.yaml").read_text("utf-8"))["groups"][0][
    "rules"
]


def queries(panel: dict[str, Any]) -> list[str]:
    """What a panel asks."""
    return [target["expr"] for target in panel["targets"]]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_there_is(panel: dict[str, Any]) -> None:
    """Names, labels and values are the daemon's; each query is of the chosen job and instance."""
    for query in queries(panel):
        assert list(unknown_in(query)) == []
        assert query.count("{") == query.count('{job="$job",instance=~"$instance"')


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_explains_itself(panel: dict[str, Any]) -> None:
    """A unit, a sentence for somebody who has never seen it, and the board's own source."""
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["description"].endswith(".")
    assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}


def test_the_board_has_its_four_rows_and_no_overlap() -> None:
    """Feeds, judging, mail, house; panels have numbers of their own and stand beside each other."""
    assert [p["title"] for p in BOARD["panels"] if p["type"] == "row"] == [
        "Feeds",
        "Judging",
        "Mail",
        "House",
    ]
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_every_figure_is_on_the_board() -> None:
    """Nothing is measured that nobody can see."""
    asked = " ".join(query for panel in PANELS for query in queries(panel))
    assert [name for name in METRICS if name not in asked] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_there_is_and_says_what_to_do(rule: dict[str, Any]) -> None:
    """Known figures, a pause before it rings, how grave it is, and what to type."""
    assert list(unknown_in(rule["expr"])) == []
    assert rule["for"]
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert {"summary", "description"} == set(rule["annotations"])


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("vietnhat_polls", ["vietnhat_polls"]),
        ('vietnhat_feeds{condition="odd"}', ["vietnhat_feeds{condition=odd}"]),
        ('vietnhat_feeds{state="ok"}', ["vietnhat_feeds{state}"]),
        ("vietnhat_cycle_seconds", ["vietnhat_cycle_seconds"]),
        ("sum by (colour) (rate(vietnhat_poll_seconds_count[5m]))", ["colour"]),
        ('up{job="x"} == 0', []),
    ],
)
def test_the_contract_is_enforced(query: str, unknown: list[str]) -> None:
    """What the tests above rely on: a wrong name is found."""
    assert list(unknown_in(query)) == unknown


@pytest.mark.system
@pytest.mark.skipif(
    not shutil.which("promtool"), reason="needs promtool (Debian: apt-get install prometheus)"
)
def test_the_alerts_ring_when_they_should() -> None:
    """Prometheus's own test of rules: a house in order says nothing, each fault rings."""
    done = subprocess.run(
        ["promtool", "test", "rules", "alerts.test.yaml"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
