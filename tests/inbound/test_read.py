"""What a letter that came in is: invented ones in the shapes of real servers, programs and people."""

from __future__ import annotations

import pytest

from monitor.inbound.read import read
from monitor.types import Automatic, Bounce, Complaint, Confirm, Other, Unsubscribe
from tests.inbound.samples import (
    EXIM_PLAIN,
    HARD,
    ORIGINAL,
    OURS,
    POSTFIX,
    QMAIL,
    QUOTED,
    READER,
    TOKEN,
    VIETNAMESE,
    block,
    feedback,
    letter,
    report,
)


def bounce(raw: bytes) -> Bounce:
    """What is read, which has to be a bounce."""
    found = read(raw)
    assert isinstance(found, Bounce), found
    return found


# --- bounces -------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", HARD.values(), ids=HARD)
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_servers_report_that_nobody_reads_an_address(raw: bytes, ends: bytes) -> None:
    """Whatever the server, the address, that it is for good, and the letter it quotes."""
    found = bounce(raw.replace(b"\n", ends))
    assert found.addresses == (READER,)
    assert found.hard
    assert OURS in found.message_ids


def test_an_address_beyond_ascii() -> None:
    """Reports by RFC 6533, which the email package does not take apart."""
    found = bounce(VIETNAMESE)
    assert (found.addresses, found.hard) == (("bạn@vidu.example",), True)
    assert found.message_ids == (OURS,)
    assert "không có người nhận này" in found.diagnostic


@pytest.mark.parametrize(
    ("status", "diagnostic", "hard"),
    [
        ("5.1.1", "smtp; 550 5.1.1 unknown", True),
        ("5.1.10", "smtp; 550 5.1.10 not found", True),
        ("5.2.1", "smtp; 550 disabled", True),
        ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied", True),
        ("5.4.4", "dns; no such domain", True),
        ("5.0.0", "smtp; 550 5.1.1 unknown", True),
        ("5.0.0", "smtp; 553 no", True),
        ("5.0.0", "X-Local; unrouteable address", True),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", False),
        ("5.1.1", "smtp; 550 5.1.1 mailbox full, quota exceeded", False),
        ("4.2.2", "smtp; 452 4.2.2 over quota", False),
        ("5.0.0", "smtp; 552 no room", False),
        ("5.0.0", "smtp; 550 Hộp thư của người nhận đã đầy", False),
        ("5.0.0", "smtp; 550 メールボックスの容量を超えています", False),
        ("5.0.0", "smtp; 554 refused", False),
        ("5.0.0", "smtp; 550 5.7.1 looks like spam", False),
        ("5.1.8", "smtp; 501 5.1.8 sender's domain does not resolve", False),
        ("5.2.3", "smtp; 552 too large", False),
        ("5.4.7", "smtp; delivery time expired", False),
        ("4.4.7", "smtp; delivery time expired", False),
        ("4.0.0", "smtp; gave up", False),
        ("5.7.26", "smtp; 550-5.7.26 not authenticated", False),
    ],
)
def test_only_what_says_that_the_address_is_dead_is_hard(status: str, diagnostic: str, hard: bool) -> None:
    """A full box, a policy, a large letter or a slow server is no dead address; X.0.0 says nothing."""
    assert bounce(report(block(status=status, diagnostic=diagnostic))).hard is hard


def test_delayed_is_soft_whatever_its_status() -> None:
    """The server is still trying."""
    found = bounce(report(block(action="delayed (will retry)", status="5.1.1")))
    assert (found.addresses, found.hard) == ((READER,), False)


@pytest.mark.parametrize("action", ["relayed", "delivered", "expanded"])
def test_what_arrived_is_no_bounce(action: str) -> None:
    """Even where the text names the address as a bounce would."""
    words = "The following addresses had delivery problems\n<ban@vidu.example>\n"
    assert read(report(block(action=action, status="2.0.0"), words=words)) == Automatic()


def test_several_recipients() -> None:
    """Those for good, without the ones that are delayed or arrived; the soft ones where no other is."""
    both = report(
        block("a@vidu.example"),
        block("b@vidu.example", action="delayed", status="4.4.1"),
        block("c@vidu.example", action="relayed", status="2.0.0"),
        block("d@vidu.example"),
        block("e@vidu.example", status="5.2.2"),
    )
    found = bounce(both)
    assert (found.addresses, found.hard) == (("a@vidu.example", "d@vidu.example"), True)
    soft = bounce(report(block("b@vidu.example", status="5.2.2"), block("c@vidu.example", status="4.4.1")))
    assert (soft.addresses, soft.hard) == (("b@vidu.example", "c@vidu.example"), False)


def test_a_forwarded_address_is_known_under_both() -> None:
    """What we wrote to and where it went, also as xtext, and without a type that should be there."""
    original = "Original-Recipient: rfc822; ban+2Btin@vidu.example\n"
    found = bounce(report(original + block("ban@xa.example")))
    assert found.addresses == ("ban+2Btin@vidu.example", "ban+tin@vidu.example", "ban@xa.example")
    assert bounce(report(block().replace("rfc822; ban@vidu.example", "<ban@vidu.example>"))).addresses == (
        READER,
    )
    unknown = "Original-Recipient: x400; /S=ban\n"
    assert bounce(report(unknown + block())).addresses == (READER,)


def test_addresses_in_the_escapes_of_rfc_6533() -> None:
    """As a server writes them that may not use UTF-8 itself."""
    raw = report(block(r"b\x{1EA1}n@vidu.example", kind="utf-8"))
    assert bounce(raw).addresses[-1] == "bạn@vidu.example"


def test_no_more_addresses_than_a_letter_can_have() -> None:
    """A report of thousands is not of ours."""
    many = "".join(f"Final-Recipient: rfc822; a{n}@vidu.example\n" for n in range(500))
    assert len(bounce(report(many + block())).addresses) == 20


def test_a_report_without_anything_in_it() -> None:
    """Of either kind."""
    for kind in ("message/delivery-status", "message/global-delivery-status"):
        raw = f"Return-Path: <>\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: {kind}\n\n--b--\n"
        assert read(raw.encode()) == Automatic()


def test_a_report_without_our_letter_quotes_nothing() -> None:
    """A forged one, or one whose server keeps the letter."""
    assert bounce(report(block(), returned="Subject: x\n\n")).message_ids == ()


def test_headers_alone_and_folded_ids() -> None:
    """text/rfc822-headers in quoted-printable, and a Message-ID on the line after its name."""
    headers = f"Subject: Tin\nMessage-ID:\n {OURS}\n"
    assert bounce(report(block(), returned=headers, returned_type="text/rfc822-headers")).message_ids == (
        OURS,
    )
    folded = f"Message-ID: {OURS[:40]}=\n{OURS[40:]}\n"
    encoded = "text/rfc822-headers\nContent-Transfer-Encoding: quoted-printable"
    assert bounce(report(block(), returned=folded, returned_type=encoded)).message_ids == (OURS,)


def test_the_same_bounce_has_the_same_reference() -> None:
    """Its Message-ID counts, for headers of transport differ; without one, its octets."""
    again = b"Received: from mx\n" + POSTFIX
    assert bounce(again).reference == bounce(POSTFIX).reference
    other = report(block(), own_id="<b2@mx.vidu.example>")
    assert bounce(other).reference != bounce(POSTFIX).reference
    bare = QMAIL.replace(b"Message-ID: <q1@mx.thu.example>\n", b"")
    assert bounce(bare).reference != bounce(bare + b"x").reference


def test_a_diagnostic_is_one_short_line() -> None:
    """Whatever a server wrote there."""
    found = bounce(report(block(diagnostic="smtp; 550 \x1b[31m" + "x" * 900)))
    assert len(found.diagnostic) <= 300
    assert found.diagnostic.isprintable()


def test_a_person_who_forwards_a_bounce_is_a_person() -> None:
    """As an attachment or quoted: no server wrote it."""
    attached = (
        f"From: {READER}\nReturn-Path: <{READER}>\nSubject: Fwd: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="m"\n\n--m\n\nWhat is this?\n--m\nContent-Type: message/rfc822\n\n'
    ).encode() + POSTFIX + b"\n--m--\n"  # fmt: skip
    assert read(attached) == Other()
    assert read(letter("Fwd: failure notice", text=QMAIL.decode())) == Other()


def test_words_of_the_returned_letter_are_not_the_servers() -> None:
    """A reader's letter that speaks of addresses is not searched for them."""
    returned = ORIGINAL + f"\n<{READER}>:\nUndeliverable Address: {READER}\n550 5.1.1 unknown\n"
    raw = report(block(), returned=returned).replace(b"message/delivery-status", b"application/octet-stream")
    assert read(raw) == Automatic()


# --- complaints ----------------------------------------------------------------------------------


def test_a_complaint() -> None:
    """The address, and the letter it is about."""
    found = read(feedback())
    assert isinstance(found, Complaint)
    assert (found.addresses, found.message_ids) == ((READER,), (OURS,))


def test_a_complaint_without_addresses() -> None:
    """Providers take them out."""
    found = read(feedback(named="", returned=ORIGINAL.replace(READER, "redacted")))
    assert isinstance(found, Complaint)
    assert (found.addresses, found.message_ids) == ((), (OURS,))


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus"])
def test_feedback_that_is_no_complaint(kind: str) -> None:
    """Praise, and reports on DMARC."""
    assert read(feedback(kind)) == Automatic()


# --- wishes --------------------------------------------------------------------------------------

SUBJECTS = [
    f"unsubscribe {TOKEN}",
    f"Unsubscribe  {TOKEN} ",
    f"Re: unsubscribe {TOKEN}",
    f"RE: AW: Fwd: unsubscribe {TOKEN}",
    f"Re[2]: unsubscribe {TOKEN}",
    f"=?utf-8?b?UmXvvJo=?= unsubscribe {TOKEN}",
    f"=?iso-2022-jp?b?GyRCSlY/LhsoQjog?=unsubscribe {TOKEN}",
    f"=?utf-8?q?Tra=CC=89_lo=CC=9B=CC=80i=3A_unsubscribe?= {TOKEN}",
    f"[EXTERNAL] unsubscribe {TOKEN}",
    f"Unsubscribe: {TOKEN}.",
    f"unsubscribe%20{TOKEN}",
    f"unsubscribe+{TOKEN}",
    f"=?utf-8?q?unsubscribe_{TOKEN[:9]}?=\n =?utf-8?q?{TOKEN[9:]}?=",
    f"unsubscribe\n {TOKEN}",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_token_in_the_subject(subject: str) -> None:
    """Whatever mail programs put before it, and however they encode it."""
    assert read(letter(subject)) == Unsubscribe(TOKEN, "", READER)


def test_a_token_beside_an_address() -> None:
    """As our letters ask for it where there are no pages; in brackets, in either order."""
    expected = Unsubscribe(TOKEN, READER, "ai@vidu.example")
    for words in (f"{READER} {TOKEN}", f"<{READER}> {TOKEN}", f"{TOKEN} {READER}"):
        assert read(letter(f"unsubscribe {words}", sender="ai@vidu.example")) == expected


@pytest.mark.parametrize(
    "to", [f"ve+unsubscribe-{TOKEN}@tin.example", f"Tin <ve-unsubscribe={TOKEN}@tin.example>"]
)
def test_a_token_in_the_address_written_to(to: str) -> None:
    """The subject may then say anything."""
    assert read(letter("(no subject)", to=to)) == Unsubscribe(TOKEN)


def test_an_address_instead_of_a_token() -> None:
    """Another's or one's own; none named means the own one."""
    assert read(letter("unsubscribe ai@vidu.example")) == Unsubscribe("", "ai@vidu.example", READER)
    assert read(letter("Re: unsubscribe")) == Unsubscribe("", "", READER)


@pytest.mark.parametrize(
    "subject",
    [
        "unsubscribe does not work",
        "please unsubscribe me",
        f"about unsubscribe {TOKEN}",
        "unsubscribe a b c",
        "unsubscribe .",
        "",
    ],
)
def test_a_sentence_is_for_a_person(subject: str) -> None:
    """Only the command alone is one."""
    assert read(letter(subject)) == Other()


def test_quoted_text_asks_for_nothing() -> None:
    """Our own letter below an answer holds the command."""
    text = f"Cảm ơn.\n\n{QUOTED}\nSubject: unsubscribe {TOKEN}\nunsubscribe {TOKEN}\nconfirm {TOKEN}"
    assert read(letter("Re: Tin mẫu", text=text)) == Other()


def test_apples_mail_says_it_answers_by_itself() -> None:
    """And yet a person touched its button; a machine's answer to such a letter is another matter."""
    automatic = "Auto-Submitted: auto-replied\n"
    assert read(letter(f"unsubscribe {TOKEN}", headers=automatic)) == Unsubscribe(TOKEN, "", READER)
    assert read(letter(f"Re: unsubscribe {TOKEN}", headers=automatic)) == Automatic()


def test_consent() -> None:
    """A token or whatever stands for it, but never from a machine."""
    signed = "YmFu.AGkgDm8." + "x" * 43
    assert read(letter(f"Re: confirm {signed}")) == Confirm(signed)
    assert read(letter(f"confirm {READER}")) == Confirm(READER)
    assert read(letter(f"confirm {signed}", headers="Auto-Submitted: auto-replied\n")) == Automatic()
    assert read(letter("confirm this, please")) == Other()


# --- machines ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated; owner=x\n",
        "X-Autoreply: yes\n",
        "Precedence: auto_reply\n",
        "Precedence: bulk\n",
        "List-Id: <nhom.thu.example>\n",
        "List-Post: <mailto:nhom@thu.example>\n",
    ],
)
def test_machines_are_left_alone(headers: str) -> None:
    """Out of office, and lists that pass on what comes."""
    assert read(letter("Vắng mặt: 不在通知", headers=headers)) == Automatic()
    if "Auto" not in headers:
        assert not isinstance(read(letter(f"Re: unsubscribe {TOKEN}", headers=headers)), Unsubscribe)


def test_a_receipt_is_nothing() -> None:
    """RFC 8098: it was read."""
    raw = letter("Read: Tin").replace(
        b"text/plain", b"multipart/report; report-type=disposition-notification; boundary=x"
    )
    assert read(raw) == Automatic()


def test_our_own_letter_come_back_is_nothing() -> None:
    """A loop ends here."""
    assert read(ORIGINAL.encode()) == Automatic()


def test_a_server_that_says_nothing_we_know() -> None:
    """No address is guessed from nowhere."""
    raw = letter("hm", sender="MAILER-DAEMON@mx.thu.example", text=f"{READER} is a fine address")
    assert read(raw) == Automatic()


def test_auto_submitted_no_is_a_person() -> None:
    """RFC 3834 says so."""
    assert read(letter("Xin chào", headers="Auto-Submitted: no\n")) == Other()


def test_old_exim_without_its_list_of_addresses() -> None:
    """The words alone are enough for what a server sent."""
    bare = EXIM_PLAIN.replace(f"X-Failed-Recipients: {READER}\n".encode(), b"")
    assert bounce(bare).addresses == (READER,)
