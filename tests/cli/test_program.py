"""The program as a whole: help at once, every command in place, errors in one line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli import COMMANDS, cli, guarded
from monitor.errors import AlreadyRunning, BadFile, DatabaseError, Misuse
from tests.cli.samples import call

HEAVY = ("sklearn", "numpy", "scipy", "aiohttp", "sqlite_utils", "pydantic", "ruamel", "feedparser", "rich")
ROOT = Path(__file__).resolve().parents[2]


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed and missing"
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = list(commands(cli))


def python(*args: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in the checkout."""
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, cwd=ROOT, timeout=60)


def test_help_answers_at_once() -> None:
    """`--help` lists every command and loads none of the libraries that take their time."""
    code = (
        "import sys\nfrom monitor.cli import cli\n"
        "try: cli.main(['--help'])\n"
        f"except SystemExit: print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    answer = python("-c", code)
    assert answer.stdout.splitlines()[-1] == "[]", answer.stderr
    whole = python("-m", "monitor", "--help")
    assert (whole.returncode, whole.stderr) == (0, "")
    for name, (_, words) in COMMANDS.items():
        assert f"  {name} " in whole.stdout
        assert words in whole.stdout


def test_version() -> None:
    """The version is the package's."""
    from monitor import __version__

    assert call("--version").out == f"vietnhat, version {__version__}\n"


@pytest.mark.parametrize("path", [path for path, _ in EVERY], ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    """Each command says what it is for, in a whole sentence."""
    answer = call(*path, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: vietnhat {' '.join(path)}")
    command = dict(EVERY)[path]
    assert (command.help or "").strip().endswith(".")


def test_the_table_of_commands_is_that_of_the_modules() -> None:
    """Every name in the table leads to a command of that name; an unknown name to none."""
    assert [path[0] for path, _ in EVERY if len(path) == 1] == list(COMMANDS)
    for path, command in EVERY:
        assert command.name == path[-1]
    assert cli.get_command(click.Context(cli), "nix") is None
    answer = call("nix")
    assert answer.code == 2
    assert "No such command 'nix'" in answer.err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (Misuse("so not"), 2, "vietnhat: so not"),
        (BadFile("f.yaml", "is odd", line=3, key="a.b", todo="mend it"), 2, "vietnhat: f.yaml:3: a.b: is odd; mend it"),
        (DatabaseError("x.db: is full"), 1, "vietnhat: x.db: is full"),
        (AlreadyRunning(7, "x.lock"), 1, ("vietnhat: x.lock: process 7 is already running on this database; "
                                         "stop it first, or give another --db")),
        (Misuse("two\nlines\x1b[31m"), 2, "vietnhat: two lines [31m"),
        (PermissionError(13, "Permission denied", "/x/y"), 1,
         "vietnhat: /x/y: Permission denied; check path and permissions"),
        (OSError("odd"), 1, "vietnhat: odd; check path and permissions"),
        (click.Abort(), 130, "stopped"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)  # fmt: skip
def test_an_error_is_one_line(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a person caused or must act on is one line and an exit code, never a traceback."""

    def fail() -> None:
        raise error

    assert guarded(fail) == code
    assert capsys.readouterr().err == line + "\n"


def test_a_bug_is_not_hidden() -> None:
    """Whatever is neither a person's doing nor the machine's goes on up."""
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: 1 / 0)


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1), ("text", 0)])
def test_a_command_may_return_its_exit_code(result: object, code: int) -> None:
    """A whole number is the exit code; anything else means all went well."""
    assert guarded(lambda: result) == code


def test_main_exits(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The program ends with the code of its command."""
    from monitor.cli import main

    monkeypatch.setattr(sys, "argv", ["vietnhat", "taxonomy", "show", "nix"])
    for place, name in ((sys, "excepthook"), (threading, "excepthook")):
        monkeypatch.setattr(place, name, getattr(place, name))  # set back after the test
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    mask = os.umask(0)
    try:
        with pytest.raises(SystemExit) as caught:
            main()
    finally:
        assert os.umask(mask) == 0o077
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("vietnhat: there is no sector or commitment 'nix'")


def test_a_reader_that_has_seen_enough() -> None:
    """`vietnhat … | head` ends without complaint."""
    shell = f"{sys.executable} -m monitor taxonomy show --json | head -c 10"
    answer = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (len(answer.stdout), answer.stderr) == (10, "")


@pytest.mark.parametrize(
    "command", [("status",), ("config", "show"), ("feeds", "list"), ("articles", "list")]
)
def test_an_unknown_setting_stops_every_command(command: tuple[str, ...]) -> None:
    """A name of ours that means nothing is a spelling mistake: exit 2, and the name."""
    answer = call(*command, env={"VIETNHAT_DATABASE": "x"})
    assert answer.code == 2
    assert answer.complaint.startswith("vietnhat: VIETNHAT_DATABASE: unknown setting")


@pytest.mark.parametrize("name", ["", "/", "folder", "/proc/nix/x.db"])
def test_a_database_that_cannot_be(name: str) -> None:
    """A path that is no file, or cannot be made one, is told in one line."""
    Path("folder").mkdir()
    answer = call("--db", name, "articles", "list")
    assert answer.code in (1, 2)
    assert answer.complaint


def test_progress_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bar or a sign is drawn where somebody looks, on standard error, and nowhere else."""
    from monitor.cli.progress import counting, working

    def work() -> None:
        with working("fitting"), counting("polling", 3) as step:
            step(1)

    work()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with working("fitting"):
        pass
    with counting("polling", 3) as step:
        step(3)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "polling" in shown.err
