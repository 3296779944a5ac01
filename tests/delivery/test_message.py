"""The octets of a letter: what every mail must carry, and what nobody can smuggle in."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.delivery.message import BadLetter, Sender, build, message_id
from monitor.types import Letter
from tests.delivery.samples import NOW, SENDER, Words
from tests.letterform import faults_of_form, faults_of_octets

ONE_CLICK = "https://tin.example.org/u/" + "0123456789abcdef" * 4
BY_MAIL = "mailto:ve@tin.example.org?subject=unsubscribe%20" + "0123456789abcdef" * 4
ID = message_id("d-7-20261121T0000Z-1f2e3d4c", 7, "example.org")
NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "X-Digest-Id", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language",
]  # fmt: skip


def built(
    words: Words | None = None,
    *,
    recipient: str = "ban@example.org",
    sender: Sender = SENDER,
    unsubscribe: tuple[str, ...] = (ONE_CLICK, BY_MAIL),
) -> Letter:
    """A digest's letter."""
    return build(
        words or Words(),
        recipient=recipient,
        sender=sender,
        message_id=ID,
        date=NOW,
        digest_id="d-7-20261121T0000Z-1f2e3d4c",
        list_unsubscribe=unsubscribe,
    )


def parsed(letter: Letter) -> EmailMessage:
    """As a mail client reads it."""
    message = message_from_bytes(letter.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_carries_all_it_must() -> None:
    """Headers, each once; a text and an HTML part that say what was written."""
    letter = built()
    message = parsed(letter)
    assert faults_of_form(letter.raw) == []
    assert letter.raw.isascii()
    assert message.keys() == NAMES
    assert message["From"].addresses[0].display_name == "Việt–Nhật Monitor"
    assert message["From"].addresses[0].addr_spec == "tin@example.org"
    assert message["To"] == "ban@example.org"
    assert message["Subject"] == Words().subject
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == ID
    assert message["List-Id"] == "<digest.example.org>"
    assert message["X-Digest-Id"] == "d-7-20261121T0000Z-1f2e3d4c"
    assert message["Content-Language"] == "vi"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert text.get_content().splitlines() == Words().text.splitlines()
    assert html.get_content().splitlines() == Words().html.splitlines()


@pytest.mark.parametrize(
    ("unsubscribe", "post"),
    [
        ((ONE_CLICK, BY_MAIL), "List-Unsubscribe=One-Click"),
        ((ONE_CLICK,), "List-Unsubscribe=One-Click"),
        (("http://localhost:8000/u/x",), None),
        ((BY_MAIL,), None),
    ],
)
def test_unsubscribing_stands_on_one_line(unsubscribe: tuple[str, ...], post: str | None) -> None:
    """The addresses are never folded or encoded, however long; one click needs https."""
    letter = built(unsubscribe=unsubscribe)
    ways = ", ".join(f"<{way}>" for way in unsubscribe)
    assert f"\r\nList-Unsubscribe: {ways}\r\n".encode() in letter.raw
    assert parsed(letter)["List-Unsubscribe-Post"] == post


def test_a_confirmation_has_no_list() -> None:
    """Nobody can leave what they have not joined."""
    letter = build(Words(), recipient="a@example.org", sender=SENDER, message_id=ID, date=NOW)
    assert faults_of_form(letter.raw, "confirmation") == []


def test_answers_go_where_they_are_wanted() -> None:
    """Reply-To only if there is one."""
    assert (
        parsed(built(sender=replace(SENDER, reply_to="ban-bien-tap@example.org")))["Reply-To"]
        == "ban-bien-tap@example.org"
    )
    assert parsed(built())["Reply-To"] is None


def test_the_same_letter_has_the_same_octets() -> None:
    """Attempts differ in nothing; another letter has another boundary."""
    assert built() == built()
    other = build(Words(), recipient="a@example.org", sender=SENDER, message_id="<x@example.org>", date=NOW)
    assert parsed(built()).get_boundary() != parsed(other).get_boundary()


def test_message_ids_are_fixed_and_apart() -> None:
    """One for each digest, reader and domain, always the same."""
    ids = {message_id(d, r, h) for d in ("d-1", "d-2") for r in (1, 2) for h in ("a.vn", "b.vn")}
    assert len(ids) == 8
    assert message_id("d-1", 1, "a.vn") in ids
    assert all(re.fullmatch(r"<[\w.-]+@[ab]\.vn>", id_) for id_ in ids)


def test_a_message_id_with_a_secret_cannot_be_guessed() -> None:
    """It looks like any other, and depends on the secret."""
    ids = {message_id("d-1", 1, "a.vn", secret=secret) for secret in ("", "x", "y")}
    assert len(ids) == 3
    assert all(re.fullmatch(r"<d-1\.[0-9a-f]{16}@a\.vn>", id_) for id_ in ids)


def test_ways_to_unsubscribe_that_do_not_fit_are_refused() -> None:
    """A line has an end, and a folded one breaks the button."""
    with pytest.raises(BadLetter):
        built(
            unsubscribe=("https://tin.example.org/" + "a" * 500, "mailto:" + "b" * 500 + "@tin.example.org")
        )


@pytest.mark.parametrize(
    ("address", "envelope"),
    [
        ("ban@báo.vn", "ban@xn--bo-mia.vn"),
        ("bạn@báo.vn", "bạn@xn--bo-mia.vn"),
        ("o'neil+tin@a.vn", "o'neil+tin@a.vn"),
    ],
)
def test_addresses_beyond_ascii(address: str, envelope: str) -> None:
    """The domain becomes ASCII; a local part that cannot is written as it is, for servers with SMTPUTF8."""
    letter = built(recipient=address)
    assert faults_of_octets(letter.raw) == []
    assert letter.recipient == envelope
    assert f"\r\nTo: {envelope}\r\n".encode() in letter.raw
    assert letter.raw.isascii() == envelope.isascii()


def test_a_sender_whose_domain_is_not_ascii() -> None:
    """The mail server hears the domain in its ASCII form, as the letter has it."""
    sender = replace(SENDER, address="tin@báo.vn")
    assert sender.envelope == "tin@xn--bo-mia.vn"
    assert b"<tin@xn--bo-mia.vn>" in built(sender=sender).raw
    with pytest.raises(BadLetter):
        _ = replace(SENDER, address="tin").envelope


def test_long_lines_are_wrapped_in_transport_only() -> None:
    """A line of any length arrives whole."""
    words = Words(text="x" * 5000 + " ế" * 2000 + "\n", html="<p>" + "y" * 5000 + "</p>\n", subject="Đ" * 500)
    letter = built(words)
    assert faults_of_octets(letter.raw) == []
    text, html = parsed(letter).iter_parts()
    assert text.get_content().splitlines() == [words.text.rstrip("\n")]
    assert html.get_content().splitlines() == [words.html.rstrip("\n")]
    assert parsed(letter)["Subject"] == words.subject


EVIL = (
    "\r\nBcc: x@example.org",
    "\nBcc: x",
    "\rBcc: x",
    "\u2028Bcc: x",
    "\u2029Bcc: x",
    "\x85Bcc: x",
    "\x0bBcc: x",
    "\x00",
)


@pytest.mark.parametrize("evil", EVIL)
def test_text_cannot_start_a_header(evil: str) -> None:
    """Subject and sender's name: a break becomes a space."""
    letter = built(Words(subject=f"Tin{evil}"), sender=replace(SENDER, name=f"Tin{evil}"))
    assert faults_of_octets(letter.raw) == []
    assert parsed(letter).keys() == NAMES
    assert parsed(letter)["Subject"].startswith("Tin")


@pytest.mark.parametrize("evil", [*EVIL, " ", ",b@example.org", "<b@example.org>", ";", "é\n"])
def test_addresses_and_ids_are_refused(evil: str) -> None:
    """What no address and no id may hold raises, whoever wrote it."""
    for spoil in (
        lambda: built(recipient=f"a@example.org{evil}"),
        lambda: built(recipient=f"a{evil}@example.org"),
        lambda: built(sender=replace(SENDER, address=f"a@example.org{evil}")),
        lambda: built(sender=replace(SENDER, reply_to=f"a@example.org{evil}")),
        lambda: built(unsubscribe=(f"https://tin.example.org/u/{evil}", BY_MAIL)),
        lambda: built(unsubscribe=(ONE_CLICK, f"mailto:ve@tin.example.org{evil}")),
        lambda: built(Words(language=f"vi{evil}")),
        lambda: build(Words(), recipient="a@b.vn", sender=SENDER, message_id=f"<a{evil}@b.vn>", date=NOW),
        lambda: build(
            Words(), recipient="a@b.vn", sender=SENDER, message_id=ID, date=NOW, digest_id=f"d{evil}"
        ),
        lambda: message_id(f"d{evil}", 1, "b.vn"),
        lambda: message_id("d", 1, f"b.vn{evil}"),
    ):
        with pytest.raises(BadLetter):
            spoil()


@pytest.mark.parametrize(
    "address", ["", "a", "@b.vn", "a@", "a@b@c.vn", "a@" + "é" * 100 + ".vn", "a" * 65 + "@b.vn"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Before any server sees it."""
    with pytest.raises(BadLetter):
        built(recipient=address)


@pytest.mark.parametrize("id_", ["a@b.vn", "<ab.vn>", "<a@b@c.vn>", "<>", "<" + "a" * 990 + "@b.vn>"])
def test_what_is_no_message_id_is_refused(id_: str) -> None:
    """One left side, one right side, in angle brackets, on one line."""
    with pytest.raises(BadLetter):
        build(Words(), recipient="a@b.vn", sender=SENDER, message_id=id_, date=NOW)


@given(st.text(), st.text(), st.text(), st.text())
def test_no_text_breaks_a_letter(subject: str, name: str, text: str, html: str) -> None:
    """Whatever the words are, the headers are ours, there is one recipient, and the form holds."""
    letter = built(Words(subject=subject, text=text, html=html), sender=replace(SENDER, name=name))
    assert faults_of_octets(letter.raw) == []
    message = parsed(letter)
    assert message.keys() == NAMES
    assert [address.addr_spec for address in message["To"].addresses] == ["ban@example.org"]
    assert [address.addr_spec for address in message["From"].addresses] == ["tin@example.org"]
    assert len(list(message.iter_parts())) == 2


@given(st.text(max_size=80))
def test_any_recipient_is_one_recipient_or_none(recipient: str) -> None:
    """An address is refused, or stands alone in To and nowhere else."""
    try:
        letter = built(recipient=recipient)
    except BadLetter:
        return
    assert faults_of_octets(letter.raw) == []
    assert parsed(letter).keys() == NAMES
    assert letter.raw.count(b"\r\nTo: ") == 1


def test_a_long_subject_keeps_its_spaces() -> None:
    """Where a Vietnamese subject is cut into several encoded words, no space between words is lost."""
    subject = "Các Bộ trưởng Ngoại giao Mê Công và Nhật Bản nhất trí củng cố quan hệ đối tác lâu dài · 23/7 · 10 tin"
    for cut in range(0, 40, 3):
        letter = build(
            replace(Words(), subject=subject[cut:].strip()),
            recipient="ban@vidu.example",
            sender=SENDER,
            message_id="<a@b.example>",
            date=NOW,
        )
        assert parsed(letter)["Subject"] == subject[cut:].strip()
