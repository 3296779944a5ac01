"""feeds.yaml: read, checked whole, edited with its comments kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from classifiers.shipped import shipped
from classifiers.yamlfile import Editable, Misplaced, Record, load
from monitor.errors import BadFile, Misuse
from monitor.types import Feed

MAX_URL = 2000
"""Longer addresses are refused by common servers (RFC 9110 section 4.1 asks for 8000, practice gives less)."""


def _web_address(value: object) -> object:
    if not isinstance(value, str):
        return value  # pydantic says what type it should be
    if len(value) > MAX_URL or any(c.isspace() or ord(c) < 32 or c in '<>{}"\\^`' for c in value):
        raise ValueError("is not a web address; write it as https://host/path")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValueError("is not a web address; write it as https://host/path") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("is not a web address; write it as https://host/path")
    if parts.username or parts.password:
        raise ValueError("holds a user name or password; feeds that need a login are not supported")
    return value


def _zone(value: object) -> object:
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; write one as Asia/Ho_Chi_Minh") from error
    return value


class FeedLine(Record):
    """One feed as it stands in the file."""

    model_config = ConfigDict(title="Feed")

    id: Annotated[
        str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$", description="short name, unique in this file")
    ]
    outlet: Annotated[str, Field(min_length=1, max_length=100, description="name of the newspaper")]
    section: Annotated[
        str, Field(min_length=1, max_length=100, description="what the feed holds, as 'thời sự'")
    ]
    url: Annotated[str, BeforeValidator(_web_address), Field(description="http(s) address of the feed")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$", description="ISO 639-1 code of its text")]
    zone: Annotated[
        str,
        BeforeValidator(_zone),
        Field(description="IANA zone of dates that name none, as Asia/Ho_Chi_Minh"),
    ]
    kind: Annotated[
        Literal["official", "agency", "press", "tabloid"], Field(description="what kind of source")
    ]
    notes: Annotated[str, Field(max_length=500, description="for the operator")] = ""

    def feed(self) -> Feed:
        """The value the rest of the program speaks."""
        return Feed(**self.model_dump())


class FeedFile(Record):
    """The whole file."""

    model_config = ConfigDict(title="feeds.yaml of Việt–Nhật Monitor")

    feeds: Annotated[list[FeedLine], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        for what in ("id", "url"):
            seen: set[str] = set()
            for place, line in enumerate(self.feeds):
                value = getattr(line, what)
                if value in seen:
                    raise Misplaced(("feeds", place, what), f"{value!r} stands twice; remove one of the two")
                seen.add(value)
        return self


def feeds_path(chosen: Path | None) -> Path:
    """The file to read: the one chosen, else ./feeds.yaml, else the shipped one."""
    if chosen:
        return chosen
    here = Path("feeds.yaml")
    return here if here.exists() else shipped("feeds.yaml")


def load_feeds(chosen: Path | None) -> tuple[Feed, ...]:
    """All feeds, checked. Raises BadFile with file, line, key and what to do."""
    return tuple(line.feed() for line in load(feeds_path(chosen), FeedFile).feeds)


def json_schema() -> dict[str, Any]:
    """JSON Schema of the file, for editors."""
    schema = FeedFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def new_feed(**values: object) -> Feed:
    """A feed from the keys of one line of the file. Raises Misuse that names the key."""
    try:
        return FeedLine.model_validate(values).feed()
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        problem = finding["msg"].removeprefix("Value error, ").replace("String", "it", 1)
        raise Misuse(f"{finding['loc'][0]} {str(finding['input'])[:60]!r}: {problem}") from error


def add_feed(path: Path, feed: Feed) -> None:
    """Append a feed; every other byte stays. Raises BadFile, or Misuse when it cannot be added or written."""
    before = load(path, FeedFile).feeds
    line = FeedLine(**asdict(feed))
    for other in before:
        if other.id == line.id or other.url == line.url:
            raise Misuse(f"{path}: {line.id!r} ({line.url}) is listed already, as {other.id!r}")
    _replace(path, [*before, line], _texts_with(path, line.model_dump(exclude_defaults=True)))


def remove_feeds(path: Path, ids: Sequence[str]) -> None:
    """Take feeds out by id; every other byte stays. Raises BadFile, or Misuse for an unknown id."""
    before = load(path, FeedFile).feeds
    known = [line.id for line in before]
    for feed_id in ids:
        if feed_id not in known:
            raise Misuse(f"{path}: there is no feed {feed_id!r}; see 'vietnhat feeds list'")
    wanted = [line for line in before if line.id not in ids]
    if not wanted:
        raise Misuse(f"{path}: would be left without any feed; add another one first")
    _replace(path, wanted, _texts_without(path, {known.index(feed_id) for feed_id in ids}, len(known)))


def _replace(path: Path, wanted: list[FeedLine], texts: Iterator[str]) -> None:
    """Put the first text that says exactly what is wanted in place, at once."""
    path = path.resolve()  # a link stays one
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        for text in texts:
            temporary.write_bytes(text.encode())
            if _says(temporary, wanted):
                temporary.chmod(path.stat().st_mode & 0o777)
                temporary.replace(path)
                return
    except OSError as error:
        raise Misuse(
            f"{path}: cannot be changed ({error.strerror}); check its folder's permissions"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    raise Misuse(f"{path}: is laid out in a way that cannot be edited safely; edit it by hand")


def _says(path: Path, wanted: list[FeedLine]) -> bool:
    try:
        return load(path, FeedFile).feeds == wanted
    except BadFile:
        return False


# Lines are cut and pasted as text, for a YAML library writes the whole file anew: other indentation, other line
# ends, comments before a removed entry lost. Only odd layouts are left to it (`Editable`).

_ENTRY = re.compile(r"^( *)- ", re.MULTILINE)
_PLAIN = re.compile(r"[^\W\d_](?:[^\s#:]|:(?=\S)|(?<=\S)#| (?=[^\s#]))*")
_NOT_TEXT = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")


def _texts_with(path: Path, line: Mapping[str, str]) -> Iterator[str]:
    text = path.read_bytes().decode()
    end = "\r\n" if "\r\n" in text else "\n"
    indents = _ENTRY.findall(text)
    if indents:
        keys = f"{end}{indents[-1]}  ".join(f"{key}: {_scalar(value)}" for key, value in line.items())
        yield f"{text}{'' if text.endswith(end) else end}{indents[-1]}- {keys}{end}"
    document = Editable(path)
    document.data["feeds"].append(dict(line))
    yield document.text()


def _scalar(value: str) -> str:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT
    return value if plain else json.dumps(value, ensure_ascii=False)


def _texts_without(path: Path, places: set[int], count: int) -> Iterator[str]:
    text = path.read_bytes().decode()
    starts = [match.start() for match in _ENTRY.finditer(text)]
    if len(starts) == count:
        kept = [text[: starts[0]]]
        for place, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True)):
            entry = text[start:end]
            kept.append(_after(entry) if place in places else entry)
        yield "".join(kept)
    document = Editable(path)
    for place in sorted(places, reverse=True):
        del document.data["feeds"][place]
    yield document.text()


def _after(entry: str) -> str:
    """The blank lines and comments that follow an entry: they speak of the next one."""
    lines = entry.splitlines(keepends=True)
    last = max(
        number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")
    )
    return "".join(lines[last + 1 :])
