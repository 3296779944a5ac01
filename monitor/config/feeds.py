"""feeds.yaml: read, checked whole, edited with its comments kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from classifiers.shipped import shipped
from classifiers.yamlfile import Editable, Misplaced, Record, load, validate
from monitor.errors import Misuse
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
        problem = finding["msg"].removeprefix("Value error, ")
        raise Misuse(f"{finding['loc'][0]}: {problem}, not {str(finding['input'])[:60]!r}") from error


def add_feed(path: Path, feed: Feed) -> None:
    """Append a feed; every other byte stays. Raises BadFile, or Misuse when the file cannot be written."""
    load(path, FeedFile)
    text = _text(path)
    line = {key: getattr(feed, key) for key in FeedLine.model_fields if key != "notes" or feed.notes}
    wanted = [*_plain_feeds(text), line]
    _replace(path, [_appended(text, len(wanted) - 2, line), _rewritten(path, wanted)], wanted)


def remove_feeds(path: Path, ids: Sequence[str]) -> None:
    """Take feeds out by id; every other byte stays. Raises Misuse for an unknown id."""
    load(path, FeedFile)
    text = _text(path)
    feeds = _plain_feeds(text)
    known = [feed["id"] for feed in feeds]
    for feed_id in ids:
        if feed_id not in known:
            raise Misuse(f"{path}: there is no feed {feed_id!r}; see 'vietnhat feeds list'")
    wanted = [feed for feed in feeds if feed["id"] not in ids]
    if not wanted:
        raise Misuse(f"{path}: would be left without a feed; add another first")
    _replace(path, [_without(text, [known.index(i) for i in ids]), _rewritten(path, wanted)], wanted)
