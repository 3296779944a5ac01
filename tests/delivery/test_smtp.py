"""The way out through a mail server, against real ones on loopback that behave in every way they can."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from monitor.delivery.outbox import LetterRefused
from monitor.delivery.replies import Lost, Reply, to_letter, to_recipient, to_sender
from monitor.delivery.smtp import SmtpPolicy, SmtpWay
from monitor.types import Deferred, Letter, Refused, SendOutcome, Sent, Unusable
from tests.delivery.samples import SENDER, letter
from tests.ports import free_port, listening, refusing_port

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("localhost")
PLAIN = SmtpPolicy(host="127.0.0.1", sender=SENDER.address, starttls="off", timeout=5, data_timeout=5)
SECRET = "SECRETxyz"


class Sink:
    """Keeps what it is given; `answers` replace its replies at MAIL, RCPT or DATA, each once, in turn."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.letters: list[tuple[str, list[str], bytes]] = []
        self.connections = 0

    def answer(self, stage: str, server: Any) -> str | None:
        """The next planned answer; DROP cuts the connection."""
        planned = self.answers.get(stage)
        reply = planned.pop(0) if planned else None
        if reply == "DROP":
            server.transport.abort()
        return reply or None

    async def handle_EHLO(  # noqa: N802  aiosmtpd looks for this name
        self, server: Any, session: Any, envelope: Any, host: str, replies: list[str]
    ) -> list[str]:
        """Count connections."""
        self.connections += 1
        session.host_name = host
        self.answer("EHLO", server)
        return replies

    async def handle_MAIL(  # noqa: N802  aiosmtpd looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        reply = self.answer("MAIL", server)
        if reply is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the recipient."""
        reply = self.answer("RCPT", server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take the letter."""
        reply = self.answer("DATA", server)
        if reply is None:
            self.letters.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return reply or "250 2.0.0 taken"


@contextmanager
def serving(sink: Sink, **options: Any) -> Iterator[SmtpPolicy]:
    """A server on a free port, and the policy that reaches it without TLS."""
    port = free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield replace(PLAIN, port=port)
    finally:
        controller.stop()


@contextmanager
def scripted(*replies: bytes) -> Iterator[SmtpPolicy]:
    """A server that on each connection says `replies`, whatever it hears, and hangs up."""

    def say(connection: socket.socket) -> None:
        for place, reply in enumerate(replies):
            if place:
                connection.recv(65536)
            connection.sendall(reply)

    with listening(say) as port:
        yield replace(PLAIN, port=port)


def server_tls() -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    """A client that knows the tests' certificate and still verifies."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def send_one(
    policy: SmtpPolicy, tls: ssl.SSLContext | None = None, what: Letter | None = None
) -> SendOutcome:
    """One letter, one connection."""
    with SmtpWay(policy, tls) as way:
        return way.send(what or letter())


def test_letters_go_over_one_connection() -> None:
    """Every octet arrives, lines that begin with a dot included."""
    sink = Sink()
    with serving(sink) as policy, SmtpWay(policy) as way:
        outcomes = [way.send(letter(n)) for n in (1, 2, 3)]
    assert outcomes == [Sent("250 2.0.0 taken")] * 3
    assert sink.connections == 1
    assert sink.letters == [("tin@example.org", ["ban@example.org"], letter(n).raw) for n in (1, 2, 3)]


def test_nothing_is_opened_before_the_first_letter() -> None:
    """A run without letters needs no server."""
    with SmtpWay(replace(PLAIN, port=1)):
        pass


@pytest.mark.parametrize(
    ("stage", "reply", "outcome"),
    [
        ("MAIL", "452 4.3.1 no space", Deferred),
        ("MAIL", "552 5.3.4 too large", LetterRefused),
        ("MAIL", "550 5.7.1 not you", Unusable),
        ("RCPT", "451 4.7.1 greylisted", Deferred),
        ("RCPT", "550 5.1.1 no such user", Refused),
        ("RCPT", "552 5.2.2 mailbox full", Refused),
        ("RCPT", "554 5.7.1 relay access denied", LetterRefused),
        ("RCPT", "530 5.7.0 log in first", Unusable),
        ("DATA", "451 4.3.0 later", Deferred),
        ("DATA", "552 5.3.4 too large", LetterRefused),
        ("DATA", "554 5.6.0 content", LetterRefused),
        ("DATA", "550 5.1.1 no such user after all", Refused),
        ("DATA", "550 looks like spam", LetterRefused),
    ],
)
def test_answers(stage: str, reply: str, outcome: type[SendOutcome]) -> None:
    """Each answer at its stage; the connection is then good for the next letter."""
    sink = Sink(**{stage: [reply]})
    with serving(sink) as policy, SmtpWay(policy) as way:
        first, second = way.send(letter(1)), way.send(letter(2))
    assert type(first) is outcome
    assert first.reply.endswith(reply)
    assert second == Sent("250 2.0.0 taken")
    assert (sink.connections, len(sink.letters)) == (1, 1)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
@pytest.mark.parametrize("cut", ["DROP", "421 4.7.0 enough for this connection"])
def test_a_kept_connection_that_ended_is_opened_again(stage: str, cut: str) -> None:
    """Before DATA nothing is at stake: the same letter goes over a new connection at once."""
    sink = Sink(**{stage: ["", cut]})
    with serving(sink) as policy, SmtpWay(policy) as way:
        outcomes = [way.send(letter(1)), way.send(letter(2))]
    assert outcomes == [Sent("250 2.0.0 taken")] * 2
    assert (sink.connections, len(sink.letters)) == (2, 2)


@pytest.mark.parametrize("cut", ["DROP", "421 4.3.2 busy"])
def test_a_fresh_connection_that_ends_defers_the_letter(cut: str) -> None:
    """No second try in the same breath."""
    sink = Sink(MAIL=[cut])
    with serving(sink) as policy:
        outcome = send_one(policy)
    assert isinstance(outcome, Deferred)
    assert sink.connections == 1


@pytest.mark.parametrize("kept", [True, False])
def test_a_lost_answer_is_never_retried_here(kept: bool) -> None:
    """After DATA the server may hold the letter; the next letter gets a new connection."""
    sink = Sink(DATA=["", "DROP"] if kept else ["DROP"])
    with serving(sink) as policy, SmtpWay(policy) as way:
        before = [way.send(letter(0))] if kept else []
        lost, after = way.send(letter(1)), way.send(letter(2))
    assert isinstance(lost, Deferred)
    assert lost.reply.startswith("no answer to the letter: ")
    assert [*before, after] == [Sent("250 2.0.0 taken")] * (len(before) + 1)
    assert sink.connections == 2


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        ((b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"), Deferred),
        ((b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"421 bye\r\n"), Deferred),
        ((b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"451 no\r\n", b"250 ok\r\n"), Deferred),
        (
            (b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"554 no\r\n", b"500 ?\r\n"),
            LetterRefused,
        ),
        ((b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"550 no\r\n"), Refused),
        ((b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n"), Deferred),
        ((b"220 x\r\n", b"250 x\r\n", b"x" * 9000 + b"\r\n"), Deferred),
        ((b"220 x\r\n",), Unusable),
        ((b"421 not now\r\n",), Unusable),
        ((b"HTTP/1.1 400 Bad Request\r\n",), Unusable),
        ((b"",), Unusable),
    ],
)
def test_servers_that_hang_up(replies: tuple[bytes, ...], outcome: type[SendOutcome]) -> None:
    """At every point of the conversation it ends in a value."""
    with scripted(*replies) as policy:
        assert type(send_one(policy)) is outcome


def test_other_work_is_done_while_the_server_thinks() -> None:
    """It comes after the last octet and before the answer is read; a letter that is refused before gives no time."""
    told: list[int] = []
    sink = Sink(RCPT=["", "550 5.1.1 nobody", ""])

    def meanwhile() -> None:
        deadline = time.monotonic() + 5
        while not sink.letters and time.monotonic() < deadline:
            time.sleep(0.01)
        told.append(len(sink.letters))

    with serving(sink) as policy, SmtpWay(policy) as way:
        outcomes = [way.send(letter(number), meanwhile) for number in range(2)]
    assert [type(outcome) for outcome in outcomes] == [Sent, Refused]
    assert told == [1]


def test_a_server_that_accepts_what_it_was_not_given() -> None:
    """An answer to DATA that is no leave to send has taken no letter."""
    with scripted(
        b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n"
    ) as policy:
        assert send_one(policy) == Deferred("no leave to send: 250 ok")


def test_no_server_is_no_letters_fault() -> None:
    """Nobody listens, or there is no such host."""
    with refusing_port() as port:
        refused = send_one(replace(PLAIN, port=port))
    assert isinstance(refused, Unusable)
    assert refused.reply.startswith("mail server 127.0.0.1:")
    assert isinstance(send_one(replace(PLAIN, host="x" * 70 + ".invalid")), Unusable)


def test_a_silent_server_is_left_in_time() -> None:
    """`timeout` bounds each command, `data_timeout` the wait for the answer to a letter."""
    with scripted(b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"") as policy:
        outcome = send_one(replace(policy, data_timeout=0.2))
    assert isinstance(outcome, Deferred)


def test_starttls_is_required() -> None:
    """A server that does not offer it gets no letter and no password."""
    sink = Sink()
    with serving(sink) as policy:
        outcome = send_one(replace(policy, starttls="required", user="u", password=SECRET))
    assert isinstance(outcome, Unusable)
    assert "STARTTLS" in outcome.reply
    assert not sink.letters


def test_starttls_with_a_certificate_we_trust() -> None:
    """Name and chain are verified, then the letter goes."""
    with serving(Sink(), tls_context=server_tls(), require_starttls=True) as policy:
        outcome = send_one(replace(policy, starttls="required", host="localhost"), trusting())
    assert isinstance(outcome, Sent)


@pytest.mark.parametrize(
    ("host", "tls", "reason"),
    [("localhost", None, "unable to get local issuer"), ("127.0.0.1", trusting, "IP address mismatch")],
)
def test_certificates_that_do_not_hold(
    host: str, tls: Callable[[], ssl.SSLContext] | None, reason: str
) -> None:
    """Unknown issuer, or another host's name: nothing is sent."""
    sink = Sink()
    with serving(sink, tls_context=server_tls(), require_starttls=True) as policy:
        outcome = send_one(replace(policy, starttls="required", host=host), tls() if tls else None)
    assert isinstance(outcome, Unusable)
    assert "certificate is not to be trusted" in outcome.reply
    assert reason in outcome.reply
    assert not sink.letters


def test_tls_from_the_start() -> None:
    """Implicit TLS, as on port 465, which speaks it whatever `starttls` says."""
    with serving(Sink(), ssl_context=server_tls()) as policy:
        outcome = send_one(replace(policy, starttls="implicit", host="localhost"), trusting())
    assert isinstance(outcome, Sent)
    assert replace(PLAIN, port=465).implicit_tls
    assert not replace(PLAIN, port=587, starttls="required").implicit_tls


def allow(*_: object) -> AuthResult:
    """Anybody may come in."""
    return AuthResult(success=True)


def deny(*_: object) -> AuthResult:
    """Nobody may."""
    return AuthResult(success=False, handled=False)


@contextmanager
def asking_for_login(answer: Callable[..., AuthResult]) -> Iterator[SmtpPolicy]:
    """A server with STARTTLS that takes no letter without login."""
    with serving(Sink(), tls_context=server_tls(), authenticator=answer, auth_required=True) as policy:
        yield replace(policy, starttls="required", host="localhost", user="u", password=SECRET)


def test_login() -> None:
    """With the right password the letter goes."""
    with asking_for_login(allow) as policy:
        assert isinstance(send_one(policy, trusting()), Sent)


def test_a_wrong_password_stops_the_run_and_stays_secret(caplog: pytest.LogCaptureFixture) -> None:
    """No letter is to blame, and the password stands in no reply, no log and no repr."""
    caplog.set_level(logging.DEBUG)
    with asking_for_login(deny) as policy:
        outcome = send_one(policy, trusting())
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    assert isinstance(outcome, Unusable)
    assert "535" in outcome.reply
    assert SECRET not in outcome.reply + repr(policy) + "".join(ours)


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    """Nor are its control characters."""
    with scripted(
        b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n", b"535 \x1b[31m" + SECRET.encode() + b" is wrong\r\n"
    ) as policy:
        outcome = send_one(replace(policy, user="u", password=SECRET))
    assert isinstance(outcome, Unusable)
    assert outcome.reply.endswith("535 [31m*** is wrong")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (replace(PLAIN, host="mail.example.org", user="u", password=SECRET), "unencrypted"),
        (replace(PLAIN, user="u", password="mật khẩu"), "cannot carry"),
    ],
)
def test_passwords_that_cannot_be_sent(policy: SmtpPolicy, reason: str) -> None:
    """Never in the clear to another host; letters beyond ASCII are said without being quoted."""
    with scripted(b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n", b"535 no\r\n") as server:
        outcome = send_one(replace(policy, port=server.port))
    assert isinstance(outcome, Unusable)
    assert reason in outcome.reply
    assert "mật" not in outcome.reply


@pytest.mark.parametrize(("offered", "outcome"), [(True, Sent), (False, Refused)])
def test_local_parts_beyond_ascii_need_smtputf8(offered: bool, outcome: type[SendOutcome]) -> None:
    """Where the server does not offer it, that letter is refused and the others go on."""
    sink = Sink()
    with serving(sink, enable_SMTPUTF8=offered) as policy, SmtpWay(policy) as way:
        assert type(way.send(letter(1, "bạn@example.org"))) is outcome
        assert isinstance(way.send(letter(2)), Sent)
    assert [recipients for _, recipients, _ in sink.letters][-1] == ["ban@example.org"]


@pytest.mark.parametrize("code", [200, 250, 251, 354])
def test_good_replies_let_the_letter_pass(code: int) -> None:
    """Below 400 the server goes on."""
    assert (to_sender(Reply(code, "")), to_recipient(Reply(code, ""))) == (None, None)
    assert to_letter(Reply(code, "ok")) == Sent(f"{code} ok")


def test_421_says_nothing_of_the_letter() -> None:
    """It ends the connection; after DATA the letter is tried later."""
    closing = Reply(421, "bye")
    assert to_sender(closing) == to_recipient(closing) == Lost("421 bye")
    assert to_letter(closing) == Deferred("421 bye")


def test_a_mail_server_is_tried_without_a_letter() -> None:
    """Connected, verified, logged in and left in good order."""
    sink = Sink()
    with serving(sink) as policy:
        assert SmtpWay(policy).probe() is None
    assert sink.letters == []
    assert sink.connections == 1


def test_encryption_is_verified() -> None:
    """A certificate that is not to be trusted is told, as with a letter."""
    with serving(Sink(), tls_context=server_tls(), require_starttls=True) as policy:
        strict = replace(policy, host="localhost", starttls="required")
        assert SmtpWay(strict, trusting()).probe() is None
        refused = SmtpWay(strict).probe()
    assert refused
    assert "certificate is not to be trusted" in refused.reply
