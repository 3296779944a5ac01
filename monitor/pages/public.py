"""Pages that anybody may open, and those of links that do one thing: confirm, move, leave."""

from __future__ import annotations

from monitor.digest import lines
from monitor.pages.screen import Screen, masked
from monitor.reception.leaving import ASKED_DAYS, LEFT_DAYS
from monitor.types import Subscriber, SubscriberStatus

_REFUSALS = {
    403: ("elsewhere_title", "elsewhere_intro"),
    404: ("no_page_title", ""),
    405: ("no_page_title", ""),
    408: ("bad_form_title", "too_large_intro"),
    410: ("bad_link_title", "bad_link_intro"),
    413: ("bad_form_title", "too_large_intro"),
    429: ("too_many_title", "too_many_intro"),
    500: ("broken_title", "broken_intro"),
    503: ("down_title", "down_intro"),
}


def home(screen: Screen, typed: Subscriber, *, bad: str = "", bad_below: bool = False) -> str:
    """The first page, with what was `typed` before; `bad` names a field of it to look at again, `bad_below` says that
    the address in the lower form is none."""
    words, who = screen.words, screen.settings.signup if screen.settings.base_url else "closed"
    fresh = not typed.address
    return screen.page(
        "home.html.j2",
        words.say("home_title"),
        closed=who == "closed",
        domains="" if who in ("open", "closed") else words.names(who.split(",")),
        bad=screen.field(bad) if bad else "",
        bad_field=bad,
        bad_below=bad_below,
        typed=typed,
        spoken=screen.language if fresh else typed.language,
        zone=_usual_zone(screen) if fresh else typed.zone,
        sectors=screen.sectors(typed.sectors),
        cadences=screen.cadences(),
        hours=screen.hours(),
        zones=screen.zones(screen.zone),
    )


def _usual_zone(screen: Screen) -> str:
    return "Asia/Tokyo" if screen.language == "ja" else screen.zone


def asked(screen: Screen) -> str:
    """The answer to every sign-up and every request for a link: the same whoever it was."""
    return screen.message("asked_title", "asked_intro")


def agree(screen: Screen, reader: Subscriber, done: str = "") -> str:
    """The page that asks for consent, or says that it was given; `done` is then where to go on."""
    agreed = reader.status in (SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED)
    return screen.page(
        "agree.html.j2",
        screen.words.say("agreed_title" if agreed else "agree_title"),
        agreed=agreed,
        words_of_consent=consent(screen, reader),
        terms=lines.terms_line(reader, screen.taxonomy, screen.words),
        done=done,
    )


def consent(screen: Screen, reader: Subscriber) -> str:
    """The words a reader agrees to; they go on record."""
    return screen.words.say("agree_words", product=screen.settings.mail_name, address=reader.address)


def moving(screen: Screen, address: str) -> str:
    """The page that asks whether letters shall go to a new address."""
    return screen.page(
        "button.html.j2",
        screen.words.say("move_page_title"),
        intro=moving_words(screen, address),
        button=screen.words.say("move_page_button"),
    )


def moving_words(screen: Screen, address: str) -> str:
    """What is agreed to by moving; it goes on record."""
    return screen.words.say("move_page_words", address=address)


def moved(screen: Screen, address: str) -> str:
    """The letters go there now."""
    return screen.message("moved_title", "move_page_words", address=address)


def leaving(screen: Screen, reader: Subscriber) -> str:
    """The page that asks whether to stop, or says that it is done."""
    left = reader.status is SubscriberStatus.REMOVED
    return screen.page(
        "leave.html.j2",
        screen.words.say("left_title" if left else "leave_title"),
        left=left,
        intro=screen.words.say("left_intro" if left else "leave_intro", address=masked(reader.address)),
    )


def back(screen: Screen) -> str:
    """Somebody left by mistake."""
    return screen.message("back_title", "agreed_intro")


def erased(screen: Screen) -> str:
    """Nothing is left."""
    return screen.message("erased_title", "erased_intro", copies=str(screen.settings.backup_keep))


def privacy(screen: Screen) -> str:
    """What is stored of readers, why, for how long, and what they may demand."""
    copies = str(screen.settings.backup_keep)
    parts = [
        ("privacy_who", {"product": screen.settings.mail_name, "contact": screen.contact}),
        ("privacy_what", {}),
        ("privacy_not", {}),
        ("privacy_long", {"left": str(LEFT_DAYS), "asked": str(ASKED_DAYS), "copies": copies}),
        ("privacy_rights", {}),
    ]
    say = screen.words.say
    return screen.page(
        "privacy.html.j2",
        say("privacy_title"),
        parts=[(say(f"{key}_title"), say(key, **values)) for key, values in parts],
    )


def refused(screen: Screen, status: int) -> str:
    """Why there is no page."""
    return screen.message(*_REFUSALS.get(status, ("bad_form_title", "bad_form_intro")))
