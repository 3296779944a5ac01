"""A digest as a letter: subject, preview line, HTML and text. Cards and chats have modules of their own.

The HTML stays under the size at which mail clients cut letters off: long summaries give way first, then the
last items, which are reported so that they can wait for the next letter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from typing import Literal

from classifiers.taxonomy import Taxonomy
from monitor.channel import told
from monitor.digest import lines, view, weekview
from monitor.digest.compose import NO_SECTOR, article_ids, main_sector
from monitor.digest.plain import shorten
from monitor.digest.words import Words
from monitor.markup import environment
from monitor.types import Digest, Subscriber, Week

MAX_HTML = 90_000
"""Octets of UTF-8."""

_MAX_SUBJECT_HEADLINE = 80
_MAX_PREVIEW = 160


Request = Literal["confirm", "link", "move", "moved"]
"""Whether a reader wants the letters; the link to a reader's own page; whether the letters shall come here; that they
go elsewhere now."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every letter.

    `contact` is an address or a URL; `unsubscribe` is https or mailto. `page` is this letter on the web,
    `preferences` where its reader chooses ("" where there are no pages), `manner` how items are shown. `reason`
    replaces the sentence that says why this reader gets the letter. `outlets` is how many were read (0 = not told).
    `unsubscribe_by_mail` is a mailto for mail programs that do not open pages.
    """

    product: str
    contact: str
    unsubscribe: str
    page: str = ""
    preferences: str = ""
    manner: view.Manner = view.PLAINLY
    reason: str = ""
    outlets: int = 0
    unsubscribe_by_mail: str = ""

    @property
    def ways_to_stop(self) -> tuple[str, ...]:
        """The addresses by which a reader unsubscribes, the best one first."""
        return tuple(dict.fromkeys(way for way in (self.unsubscribe, self.unsubscribe_by_mail) if way))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter before it is addressed. `left_out` are articles of the digest that found no room in it."""

    subject: str
    preview: str
    html: str
    text: str
    language: str
    left_out: tuple[int, ...] = ()


def render(digest: Digest, taxonomy: Taxonomy, frame: Frame) -> Rendered:
    """The letter of a digest in its subscriber's language and zone."""
    words = _words_for(digest)
    return _fitted(
        digest,
        words,
        frame,
        subject=subject_line(digest, words),
        template="digest",
        values=lambda extent: _digest_values(digest, taxonomy, words, frame, extent),
    )


def render_weekly(digest: Digest, week: Week, taxonomy: Taxonomy, frame: Frame) -> Rendered:
    """The letter of a weekly edition: of its digest, and of what the week was like."""
    words = _words_for(digest)
    beside = {
        "title": words.say("weekly_title", date=words.full_date(digest.slot)),
        "week": weekview.show_week(week, digest.composed_at, taxonomy, words),
    }
    return _fitted(
        digest,
        words,
        frame,
        subject=_subject(digest, words, "subject_weekly", "subject_weekly_empty"),
        template="weekly",
        values=lambda extent: {
            **_digest_values(digest, taxonomy, words, frame, extent),
            "statements": view.statements_of(digest, taxonomy, words, min(extent.kept, len(digest.leads))),
            "rest": view.by_sector(digest, taxonomy, words, extent, frame.manner),
            **beside,
        },
    )


def _words_for(digest: Digest) -> Words:
    return Words(digest.subscriber.language, digest.subscriber.zone)


def _fitted(
    digest: Digest,
    words: Words,
    frame: Frame,
    *,
    subject: str,
    template: str,
    values: Callable[[view.Extent], Mapping[str, object]],
) -> Rendered:
    """The letter with as much of the digest as the largest HTML takes."""
    values = cache(values)  # HTML and text say the same

    @cache
    def page(kind: str, extent: view.Extent) -> str:
        return fill(f"{template}.{kind}.j2", words, frame, values(extent))

    extent = _fitting(len(digest.items), lambda extent: _octets(page("html", extent)) <= MAX_HTML)
    return Rendered(
        subject=subject,
        preview=_preview(digest, words, frame),
        html=page("html", extent),
        text=page("txt", extent),
        language=words.language,
        left_out=_left_out(digest, extent),
    )


def render_request(
    request: Request,
    subscriber: Subscriber,
    taxonomy: Taxonomy,
    frame: Frame,
    *,
    link: str,
    until: datetime | None = None,
) -> Rendered:
    """A letter that asks for one click; it carries nothing a stranger could have written but the address."""
    words = Words(subscriber.language, subscriber.zone)
    values = {
        "title": words.say(f"{request}_title"),
        "preview": words.say(f"{request}_button"),
        "intro": words.say(f"{request}_intro", product=frame.product),
        "terms": lines.terms_line(subscriber, taxonomy, words),
        "button": words.say(f"{request}_button"),
        "link_to": link,
        "step": lines.request_line(request, link, until, words),
        "ignore": words.say(f"{request}_ignore"),
    }
    return Rendered(
        subject=words.say(f"{request}_subject", product=frame.product),
        preview=words.say(f"{request}_button"),
        html=fill("request.html.j2", words, frame, values),
        text=fill("request.txt.j2", words, frame, values),
        language=words.language,
    )


def render_words(subject: str, text: str, *, preview: str) -> Rendered:
    """A letter of plain English to an operator."""
    html = f"<pre style='white-space: pre-wrap'>{escape(text)}</pre>"
    return Rendered(subject, preview, html, f"{text}\n", "en")


def _digest_values(
    digest: Digest, taxonomy: Taxonomy, words: Words, frame: Frame, extent: view.Extent
) -> Mapping[str, object]:
    subscriber = digest.subscriber
    more = digest.more + len(digest.items) - extent.kept
    read = lines.read_line(digest, words, frame.outlets)
    return {
        "preview": _preview(digest, words, frame),
        "title": title_line(digest, words),
        "counts": counts_line(digest, words) if digest.items else "",
        "shown": view.show(digest, taxonomy, words, extent, frame.manner),
        "empty": "" if digest.items else lines.empty_line(digest, words),
        "more": words.count("more", more) if more else "",
        "read": read,
        "period": words.sentences(lines.period_line(digest, words), read if digest.items else ""),
        "statements": view.statements_of(digest, taxonomy, words, extent.kept),
        "reason": words.sentences(
            frame.reason or words.say("reason", address=told(subscriber.address)),
            words.say("alert_terms")
            if digest.kind == "alert"
            else lines.terms_line(subscriber, taxonomy, words),
        ),
    }


def _left_out(digest: Digest, extent: view.Extent) -> tuple[int, ...]:
    """The articles of items that are not shown; the doubtful ones are shown after the last item or not at all."""
    late = [*digest.items[extent.kept :], *(digest.maybe if extent.kept < len(digest.items) else ())]
    return tuple(id_ for item in late for id_ in article_ids(item))


def _fitting(items: int, fits: Callable[[view.Extent], bool]) -> view.Extent:
    """The largest extent that fits."""
    if fits(view.Extent(items, items)):
        return view.Extent(items, items)
    full = largest(items, lambda full: fits(view.Extent(full, items)))
    if full or fits(view.Extent(0, items)):
        return view.Extent(full, items)
    return view.Extent(0, largest(items, lambda kept: fits(view.Extent(0, kept))))


def largest(top: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `top` that fits, where smaller ones fit if a larger one does; 0 if none."""
    low, high = 0, top
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def title_line(digest: Digest, words: Words) -> str:
    """What stands at the top: the day, or the moment of an alert."""
    if digest.kind == "alert":
        return words.say("alert_title", moment=words.moment(digest.slot))
    return words.full_date(digest.slot)


def subject_line(digest: Digest, words: Words) -> str:
    """The first headline, the date and how many stories there are."""
    if digest.kind == "alert" and digest.items:
        moment = words.moment(digest.slot)
        return words.say("subject_alert", headline=_first_headline(digest), moment=moment)
    return _subject(digest, words, "subject", "subject_empty")


def _subject(digest: Digest, words: Words, phrase: str, of_nothing: str) -> str:
    date = words.short_date(digest.slot)
    if not digest.items:
        return words.say(of_nothing, date=date)
    return words.say(phrase, headline=_first_headline(digest), date=date, stories=_stories(digest, words))


def _first_headline(digest: Digest) -> str:
    return shorten(view.headline_of(digest.items[0].judged.article).text, _MAX_SUBJECT_HEADLINE)


def _preview(digest: Digest, words: Words, frame: Frame) -> str:
    """What a mailbox shows after the subject: what comes after the top story."""
    if not digest.items:
        return lines.read_line(digest, words, frame.outlets)
    headlines = [view.headline_of(item.judged.article).text for item in digest.items[1:4]]
    return shorten(" · ".join(headlines), _MAX_PREVIEW) or counts_line(digest, words)


def counts_line(digest: Digest, words: Words) -> str:
    """How many stories of how many sectors."""
    sectors = {main_sector(item, digest.subscriber.sectors) for item in digest.items} - {NO_SECTOR}
    return f"{_stories(digest, words)} · {words.count('fields', len(sectors))}"


def _stories(digest: Digest, words: Words) -> str:
    return words.count("stories", len(digest.items) + digest.more)


def fill(template: str, words: Words, frame: Frame, values: Mapping[str, object]) -> str:
    """A page from its template; every value is escaped in HTML."""
    page = (
        environment("monitor.digest")
        .get_template(template)
        .render(say=words.say, language=words.language, frame=frame, **values)
    )
    kept = (line.strip() if template.endswith(".html.j2") else line.rstrip() for line in page.splitlines())
    return "\n".join(kept).strip() + "\n"


def _octets(page: str) -> int:
    """As the letter will have it, whose lines end in two octets."""
    return len(page.encode()) + page.count("\n")
