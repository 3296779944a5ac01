"""A reader's own pages: choices, past digests, opinions on articles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.archive import Recalled
from monitor.digest import lines, view
from monitor.digest.plain import plain, shorten
from monitor.pages import forms
from monitor.pages.screen import LANGUAGE_NAMES, Screen, masked
from monitor.reception.staying import Judgement
from monitor.store.issues import Issue
from monitor.types import COUNTRIES, Article, Subscriber, SubscriberStatus
from monitor.writing import manner_of

MOST_LEFT_OUT = 100
"""Of what was not sent, on the page of a digest."""

_TROUBLES = {
    SubscriberStatus.PAUSED: "prefs_paused",
    SubscriberStatus.SUSPENDED: "prefs_suspended",
    SubscriberStatus.PENDING: "prefs_pending",
}


def preferences(
    screen: Screen,
    reader: Subscriber,
    past: Sequence[Issue],
    *,
    root: str,
    whole: bool,
    notice: str = "",
    bad: str = "",
) -> str:
    """Everything a reader may choose. `root` is this page's path; `whole` when it came by a link of their own, and not
    by one of a digest, which may have been forwarded."""
    words, known = screen.words, screen.taxonomy.commitment_by_id
    address = reader.address if whole else masked(reader.address)
    return screen.page(
        "preferences.html.j2",
        words.say("prefs_title"),
        reader=reader,
        root=root,
        whole=whole,
        movable=screen.settings.signup != "closed",
        leave=f"{screen.base}/u/{reader.token}",
        for_whom=words.say("prefs_for", address=address),
        notice=words.say(notice) if notice else "",
        bad=words.say("prefs_bad", field=screen.field(bad)) if bad else "",
        trouble=words.say(_TROUBLES[reader.status]) if reader.status in _TROUBLES else "",
        paused=reader.status is SubscriberStatus.PAUSED,
        languages=LANGUAGE_NAMES,
        cadences=screen.cadences(),
        hours=screen.hours(),
        weekdays=[(number, words.weekday(number)) for number in range(7)],
        zones=screen.zones(reader.zone),
        countries=[(country, words.say(f"holiday_{country.lower()}")) for country in COUNTRIES],
        sectors=screen.sectors(reader.sectors),
        alert_sectors=screen.sectors(reader.alert_sectors),
        watched="\n".join(name for name in reader.watched if name not in known),
        commitments=_commitments(screen, reader.watched),
        outlets=_outlets(screen, reader.alert_outlets),
        issues=_issues(screen, past, root),
    )


def judging(screen: Screen, article: Article, way: str, root: str, before: Judgement | None) -> str:
    """The page with one button for one opinion on one article."""
    say = screen.words.say
    statement = {"no": "judge_no_words", "more": "judge_more_words"}.get(way, "judge_sector_words")
    ways = {"no": say("way_no"), "sector": say("way_sector"), "more": say("way_more")}
    return screen.page(
        "judge.html.j2",
        say("judge_title"),
        way=way,
        root=root,
        article=view.headline_of(article),
        tongue=article.language,
        about=f"{plain(article.outlet)} · {screen.words.moment(article.published)}",
        statement=say(statement),
        before=say("judge_before") if before else "",
        sectors=screen.sectors(),
        ways=[(each, text) for each, text in ways.items() if each != way],
    )


def judged(screen: Screen) -> str:
    """It is noted."""
    return screen.message("judged_title", "judged_intro")


def issue(screen: Screen, recalled: Recalled) -> str:
    """A digest as a page, and what was left out of it."""
    words, digest = screen.words, recalled.digest
    everything = len(digest.items)
    title = words.full_date(digest.slot)
    if digest.kind == "alert":
        title = words.say("alert_title", moment=words.moment(digest.slot))
    out = recalled.left_out[:MOST_LEFT_OUT]
    further = len(recalled.left_out) - len(out)
    shown = view.show(
        digest, screen.taxonomy, words, view.Extent(everything, everything), manner_of(screen.settings)
    )
    return screen.page(
        "issue.html.j2",
        title,
        shown=shown,
        period=words.sentences(lines.period_line(digest, words), lines.read_line(digest, words, 0)),
        statements=view.statements_of(digest, screen.taxonomy, words, everything),
        left_out=[
            (view.headline_of(article), article.language, plain(article.outlet), words.say(f"out_{reason}"))
            for article, reason in out
        ],
        left_out_more=words.count("out_more", further) if further else "",
    )


def _commitments(screen: Screen, watched: Iterable[str]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """All commitments under the names of their sectors."""
    marked = frozenset(watched)
    return [
        (
            sector.name.in_(screen.language),
            [
                (each.id, each.name.in_(screen.language), each.id in marked)
                for each in screen.taxonomy.commitments
                if each.sector == sector.id
            ],
        )
        for sector in screen.taxonomy.sectors
    ]


def _outlets(screen: Screen, own: int) -> list[tuple[int, str]]:
    say = screen.words.say
    return [
        (number, say("outlets_at_least", n=str(number)) if number else say("none_of_it"))
        for number in sorted({*forms.OUTLETS, own})
    ]


def _issues(screen: Screen, past: Iterable[Issue], root: str) -> list[tuple[str, str, str, str]]:
    """Path, date, what it was about, how much of it."""
    words = screen.words
    return [
        (
            f"{root}/digests/{each.id}",
            words.moment(each.slot) if each.kind == "alert" else words.full_date(each.slot),
            shorten(plain(each.headline), 90),
            words.say("past_alert") if each.kind == "alert" else words.count("past_items", each.items),
        )
        for each in past
    ]
