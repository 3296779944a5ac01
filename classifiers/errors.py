"""Errors of the lower floor, and the root of the whole tree (printed in `monitor.errors`)."""

from __future__ import annotations


class VietnhatError(Exception):
    """Root: its text is one line that says what is wrong, where, and what to do. Exit code 1."""

    exit_code = 1


class Misuse(VietnhatError):
    """The words, settings or files given cannot be used. Exit code 2."""

    exit_code = 2


class BadFile(Misuse):
    """A data or configuration file is wrong at one place.

    `line` counts from 1; `key` is the path to the value, as `feeds[3].url`.
    """

    def __init__(
        self, path: object, problem: str, *, line: int | None = None, key: str = "", todo: str = ""
    ) -> None:
        self.path, self.line, self.key, self.problem, self.todo = str(path), line, key, problem, todo
        where = self.path + (f":{line}" if line else "")
        text = f"{where}: {key + ': ' if key else ''}{problem}"
        super().__init__(f"{text}; {todo}" if todo else text)

    def __reduce__(self) -> tuple[object, ...]:
        """So that it comes back whole from the process that fits the first model."""
        return _bad_file, (self.path, self.problem, self.line, self.key, self.todo)


def _bad_file(path: str, problem: str, line: int | None, key: str, todo: str) -> BadFile:
    return BadFile(path, problem, line=line, key=key, todo=todo)


class BadModel(VietnhatError):
    """A model directory cannot be used: damaged, foreign, or of another version."""


class OldModel(BadModel):
    """A sound model of an earlier version of this program; the release's own takes its place."""
