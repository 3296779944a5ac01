"""The way out to chats: apprise's own plugins, against receivers on loopback in the place of the services."""

from __future__ import annotations

import json
import logging
import ssl
import sys
from pathlib import Path

import pytest
import trustme
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram

from monitor.delivery.chat import ChatWay, checked_chat
from monitor.errors import Misuse
from monitor.masking import forget
from monitor.types import Deferred, Letter, SendOutcome, Sent, Unusable
from tests.delivery.receiver import DROP, Receiver, answer, receiving

HTML = (
    '<p><b>Điểm tin</b><br>2 tin</p><ul><li><a href="https://bao.example/1?a=1&amp;b=2">Nhật &lt;b&gt; [cấp] vốn</a>'
    "<br>Báo Mẫu</li><li>日本語 &lt;!channel&gt;<br>Báo Hai</li></ul>"
)
SLACK = "slack://T1PLANTED/B1PLANTED/PlantedTokenOfSlack1234"
TELEGRAM = "tgram://123456789:planted_token_of_a_bot/-1001234567"
TEAMS = "workflows://localhost:{port}/plantedworkflow01/planted-signature"
SECRETS = ("PLANTED", "Planted", "planted")


@pytest.fixture(autouse=True)
def _unmasked() -> None:
    """What is masked here is masked by the way out itself, not by what other tests hid."""
    forget()


def send(address: str) -> SendOutcome:
    """One message."""
    return ChatWay().send(Letter("<d-1@example.org>", address, HTML.encode()))


def at(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack and Telegram live there now."""
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{receiver.port}/services")
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"http://127.0.0.1:{receiver.port}/bot")


def test_slack_gets_its_own_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links are links, text of strangers is text: no mention of everybody can be smuggled in."""
    with receiving(answer("200 OK", "ok")) as receiver:
        at(receiver, monkeypatch)
        outcome = send(SLACK)
    assert outcome == Sent("taken by slack")
    (request,) = receiver.requests
    assert request.line.startswith("POST /services/T1PLANTED/B1PLANTED/PlantedTokenOfSlack1234 ")
    said = json.dumps(json.loads(request.body), ensure_ascii=False)
    assert "<https://bao.example/1?a=1&amp;b=2|Nhật &lt;b&gt; [cấp] vốn>" in said
    assert "日本語 &lt;!channel&gt;" in said
    assert "github" not in said


def test_telegram_gets_its_own_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTML of the kinds it knows, to the chat that was named."""
    with receiving(answer("200 OK", '{"ok": true}')) as receiver:
        at(receiver, monkeypatch)
        outcome = send(TELEGRAM)
    assert outcome == Sent("taken by tgram")
    (request,) = receiver.requests
    sent = json.loads(request.body)
    assert (sent["chat_id"], sent["parse_mode"]) == (-1001234567, "HTML")
    assert '<a href="https://bao.example/1?a=1&amp;b=2">Nhật &lt;b&gt; [cấp] vốn</a>' in sent["text"]
    assert "<li>" not in sent["text"]


def test_teams_gets_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS that is verified; without trust nothing goes."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with receiving(tls=context) as receiver:
        untrusted = send(TEAMS.format(port=receiver.port))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        trusted = send(TEAMS.format(port=receiver.port))
    assert isinstance(untrusted, Deferred)
    assert trusted == Sent("taken by workflows")
    (request,) = receiver.requests
    (card,) = json.loads(request.body)["attachments"]
    (block,) = card["content"]["body"]
    assert "[Nhật \\<b\\> \\[cấp\\] vốn](<https://bao.example/1?a=1&b=2>)" in block["text"]


@pytest.mark.parametrize(
    "reply",
    [
        answer("400 Bad Request", "invalid_token PlantedTokenOfSlack1234"),
        answer("403 Forbidden"),
        answer("404 Not Found"),
        answer("410 Gone"),
        answer("429 Too Many Requests", Retry_After="3"),
        answer("500 Internal Server Error"),
        answer("200 OK", "no_service"),
        answer("302 Found", Location="http://127.0.0.1:9/"),
        DROP,
        b"rubbish\r\n\r\n",
    ],
)
def test_every_failure_waits(reply: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library says only whether it went; so the message is tried again, for days, and no reader is suspended."""
    with receiving(reply) as receiver:
        at(receiver, monkeypatch)
        outcome = send(SLACK)
    assert isinstance(outcome, Deferred)
    assert outcome.reply.startswith("slack://***: ")
    assert not any(secret in outcome.reply for secret in SECRETS)
    assert len(receiver.requests) == 1


def test_no_redirect_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 302 answered by a GET elsewhere would look like success, and the message would be lost."""
    with receiving() as elsewhere, receiving(answer("302 Found", Location=elsewhere.url)) as receiver:
        at(receiver, monkeypatch)
        outcome = send(TELEGRAM)
    assert isinstance(outcome, Deferred)
    assert elsewhere.requests == []


def test_a_silent_service_is_asked_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure that took long was a wait; more channels of the same service do not wait again, others are asked."""
    clock = [0.0]

    def slow(*_: object, **__: object) -> int:
        clock[0] += 6
        return 0

    way = ChatWay(lambda: clock[0])
    with receiving(answer("200 OK", '{"ok": true}')) as receiver:
        at(receiver, monkeypatch)
        with monkeypatch.context() as broken:
            broken.setattr(NotifySlack, "send", slow)
            first = way.send(Letter("<d-1@example.org>", SLACK, b"x"))
        second = way.send(Letter("<d-2@example.org>", SLACK + "/#tin", b"x"))
        other = way.send(Letter("<d-3@example.org>", TELEGRAM, b"x"))
    assert isinstance(first, Deferred)
    assert isinstance(second, Deferred)
    assert "a moment ago" in second.reply
    assert isinstance(other, Sent)


def test_a_bug_of_the_library_is_one_chats_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it raises, the message waits and the run goes on."""

    def broken(*_: object, **__: object) -> bool:
        raise KeyError("PlantedTokenOfSlack1234")

    monkeypatch.setattr("apprise.Apprise.notify", broken)
    outcome = send(SLACK)
    assert isinstance(outcome, Deferred)
    assert not any(secret in outcome.reply for secret in SECRETS)


def test_without_the_library_messages_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra: its absence breaks this way out alone, and says what to install."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = send(SLACK)
    assert isinstance(outcome, Unusable)
    assert "vietnhat[chat]" in outcome.reply
    with pytest.raises(Misuse, match=r"vietnhat\[chat\]"):
        checked_chat(SLACK)


def test_nothing_secret_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The library's own log quotes tokens of addresses it cannot read; it reaches neither our handler nor the terminal.

    pytest's caplog would listen at the library itself, so a handler of our own stands where monitor.logs has its one.
    """
    heard: list[str] = []

    class Ours(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    handler = Ours(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        with receiving(answer("500 Oops")) as receiver:
            at(receiver, monkeypatch)
            send(SLACK)
        with pytest.raises(Misuse):
            checked_chat("slack://T1PLANTED/B1PLANTED/Planted!Token")
        logging.getLogger("urllib3").warning("this is heard")
    finally:
        logging.getLogger().removeHandler(handler)
    assert heard == ["this is heard"]
    assert not any(secret in "".join(capsys.readouterr()) for secret in SECRETS)


@pytest.mark.parametrize(
    "address",
    [
        SLACK,
        SLACK + "/#tin",
        "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#tin",
        TELEGRAM,
        TELEGRAM + "?topic=7",
        TEAMS.format(port=443),
        TEAMS.format(port=443) + "?pa=yes",
    ],
)
def test_addresses_of_chats(address: str) -> None:
    """One channel each."""
    assert checked_chat(address) == address


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("msteams://planted/1/2/3/4", "workflows://"),
        ("discord://planted/planted", "no such way out"),
        ("exec://planted", "no such way out"),
        ("file:///planted", "no such way out"),
        ("json://planted", "no such way out"),
        ("ftp://planted", "no such way out"),
        ("slack://planted", "incomplete"),
        ("slack://", "incomplete"),
        ("tgram://planted", "incomplete"),
        ("tgram://123456789:planted_token_of_a_bot", "one channel"),
        ("tgram://123456789:planted_token_of_a_bot/11/22", "one channel"),
        ("workflows://localhost/planted", "incomplete"),
        (SLACK + "?template=/etc/passwd", "'template' is not taken"),
        (SLACK + "?verify=no", "'verify' is not taken"),
        (SLACK + "?redirect=yes", "'redirect' is not taken"),
        (SLACK + "?overflow=split", "'overflow' is not taken"),
        (SLACK + "?:planted=x", "is not taken"),
        (SLACK + " x", "blanks"),
        (SLACK + "\nX: y", "blanks"),
    ],
)
def test_addresses_that_are_none(address: str, words: str) -> None:
    """Other services, several channels, options that read files or loosen checks: one line, which repeats no token."""
    with pytest.raises(Misuse, match=words.replace("[", "\\[")) as caught:
        checked_chat(address)
    told = str(caught.value).partition("the option")[0]
    assert not any(secret in told for secret in SECRETS)
