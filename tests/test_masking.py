"""What a log and a terminal may not hold."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from monitor import logs
from monitor.masking import forget, hide, logged, said, without_person, without_secrets
from monitor.types import Deferred, Delivery, DeliveryState, Letter

PASSWORD = "SECRETxyz 'ä\"\\42/+?"


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    """One secret is known; the next test starts as new."""
    hide([PASSWORD, "\0digest\0" + PASSWORD, "abc", ""])
    yield
    forget()
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "spelling",
    [
        PASSWORD, repr(PASSWORD)[1:-1], ascii(PASSWORD)[1:-1], json.dumps(PASSWORD)[1:-1],
        "SECRETxyz%20%27%C3%A4%22%5C42%2F%2B%3F", "SECRETxyz+%27%C3%A4%22%5C42%2F%2B%3F",
        base64.b64encode(PASSWORD.encode()).decode(), base64.b64encode(f"\0digest\0{PASSWORD}".encode()).decode(),
    ],
)  # fmt: skip
def test_a_secret_is_masked_in_every_spelling(spelling: str) -> None:
    """As it is, escaped by Python, JSON or a URL, or as SMTP sends it; also where a text was cut inside it."""
    text = f"535 bad: {spelling} (twice {spelling})"
    assert without_secrets(text) == "535 bad: *** (twice ***)"
    for cut in range(len(text) + 1):
        assert "SECR" not in without_secrets(text[:cut])
        assert spelling[:6] not in without_secrets(text[:cut])


@pytest.mark.parametrize("beside", ["", "'", '"', "'\""])
def test_a_secret_in_an_error_in_an_error(beside: str) -> None:
    """Python's own way of showing values, once and twice over, whatever quotes stand beside the secret."""
    for secret in (PASSWORD, "SECRETxyz'x", 'SECRETxyz"x', "SECRETxyz\\x"):
        hide([secret])
        once = RuntimeError(f"login {secret} {beside}", [secret])
        for text in (str(once), repr(once), repr(repr(once)), json.dumps(repr(once)), repr([str(once)])):
            assert "SECR" not in without_secrets(text), text


def test_what_is_too_short_to_be_a_secret() -> None:
    """Three letters are masked nowhere: every line would be eaten."""
    assert without_secrets("abc abcd") == "abc abcd"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("550 5.1.1 <ban@vidu.example> unknown", "550 5.1.1 <address> unknown"),
        ("to=<Nguyen.Van-An+x@vidu.example>, relay", "to=<address>, relay"),
        ("ban@việt.example", "<address>"),
        ("bạn@xn--vit-8o5a.example", "<address>"),
        ("550 <\"an nguyen\"@vidu.example>: no", "550 <address>: no"),
        ("'\"an \\\\\"x nguyen\"@vidu.example' is no address", "'<address>' is no address"),
        ("x@[192.0.2.1] x@[IPv6:2001:db8::1]!", "<address> <address>!"),
        ("unknown: ban@", "unknown: <address>"),
        ("<ban@ vidu.example> broken", "<address> vidu.example> broken"),
        ("bounce+ban=vidu.example@srs.example", "<address>"),
        ("o'brien@vidu.example;", "<address>;"),
        ("mailto:digest@a.example?subject=unsubscribe%20ban%40vidu.example", "mailto:<address>"),
        ("http://user:pa:ss@news.example/feed", "http://***@news.example/feed"),
        ("socks5h://user@10.0.0.1:1080", "socks5h://***@10.0.0.1:1080"),
        ("https://d.example/u/AbCdEfGhIjKlMnOpQrStUv done", "https://d.example/u/*** done"),
        ("POST /p/eyJh.bGci_Oi-JIUzI1 HTTP/1.1", "POST /p/*** HTTP/1.1"),
        ("https://n.example/rss?lang=vi&Token=s3cret&x=1", "https://n.example/rss?lang=vi&Token=***&x=1"),
        ("https://n.example/rss?api_key=s3cret", "https://n.example/rss?api_key=***"),
    ],
)  # fmt: skip
def test_what_a_log_must_not_hold(text: str, masked: str) -> None:
    """Addresses of people, logins in URLs, tokens in paths and questions; masking twice changes nothing."""
    assert logged(text) == masked
    assert logged(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "poll feed=vne-thoi-su outcome=new status=200 seconds=0.211", "Giá vàng @ 12:00", "a @ b", "",
        "https://news.example/tin/nhat-ban-dau-tu-vao-viet-nam-4711.html?page=2",
        "written to var/outbox/d-7-20261121T0000Z-1f2e.aa@vidu.example.eml",
        "mail server 127.0.0.1:25: Connection refused", "2026-11-21T07:00:00Z",
    ],
)  # fmt: skip
def test_what_stays(text: str) -> None:
    """What happened to which feed or letter can still be read."""
    assert logged(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("5.1.1 Nguyen.Van.An@Vidu.Example: nobody", "5.1.1 <address>: nobody"),
        ("user nguyen.van.an unknown", "user <address> unknown"),
        ("<nguyen.van.an@vidu. example>", "<address>"),
        ("nguyen.van.anh stays", "nguyen.van.anh stays"),
    ],
)
def test_one_reader_is_taken_out(text: str, left: str) -> None:
    """In any letter case, broken by blanks, or by the first part alone; a longer word is another one."""
    assert without_person(text, "nguyen.van.an@vidu.example") == left


def test_one_reader_is_taken_out_however_their_server_spells_an_i() -> None:
    """Regular expressions take the dotless and the dotted capital letter for the same."""
    assert (
        without_person("550 İMAİ or ımaı: no such user", "imai@vidu.example")
        == "550 <address> or <address>: no such user"
    )


def test_a_person_is_told_addresses_and_a_log_is_not() -> None:
    """Who calls a command reads the address they typed, until the program begins to write a log."""
    assert said(f"ban@vidu.example {PASSWORD}") == "ban@vidu.example ***"
    logs.configure("text")
    assert said(f"ban@vidu.example {PASSWORD}") == "<address> ***"
    forget()
    assert said("ban@vidu.example") == "ban@vidu.example"


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_value_of_a_line_is_masked(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Texts, and whatever turns into text only as the line is written; one event is one line; numbers stay numbers."""
    logs.configure(form)
    hide([PASSWORD])
    error = RuntimeError(f"login of ban@vidu.example with {PASSWORD}\nfailed")
    logs.warn("bug", reason=repr(error), error=error, things=[PASSWORD, {"to": "ban@vidu.example"}], count=3)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "SECRET" not in line
    assert "vidu" not in line
    assert ('"count": 3' if form == "json" else "count=3") in line


def test_libraries_write_our_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """What a library tells Python's logging is one masked line too, with its error."""
    logs.configure("text")
    logs.configure("text")
    hide([PASSWORD])
    try:
        raise ValueError(PASSWORD)
    except ValueError:
        logging.getLogger("apscheduler").exception("job of %s\nfailed", "ban@vidu.example")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "event=library" in line
    assert "job of <address> failed" in line
    assert "ValueError" in line
    assert "SECRET" not in line


def test_a_refusal_is_logged_without_the_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The line of an attempt names the letter by its number, whatever the server quotes."""
    from datetime import UTC, datetime

    logs.configure("text")
    now = datetime(2026, 11, 21, tzinfo=UTC)
    letter = Letter("<a@b>", "nguyen.van.an@vidu.example", b"")
    delivery = Delivery(7, 1, letter, DeliveryState.QUEUED, 0, now, now, "")
    logs.delivered(
        delivery, Deferred("451 " + "x" * 170 + " nguyen.van.an <Nguyen.Van.An@vidu.example> later")
    )
    line = capsys.readouterr().err
    assert "letter=7" in line
    assert "nguyen" not in line.lower()
    assert "vidu" not in line
