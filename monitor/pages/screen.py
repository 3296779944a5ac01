"""How a page is drawn for one visitor: frame, words, and the pieces that several pages share. Decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from classifiers.taxonomy import Names, Taxonomy
from monitor.config.settings import Settings
from monitor.digest.words import Words, catalogue
from monitor.markup import environment
from monitor.pages import forms
from monitor.types import NEWCOMER, Language, Subscriber

FOLDER = Path(__file__).parent

LANGUAGE_NAMES: tuple[tuple[Language, str], ...] = (("vi", "Tiếng Việt"), ("en", "English"), ("ja", "日本語"))


@cache
def style() -> str:
    """The style sheet of all pages."""
    return (FOLDER / "style.css").read_text(encoding="utf-8")


@cache
def style_name() -> str:
    """Its path, which changes with its content, so that it may be kept for long."""
    return f"/style-{hashlib.sha256(style().encode()).hexdigest()[:12]}.css"


@dataclass(frozen=True, slots=True)
class Screen:
    """Draws pages for one visitor. `here` is the path of the page, for the links that change its language."""

    settings: Settings
    taxonomy: Taxonomy
    language: Language
    here: str = ""
    zone: str = NEWCOMER.zone

    def for_reader(self, reader: Subscriber, asked: Language | None) -> Screen:
        """The same in a reader's language and zone, unless they asked for another language."""
        return replace(self, language=asked or reader.language, zone=reader.zone)

    def page(self, template: str, title: str, **values: object) -> str:
        """A whole page; every value is escaped by the template."""
        return environment("monitor.pages").get_template(template).render(
            say=self.words.say,
            title=title,
            language=self.language,
            product=self.settings.mail_name,
            contact=self.contact,
            base=self.base,
            style=self.base + style_name(),
            here=self.here,
            tongues=LANGUAGE_NAMES,
            **values,
        )  # fmt: skip

    def message(self, title: str, intro: str = "", **values: str) -> str:
        """A page that only says something; both are keys of words."""
        said = self.words.say(intro, **values) if intro else ""
        return self.page("message.html.j2", self.words.say(title), intro=said)

    @property
    def words(self) -> Words:
        """In the visitor's language."""
        return Words(self.language, self.zone, _texts())

    @property
    def base(self) -> str:
        """What stands before every path."""
        return base_path(self.settings)

    @property
    def contact(self) -> str:
        """The address of who is responsible."""
        return self.settings.reply_to or self.settings.mail_from

    def sectors(self, chosen: Iterable[str] = ()) -> list[tuple[str, str, bool]]:
        """Id, name, whether it is chosen."""
        marked = frozenset(chosen)
        return [(each.id, each.name.in_(self.language), each.id in marked) for each in self.taxonomy.sectors]

    def cadences(self) -> list[tuple[str, str]]:
        """Id and name."""
        return [(each, self.words.say(f"often_{each}")) for each in forms.CADENCES]

    def hours(self) -> list[tuple[int, str]]:
        """Number and name."""
        return [(hour, self.words.say("o_clock", hour=str(hour))) for hour in range(24)]

    def zones(self, own: str) -> list[tuple[str, str]]:
        """Id and name, with the visitor's own if it is none of the usual ones."""
        zones = forms.ZONES if own in forms.ZONES else (own, *forms.ZONES)
        return [(zone, self.words.zone_place(zone)) for zone in zones]

    def field(self, name: str) -> str:
        """What a field of a form is called."""
        keys = (f"field_{name}", name, name.removesuffix("_from").removesuffix("_until"))
        return self.words.say(next(key for key in (*keys, "bad_form_title") if key in _texts()))


def base_path(settings: Settings) -> str:
    """What stands before every path of ours in a visitor's browser, without a slash at its end."""
    return urlsplit(settings.base_url or "").path.rstrip("/")


def masked(address: str) -> str:
    """An address that its owner recognises and nobody else learns: b•••@vidu.example."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


@cache
def _texts() -> Mapping[str, Names]:
    return {**catalogue(), **catalogue(FOLDER / "words.yaml")}
