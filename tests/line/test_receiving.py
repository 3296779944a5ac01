"""A letter that comes in, from its octets to what is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.receiving import Receiver
from monitor.store import history, outbox, subscribers, suppression
from monitor.store.database import Store
from monitor.types import NEWCOMER, DeliveryState, Letter, Subscriber, SubscriberStatus
from tests.inbound.samples import (
    HARD,
    ORIGINAL,
    OURS,
    POSTFIX,
    READER,
    VIETNAMESE,
    block,
    feedback,
    letter,
    report,
)

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
UNREAD = "a person's letter, or none that can be read: nothing was done"


def reader(store: Store, address: str = READER, *, consent: str = "3 Nov 2026") -> Subscriber:
    """A reader; one without consent is pending."""
    status = SubscriberStatus.ACTIVE if consent else SubscriberStatus.PENDING
    new = replace(NEWCOMER, address=address, status=status, consent=consent, created_at=NOW - 30 * DAY)
    return subscribers.add(store, new)


def send(
    store: Store, to: Subscriber, message_id: str = OURS, *, address: str = "", tried: bool = True
) -> None:
    """A letter to a reader, taken by the relay unless it is still queued."""
    outbox.queue(
        store,
        "digest" if to.consent else "confirmation",
        to.id,
        Letter(message_id, address or to.address, b"x"),
        now=NOW - DAY,
    )
    queued = outbox.due(store, now=NOW)
    if tried:
        assert all(outbox.begin(store, delivery) for delivery in queued)
        for delivery in queued:
            outbox.settle(store, delivery, DeliveryState.SENT, next_attempt_at=NOW, reply="250", now=NOW)


class Desk(Receiver):
    """A receiver whose operator reads `told`."""

    told: list[str]


@pytest.fixture
def desk(store: Store) -> Desk:
    """A receiver that knows one token."""
    told: list[str] = []
    made = Desk(
        store,
        hashed=lambda address: f"#{address}",
        confirm=lambda token: token == "right-token",
        tell=told.append,
    )
    object.__setattr__(made, "told", told)
    return made


def status(store: Store, of: Subscriber) -> SubscriberStatus:
    """The reader's status now."""
    found = subscribers.by_id(store, of.id)
    assert found
    return found.status


def happened(store: Store, to: Subscriber) -> list[tuple[str, str]]:
    """What came by mail, in order."""
    return [(event.event, event.detail) for event in history.of(store, to.id) if event.origin == "mail"]


@pytest.mark.parametrize("raw", HARD.values(), ids=HARD)
def test_a_proven_hard_bounce_suspends_at_once(desk: Desk, store: Store, raw: bytes) -> None:
    """Whatever server reports it; the record says why, without the address; others are not touched."""
    one, other = reader(store), reader(store, "ai@vidu.example")
    send(store, one)
    assert desk.receive(raw, now=NOW) == f"bounce (hard): reader {one.id} suspended"
    assert (status(store, one), status(store, other)) == ("suspended", "active")
    (event, detail), (counted, counted_detail) = happened(store, one)
    assert (event, counted) == ("suspended", "bounced")
    assert detail.startswith("hard, proven: ")
    assert READER not in detail + counted_detail


def test_the_same_bounce_twice_counts_once(desk: Desk, store: Store) -> None:
    """Also after the operator has resumed the reader, and on another day."""
    one = reader(store)
    send(store, one)
    desk.receive(POSTFIX, now=NOW)
    subscribers.set_status(store, one.id, SubscriberStatus.ACTIVE, now=NOW + DAY)
    before = history.of(store, one.id)
    assert (
        desk.receive(b"Received: from mx\n" + POSTFIX, now=NOW + 2 * DAY)
        == f"bounce (hard): reader {one.id} counted before"
    )
    assert (status(store, one), history.of(store, one.id)) == ("active", before)


def test_a_kill_between_consequence_and_record(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server tries again, and what was missing is done."""
    one = reader(store)
    send(store, one)
    with monkeypatch.context() as patched:
        patched.setattr(history, "note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.receive(POSTFIX, now=NOW)
    assert status(store, one) == "suspended"
    assert desk.receive(POSTFIX, now=NOW) == f"bounce (hard): reader {one.id} counted"
    assert [event for event, _ in happened(store, one)] == ["suspended", "bounced"]


FORGED = {
    "no letter quoted": report(block(), returned="Subject: x\n\n"),
    "a guessed id": report(block(), returned=ORIGINAL.replace("0123456789abcdef", "f" * 16)),
    "another reader's letter": report(block("ai@vidu.example")),
    "a stripped one": report(block(), returned="", returned_type="text/rfc822-headers"),
}


@pytest.mark.parametrize("raw", FORGED.values(), ids=FORGED)
def test_a_forged_bounce_does_not_suspend(desk: Desk, store: Store, raw: bytes) -> None:
    """It is counted, once a day however many come."""
    one, other = reader(store), reader(store, "ai@vidu.example")
    send(store, one)
    for n in range(20):
        desk.receive(raw.replace(b"<b1@", f"<b{n}@".encode()), now=NOW)
    assert (status(store, one), status(store, other)) == ("active", "active")
    assert len(happened(store, one)) + len(happened(store, other)) in (1, 2)
    assert all(event == "bounced" for event, _ in happened(store, one) + happened(store, other))


def test_a_letter_never_offered_to_the_relay_proves_nothing(desk: Desk, store: Store) -> None:
    """Nobody can have seen its Message-ID."""
    one = reader(store)
    send(store, one, tried=False)
    desk.receive(POSTFIX, now=NOW)
    assert status(store, one) == "active"


def test_the_old_address_of_a_reader_who_moved(desk: Desk, store: Store) -> None:
    """That nobody reads it is no news of the new one."""
    one = reader(store)
    send(store, one)
    subscribers.set_address(store, one, "moi@vidu.example", now=NOW)
    assert desk.receive(POSTFIX, now=NOW) == f"bounce (hard): reader {one.id} counted"
    assert status(store, one) == "active"


def test_addresses_are_compared_as_servers_write_them(desk: Desk, store: Store) -> None:
    """Letter case aside, the domain in either form."""
    one, two = reader(store, "Ban@Báo.example"), reader(store, "bạn@vidu.example")
    send(store, one, address="Ban@xn--bo-mia.example")
    desk.receive(report(block("ban@XN--bo-mia.example")), now=NOW)
    assert status(store, one) == "suspended"
    send(store, two, "<d-8@tin.example>")
    desk.receive(VIETNAMESE.replace(OURS.encode(), b"<d-8@tin.example>"), now=NOW)
    assert status(store, two) == "suspended"


def test_soft_ones_suspend_on_the_fifth_day(desk: Desk, store: Store) -> None:
    """A full mailbox, one letter a day."""
    one = reader(store)
    for n in range(5):
        assert status(store, one) == "active"
        raw = report(block(status="5.2.2"), own_id=f"<b{n}@mx.vidu.example>")
        desk.receive(raw, now=NOW + n * DAY)
    assert status(store, one) == "suspended"


def test_resuming_begins_anew(desk: Desk, store: Store) -> None:
    """Bounces before the operator put it right do not count."""
    one = reader(store)
    for n in range(4):
        desk.receive(report(block(status="5.2.2"), own_id=f"<b{n}@x>"), now=NOW + n * DAY)
    subscribers.set_status(store, one.id, SubscriberStatus.ACTIVE, now=NOW + 4 * DAY)
    desk.receive(report(block(status="5.2.2"), own_id="<b9@x>"), now=NOW + 5 * DAY)
    assert status(store, one) == "active"


def test_a_confirmation_that_bounces_is_put_on_record(desk: Desk, store: Store) -> None:
    """The reader stays pending."""
    one = reader(store, consent="")
    send(store, one)
    assert desk.receive(POSTFIX, now=NOW) == f"bounce (hard): reader {one.id} counted"
    assert status(store, one) == "pending"
    assert [event for event, _ in happened(store, one)] == ["bounced"]


def test_a_bounce_of_nobody(desk: Desk) -> None:
    """Of the operator's report, or of a letter that is none of ours."""
    assert desk.receive(POSTFIX, now=NOW) == "bounce (hard): of no reader"


@pytest.mark.parametrize(
    "named", [f"Original-Rcpt-To: {READER}\n", "Original-Rcpt-To: redacted@thu.example\n", ""]
)
def test_a_proven_complaint_removes_and_suppresses(desk: Desk, store: Store, named: str) -> None:
    """Also where the provider took the address out; twice is once."""
    one = reader(store)
    send(store, one)
    raw = feedback(named=named, returned=ORIGINAL.replace(READER, "redacted"))
    assert desk.receive(raw, now=NOW) == f"complaint: reader {one.id} removed"
    assert status(store, one) == "removed"
    assert suppression.reason(store, f"#{READER}") == "complained"
    assert [event for event, _ in happened(store, one)] == ["removed", "complained"]
    assert desk.receive(raw, now=NOW + DAY) == f"complaint: reader {one.id} counted before"
    assert (len(happened(store, one)), desk.told) == (2, [])


def test_a_complaint_without_proof_is_told_to_the_operator(desk: Desk, store: Store) -> None:
    """Whoever forges it reaches nothing more, and one note a day."""
    one = reader(store)
    for n in range(3):
        raw = feedback(returned="Subject: x\n\n").replace(b"<c1@", f"<c{n}@".encode())
        desk.receive(raw, now=NOW)
    assert status(store, one) == "active"
    assert suppression.reason(store, f"#{READER}") == ""
    assert [event for event, _ in happened(store, one)] == ["complained"]
    assert len(desk.told) == 1
    assert f"reader {one.id}" in desk.told[0]


def test_a_complaint_about_nobody(desk: Desk) -> None:
    """The operator may know what it is about."""
    assert desk.receive(feedback(), now=NOW) == "complaint: of no reader"
    assert len(desk.told) == 1


def test_an_address_that_no_domain_can_be(desk: Desk, store: Store) -> None:
    """Compared as it stands."""
    one = reader(store)
    send(store, one)
    odd = "ban@" + "é" * 90 + ".example"
    assert desk.receive(
        report(block(odd, kind="utf-8"), kind="message/global-delivery-status"), now=NOW
    ).endswith("counted")
    assert status(store, one) == "active"


def test_unsubscribing_by_token(desk: Desk, store: Store) -> None:
    """From any address, twice; the record says how."""
    one = reader(store)
    raw = letter(f"Re: unsubscribe {one.token}", sender="ai@vidu.example")
    assert desk.receive(raw, now=NOW) == f"unsubscribe: reader {one.id} removed"
    assert desk.receive(raw, now=NOW) == f"unsubscribe: reader {one.id} has unsubscribed already"
    assert (status(store, one), happened(store, one)) == ("removed", [("removed", "by token")])


def test_unsubscribing_by_address(desk: Desk, store: Store) -> None:
    """Only from that address; from another the operator is told."""
    one = reader(store)
    assert desk.receive(letter(f"unsubscribe {READER}", sender="ai@vidu.example"), now=NOW).endswith(
        "nothing was done"
    )
    assert (status(store, one), len(desk.told)) == ("active", 1)
    assert READER not in desk.told[0]
    assert desk.receive(letter(f"unsubscribe {READER}", sender="Ban@vidu.example"), now=NOW).endswith(
        "removed"
    )
    assert status(store, one) == "removed"


def test_unsubscribing_by_a_bare_word(desk: Desk, store: Store) -> None:
    """Who names no address means their own."""
    one = reader(store)
    desk.receive(letter("Unsubscribe"), now=NOW)
    assert status(store, one) == "removed"


@pytest.mark.parametrize("subject", ["unsubscribe " + "x" * 22, "unsubscribe ai@vidu.example", "unsubscribe"])
def test_unsubscribing_nobody(desk: Desk, subject: str) -> None:
    """The operator is told: somebody may get letters under another address."""
    assert desk.receive(letter(subject), now=NOW) == "unsubscribe: of no reader"
    assert len(desk.told) == 1


def test_consent_by_mail(desk: Desk) -> None:
    """Whoever knows tokens decides."""
    assert desk.receive(letter("Re: confirm right-token"), now=NOW) == "confirm: done"
    assert desk.receive(letter("confirm wrong-token"), now=NOW) == "confirm: no valid token; nothing was done"
    assert len(desk.told) == 1


def test_the_rest_is_left_alone(desk: Desk, store: Store) -> None:
    """Machines and people; nothing is written anywhere, and never a letter."""
    reader(store)
    before = store.notes()["changes"]
    assert (
        desk.receive(letter("Vắng mặt", headers="Auto-Submitted: auto-replied\n"), now=NOW)
        == "automatic: nothing to do"
    )
    assert desk.receive(letter("Xin chào"), now=NOW) == UNREAD
    assert desk.receive(b"", now=NOW) == UNREAD
    assert (store.notes()["changes"], desk.told, outbox.counts(store)) == (before, [], {})


def test_who_unsubscribed_meanwhile_is_not_suspended(store: Store) -> None:
    """A suspended reader can be resumed, who left cannot."""
    one = reader(store)
    subscribers.set_status(store, one.id, SubscriberStatus.REMOVED, now=NOW)
    subscribers.set_status(store, one.id, SubscriberStatus.SUSPENDED, now=NOW, was=SubscriberStatus.ACTIVE)
    assert status(store, one) == "removed"
