"""The way out to webhooks, against receivers on loopback that behave in every way they can."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import replace

import pytest
import trustme

from monitor.delivery.webhook import WebhookPolicy, WebhookWay, checked_webhook
from monitor.errors import Misuse
from monitor.masking import forget
from monitor.types import Deferred, Letter, Refused, SendOutcome, Sent, Unusable
from tests.delivery.receiver import DROP, HANG, SECRET_PATH, Receiver, answer, receiving
from tests.ports import listening, refusing_port

SECRET = "a-secret-of-the-tests"
POLICY = WebhookPolicy(secret=SECRET, user_agent="vietnhat/0 (+tests)", connect=2, total=2)
AT = 1_795_219_200
BODY = json.dumps({"id": "d-7", "headline": "Nhật Bản – 日本"}, ensure_ascii=False).encode()


def letter(receiver: Receiver, number: int = 1) -> Letter:
    """A letter to a receiver."""
    return Letter(f"<d-{number}@example.org>", receiver.url, BODY)


def way(policy: WebhookPolicy = POLICY, tls: ssl.SSLContext | None = None) -> WebhookWay:
    """A way out whose clock stands still."""
    return WebhookWay(policy, tls, clock=lambda: AT)


@pytest.fixture(autouse=True)
def _unmasked() -> None:
    """What is masked here is masked by the way out itself, not by what other tests hid."""
    forget()


def test_a_receiver_can_verify_what_it_gets() -> None:
    """One POST of the letter's octets, with its id, and a signature over time and body as docs/webhook.md has it."""
    with receiving() as receiver:
        outcome = way().send(letter(receiver))
    assert outcome == Sent("200 thank you")
    (request,) = receiver.requests
    assert request.line == f"POST /hooks/{SECRET_PATH} HTTP/1.1"
    assert request.body == BODY
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["user-agent"] == "vietnhat/0 (+tests)"
    assert request.headers["x-vietnhat-delivery"] == "<d-1@example.org>"
    at, mac = (part.partition("=")[2] for part in request.headers["x-vietnhat-signature"].split(","))
    assert int(at) == AT
    expected = hmac.digest(SECRET.encode(), at.encode() + b"." + request.body, hashlib.sha256).hex()
    assert mac == expected


def test_another_secret_or_body_does_not_verify() -> None:
    """The check of the test above can fail."""
    with receiving() as receiver:
        way(replace(POLICY, secret="another-secret-of-the-tests")).send(letter(receiver))
    mac = receiver.requests[0].headers["x-vietnhat-signature"].partition("v1=")[2]
    assert mac != hmac.digest(SECRET.encode(), f"{AT}.".encode() + BODY, hashlib.sha256).hex()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("200 OK", Sent),
        ("201 Created", Sent),
        ("202 Accepted", Sent),
        ("204 No Content", Sent),
        ("301 Moved Permanently", Deferred),
        ("302 Found", Deferred),
        ("307 Temporary Redirect", Deferred),
        ("308 Permanent Redirect", Deferred),
        ("400 Bad Request", Refused),
        ("401 Unauthorized", Refused),
        ("403 Forbidden", Refused),
        ("404 Not Found", Refused),
        ("408 Request Timeout", Deferred),
        ("410 Gone", Refused),
        ("413 Content Too Large", Refused),
        ("422 Unprocessable Content", Refused),
        ("425 Too Early", Deferred),
        ("429 Too Many Requests", Deferred),
        ("500 Internal Server Error", Deferred),
        ("502 Bad Gateway", Deferred),
        ("503 Service Unavailable", Deferred),
        ("599 Whatever", Deferred),
    ],
)
def test_answers(status: str, outcome: type[SendOutcome]) -> None:
    """What was taken is sent; what may pass waits; what will not is refused, for this address alone."""
    with receiving(answer(status)) as receiver:
        found = way().send(letter(receiver))
    assert type(found) is outcome
    assert found.reply.startswith(status[:3])


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Moved"]
)
def test_no_redirect_is_followed(status: str) -> None:
    """Neither body nor signature goes to an address that nobody chose; the reply says what to do."""
    with receiving() as elsewhere, receiving(answer(status, Location=elsewhere.url)) as receiver:
        outcome = way().send(letter(receiver))
    assert elsewhere.requests == []
    assert "give its new address" in outcome.reply


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", 7.0),
        ("86400", 86400.0),
        ("99999999999999", 999999999.0),
        ("Sat, 21 Nov 2026 00:02:00 GMT", 120.0),
        ("Fri, 20 Nov 2026 00:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("\u00b2", 0.0),
    ],
)
def test_retry_after_is_heard(value: str, wait: float) -> None:
    """In seconds or as a date; what says nothing is none."""
    with receiving(answer("429 Too Many Requests", "", Retry_After=value)) as receiver:
        outcome = way().send(letter(receiver))
    assert outcome == Deferred("429", wait)


@pytest.mark.parametrize(
    "reply",
    [
        DROP,
        b"",
        b"HTTP/1.1 ",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_tried_again(reply: bytes) -> None:
    """A receiver that hangs up or speaks something else: the letter waits."""
    with receiving(reply) as receiver:
        outcome = way().send(letter(receiver))
    assert isinstance(outcome, Deferred)
    assert SECRET_PATH not in outcome.reply


def test_an_answer_that_breaks_off_is_an_answer() -> None:
    """The status counts: to send again would make a double."""
    with receiving(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf") as receiver:
        outcome = way().send(letter(receiver))
    assert isinstance(outcome, Sent)


def test_a_silent_receiver_is_left_in_time_and_asked_once_a_run() -> None:
    """`total` bounds all of it; more letters for the same server do not wait for it again."""
    with receiving(HANG) as receiver:
        out = way(replace(POLICY, total=0.3))
        first, second = out.send(letter(receiver, 1)), out.send(letter(receiver, 2))
    assert isinstance(first, Deferred)
    assert "no answer in time" in first.reply
    assert isinstance(second, Deferred)
    assert "a moment ago" in second.reply
    assert len(receiver.requests) == 1


def test_a_drip_of_an_answer_is_left_in_time() -> None:
    """A header that comes letter by letter, for ever, is no way to hold a run."""

    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

    with listening(drip) as port:
        address = f"http://127.0.0.1:{port}/x"
        started = time.monotonic()
        outcome = way(replace(POLICY, total=0.3)).send(Letter("<d@example.org>", address, BODY))
    assert isinstance(outcome, Deferred)
    assert time.monotonic() - started < 2


def test_nobody_listens() -> None:
    """No server, no such host: the letter waits, and nothing secret is told."""
    with refusing_port() as port:
        address = f"http://127.0.0.1:{port}/{SECRET_PATH}"
        outcome = way().send(Letter("<d@example.org>", address, BODY))
    assert isinstance(outcome, Deferred)
    assert SECRET_PATH not in outcome.reply


def test_an_answer_is_quoted_short_and_masked() -> None:
    """A server that repeats the address or talks at length fills no log."""
    body = f"no hook at /hooks/{SECRET_PATH}\nask ai@vidu.example\x1b[31m " + "x" * 5000
    with receiving(answer("404 Not Found", body)) as receiver:
        outcome = way().send(letter(receiver))
    assert isinstance(outcome, Refused)
    assert SECRET_PATH not in outcome.reply
    assert "ai@vidu.example" not in outcome.reply
    assert outcome.reply.isprintable()
    assert len(outcome.reply) < 140


def test_through_a_proxy() -> None:
    """A proxy is asked for a tunnel and sees no path; what it refuses waits, and its login is not told. This machine's
    own receivers are reached without it."""
    with receiving(answer("403 Forbidden")) as proxy, receiving() as receiver:
        out = way(replace(POLICY, proxy=f"http://user:planted@127.0.0.1:{proxy.port}"))
        outcome = out.send(Letter("<d@example.org>", f"https://hooks.example/{SECRET_PATH}", BODY))
        direct = out.send(letter(receiver))
    (request,) = proxy.requests
    assert request.line == "CONNECT hooks.example:443 HTTP/1.1"
    assert isinstance(outcome, Deferred)
    assert "planted" not in outcome.reply
    assert isinstance(direct, Sent)


def test_without_a_secret_nothing_is_posted() -> None:
    """The way out is unusable, and the reply says which setting is missing."""
    with receiving() as receiver:
        outcome = way(replace(POLICY, secret=None)).send(letter(receiver))
    assert isinstance(outcome, Unusable)
    assert "VIETNHAT_WEBHOOK_SECRET" in outcome.reply
    assert receiver.requests == []


AUTHORITY = trustme.CA()


def server_tls(host: str) -> ssl.SSLContext:
    """The server's side of TLS, for a host of that name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(host).configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    """A client that knows the tests' certificate and still verifies."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def test_https_with_a_certificate_we_trust() -> None:
    """Name and chain are verified, then the letter goes."""
    with receiving(tls=server_tls("localhost")) as receiver:
        address = f"https://localhost:{receiver.port}/x"
        assert isinstance(way(tls=trusting()).send(Letter("<d@example.org>", address, BODY)), Sent)


@pytest.mark.parametrize(("host", "trust"), [("localhost", False), ("other.example", True)])
def test_certificates_that_do_not_hold(host: str, trust: bool) -> None:
    """Unknown issuer, or another host's name: nothing is posted, the letter waits, and the reply says why."""
    with receiving(tls=server_tls(host)) as receiver:
        address = f"https://localhost:{receiver.port}/{SECRET_PATH}"
        outcome = way(tls=trusting() if trust else None).send(Letter("<d@example.org>", address, BODY))
    assert isinstance(outcome, Deferred)
    assert "its certificate is not to be trusted" in outcome.reply
    assert receiver.requests == []


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not by us, not by the library, not in a repr."""
    caplog.set_level(logging.DEBUG)
    with receiving(answer("500 Oops"), DROP) as receiver:
        out = way()
        out.send(letter(receiver))
        out.send(letter(receiver))
    said = "".join(record.getMessage() for record in caplog.records) + repr(POLICY)
    assert SECRET_PATH not in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.example/x",
        "https://hooks.example:8443/a/b?c=d",
        "http://127.0.0.1:9/x",
        "http://localhost/x",
    ],
)
def test_addresses_of_webhooks(address: str) -> None:
    """https anywhere, http on this machine."""
    assert checked_webhook(address) == address


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://hooks.example/planted-1", "http is for this machine alone"),
        ("https://user:planted-1@hooks.example/", "without user name"),
        ("https://hooks.example/x#planted-1", "without #"),
        ("https:///planted-1", "https://host/path"),
        ("https://hooks.example:port/planted-1", "no web address"),
        ("https://hooks.example/planted-1 x", "no web address"),
        ("https://hooks.example/đường/planted-1", "no web address"),
        ("https://hooks.example/planted-1\r\nX: y", "no web address"),
        ("https://[::1/planted-1", "no web address"),
        ("https://hooks.example/" + "planted-1" * 300, "no web address"),
        ("https://hooks.slack.com/services/T/B/planted-1", "slack://"),
        ("https://api.telegram.org/botplanted-1/sendMessage", "tgram://"),
    ],
)
def test_addresses_that_are_none(address: str, words: str) -> None:
    """One line that says what to do, and does not repeat the address; at sending, that reader alone is refused."""
    with pytest.raises(Misuse) as caught:
        checked_webhook(address)
    assert words in str(caught.value)
    assert "planted" not in str(caught.value)
    assert isinstance(way().send(Letter("<d@example.org>", address, BODY)), Refused)
