"""The report to the operator as a letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from monitor.digest.render import Frame, Rendered, fill
from monitor.digest.words import Words
from monitor.types import Condition, Health, Note, Report, Trouble


@dataclass(frozen=True, slots=True)
class _Line:
    """One feed: who, since when, in which words, whether it is told for the first time."""

    name: str
    since: str
    detail: str
    new: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """Feeds of one condition and what to do about them."""

    title: str
    todo: str
    lines: tuple[_Line, ...]


def render_report(report: Report, words: Words, frame: Frame) -> Rendered:
    """The letter of one day's report, in the operator's language."""
    things = len(report.feeds) + len(report.notes)
    groups = tuple(_groups(report, words))
    watched = words.say(
        "report_watched", n=words.number(report.watched), troubled=words.number(len(report.feeds))
    )
    values = {
        "title": words.say("report_title"),
        "preview": " · ".join(group.title for group in groups) or watched,
        "watched": watched,
        "groups": groups,
        "notes": tuple(_note(note, words) for note in report.notes),
        "over": tuple(_plain_name(key) for key in report.well_again),
    }
    what = words.count("report_things", things) if things else words.say("report_well")
    return Rendered(
        subject=words.say("report_subject", product=frame.product, what=what),
        preview=str(values["preview"]),
        html=fill("report.html.j2", words, frame, values),
        text=fill("report.txt.j2", words, frame, values),
        language=words.language,
    )


_WORDS = {
    Condition.ENDED: "feed_ended",
    Condition.DEAD: "feed_dead",
    Condition.BLOCKED: "feed_blocked",
    Condition.SILENT: "feed_silent",
    Condition.EMPTY: "feed_empty",
    Condition.MOVED: "feed_moved",
}
_HOUSE = {
    Trouble.BACKUP: "house_backup",
    Trouble.DISK: "house_disk",
    Trouble.LETTERS: "house_letters",
    Trouble.OFFLINE: "house_offline",
    Trouble.FLOOD: "house_flood",
    Trouble.ROUND: "house_round",
    Trouble.LOST: "house_lost",
}


def _groups(report: Report, words: Words) -> Iterator[_Group]:
    for condition, healths in groupby(report.feeds, key=lambda health: health.condition):
        lines = tuple(_line(health, words, new=health.feed.id in report.new) for health in healths)
        key = _WORDS[condition]
        yield _Group(words.say(key), words.say(f"{key}_todo"), lines)


def _line(health: Health, words: Words, *, new: bool) -> _Line:
    since = words.say("report_since", moment=words.moment(health.since)) if health.since else ""
    name = f"{health.feed.outlet}, {health.feed.section} ({health.feed.id})"
    return _Line(name, since, health.detail, new)


def _note(note: Note, words: Words) -> str:
    return words.say(_HOUSE[note.trouble], figure=note.figure)


def _plain_name(key: str) -> str:
    return key.removeprefix("!")
