"""Addresses inside, by redirect, by configuration and by a changing name, with the default rules: nobody gets there.

A network of our own (netlab.sh) has a "public" address and canaries behind private ones, so that no rule is loosened.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.hostile.lab import CODES, INSIDE, ON_PORT_80, TRIES

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not (shutil.which("unshare") and shutil.which("ip")), reason="needs unshare and ip"),
]


def _in_the_lab(shared: Path, experiment: str) -> tuple[Counter[str], int]:
    """What came of an experiment, and how often a canary was reached."""
    faults = shared / "faults"
    if os.geteuid() != 0 or not (faults / "netlab.sh").exists():
        pytest.skip("needs root and ../shared/faults/netlab.sh")
    done = subprocess.run(
        [str(faults / "netlab.sh"), sys.executable, "-m", "tests.hostile.lab", str(faults), experiment],
        cwd=ROOT,
        env={**os.environ, "LAB_DNS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout)
    return Counter(found["outcomes"]), int(found["canary"])


def test_the_canaries_can_be_reached(shared: Path) -> None:
    """The counter-proof: whoever allows private addresses finds every canary, and it counts."""
    outcomes, canary = _in_the_lab(shared, "reachable")
    assert outcomes == {"Fetched": len(INSIDE) + len(ON_PORT_80)}
    assert canary == outcomes.total()


def test_redirects_lead_nowhere_inside(shared: Path) -> None:
    """Every spelling of every private address, behind every kind of redirect, is refused before connecting."""
    outcomes, canary = _in_the_lab(shared, "redirects")
    assert outcomes.total() >= 40 * len(CODES)
    assert set(outcomes) <= {"refused-address", "bad-redirect", "bad-response", "unreachable"}, outcomes
    assert outcomes["refused-address"] > 0.8 * outcomes.total()
    assert canary == 0


def test_configured_addresses_are_refused_too(shared: Path) -> None:
    """The same when they stand in the list of feeds."""
    outcomes, canary = _in_the_lab(shared, "addresses")
    assert outcomes.total() >= 40
    assert set(outcomes) <= {"refused-address", "bad-redirect", "bad-response", "unreachable"}, outcomes
    assert canary == 0


def test_a_name_that_changes_its_mind_leads_nowhere_inside(shared: Path) -> None:
    """A thousand tries at a name that is public at one lookup and private at the next: what is connected to counts."""
    outcomes, canary = _in_the_lab(shared, "rebinding")
    assert outcomes.total() == TRIES
    assert set(outcomes) == {"Fetched", "refused-address"}, outcomes
    assert min(outcomes.values()) > TRIES / 5, outcomes
    assert canary == 0
