"""Invented reports and letters in the shapes in which servers and people write them."""

from __future__ import annotations

OURS = "<d-7-20261121T0000Z-1f2e3d4c.0123456789abcdef@tin.example>"
READER = "ban@vidu.example"
TOKEN = "Zm9vYmFyYmF6cXV4MTIzNA"

ORIGINAL = f"""\
From: =?utf-8?q?Vi=E1=BB=87t=E2=80=93Nh=E1=BA=ADt_Monitor?= <tin@tin.example>
To: {READER}
Subject: Tin =?utf-8?q?m=E1=BA=ABu?=
Message-ID: {OURS}
X-Digest-Id: d-7-20261121T0000Z-1f2e3d4c
Auto-Submitted: auto-generated
List-Id: <digest.tin.example>
List-Unsubscribe: <mailto:ve@tin.example?subject=unsubscribe%20{TOKEN}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Kính gửi quý vị – お知らせ
"""


def block(
    address: str = READER,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 no such user",
    kind: str = "rfc822",
) -> str:
    """What a report says of one recipient."""
    return (
        f"Final-Recipient: {kind}; {address}\nAction: {action}\nStatus: {status}\n"
        f"Remote-MTA: dns; mx.vidu.example\nDiagnostic-Code: {diagnostic}\n"
    )


def report(
    *blocks: str,
    words: str = "The letter below was not delivered.",
    returned: str = ORIGINAL,
    returned_type: str = "message/rfc822",
    headers: str = "From: MAILER-DAEMON@mx.vidu.example (Mail Delivery System)\nReturn-Path: <>\n",
    kind: str = "message/delivery-status",
    charset: str = "utf-8",
    own_id: str = "<b1@mx.vidu.example>",
) -> bytes:
    """A report of deliveries (RFC 3464) with the letter it returns."""
    text = (
        f"{headers}To: ve@tin.example\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: {own_id}\n"
        "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="=_b"\n\n'
        f"--=_b\nContent-Type: text/plain; charset={charset}\n\n{words}\n\n"
        f"--=_b\nContent-Type: {kind}\n\nReporting-MTA: dns; mx.tin.example\n"
        "Arrival-Date: Sat, 21 Nov 2026 07:00:02 +0700\n\n"
        + "\n".join(blocks)
        + f"\n--=_b\nContent-Type: {returned_type}\n\n{returned}\n--=_b--\n"
    )
    return text.encode(charset if charset != "utf-8" else "utf-8", "replace")


def feedback(
    kind: str = "abuse", *, named: str = f"Original-Rcpt-To: {READER}\n", returned: str = ORIGINAL
) -> bytes:
    """A report of feedback (RFC 5965)."""
    return (
        "From: fbl@thu.example\nTo: ve@tin.example\nSubject: complaint\nMessage-ID: <c1@thu.example>\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="=_f"\n\n'
        "--=_f\nContent-Type: text/plain\n\nThis is an abuse report.\n\n"
        f"--=_f\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: L/1\nVersion: 1\n{named}"
        f"\n--=_f\nContent-Type: message/rfc822\n\n{returned}\n--=_f--\n"
    ).encode()


def letter(
    subject: str,
    *,
    sender: str = READER,
    to: str = "ve@tin.example",
    headers: str = "",
    text: str = "Xin chào.",
) -> bytes:
    """A person's letter; `headers` end in a line break."""
    return (
        f"Return-Path: <{sender}>\nFrom: {sender}\nTo: {to}\nSubject: {subject}\n"
        f"Message-ID: <p1@vidu.example>\n{headers}MIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    ).encode()


QUOTED = "\n".join(f"> {line}" for line in ORIGINAL.splitlines())

POSTFIX = report(
    block(diagnostic="smtp; 550 5.1.1 <ban@vidu.example>: Recipient address rejected: User unknown"),
    words="I'm sorry to have to tell you.\n\n<ban@vidu.example>: host mx.vidu.example said: 550 5.1.1 User unknown",
)
EXIM = report(
    block(status="5.0.0", diagnostic="smtp; 550 No such person here"),
    headers="Return-path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.thu.example>\n"
    f"X-Failed-Recipients: {READER}\n",
    returned_type="text/rfc822-headers",
)
EXIM_PLAIN = (
    f"Return-path: <>\nX-Failed-Recipients: {READER}\nAuto-Submitted: auto-replied\n"
    "From: Mail Delivery System <Mailer-Daemon@mx.thu.example>\nTo: ve@tin.example\n"
    "Subject: Mail delivery failed: returning message to sender\nMessage-Id: <E1x@mx.thu.example>\n\n"
    "This message was created automatically by mail delivery software.\n\n"
    "A message that you sent could not be delivered.\n\n"
    f"  {READER}\n    SMTP error from remote mail server after RCPT TO: 550 5.1.1 unknown\n\n"
    f"------ This is a copy of the message, including all the headers. ------\n\n{ORIGINAL}"
).encode()
EXCHANGE = report(
    block(status="5.1.10", diagnostic="smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found"),
    headers="From: Microsoft Outlook <MicrosoftExchange329e71ec@thu.example>\nReturn-Path: <>\n"
    f"In-Reply-To: {OURS}\nReferences: {OURS}\nX-MS-Exchange-Message-Is-Ndr:\n",
    words="<html><body>Không gửi được thư của quý vị. 配信できませんでした。</body></html>",
    returned="Subject: Tin\n\n",
)  # fmt: skip
GMAIL = report(
    block(diagnostic="smtp; 550-5.1.1 The email account that you tried to reach does not exist."),
    headers="From: Mail Delivery Subsystem <mailer-daemon@thu.example>\nReturn-Path: <>\n"
    f"X-Failed-Recipients: {READER}\nIn-Reply-To: {OURS}\n",
)
SENDMAIL = report(
    block(status="5.2.1", diagnostic="SMTP; 550 5.2.1 mailbox disabled"),
    headers="From: Mail Delivery Subsystem <MAILER-DAEMON@mx.thu.example>\nReturn-Path: <MAILER-DAEMON>\n",
    words="   ----- The following addresses had permanent fatal errors -----\n<ban@vidu.example>\n",
)
QMAIL = (
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.thu.example\nTo: ve@tin.example\nSubject: failure notice\n"
    "Message-ID: <q1@mx.thu.example>\n\n"
    "Hi. This is the qmail-send program at mx.thu.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
    f"<{READER}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
    f"--- Below this line is a copy of the message.\n\nReturn-Path: <ve@tin.example>\n{ORIGINAL}"
).encode()
JAPANESE = report(
    block(status="5.0.0", diagnostic="smtp; 550 利用者がいません"),
    words="お客様のメールは配信できませんでした。\n宛先をご確認ください。",
    charset="iso-2022-jp",
)
VIETNAMESE = report(
    block(
        "bạn@vidu.example",
        diagnostic="smtp; 550 5.1.1 không có người nhận này",
        kind="utf-8",
    ),
    words="Không chuyển được thư.",
    kind="message/global-delivery-status",
)
HARD = {
    "postfix": POSTFIX, "exim": EXIM, "exim, old": EXIM_PLAIN, "exchange": EXCHANGE, "gmail": GMAIL,
    "sendmail": SENDMAIL, "qmail": QMAIL, "japanese": JAPANESE,
}  # fmt: skip
