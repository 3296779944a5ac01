"""install.sh without installing: what it would do, what it leaves alone, what it refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.deploy.contract import DEPLOY

pytestmark = pytest.mark.skipif(
    Path("/opt/vietnhat").exists(),
    reason="the daemon is installed on this machine, which changes what is to be done",
)


def call(*words: str) -> subprocess.CompletedProcess[str]:
    """The script, as a person would call it."""
    return subprocess.run(
        ["sh", str(DEPLOY / "install.sh"), *words], capture_output=True, text=True, timeout=60
    )


def test_a_dry_run_names_everything_and_does_nothing() -> None:
    """Units, command, settings and list of feeds have their places; nothing is there afterwards."""
    done = call("--dry-run")
    assert done.returncode == 0, done.stderr
    for name in ("vietnhat.service", "vietnhat-backup.service", "vietnhat-backup.timer"):
        assert f"/etc/systemd/system/{name}" in done.stdout
    for place in ("/etc/vietnhat/vietnhat.env", "/var/lib/vietnhat/feeds.yaml", "/usr/local/bin/vietnhat"):
        assert place in done.stdout
    assert not Path("/opt/vietnhat").exists()
    assert not Path("/etc/vietnhat").exists()


def test_the_same_checkout_is_the_same_release() -> None:
    """The release's name comes from the contents alone, so that a second call finds the first."""
    assert call("--dry-run").stdout == call("--dry-run").stdout


@pytest.mark.parametrize("words", [("--nix",), ("--dry-run", "x")])
def test_unknown_words(words: tuple[str, ...]) -> None:
    """An unknown word is misuse: exit 2 and how to call it."""
    done = call(*words)
    assert done.returncode == 2
    assert "install.sh [--dry-run]" in done.stderr


def test_nothing_to_go_back_to() -> None:
    """Going back without a release before is refused in one line."""
    done = call("--rollback", "--dry-run")
    assert done.returncode == 1
    assert done.stderr.startswith("install: there is no release before this one")


@pytest.mark.parametrize("name", ["install.sh", "systemd/vietnhat-command"])
def test_scripts_are_shell(name: str) -> None:
    """Each script can be parsed by the plainest shell and stops at its first error."""
    path = DEPLOY / name
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
    text = path.read_text("utf-8")
    assert "set -eu" in text or "\nexec " in text
