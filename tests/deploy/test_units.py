"""The systemd units: hardened, sized by what the program itself says, and accepted by systemd where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.cli import COMMANDS
from monitor.config.settings import load_settings
from monitor.daemon import STOP_SECONDS
from monitor.ingest import pool
from monitor.store.database import BUSY_SECONDS
from tests.deploy.contract import DEPLOY, seconds, size, unit

SERVICES = ("vietnhat.service", "vietnhat-backup.service")
HARDENED = {
    "User": "vietnhat", "UMask": "0077", "StateDirectory": "vietnhat", "StateDirectoryMode": "0700",
    "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "MemoryDenyWriteExecute": "yes",
    "RestrictNamespaces": "yes", "SystemCallArchitectures": "native", "LimitCORE": "0",
}  # fmt: skip

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="needs systemd-analyze (Debian: apt-get install systemd)"
)


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_confined(name: str) -> None:
    """Neither service can write outside its state, gain rights, or map memory it may both write and run."""
    found = unit(name)
    assert {key: found.get(key, ["missing"])[-1] for key in HARDENED} == HARDENED
    assert found["SystemCallFilter"][0] == "@system-service"


@pytest.mark.parametrize("name", SERVICES)
def test_services_call_commands_that_exist(name: str) -> None:
    """What is started is a command of the program."""
    assert unit(name)["ExecStart"][0].split("/")[-1].split()[1] in COMMANDS


@pytest.mark.parametrize("name", SERVICES)
def test_settings_come_from_the_file_alone(name: str) -> None:
    """A setting in the unit's environment would win over the file at every reload, so there is none."""
    assert unit(name)["WorkingDirectory"] == ["/etc/vietnhat"]
    assert not {"Environment", "EnvironmentFile", "PassEnvironment"} & set(unit(name))


def test_a_failed_start_is_tried_for_ever() -> None:
    """No limit of starts; a pause between two, which newer systemd lets grow."""
    found = unit("vietnhat.service")
    assert found["StartLimitIntervalSec"] == ["0"]
    assert found["Restart"] == ["always"]
    assert seconds(found["RestartSec"][0]) >= 10
    assert set(unit("backoff.conf")) == {"RestartSteps", "RestartMaxDelaySec"}


def test_time_limits_leave_the_daemon_its_own() -> None:
    """systemd is more patient than the daemon's own limits of stopping and of waiting for the database."""
    found = unit("vietnhat.service")
    assert seconds(found["TimeoutStopSec"][0]) >= STOP_SECONDS + 10
    assert seconds(found["WatchdogSec"][0]) >= 3 * BUSY_SECONDS
    assert found["KillMode"] == ["mixed"]


def test_memory_suffices_for_all_reading_processes_at_their_limit() -> None:
    """The daemon and every reading process at its own limit fit below MemoryMax; one killed does not end the rest."""
    found = unit("vietnhat.service")
    assert size(found["MemoryMax"][0]) >= 400 * 2**20 + pool.READERS * pool._MEMORY
    assert size(found["MemoryHigh"][0]) < size(found["MemoryMax"][0])
    assert found["OOMPolicy"] == ["continue"]


def test_figures_of_the_process_stay_visible() -> None:
    """prometheus_client tells process_* only where it can read /proc/stat."""
    assert "ProcSubset" not in unit("vietnhat.service")


def test_a_file_of_credentials_is_the_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """systemd names the files of a folder ID_name: smtp_password there is the setting here."""
    prefix, folder = unit("vietnhat.service")["LoadCredential"][0].split(":")
    assert folder == "/etc/vietnhat/credentials"
    (tmp_path / f"{prefix}_smtp_password").write_text("aus-der-datei\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    password = load_settings().smtp_password
    assert password is not None
    assert password.get_secret_value() == "aus-der-datei"
    assert f"LoadCredential={prefix}:{folder}" in (DEPLOY / "systemd/vietnhat-command").read_text("utf-8")


def test_a_night_is_made_up_for() -> None:
    """The copy comes every night, also after one the machine slept through, and not of all machines at once."""
    found = unit("vietnhat-backup.timer")
    assert found["Persistent"] == ["true"]
    assert seconds(found["RandomizedDelaySec"][0]) > 0
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d", found["OnCalendar"][0])


def _runnable(tmp_path: Path) -> list[str]:
    """The units with a program that exists on this machine, so that systemd judges everything else."""
    for path in (DEPLOY / "systemd").glob("vietnhat*.*"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("/opt/vietnhat/current/.venv/bin/vietnhat", sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return sorted(str(path) for path in tmp_path.iterdir())


@pytest.mark.system
@needs_systemd
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *_runnable(tmp_path)], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "vietnhat" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


@pytest.mark.system
@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_finds_little_exposed(name: str) -> None:
    """`systemd-analyze security` gives at most 2.5 of 10."""
    path = DEPLOY / "systemd" / name
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", str(path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


@pytest.mark.system
@needs_systemd
def test_a_reading_process_may_limit_itself() -> None:
    """What the filter of system calls refuses does not hold what `resource.setrlimit` calls."""
    refused = unit("vietnhat.service")["SystemCallFilter"][1].removeprefix("~").split()
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", *refused],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "setrlimit" in listed.stdout.split()
    assert "prlimit64" not in listed.stdout.split()
