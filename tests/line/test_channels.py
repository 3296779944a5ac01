"""Channels on the line: a digest goes to mail, webhooks and chats alike, and none of them stops another."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor import jobs
from monitor.channel import Kind, kind_of
from monitor.config.settings import Settings, load_settings
from monitor.delivery.message import Sender
from monitor.delivery.pace import Pace
from monitor.delivery.webhook import DELIVERY, WebhookPolicy, WebhookWay
from monitor.digest.render import Frame
from monitor.postman import Postman
from monitor.store import outbox, subscribers
from monitor.store.database import Store, open_store
from monitor.types import (
    NEWCOMER,
    Deferred,
    Letter,
    Refused,
    SendOutcome,
    Sent,
    Subscriber,
    SubscriberStatus,
    Unusable,
)
from monitor.wiring import deliver_letters
from monitor.writing import frame_of, links_of
from tests.delivery.receiver import answer, receiving
from tests.delivery.test_smtp import Sink, serving
from tests.delivery.test_ways import Clock
from tests.line.fakes import FakeModel
from tests.line.test_line import DAY, HOUR, fetched, poll, rfc822

NAMES = [chr(65 + n // 26) + chr(97 + n % 26) + "x" for n in range(40)]
NOW = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
HOOK = "https://hooks.example/planted-hook-5d1e9c77aa"
CHAT = "slack://T1PLANTED/B1PLANTED/PlantedToken"
SECRET = "a-secret-of-the-tests"


def subscribe(store: Store, address: str, **changes: object) -> Subscriber:
    """A reader who wants a letter every day."""
    reader = replace(
        NEWCOMER, address=address, wants_empty=True, status=SubscriberStatus.ACTIVE, consent="test", created_at=NOW,
        **changes,  # type: ignore[arg-type]  # checked by the dataclass's users
    )  # fmt: skip
    return subscribers.add(store, reader)


def press(store: Store) -> jobs.Press:
    """A press with the shipped taxonomy."""
    frame = Frame("Monitor", "ai@vidu.example", "mailto:ai@vidu.example?subject=unsubscribe")
    sender = Sender("Monitor", "ai@vidu.example")
    return jobs.Press(store, load_taxonomy(), sender, lambda _: frame, "fake-1", print)


class Kinds:
    """A way out that answers by the kind of address, and keeps who was served."""

    def __init__(self, **answers: SendOutcome) -> None:
        self.answers, self.letters = answers, list[Letter]()

    def send(self, letter: Letter, _meanwhile: object = None) -> SendOutcome:
        self.letters.append(letter)
        return self.answers.get(kind_of(letter.recipient), Sent("ok"))

    @property
    def served(self) -> list[Kind]:
        """The kinds, in order."""
        return [kind_of(letter.recipient) for letter in self.letters]


def deliver(
    store: Store, way: jobs.Sends, now: datetime = NOW, resting: frozenset[Kind] = frozenset()
) -> frozenset[Kind]:
    """One round of delivery; what is broken."""
    postman = Postman(store, way, lambda *_: None)
    postman.recover(now=now)
    return postman.deliver(now=now, resting=resting)


def states(store: Store) -> dict[Kind, set[str]]:
    """What became of the letters of each kind."""
    found: dict[Kind, set[str]] = {}
    for row in store.rows("SELECT recipient, state FROM delivery"):
        found.setdefault(kind_of(row["recipient"]), set()).add(row["state"])
    return found


def test_each_reader_gets_the_form_their_way_takes(store: Store) -> None:
    """A message of RFC 5322, JSON, or the HTML of a chat, each under the id of the reader's digest."""
    for address in ("ban@vidu.example", HOOK, CHAT):
        subscribe(store, address)
    issued = {digest.subscriber.address: digest for digest in press(store).issue(now=NOW)}
    way = Kinds()
    assert deliver(store, way) == frozenset()
    assert way.served == ["webhook", "chat", "mail"]
    hook, chat, mail = way.letters
    assert json.loads(hook.raw)["id"] == issued[HOOK].id
    assert chat.raw.startswith(b"<p><b>")
    assert mail.raw.startswith(b"From: ")
    assert len({letter.message_id for letter in way.letters}) == 3
    assert states(store) == {"webhook": {"sent"}, "chat": {"sent"}, "mail": {"sent"}}


@pytest.mark.parametrize("broken", ["mail", "webhook", "chat"])
def test_a_broken_way_out_holds_back_no_other(store: Store, broken: Kind) -> None:
    """It stops after one letter; all others are served in the same run, also behind a crowd that waits."""
    crowd = {"mail": "ban{}@vidu.example", "webhook": HOOK + "{}", "chat": CHAT + "{}"}
    for kind, address in crowd.items():
        for number in range(120 if kind == broken else 3):
            subscribe(store, address.format(number))
    press(store).issue(now=NOW)
    way = Kinds(**{broken: Unusable("broken")})
    assert deliver(store, way) == {broken}
    assert way.served.count(broken) == 1
    others = set(crowd) - {broken}
    assert all(way.served.count(kind) == 3 for kind in others)  # type: ignore[arg-type]  # keys of crowd
    assert states(store)[broken] == {"queued"}


def test_what_rests_is_not_tried(store: Store) -> None:
    """A way out that was found broken a moment ago is left alone, and its letters stay."""
    for address in ("ban@vidu.example", HOOK):
        subscribe(store, address)
    press(store).issue(now=NOW)
    way = Kinds()
    assert deliver(store, way, resting=frozenset({"mail"})) == frozenset()
    assert way.served == ["webhook"]
    assert states(store) == {"webhook": {"sent"}, "mail": {"queued"}}


def test_a_channel_that_is_gone_suspends_its_own_reader(store: Store) -> None:
    """410 and its like are about one address."""
    gone, other = subscribe(store, HOOK), subscribe(store, HOOK + "-other")
    press(store).issue(now=NOW)

    class Gone(Kinds):
        def send(self, letter: Letter, _meanwhile: object = None) -> SendOutcome:
            super().send(letter)
            return Refused("410") if letter.recipient == HOOK else Sent("200")

    deliver(store, Gone())
    assert subscribers.known(store, str(gone.id)).status is SubscriberStatus.SUSPENDED
    assert subscribers.known(store, str(other.id)).status is SubscriberStatus.ACTIVE


def test_a_refusal_and_what_follows_are_one_commit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the two, the letter is neither refused nor its reader suspended; the next run does both."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    reader = subscribe(store, HOOK)
    press(store).issue(now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(subscribers, "set_status", killed)
        with pytest.raises(KeyboardInterrupt):
            deliver(store, Kinds(webhook=Refused("410")))
    assert states(store) == {"webhook": {"sending"}}
    assert subscribers.known(store, str(reader.id)).status is SubscriberStatus.ACTIVE
    Postman(store, Kinds(webhook=Refused("410")), lambda *_: None).recover(now=NOW)
    deliver(store, Kinds(webhook=Refused("410")))
    assert states(store) == {"webhook": {"refused"}}
    assert subscribers.known(store, str(reader.id)).status is SubscriberStatus.SUSPENDED


@pytest.mark.parametrize(("wait", "minutes"), [(0.0, 5), (60.0, 5), (3600.0, 60), (10.0**9, 360)])
def test_a_server_may_ask_for_a_longer_pause(store: Store, wait: float, minutes: int) -> None:
    """Never for a shorter one than ours, nor for more than six hours."""
    subscribe(store, HOOK)
    press(store).issue(now=NOW)
    deliver(store, Kinds(webhook=Deferred("429", wait)))
    due = NOW + timedelta(minutes=minutes)
    assert outbox.due(store, now=due - timedelta(seconds=1)) == []
    assert len(outbox.due(store, now=due)) == 1


def test_killed_between_posting_and_noting(store: Store) -> None:
    """The receiver has the letter and we died: it comes again with the same id and body, so that it can be dropped."""
    with receiving() as receiver:
        subscribe(store, receiver.url)
        press(store).issue(now=NOW)
        clock = [1000.0]
        way = WebhookWay(WebhookPolicy(secret=SECRET), clock=lambda: clock[0])
        (delivery,) = outbox.due(store, now=NOW)
        assert outbox.begin(store, delivery)
        assert isinstance(way.send(delivery.letter), Sent)
        assert [row["state"] for row in store.rows("SELECT state FROM delivery")] == ["sending"]
        clock[0] = 2000.0
        deliver(store, way, NOW + timedelta(minutes=1))
    first, second = receiver.requests
    assert first.headers[DELIVERY.lower()] == second.headers[DELIVERY.lower()] == delivery.letter.message_id
    assert first.body == second.body
    assert first.headers["x-vietnhat-signature"] != second.headers["x-vietnhat-signature"]
    assert states(store) == {"webhook": {"sent"}}


def test_what_finds_no_room_in_a_message_comes_with_the_next(store: Store) -> None:
    """A chat takes some of forty stories; no story is lost, and none comes twice."""
    subscribe(store, "tgram://123456789:PlantedToken/-100123")
    at = DAY - 3 * HOUR
    news = {
        f"https://thu.example/tin-{100_000 + n}.html": (f"Nhật {n} {name} " + "hợp tác " * 25, rfc822(at))
        for n, name in enumerate(NAMES)
    }
    poll(store, fetched(news), DAY)
    jobs.classify_stored(store, FakeModel(), now=DAY)
    told: list[str] = []
    for day in range(6):
        for digest in press(store).issue(now=DAY + day * 24 * HOUR):
            shown = [item.judged.article.link for item in digest.items]
            (delivery,) = outbox.due(store, now=DAY + day * 24 * HOUR)
            assert delivery.letter.raw.decode().count("<a href=") == len(shown)
            deliver(store, Kinds(), DAY + day * 24 * HOUR)
            assert len(shown) < 20
            told += shown
    assert sorted(told) == sorted(news)


def settings(**given: object) -> Settings:
    """Settings of this folder."""
    return load_settings({"db": "ways.db", **given})


def test_webhooks_go_while_there_is_no_relay(capsys: pytest.CaptureFixture[str]) -> None:
    """From settings to the last byte: the relay is dead, the webhook has its letter, and the log no secret."""
    with receiving() as receiver, open_store(settings().db, create=True) as store:
        for address in ("ban@vidu.example", receiver.url):
            subscribe(store, address)
        press(store).issue(now=NOW)
        dead = {"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_starttls": "off", "webhook_secret": SECRET}
        assert deliver_letters(settings(**dead), now=NOW) == {"mail"}
        assert states(store) == {"webhook": {"sent"}, "mail": {"queued"}}
    assert len(receiver.requests) == 1
    said = "".join(capsys.readouterr())
    assert said.count("outcome=") == 2
    assert "planted-hook" not in said
    assert SECRET not in said


def test_letters_go_while_webhooks_have_no_secret() -> None:
    """And the reverse; the letter is kept for the day the setting is there."""
    with receiving(answer("200 OK")) as receiver, open_store(settings().db, create=True) as store:
        for address in ("ban@vidu.example", receiver.url):
            subscribe(store, address)
        press(store).issue(now=NOW)
        assert deliver_letters(settings(), now=NOW) == {"webhook"}
        assert states(store) == {"webhook": {"queued"}, "mail": {"sent"}}
        later = NOW + timedelta(minutes=5)
        assert deliver_letters(settings(webhook_secret=SECRET), now=later) == frozenset()
    assert len(receiver.requests) == 1


def test_nobody_stops_a_channel_by_a_link() -> None:
    """Many read it: the way to stop is a letter to the operator, which names its number and not its address."""
    reader = replace(NEWCOMER, id=7, address=HOOK, token="abcdefghijklmnop")
    house = settings(base_url="https://digest.example", mail_from="tin@vidu.example")
    frame = frame_of(house, links_of(house), reader)
    assert frame.unsubscribe == "mailto:tin@vidu.example?subject=unsubscribe%20channel%207"


def paced(store: Store, clock: Clock, **given: object) -> list[float]:
    """When each of five letters began, with a pace of so many a minute and a relay that takes them at once."""
    began: list[float] = []
    dead = {"webhook_secret": SECRET, **given}
    pace = Pace(lambda: clock.now, clock.sleep)
    for number in range(5):
        subscribe(store, f"ban{number}@vidu.example")
    press(store).issue(now=NOW)
    deliver_letters(settings(**dead), now=NOW, pace=pace, report=lambda *_: began.append(clock.now))
    return began


def test_letters_go_at_the_rate_over_one_connection() -> None:
    """VIETNHAT_SMTP_RATE counts for the relay; all letters of a run share one connection."""
    sink = Sink()
    with serving(sink) as relay, open_store(settings().db, create=True) as store:
        given = {"smtp_host": relay.host, "smtp_port": relay.port, "smtp_starttls": "off", "smtp_rate": 4}
        assert paced(store, Clock(), **given) == [1000.0, 1015.0, 1030.0, 1045.0, 1060.0]
    assert (sink.connections, len(sink.letters)) == (1, 5)


def test_files_need_no_rate() -> None:
    """Without a relay there is nobody to spare."""
    with open_store(settings().db, create=True) as store:
        assert paced(store, Clock(), smtp_rate=4) == [1000.0] * 5


def test_webhooks_do_not_wait_for_the_rate_of_mail() -> None:
    """They go first, and at once."""
    with receiving() as receiver, serving(Sink()) as relay, open_store(settings().db, create=True) as store:
        subscribe(store, receiver.url)
        subscribe(store, receiver.url + "-2")
        given = {"smtp_host": relay.host, "smtp_port": relay.port, "smtp_starttls": "off", "smtp_rate": 1}
        assert paced(store, Clock(), **given)[:3] == [1000.0] * 3
