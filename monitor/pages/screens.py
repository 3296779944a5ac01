"""What each page shows, in the visitor's language. Decides nothing; every value is escaped by the templates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from classifiers.taxonomy import Names, Taxonomy
from monitor.archive import Recalled
from monitor.config.settings import Settings
from monitor.digest import lines, view
from monitor.digest.plain import plain, shorten, web_link
from monitor.digest.words import Words, catalogue
from monitor.markup import environment
from monitor.pages import forms
from monitor.reception import ASKED_DAYS, LEFT_DAYS, Judgement
from monitor.store.issues import Issue
from monitor.types import NEWCOMER, Article, Language, Subscriber, SubscriberStatus
from monitor.writing import manner_of

FOLDER = Path(__file__).parent
MOST_LEFT_OUT = 100
"""Of what was not sent, on the page of a digest."""


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

    # --- signing up --------------------------------------------------------------------------

    def home(self, bad: str = "") -> str:
        """The first page; `bad` names a field to look at again."""
        words = self._words
        who = self.settings.signup
        return self._page(
            "home.html.j2",
            words.say("home_title"),
            closed=who == "closed",
            domains="" if who in ("open", "closed") else words.names(who.split(",")),
            bad=self._field(bad) if bad else "",
            sectors=self._sectors(()),
            cadences=self._cadences(),
            zones=self._zones(self.zone),
        )

    def asked(self) -> str:
        """The answer to every sign-up and every request for a link: the same whoever it was."""
        return self._message("asked_title", "asked_intro")

    def agree(self, reader: Subscriber, done: str = "") -> str:
        """The page that asks for consent, or says that it was given; `done` is then where to go on."""
        words = self._words
        agreed = reader.status is SubscriberStatus.ACTIVE
        return self._page(
            "agree.html.j2",
            words.say("agreed_title" if agreed else "agree_title"),
            agreed=agreed,
            words_of_consent=self.consent(reader),
            terms=lines.terms_line(reader, self.taxonomy, words),
            done=done,
        )

    def consent(self, reader: Subscriber) -> str:
        """The words a reader agrees to; they go on record."""
        return self._words.say("agree_words", product=self.settings.mail_name, address=reader.address)

    def moving(self, address: str) -> str:
        """The page that asks whether letters shall go to a new address."""
        words = self._words
        return self._page(
            "button.html.j2",
            words.say("move_page_title"),
            intro=words.say("move_page_words", address=address),
            button=words.say("move_page_button"),
        )

    def moved(self, address: str) -> str:
        """The letters go there now."""
        return self._message("moved_title", "move_page_words", address=address)

    # --- a reader's own pages ----------------------------------------------------------------

    def preferences(
        self,
        reader: Subscriber,
        issues: Sequence[Issue],
        *,
        root: str,
        leave: str,
        notice: str = "",
        bad: str = "",
    ) -> str:
        """Everything a reader may choose. `root` is this page's path, `leave` that of the one to stop the letters."""
        words = self._words
        known = self.taxonomy.commitment_by_id
        return self._page(
            "preferences.html.j2",
            words.say("prefs_title"),
            reader=reader,
            root=root,
            leave=leave,
            for_whom=words.say("prefs_for", address=reader.address),
            notice=words.say(notice) if notice else "",
            bad=words.say("prefs_bad", field=self._field(bad)) if bad else "",
            paused=reader.status is SubscriberStatus.PAUSED,
            languages=_LANGUAGE_NAMES,
            cadences=self._cadences(),
            weekdays=[(number, words.weekday(number)) for number in range(7)],
            zones=self._zones(reader.zone),
            countries=(("VN", words.say("holiday_vn")), ("JP", words.say("holiday_jp"))),
            sectors=self._sectors(reader.sectors),
            alert_sectors=self._sectors(reader.alert_sectors),
            watched="\n".join(name for name in reader.watched if name not in known),
            commitments=self._commitments(reader.watched),
            outlets=[(n, words.say("outlets_at_least", n=str(n)) if n else words.say("none_of_it"))
                     for n in sorted({*forms.OUTLETS, reader.alert_outlets})],
            issues=self._issues(issues, root),
        )  # fmt: skip

    def leaving(self, reader: Subscriber) -> str:
        """The page that asks whether to stop, or says that it is done."""
        words = self._words
        left = reader.status is SubscriberStatus.REMOVED
        address = masked(reader.address)
        return self._page(
            "leave.html.j2",
            words.say("left_title" if left else "leave_title"),
            left=left,
            intro=words.say("left_intro" if left else "leave_intro", address=address),
        )

    def back(self) -> str:
        """Somebody left by mistake."""
        return self._message("back_title", "agreed_intro")

    def erased(self) -> str:
        """Nothing is left."""
        return self._message("erased_title", "erased_intro", days=str(self.settings.backup_keep))

    # --- corrections -------------------------------------------------------------------------

    def judging(self, article: Article, way: str, root: str, before: Judgement | None) -> str:
        """The page with one button for one opinion on one article."""
        words = self._words
        return self._page(
            "judge.html.j2",
            words.say("judge_title"),
            way=way,
            root=root,
            article=self._link(article),
            about=f"{plain(article.outlet)} · {words.moment(article.published)}",
            statement=words.say({"no": "judge_no_words", "more": "judge_more_words"}.get(way, "judge_sector_words")),
            before=words.say("judge_before") if before else "",
            sectors=self._sectors(()),
            ways=[(each, words.say(f"way_{each}")) for each in ("no", "sector", "more") if each != way],
        )  # fmt: skip

    def judged(self) -> str:
        """It is noted."""
        return self._message("judged_title", "judged_intro")

    # --- one digest --------------------------------------------------------------------------

    def issue(self, recalled: Recalled) -> str:
        """A digest as a page, and what was left out of it."""
        words, digest = self._words, recalled.digest
        whole = view.Extent(len(digest.items), len(digest.items))
        out = recalled.left_out[:MOST_LEFT_OUT]
        title = words.full_date(digest.slot)
        if digest.kind == "alert":
            title = words.say("alert_title", moment=words.moment(digest.slot))
        return self._page(
            "issue.html.j2",
            title,
            shown=view.show(digest, self.taxonomy, words, whole, manner_of(self.settings)),
            period=words.sentences(lines.period_line(digest, words), lines.read_line(digest, words, 0)),
            statements=view.statements_of(digest, self.taxonomy, words, len(digest.items)),
            left_out=[
                (self._link(article), article.language, plain(article.outlet), words.say(f"out_{reason}"))
                for article, reason in out
            ],
            left_out_more=words.count("out_more", len(recalled.left_out) - len(out))
            if len(recalled.left_out) > len(out)
            else "",
        )

    # --- the rest ----------------------------------------------------------------------------

    def privacy(self) -> str:
        """What is stored of readers, why, for how long, and what they may demand."""
        words, contact = self._words, self._contact
        days = str(self.settings.backup_keep)
        parts = [
            ("privacy_who", {"product": self.settings.mail_name, "contact": contact}),
            ("privacy_what", {}),
            ("privacy_not", {}),
            ("privacy_long", {"left": str(LEFT_DAYS), "asked": str(ASKED_DAYS), "days": days}),
            ("privacy_rights", {}),
        ]
        return self._page(
            "privacy.html.j2",
            words.say("privacy_title"),
            parts=[(words.say(f"{key}_title"), words.say(key, **values)) for key, values in parts],
        )

    def refused(self, status: int) -> str:
        """Why there is no page."""
        title, intro = _REFUSALS.get(status, ("bad_form_title", "bad_form_intro"))
        return self._message(title, intro)

    def _message(self, title: str, intro: str, **values: str) -> str:
        words = self._words
        return self._page(
            "message.html.j2", words.say(title), intro=words.say(intro, **values) if intro else ""
        )

    def _page(self, template: str, title: str, **values: object) -> str:
        page = environment("monitor.pages").get_template(template)
        return page.render(
            say=self._words.say,
            title=title,
            language=self.language,
            product=self.settings.mail_name,
            contact=self._contact,
            base=base_path(self.settings),
            style=base_path(self.settings) + style_name(),
            here=self.here,
            tongues=_LANGUAGE_NAMES,
            **values,
        )

    @property
    def _words(self) -> Words:
        return Words(self.language, self.zone, _texts())

    @property
    def _contact(self) -> str:
        return self.settings.reply_to or self.settings.mail_from

    def _sectors(self, chosen: Iterable[str]) -> list[tuple[str, str, bool]]:
        marked = frozenset(chosen)
        return [(each.id, each.name.in_(self.language), each.id in marked) for each in self.taxonomy.sectors]

    def _commitments(self, watched: Iterable[str]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """All commitments under the names of their sectors."""
        marked = frozenset(watched)
        return [
            (
                sector.name.in_(self.language),
                [
                    (each.id, each.name.in_(self.language), each.id in marked)
                    for each in self.taxonomy.commitments
                    if each.sector == sector.id
                ],
            )
            for sector in self.taxonomy.sectors
        ]

    def _cadences(self) -> list[tuple[str, str]]:
        return [(each, self._words.say(f"often_{each}")) for each in forms.CADENCES]

    def _zones(self, own: str) -> list[tuple[str, str]]:
        zones = forms.ZONES if own in forms.ZONES else (own, *forms.ZONES)
        return [(zone, self._words.zone_place(zone)) for zone in zones]

    def _issues(self, issues: Iterable[Issue], root: str) -> list[tuple[str, str, str, str]]:
        """Path, date, what it was about, how much of it."""
        words = self._words
        return [
            (
                f"{root}/digests/{issue.id}",
                words.moment(issue.slot) if issue.kind == "alert" else words.full_date(issue.slot),
                shorten(plain(issue.headline), 90),
                words.say("past_alert") if issue.kind == "alert" else words.count("past_items", issue.items),
            )
            for issue in issues
        ]

    @staticmethod
    def _link(article: Article) -> view.Link:
        return view.Link(
            shorten(plain(article.title), view.MAX_HEADLINE) or plain(article.outlet), web_link(article.link)
        )

    def _field(self, name: str) -> str:
        key = {"address": "address", "quiet_from": "quiet", "quiet_until": "quiet"}.get(name, f"field_{name}")
        return self._words.say(key if key in _texts() else name if name in _texts() else "bad_form_title")


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


_LANGUAGE_NAMES: tuple[tuple[Language, str], ...] = (
    ("vi", "Tiếng Việt"),
    ("en", "English"),
    ("ja", "日本語"),
)

_REFUSALS = {
    404: ("no_page_title", ""),
    410: ("bad_link_title", "bad_link_intro"),
    429: ("too_many_title", "too_many_intro"),
    503: ("down_title", "down_intro"),
}
