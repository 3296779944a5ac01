"""Reads one YAML file whole and strictly, and says of a mistake where it stands.

The only module that knows ruamel.yaml. YAML 1.2, one document, UTF-8, no tags, no anchors or aliases, no
duplicate keys. Validation is pydantic's; its findings are given the line of the value they speak of.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, Event, NodeEvent

from classifiers.errors import BadFile

MAX_BYTES = 4 * 1024 * 1024
"""No file we read by hand is near this size; a larger one is a mistake or an attack."""

MAX_DEPTH = 50


class Record(BaseModel):
    """Base of everything read from YAML: frozen, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Model = TypeVar("Model", bound=BaseModel)


class Misplaced(ValueError):
    """Raised by a validator of a whole file that knows which of its values is wrong: `problem; what to do`."""

    def __init__(self, location: tuple[str | int, ...], words: str) -> None:
        super().__init__(words)
        self.location = location


def load(path: Path, model: type[Model]) -> Model:
    """Read and validate `path`.

    Raises BadFile, which names file, line and key, for whatever cannot be used.
    """
    text = read_text(path)
    _check_events(path, text)
    try:
        data = _yaml("safe").load(text)
    except DuplicateKeyError as error:
        raise _marked(path, error, text, todo="remove one of the two") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise _marked(path, error, text) from error
    return validate(path, text, data, model)


def validate(path: Path, text: str, data: object, model: type[Model]) -> Model:
    """Check plain data read from `text`; the first finding becomes a BadFile with its line."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        cause = finding.get("ctx", {}).get("error")
        location = (*finding["loc"], *(cause.location if isinstance(cause, Misplaced) else ()))
        line = line_of(text, location)
        problem, todo = _words(finding["type"], finding["msg"], finding.get("input"))
        raise BadFile(path, problem, line=line, key=_dotted(location), todo=todo) from error


def read_text(path: Path) -> str:
    """The file's text, without a byte-order mark. Raises BadFile for anything but a readable UTF-8 file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadFile(path, "is not a regular file", todo="give the path of a YAML file")
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise BadFile(path, f"cannot be read: {reason}", todo="check the path and its permissions") from error
    if len(raw) > MAX_BYTES:
        raise BadFile(path, f"is larger than {MAX_BYTES // 2**20} MiB", todo="give the right file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFile(path, "is not UTF-8", line=line, todo="save it as UTF-8") from error
    if not text.strip():
        raise BadFile(path, "is empty", line=1, todo="fill it, or restore the shipped one")
    return text


def line_of(text: str, location: Iterable[str | int]) -> int | None:
    """The line (from 1) where the value at `location` stands, or the nearest thing around it."""
    node: Any = _yaml("rt").load(text)
    line = 1
    for step in location:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
        else:
            break
        node = node[step]
    return line


class Editable:
    """A YAML document that keeps its comments and layout through an edit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._yaml = _yaml("rt")
        self._yaml.width = 4096
        self._yaml.indent(mapping=2, sequence=4, offset=2)
        self._yaml.preserve_quotes = True
        self.data: Any = self._yaml.load(read_text(path))

    @staticmethod
    def plain(text: str) -> object:
        """The values of a text, as `load` would see them."""
        data: object = _yaml("safe").load(text)
        return data

    def text(self) -> str:
        """The document as it would be written."""
        out = io.StringIO()
        self._yaml.dump(self.data, out)
        return out.getvalue()


def _yaml(kind: str) -> YAML:
    yaml = YAML(typ=kind, pure=True)
    yaml.version = (1, 2) if kind == "safe" else None
    return yaml


def _check_events(path: Path, text: str) -> None:
    """Refuse what plain data never needs, before anything is built from it."""
    depth = documents = 0
    try:
        for event in _events(text):
            documents += isinstance(event, DocumentStartEvent)
            depth += event.__class__.__name__.endswith(("MappingStartEvent", "SequenceStartEvent"))
            depth -= event.__class__.__name__.endswith(("MappingEndEvent", "SequenceEndEvent"))
            line = event.start_mark.line + 1 if event.start_mark else None
            if documents > 1:
                raise BadFile(path, "holds more than one document", line=line, todo="remove the second '---'")
            if depth > MAX_DEPTH:
                raise BadFile(path, "is nested too deeply", line=line)
            if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
                raise BadFile(path, "uses an anchor or alias", line=line, todo="write the value out")
            if getattr(event, "tag", None):
                raise BadFile(path, "uses a tag ('!…')", line=line, todo="write a plain value")
    except (YAMLError, ValueError, RecursionError) as error:
        raise _marked(path, error, text) from error


def _events(text: str) -> Iterator[Event]:
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(io.StringIO(text))
    return events


def _marked(
    path: Path, error: Exception, text: str, todo: str = "check quotes and indentation there"
) -> BadFile:
    line = None
    problem = "is not YAML that can be read"
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        problem = " ".join(str(error.problem or error.context or problem).split())
    elif isinstance(error, YAMLError):
        problem = " ".join(str(error).split())[:160]
        if isinstance(place := getattr(error, "position", None), int):
            line = text.count("\n", 0, place) + 1
            problem = f"holds the control character #x{ord(text[place]):04x}"
    return BadFile(path, problem, line=line, todo=todo)


def _dotted(location: Iterable[str | int]) -> str:
    out = ""
    for step in location:
        name = str(step)[:60]
        out += f"[{name}]" if isinstance(step, int) else f".{name}" if out else name
    return out


def _words(kind: str, message: str, given: object) -> tuple[str, str]:
    """What is wrong and what to do, from pydantic's kind of error."""
    shown = repr(given)
    shown = shown if len(shown) <= 60 else shown[:57] + "…'"
    match kind:
        case "extra_forbidden":
            return "unknown key", "remove it or correct its spelling"
        case "missing":
            return "is missing", "add it"
        case "model_type" | "dict_type":
            return f"must hold keys and values, not {shown}", "compare with the shipped file"
        case "literal_error" | "enum":
            return f"{shown} is not one of the allowed values", message.removeprefix("Input should be ")
        case "value_error":
            problem, _, todo = message.removeprefix("Value error, ").partition("; ")
            return problem, todo
        case _:
            text = message[0].lower() + message[1:]
            return f"{text.replace('input should', 'should')}, not {shown}", "correct it"
