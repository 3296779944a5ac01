"""A person at the terminal, labelling one article after the other with single keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli.context import clean, present
from monitor.errors import Misuse

if TYPE_CHECKING:
    from classifiers.corrections import Correction
    from classifiers.teaching import Lesson
    from monitor.store.database import Store

KEYS = "2 relevant   1 borderline   0 not   s sectors   ? why   u undo   space skip   q end"
WORDS = {2: "relevant", 1: "borderline", 0: "not relevant"}


def in_words(vote: Correction) -> str:
    """A vote as a person says it."""
    return WORDS[vote.relevance] + (f", {' '.join(vote.sectors)}" if vote.sectors else "")


class Sitting:
    """One sitting: what was given so far, so that it can be taken back."""

    def __init__(self, store: Store, person: str) -> None:
        self.store, self.person = store, person
        self.given: list[tuple[int, Correction, Correction | None]] = []

    def run(self, lessons: list[Lesson]) -> int:
        """Show and ask until the end or `q`; how many were labelled."""
        place = 0
        while place < len(lessons) or self._goes_back():
            if place == len(lessons):
                place = self._undo(place)
                continue
            self._show(lessons[place], place + 1, len(lessons))
            match self._key():
                case "q":
                    break
                case "u":
                    place = self._undo(place)
                case "?":
                    self._why(lessons[place])
                case "2" | "1" | "0" as key:
                    self._give(lessons[place], place, int(key), None)
                    place += 1
                case "s":
                    place += self._ask_sectors(lessons[place], place)
                case _:
                    place += 1
        return len(self.given)

    def _goes_back(self) -> bool:
        """After the last article: whether its label is to be taken back."""
        if not self.given:
            return False
        click.echo("that was the last one; u takes your word on it back, any other key ends")
        return self._key() == "u"

    @staticmethod
    def _key() -> str:
        """One key that means something; keys typed ahead, or none of ours, are not guessed at."""
        while True:
            try:
                key = click.getchar()
            except (EOFError, KeyboardInterrupt):
                return "q"
            except OSError as error:
                raise Misuse("a session needs a terminal; elsewhere use 'vietnhat label add'") from error
            if key in (*"210su?q \r\n", "\x1b"):
                return "q" if key == "\x1b" else key
            click.echo(KEYS)

    def _show(self, lesson: Lesson, number: int, of: int) -> None:
        verdict = lesson.candidate.verdict
        sectors = ", ".join(f"{s.id} {s.probability:.2f}" for s in verdict.sectors)
        click.echo(f"\n{number}/{of}  {verdict.decision} {verdict.relevance:.2f}  {sectors}")
        click.secho(clean(lesson.candidate.text.title), bold=True)
        click.echo(clean(lesson.candidate.text.summary))
        if lesson.reasons:
            click.echo(f"offered because: {', '.join(lesson.reasons)}")
        click.echo(KEYS)

    def _why(self, lesson: Lesson) -> None:
        from monitor.store import corrections

        for evidence in lesson.candidate.verdict.evidence:
            click.echo(f"  {evidence.weight:+.2f}  {clean(evidence.term)}")
        for vote in corrections.votes_on(self.store, lesson.candidate.text):
            click.echo(f"  {clean(vote.person)}: {in_words(vote)}")

    def _ask_sectors(self, lesson: Lesson, place: int) -> int:
        from classifiers.taxonomy import load_taxonomy

        ids = list(load_taxonomy().sector_by_id)
        click.echo("  ".join(f"{number} {sector}" for number, sector in enumerate(ids, 1)))
        answer = click.prompt(
            "relevant, in sectors (numbers, main one first)", default="", show_default=False
        )
        numbers = [part for part in answer.replace(",", " ").split() if part.isdecimal()]
        chosen = tuple(dict.fromkeys(ids[int(n) - 1] for n in numbers if 1 <= int(n) <= len(ids)))
        if not chosen:
            click.echo("no sector of that number; nothing is noted")
            return 0
        self._give(lesson, place, 2, chosen[:3])
        return 1

    def _give(self, lesson: Lesson, place: int, relevance: int, sectors: tuple[str, ...] | None) -> None:
        from classifiers.corrections import Correction
        from monitor.store import corrections

        vote = Correction(
            lesson.candidate.text,
            relevance,
            sectors,
            self.person,
            "session",
            present(),
        )
        before = corrections.record(self.store, vote, lesson.candidate.article_id)
        self.given.append((place, vote, before))
        click.echo(f"noted: {in_words(vote)}")

    def _undo(self, place: int) -> int:
        from monitor.store import corrections

        if not self.given:
            click.echo("nothing to take back")
            return place
        back, vote, before = self.given.pop()
        corrections.withdraw(self.store, vote, before)
        click.echo(f"taken back: {in_words(vote)}")
        return back
