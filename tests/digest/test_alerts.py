"""What is told at once: what a reader chose for it, fresh, batched, bounded, and never in their quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor.digest.alerts import FRESH, MOST_A_DAY, MOST_ITEMS, PAUSE, alert_of, may_alert, wants_alerts
from monitor.digest.compose import compose
from monitor.digest.render import render
from monitor.types import Digest, JudgedArticle, Language, Stories
from tests.digest.samples import FRAME, NOW, judged, reader, sectors

HOUR = timedelta(hours=1)
NOON = NOW + 5 * HOUR
"""In Vietnam."""


def alert(*candidates: JudgedArticle, stories: Stories | None = None, **wishes: Any) -> Digest | None:
    """The alert of these candidates for a reader with these wishes."""
    digest = compose(
        reader(**wishes),
        slot=NOON,
        since=NOON - 24 * HOUR,
        now=NOON,
        candidates=candidates,
        polled_entries=10,
        stories=stories or Stories(),
    )
    return alert_of(digest)


def fresh(id_: int, **changes: object) -> JudgedArticle:
    """An article of this very hour."""
    return judged(id_, **({"published": NOON - HOUR} | changes))


def test_only_what_was_chosen_is_told_at_once() -> None:
    """A sector, a size, or a name of the watch-list."""
    oda, economy = fresh(1, sectors=sectors("oda")), fresh(2, outlet="B")
    made = alert(oda, economy, alert_sectors=("oda",))
    assert made is not None
    assert [item.judged.article.id for item in made.items] == [1]
    assert (made.kind, made.id, made.omitted, made.more) == ("alert", "a-7-20261121T050000Z", (), 0)
    assert alert(economy, alert_sectors=("oda",)) is None
    assert alert(economy, alert_outlets=2) is None
    others = Stories({2: (economy.article, fresh(3, outlet="C").article)})
    large = alert(economy, stories=others, alert_outlets=2)
    assert large is not None
    assert large.items[0].outlets == 2
    assert alert(fresh(1, title="Cầu Vàm Nhon"), alert_outlets=9, watched=("vàm nhon",)) is not None


def test_what_is_not_fresh_waits_for_the_digest() -> None:
    """Twelve hours old is no news to interrupt anybody for."""
    assert alert(fresh(1, published=NOON - FRESH - timedelta(seconds=1)), alert_sectors=("economy",)) is None
    assert alert(fresh(1, published=NOON - FRESH), alert_sectors=("economy",)) is not None


def test_an_alert_is_short() -> None:
    """The weightiest eight; the rest stays for the next alert or digest."""
    made = alert(*(fresh(n, outlet=f"O{n % 7}") for n in range(1, 40)), alert_sectors=("economy",))
    assert made is not None
    assert len(made.items) == MOST_ITEMS


@pytest.mark.parametrize(
    ("before", "may"),
    [
        ((), True),
        ((NOON - PAUSE,), True),
        ((NOON - PAUSE + timedelta(seconds=1),), False),
        (tuple(NOON - PAUSE - n * HOUR for n in range(MOST_A_DAY - 1)), True),
        (tuple(NOON - PAUSE - n * HOUR for n in range(MOST_A_DAY)), False),
        (tuple(NOON - 24 * HOUR - n * HOUR for n in range(20)), True),
    ],
)
def test_alerts_are_bounded(before: tuple[datetime, ...], may: bool) -> None:
    """One an hour, six a day."""
    assert may_alert(reader(), before, NOON) is may


def test_nobody_is_woken() -> None:
    """Quiet hours are the reader's own."""
    midnight = NOW + 17 * HOUR
    assert not may_alert(reader(), (), midnight)
    assert may_alert(reader(zone="America/New_York"), (), midnight)
    assert may_alert(reader(quiet_from=0, quiet_until=0), (), midnight)


def test_who_chose_nothing_gets_no_alert() -> None:
    """A watch-list alone orders the digest; it does not interrupt."""
    assert not wants_alerts(reader(watched=("Huế",)))
    assert wants_alerts(reader(alert_outlets=3))
    assert wants_alerts(reader(alert_sectors=("oda",)))


@pytest.mark.parametrize(("language", "word"), [("vi", "Báo ngay"), ("en", "Alert"), ("ja", "速報")])
def test_an_alert_says_that_it_is_one(language: Language, word: str) -> None:
    """In the subject, at the head, and why it comes at the foot."""
    made = alert(fresh(1), language=language, alert_sectors=("economy",))
    assert made is not None
    letter = render(made, load_taxonomy(), FRAME)
    assert letter.subject.startswith(word)
    assert letter.text.casefold().count(word.casefold()) >= 2
