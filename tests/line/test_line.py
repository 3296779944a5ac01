"""The two lines of the program, with the world replaced: polls, verdicts, digests, deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest

from classifiers.taxonomy import load_taxonomy
from classifiers.verdict import Decision, Text, Verdict
from monitor import jobs
from monitor.config.settings import load_settings
from monitor.delivery.message import Sender
from monitor.digest.render import Frame
from monitor.errors import DatabaseError
from monitor.polling import Poller, due_feeds
from monitor.postman import Postman
from monitor.store import articles, clock, digests, outbox, polls, subscribers
from monitor.store.database import Store
from monitor.types import (
    NEWCOMER,
    Bounds,
    Deferred,
    Delivery,
    Digest,
    Failed,
    FailureKind,
    Feed,
    Fetched,
    FetchOutcome,
    Letter,
    NotModified,
    PollReport,
    Refused,
    SendOutcome,
    Subscriber,
    SubscriberStatus,
    Unusable,
    Validators,
)
from monitor.writing import links_of, request
from tests.line.fakes import FakeFetcher, FakeModel, FakeWay, InlineReader, rss

DAY = datetime(2026, 9, 14, 0, 0, tzinfo=UTC)
"""07:00 in Việt Nam."""
FEED = Feed("thu", "Báo Thử", "tin", "https://thu.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
OTHER = Feed("thu2", "Báo Thử", "thế giới", "https://thu.example/2.rss", "vi", "Asia/Ho_Chi_Minh", "press")
HOUR = timedelta(hours=1)


def rfc822(instant: datetime) -> str:
    """A date as feeds write it."""
    return instant.strftime("%a, %d %b %Y %H:%M:%S +0000")


def fetched(entries: dict[str, tuple[str, str]], **validators: str) -> Fetched:
    """A body of entries."""
    return Fetched(FEED.url, 200, rss(entries), "application/rss+xml", Validators(**validators))


def poll(
    store: Store, answer: FetchOutcome, now: datetime, *feeds: Feed
) -> tuple[list[PollReport], FakeFetcher]:
    """One poll of the feeds (FEED by default), all with the same answer."""
    chosen = feeds or (FEED,)
    fetcher = FakeFetcher({feed.url: answer for feed in chosen})
    poller = Poller(store, fetcher, InlineReader(), Bounds(), lambda _: None)
    return asyncio.run(poller.poll(chosen, now=now)), fetcher


def subscribe(store: Store, address: str = "ban@vidu.example", *, wants_empty: bool = False) -> Subscriber:
    """A daily reader at 07:00 in Việt Nam."""
    reader = replace(
        NEWCOMER,
        address=address,
        wants_empty=wants_empty,
        status=SubscriberStatus.ACTIVE,
        consent="đơn",
        created_at=DAY,
    )
    return subscribers.add(store, reader)


def press(store: Store) -> jobs.Press:
    """A press with the shipped taxonomy."""
    frame = Frame("Monitor", "ai@vidu.example", "mailto:ai@vidu.example?subject=unsubscribe")
    return jobs.Press(
        store, load_taxonomy(), Sender("Monitor", "ai@vidu.example"), lambda _: frame, "fake-1", print
    )


def deliver(store: Store, way: FakeWay, now: datetime) -> bool:
    """One round of delivery; whether the way out works."""

    def ignore(_delivery: Delivery, _outcome: SendOutcome) -> None:
        return None

    postman = Postman(store, way, ignore)
    postman.recover(now=now)
    return not postman.deliver(now=now)


NEWS = {
    "https://thu.example/tin-100001.html": ("Nhật mở nhà máy", rfc822(DAY - 3 * HOUR)),
    "https://thu.example/tin-100002.html": ("Giá vàng tăng", rfc822(DAY - 2 * HOUR)),
}


def test_news_goes_from_a_feed_to_a_letter(store: Store) -> None:
    """Poll, judge, compose, render, deliver: one relevant entry, one letter with it."""
    reader = subscribe(store)
    (report,), _ = poll(store, fetched(NEWS), DAY)
    assert (report.outcome, report.entries, report.new) == ("new", 2, 2)
    assert jobs.classify_stored(store, FakeModel(), now=DAY) == 2
    (digest,) = press(store).issue(now=DAY)
    assert [item.judged.article.title for item in digest.items] == ["Nhật mở nhà máy"]
    way = FakeWay()
    assert deliver(store, way, DAY)
    (letter,) = way.letters
    assert letter.recipient == reader.address
    assert press(store).issue(now=DAY) == []
    assert outbox.counts(store) == {"sent": 1}


def test_a_second_poll_stores_nothing(store: Store) -> None:
    """The validators of the first poll are sent with the second, and known entries stay one article."""
    poll(store, fetched(NEWS, etag='"1"'), DAY)
    (report,), fetcher = poll(store, fetched(NEWS, etag='"2"'), DAY + HOUR)
    assert (report.outcome, report.new) == ("nothing-new", 0)
    assert fetcher.asked[0][1].etag == '"1"'
    (report,), _ = poll(store, NotModified(FEED.url, 304, Validators(etag='"2"')), DAY + 2 * HOUR)
    assert report.outcome == "not-modified"
    assert articles.count(store) == 2


def test_the_same_article_in_two_feeds_of_an_outlet_is_one(store: Store) -> None:
    """The scope of identity is the outlet, not the feed."""
    poll(store, fetched(NEWS), DAY, FEED, OTHER)
    assert articles.count(store) == 2
    assert len(store.rows("SELECT * FROM sighting")) == 4


def test_a_changed_title_is_a_revision(store: Store) -> None:
    """Not a new article, and it is judged anew."""
    poll(store, fetched(NEWS), DAY)
    jobs.classify_stored(store, FakeModel(), now=DAY)
    changed = {link: (title + " (cập nhật)", date) for link, (title, date) in NEWS.items()}
    (report,), _ = poll(store, fetched(changed), DAY + HOUR)
    assert (report.new, report.revised) == (0, 2)
    assert jobs.classify_stored(store, FakeModel(), now=DAY + HOUR) == 2


def test_a_failing_feed_backs_off_and_comes_back(store: Store) -> None:
    """Failures in a row lengthen the pause, a success ends it; nothing stored is lost."""
    poll(store, fetched(NEWS, etag='"1"'), DAY)
    failure = Failed(FailureKind.UNREACHABLE, "no route")
    for number in (1, 2):
        (report,), _ = poll(store, failure, DAY + number * HOUR)
        assert (report.outcome, report.reason) == ("failed", "no route")
    state = polls.feed_states(store)["thu"]
    assert state.failures == 2
    assert state.due_at
    assert state.due_at >= DAY + 2 * HOUR + timedelta(minutes=45)
    assert state.validators.etag == '"1"'
    assert due_feeds([FEED], polls.feed_states(store), DAY + 2 * HOUR) == []
    assert due_feeds([FEED], polls.feed_states(store), DAY + 30 * HOUR) == [FEED]
    poll(store, fetched(NEWS), DAY + 3 * HOUR)
    assert polls.feed_states(store)["thu"].failures == 0


def test_retry_after_is_obeyed(store: Store) -> None:
    """A server that asks for patience is not asked again before."""
    poll(store, Failed(FailureKind.STATUS, "status 429", 429, retry_after=7200.0), DAY)
    (report,), fetcher = poll(store, fetched(NEWS), DAY + HOUR)
    assert report.outcome == "waiting"
    assert fetcher.asked == []
    (report,), _ = poll(store, fetched(NEWS), DAY + 3 * HOUR)
    assert report.outcome == "new"


def test_a_new_address_starts_without_validators(store: Store) -> None:
    """What another address remembered means nothing to this one."""
    poll(store, fetched(NEWS, etag='"1"'), DAY)
    moved = Feed("thu", FEED.outlet, "tin", "https://moi.example/rss", "vi", FEED.zone, "press")
    _, fetcher = poll(store, fetched(NEWS), DAY + HOUR, moved)
    assert fetcher.asked == [("https://moi.example/rss", Validators())]


def test_a_permanent_move_is_remembered_until_it_fails(store: Store) -> None:
    """301 and 308 change the address asked next time; a failure there goes back to the configured one."""
    new = "https://moi.example/rss"
    answer = Fetched(new, 200, rss(NEWS), "", Validators(), moved_to=new)
    poll(store, answer, DAY)
    fetcher = FakeFetcher({new: Failed(FailureKind.UNREACHABLE, "gone"), FEED.url: fetched(NEWS)})
    poller = Poller(store, fetcher, InlineReader(), Bounds(), lambda _: None)
    asyncio.run(poller.poll([FEED], now=DAY + HOUR))
    asyncio.run(poller.poll([FEED], now=DAY + 5 * HOUR))
    assert [url for url, _ in fetcher.asked] == [new, FEED.url]


def test_back_catalogue_is_stored_and_never_mailed(store: Store) -> None:
    """What a first poll brings from days ago is no news."""
    subscribe(store)
    old = {"https://thu.example/tin-100009.html": ("Nhật xưa", rfc822(DAY - 30 * HOUR))}
    poll(store, fetched(old), DAY)
    jobs.classify_stored(store, FakeModel(), now=DAY)
    (digest,) = press(store).issue(now=DAY)
    assert digest.items == ()
    assert [reason for _, reason in digest.omitted] == ["back-catalogue"]


def test_an_article_is_mailed_once_and_a_missed_day_is_caught_up(store: Store) -> None:
    """After two silent days one digest brings what came meanwhile, and nothing twice."""
    subscribe(store)
    poll(store, fetched(NEWS), DAY)
    jobs.classify_stored(store, FakeModel(), now=DAY)
    press(store).issue(now=DAY)
    later = DAY + timedelta(days=3)
    more = {"https://thu.example/tin-100003.html": ("Nhật xây cảng", rfc822(later - 40 * HOUR)), **NEWS}
    poll(store, fetched(more), later - 39 * HOUR)
    jobs.classify_stored(store, FakeModel(), now=later)
    (digest,) = press(store).issue(now=later)
    assert [item.judged.article.title for item in digest.items] == ["Nhật xây cảng"]
    assert press(store).issue(now=later + HOUR) == []
    assert press(store).issue(now=later - timedelta(days=2)) == []


def test_nothing_to_say_means_no_mail_unless_wanted(store: Store) -> None:
    """The slot counts as served either way."""
    subscribe(store, "im@vidu.example")
    keen = subscribe(store, "ca@vidu.example", wants_empty=True)
    assert len(press(store).issue(now=DAY)) == 2
    (letter,) = [d.letter for d in outbox.due(store, now=DAY)]
    assert letter.recipient == keen.address
    assert digests.last_slot(store, keen, now=DAY) == DAY


@pytest.mark.parametrize(
    ("answer", "state", "status"),
    [
        (Deferred("451 later"), {"queued": 1}, SubscriberStatus.ACTIVE),
        (Refused("550 nobody"), {"refused": 1}, SubscriberStatus.SUSPENDED),
        (Unusable("535 login"), {"queued": 1}, SubscriberStatus.ACTIVE),
    ],
)
def test_answers_of_the_server(
    store: Store, answer: SendOutcome, state: dict[str, int], status: SubscriberStatus
) -> None:
    """4xx waits, 5xx suspends that reader, a broken way out stops the run and keeps the letter."""
    reader = subscribe(store, wants_empty=True)
    press(store).issue(now=DAY)
    whole = deliver(store, FakeWay([answer]), DAY)
    assert whole is not isinstance(answer, Unusable)
    assert outbox.counts(store) == state
    found = subscribers.find(store, reader.address)
    assert found
    assert found.status is status
    if state == {"queued": 1}:
        later = FakeWay()
        assert deliver(store, later, DAY + HOUR)
        assert len(later.letters) == 1


def test_an_interrupted_letter_goes_again_under_its_old_id(store: Store) -> None:
    """A crash between handing over and noting costs at most one extra copy, with the same Message-ID."""
    subscribe(store, wants_empty=True)
    press(store).issue(now=DAY)
    (waiting,) = outbox.due(store, now=DAY)
    outbox.begin(store, waiting)
    way = FakeWay()
    deliver(store, way, DAY)
    assert [letter.message_id for letter in way.letters] == [waiting.letter.message_id]


def test_stopping_leaves_the_rest_queued(store: Store) -> None:
    """A stop between two letters leaves the next one for the next run."""
    for name in ("a", "b"):
        subscribe(store, f"{name}@vidu.example", wants_empty=True)
    press(store).issue(now=DAY)
    way = FakeWay()
    Postman(store, way, lambda *_: None).deliver(now=DAY, stop=lambda: len(way.letters) == 1)
    assert outbox.counts(store) == {"queued": 1, "sent": 1}


def test_digests_are_made_while_letters_leave(store: Store) -> None:
    """While one letter is under way the next digest is made, and no other letter is begun."""
    for name in "abc":
        subscribe(store, f"{name}@vidu.example", wants_empty=True)
    made: list[str] = []
    seen: list[tuple[int, dict[str, int]]] = []

    class Way(FakeWay):
        def send(self, letter: Letter, meanwhile: Callable[[], object] = lambda: None) -> SendOutcome:
            outcome = super().send(letter, meanwhile)
            seen.append((len(made), outbox.counts(store)))
            return outcome

    way = Way()
    making = jobs.Making(press(store).issuing(now=DAY), lambda digest: made.append(digest.id))
    assert not Postman(store, way, lambda *_: None).deliver(now=DAY, make=making.step)
    assert seen == [
        (2, {"queued": 1, "sending": 1}),
        (3, {"queued": 1, "sending": 1, "sent": 1}),
        (3, {"sending": 1, "sent": 2}),
    ]
    making.finish(lambda: False)
    assert (len(made), len(way.letters), outbox.counts(store)) == (3, 3, {"sent": 3})


def test_trouble_with_digests_costs_no_letter(store: Store) -> None:
    """It is told once the letters that were made are sent; the next round makes the others."""
    for name in "abc":
        subscribe(store, f"{name}@vidu.example", wants_empty=True)

    def spoilt() -> Iterator[Digest | None]:
        steps = press(store).issuing(now=DAY)
        yield next(steps)
        raise DatabaseError("the disk is full")

    way, making = FakeWay(), jobs.Making(spoilt(), lambda _: None)
    assert not Postman(store, way, lambda *_: None).deliver(now=DAY, make=making.step)
    assert outbox.counts(store) == {"sent": 1}
    with pytest.raises(DatabaseError):
        making.finish(lambda: False)
    assert len(press(store).issue(now=DAY)) == 2


def test_digests_are_made_although_the_way_out_is_broken(store: Store) -> None:
    """The letters of this slot wait, unless it is time to stop."""
    for name in "abc":
        subscribe(store, f"{name}@vidu.example", wants_empty=True)
    way, making = FakeWay([Unusable("no server")]), jobs.Making(press(store).issuing(now=DAY), lambda _: None)
    assert Postman(store, way, lambda *_: None).deliver(now=DAY, make=making.step) == {"mail"}
    making.finish(lambda: True)
    assert outbox.counts(store) == {"queued": 2}
    making.finish(lambda: False)
    assert outbox.counts(store) == {"queued": 3}


def test_some_digests_are_made_ahead(store: Store) -> None:
    """So many readers at most, before any letter is under way; the others while letters leave."""
    for name in "abc":
        subscribe(store, f"{name}@vidu.example", wants_empty=True)
    making = jobs.Making(press(store).issuing(now=DAY), lambda _: None)
    making.ahead(2)
    assert outbox.counts(store) == {"queued": 2}
    making.ahead(9)
    assert outbox.counts(store) == {"queued": 3}


def test_a_removed_reader_gets_nothing_more(store: Store) -> None:
    """Erased or removed between two letters of a run: the waiting letter is not sent."""
    first, second, third = (subscribe(store, f"{n}@vidu.example", wants_empty=True) for n in "abc")
    press(store).issue(now=DAY)

    class Way(FakeWay):
        def send(self, letter: Letter, meanwhile: Callable[[], object]) -> SendOutcome:
            if not self.letters:
                subscribers.erase(store, second)
                subscribers.set_status(store, third.id, SubscriberStatus.REMOVED, now=DAY)
            return super().send(letter)

    way = Way()
    assert deliver(store, way, DAY)
    assert [letter.recipient for letter in way.letters] == [first.address]


def test_a_verdict_of_an_old_wording_is_dropped(store: Store) -> None:
    """A poll that revises an article while it is judged wins; the new wording is judged next."""
    poll(store, fetched(NEWS), DAY)

    class Slow(FakeModel):
        def classify(self, texts: Sequence[Text]) -> list[Verdict]:
            if not hasattr(self, "_revised"):
                self._revised = True
                changed = {link: ("Giá vàng hôm nay", date) for link, (_, date) in NEWS.items()}
                poll(store, fetched(changed), DAY + HOUR)
            return super().classify(texts)

    jobs.classify_stored(store, Slow(), now=DAY + HOUR)
    assert {j.verdict.decision for j in articles.newest(store, limit=9)} == {Decision.DROP}


def test_a_clock_that_was_wrong_strands_no_feed(store: Store) -> None:
    """A due time years ahead, set while the clock was, does not count."""
    poll(store, fetched(NEWS), DAY + timedelta(days=4000))
    assert due_feeds([FEED], polls.feed_states(store), DAY) == [FEED]


def test_a_clock_that_was_years_ahead_silences_nobody(store: Store) -> None:
    """A slot of a far future does not count, and what was stored then is news of the day the clock came right."""
    subscribe(store)
    ahead = DAY + timedelta(days=400)
    poll(store, fetched(NEWS), ahead)
    jobs.classify_stored(store, FakeModel(), now=ahead)
    assert len(press(store).issue(now=ahead)) == 1
    more = {"https://thu.example/tin-100007.html": ("Nhật mở lớp học", rfc822(DAY - HOUR))}
    poll(store, fetched(more), ahead + HOUR)
    assert clock.heal(store, DAY) == 7  # three articles where they were seen, and the feed
    assert clock.heal(store, DAY) == 0
    jobs.classify_stored(store, FakeModel(), now=DAY)
    (digest,) = press(store).issue(now=DAY)
    assert [item.judged.article.title for item in digest.items] == ["Nhật mở lớp học"]
    assert press(store).issue(now=ahead) == []


def test_a_network_that_is_down_is_no_feeds_fault(store: Store) -> None:
    """When no host answers, nothing is counted, and what was counted before that was clear is taken back."""
    feeds = [
        Feed(name, name, "tin", f"https://{name}.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
        for name in ("mot", "hai", "ba", "bon")
    ]
    poll(store, fetched(NEWS), DAY, *feeds)
    silence = Failed(FailureKind.UNREACHABLE, "no route")
    (report,), _ = poll(store, silence, DAY + HOUR, feeds[0])
    assert report.outcome == "failed"
    reports, _ = poll(store, silence, DAY + 2 * HOUR, *feeds[1:])
    assert {report.outcome for report in reports} == {"offline"}
    states = polls.feed_states(store)
    assert {state.failures for state in states.values()} == {0}
    assert all(state.due_at and state.due_at < DAY + 3 * HOUR for state in states.values())
    reports, _ = poll(store, Failed(FailureKind.STATUS, "status 500", 500), DAY + 3 * HOUR, *feeds)
    assert {state.failures for state in polls.feed_states(store).values()} == {1}


def test_a_feed_that_is_gone_is_asked_no_more(store: Store) -> None:
    """410 ends the polling, with a note; another address begins it anew."""
    poll(store, Failed(FailureKind.GONE, "status 410", 410), DAY)
    assert due_feeds([FEED], polls.feed_states(store), DAY + timedelta(days=90)) == []
    (report,), fetcher = poll(store, fetched(NEWS), DAY + HOUR)
    assert (report.outcome, fetcher.asked) == ("ended", [])
    moved = Feed("thu", FEED.outlet, "tin", "https://moi.example/rss", "vi", FEED.zone, "press")
    assert due_feeds([moved], polls.feed_states(store), DAY + HOUR) == [moved]
    (report,), _ = poll(store, fetched(NEWS), DAY + HOUR, moved)
    assert report.outcome == "new"


def test_patience_is_asked_for_a_whole_host(store: Store) -> None:
    """What one feed's server said holds for all feeds of that host, also after a restart."""
    asked = Failed(FailureKind.STATUS, "status 503", 503, retry_after=7200.0, host="thu.example")
    poll(store, asked, DAY)
    _, fetcher = poll(store, fetched(NEWS), DAY + HOUR, OTHER)
    assert fetcher.held == {"thu.example": 3600.0}
    waits = Failed(FailureKind.WAITING, "asked", retry_after=3600.0, host="thu.example")
    (report,), _ = poll(store, waits, DAY + HOUR, OTHER)
    assert report.outcome == "waiting"
    assert polls.feed_states(store)["thu2"].failures == 0
    _, fetcher = poll(store, fetched(NEWS), DAY + 3 * HOUR, OTHER)
    assert fetcher.held == {}


def test_two_wordings_of_one_article_do_not_chase_each_other(store: Store) -> None:
    """Two feeds of an outlet that word it differently make one revision, not one with every poll."""
    link = "https://thu.example/tin-100001.html"
    one = {link: ("Nhật mở nhà máy", rfc822(DAY))}
    two = {link: ("Nhật mở nhà máy ở Hải Phòng", rfc822(DAY))}
    revised = []
    for hour in range(6):
        (report,), _ = poll(
            store, fetched(two if hour % 2 else one), DAY + hour * HOUR, OTHER if hour % 2 else FEED
        )
        revised.append(report.revised)
    assert revised == [0, 1, 0, 0, 0, 0]


def test_an_entry_with_a_new_guid_every_time_fills_no_disk(store: Store) -> None:
    """It is one article, and its keys have a bound."""
    link = "https://thu.example/tin-100001.html"
    for hour in range(40):
        item = f"<item><title>Tin</title><link>{link}</link><guid>mot-ma-rat-dai-{hour}</guid></item>"
        body = f"<rss><channel>{item}</channel></rss>".encode()
        poll(store, Fetched(FEED.url, 200, body, "", Validators()), DAY + hour * HOUR)
    assert articles.count(store) == 1
    assert store.rows("SELECT count(*) AS n FROM article_key")[0]["n"] == 24


def test_a_bug_one_feed_brings_out_costs_nobody_else(store: Store) -> None:
    """It is that feed's failure, with its words, and the others are stored."""

    class Breaking(FakeFetcher):
        async def get(self, url: str, validators: Validators) -> FetchOutcome:
            if url == FEED.url:
                raise UnicodeError("as a name nobody foresaw; SECRET at ai@vidu.example")
            return await super().get(url, validators)

    poller = Poller(store, Breaking({OTHER.url: fetched(NEWS)}), InlineReader(), Bounds(), lambda _: None)
    reports = {report.feed_id: report for report in asyncio.run(poller.poll([FEED, OTHER], now=DAY))}
    assert (reports["thu"].outcome, reports["thu2"].outcome) == ("failed", "new")
    assert "a mistake of this program: UnicodeError" in reports["thu"].reason
    assert "ai@vidu" not in polls.feed_states(store)["thu"].reason


def test_a_flood_is_told(store: Store) -> None:
    """A known feed that brings hundreds of entries at once is told as such; a first poll brings what it brings."""
    many = {
        f"https://thu.example/tin-{200000 + n}.html": (f"Tin số {n}", rfc822(DAY))
        for n in range(polls.FLOOD + 1)
    }
    (first,), _ = poll(store, fetched(dict(list(many.items())[: polls.FLOOD + 1])), DAY, OTHER)
    assert not first.flood
    poll(store, fetched(NEWS), DAY)
    flood = {link.replace("/tin-2", "/tin-3"): entry for link, entry in many.items()}
    (report,), _ = poll(store, fetched(flood), DAY + HOUR)
    assert report.flood
    assert report.reason == f"a flood: {polls.FLOOD + 1} new entries at once"
    assert polls.floods(store, since=DAY - HOUR) == {"thu": polls.FLOOD + 1}
    assert polls.floods(store, since=DAY + 2 * HOUR) == {}


def test_letters_and_feeds_of_a_far_future_come_back(store: Store) -> None:
    """What was queued, or told to wait, while the clock was a year ahead does not wait for that year."""
    subscribe(store, wants_empty=True)
    ahead = DAY + timedelta(days=300)
    press(store).issue(now=ahead)
    poll(store, Failed(FailureKind.STATUS, "status 429", 429, retry_after=7200.0, host="thu.example"), ahead)
    assert outbox.due(store, now=DAY) == []
    assert due_feeds([FEED], polls.feed_states(store), DAY) == [FEED]
    (report,), _ = poll(store, fetched(NEWS), DAY)
    assert report.outcome == "new"
    assert clock.heal(store, DAY) == 2
    assert len(outbox.due(store, now=DAY)) == 1
    assert polls.host_pauses(store, now=DAY) == {}


def test_what_cannot_be_noted_is_not_asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk no request leaves; after a crash in the middle a feed is not asked again at once."""

    def full(*_: object, **__: object) -> None:
        raise DatabaseError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(polls, "claim", full)
        fetcher = FakeFetcher({FEED.url: fetched(NEWS)})
        with pytest.raises(DatabaseError):
            asyncio.run(
                Poller(store, fetcher, InlineReader(), Bounds(), lambda _: None).poll([FEED], now=DAY)
            )
        assert fetcher.asked == []

    class Dying(FakeFetcher):
        async def get(self, url: str, validators: Validators) -> FetchOutcome:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Poller(store, Dying({}), InlineReader(), Bounds(), lambda _: None).poll([FEED], now=DAY))
    assert due_feeds([FEED], polls.feed_states(store), DAY + timedelta(minutes=5)) == []
    assert due_feeds([FEED], polls.feed_states(store), DAY + timedelta(minutes=10)) == [FEED]


def test_a_broken_way_out_is_no_attempt_at_a_letter(store: Store) -> None:
    """Five days without a relay do not use up a letter's tries."""
    subscribe(store, wants_empty=True)
    press(store).issue(now=DAY)
    for hours in range(0, 130, 5):
        deliver(store, FakeWay([Unusable("no server")]), DAY + hours * HOUR)
    deliver(store, FakeWay([Deferred("451 greylisted")]), DAY + 131 * HOUR)
    assert outbox.counts(store) == {"queued": 1}


def test_letters_for_those_who_left_are_let_go(store: Store) -> None:
    """Who was suspended and comes back months later gets the next letter, not the old ones."""
    reader = subscribe(store, wants_empty=True)
    press(store).issue(now=DAY)
    subscribers.set_status(store, reader.id, SubscriberStatus.SUSPENDED, now=DAY)
    assert store.rows("SELECT state, letter FROM delivery") == [{"state": "refused", "letter": None}]


def test_an_alert_comes_at_once_and_the_digest_does_not_repeat_it(store: Store) -> None:
    """Between two slots what a reader chose is told at once, once; an hour must pass before the next alert."""
    reader = subscribe(store)
    subscribers.set_choices(store, replace(reader, alert_outlets=1), now=DAY)
    press(store).issue(now=DAY)  # the morning's digest, without news yet

    def arrive(number: int, title: str, hour: float) -> list[Digest]:
        now = DAY + hour * HOUR
        poll(store, fetched({f"https://thu.example/tin-20000{number}.html": (title, rfc822(now))}), now)
        jobs.classify_stored(store, FakeModel(), now=now)
        return press(store).issue(now=now)

    arrive(0, "Giá vàng tăng", 0)
    (first,) = arrive(1, "Nhật mở nhà máy", 3)
    assert (first.kind, [item.judged.article.title for item in first.items]) == ("alert", ["Nhật mở nhà máy"])
    assert press(store).issue(now=DAY + 3 * HOUR) == []
    assert arrive(2, "Nhật xây cảng", 3.5) == []
    (second,) = press(store).issue(now=DAY + 4 * HOUR)
    assert [item.judged.article.title for item in second.items] == ["Nhật xây cảng"]
    assert arrive(3, "Nhật tặng xe", 15) == []  # ten in the evening
    (morning,) = press(store).issue(now=DAY + 24 * HOUR)
    assert (morning.kind, [item.judged.article.title for item in morning.items]) == (
        "digest",
        ["Nhật tặng xe"],
    )
    way = FakeWay()
    assert deliver(store, way, DAY + 24 * HOUR)
    assert len({letter.message_id for letter in way.letters}) == len(way.letters) == 3


def test_who_wants_alerts_alone_gets_no_digest(store: Store) -> None:
    """The day's slot passes without one."""
    reader = subscribe(store, wants_empty=True)
    subscribers.set_choices(store, replace(reader, cadence="alerts", alert_outlets=1), now=DAY)
    assert press(store).issue(now=DAY) == []


def test_a_week_of_digests_is_one_conversation_for_who_wants_it(store: Store) -> None:
    """All letters of a week refer to the same; the next week begins anew, and without the wish none refers to any."""
    wants = subscribe(store, "mot@vidu.example", wants_empty=True)
    subscribers.set_choices(store, replace(wants, wants_thread=True), now=DAY)
    subscribe(store, "hai@vidu.example", wants_empty=True)
    way = FakeWay()
    for day in range(8):
        press(store).issue(now=DAY + day * 24 * HOUR)
        deliver(store, way, DAY + day * 24 * HOUR)
    found: dict[str, list[str | None]] = {"mot@vidu.example": [], "hai@vidu.example": []}
    for letter in way.letters:
        found[letter.recipient].append(message_from_bytes(letter.raw)["References"])
    week, following = found["mot@vidu.example"][:7], found["mot@vidu.example"][7]
    assert len(set(week)) == 1
    assert week[0] is not None
    assert following not in (None, week[0])
    assert found["hai@vidu.example"] == [None] * 8


def test_a_refusal_concerns_the_address_that_was_refused(store: Store) -> None:
    """Letters that ask at a new address, or tell the old one, suspend nobody; nor does one who left come back."""
    reader = subscribe(store)
    house = load_settings({"mail_from": "tin@vidu.example", "base_url": "https://tin.example"})
    for what, to in (("move", "moi@vidu.example"), ("moved", "cu@vidu.example")):
        request(house, store, what, reader, links=links_of(house), now=DAY, to=to)  # type: ignore[arg-type]  # its kinds
    Postman(store, FakeWay([Refused("550 no such user")] * 2), lambda *_: None).deliver(now=DAY)
    assert subscribers.known(store, reader.address).status is SubscriberStatus.ACTIVE
    request(house, store, "link", reader, links=links_of(house), now=DAY)

    class Leaving(FakeWay):
        def send(self, letter: Letter, meanwhile: Callable[[], object] = lambda: None) -> SendOutcome:
            subscribers.set_status(store, reader.id, SubscriberStatus.REMOVED, now=DAY)
            return super().send(letter, meanwhile)

    Postman(store, Leaving([Refused("550 no such user")]), lambda *_: None).deliver(now=DAY)
    assert subscribers.known(store, reader.address).status is SubscriberStatus.REMOVED


def test_who_goes_while_digests_are_made_gets_none(store: Store) -> None:
    """Making goes on beside mailing for minutes: each reader is asked for anew, and once more where it is recorded."""
    for name in "abcd":
        subscribe(store, f"{name}@vidu.example", wants_empty=True)
    making = press(store).issuing(now=DAY)
    assert next(making)
    subscribers.erase(store, subscribers.known(store, "b@vidu.example"))
    subscribers.set_status(
        store, subscribers.known(store, "c@vidu.example").id, SubscriberStatus.PAUSED, now=DAY
    )
    subscribers.set_address(store, subscribers.known(store, "d@vidu.example"), "moi@vidu.example", now=DAY)
    assert [digest.subscriber.address for digest in making if digest] == ["moi@vidu.example"]
    assert outbox.counts(store) == {"queued": 2}
