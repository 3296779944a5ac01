"""`vietnhat mail receive`: pipes and their exit codes, mailboxes, and what letters say about unsubscribing."""

from __future__ import annotations

import email
import email.policy
import os
import sqlite3
from pathlib import Path
from urllib.parse import unquote

import pytest

from monitor.cli import main
from monitor.config.settings import load_settings
from monitor.delivery.smtp import SmtpPolicy, SmtpWay
from monitor.mailroom import MAX_NOTES
from monitor.store import database, outbox, subscribers
from monitor.store.database import open_store
from monitor.wiring import mail_way
from tests.cli.samples import CONSENT, NOW, call
from tests.inbound.samples import POSTFIX, block, feedback, letter, report
from tests.test_mailboxes import maildir

ADDRESS = "ban@vidu.example"


@pytest.fixture
def token(archive: Path) -> str:
    """That of one reader who agreed."""
    call("subscribers", "add", ADDRESS, *CONSENT)
    with open_store(archive) as store:
        return subscribers.known(store, ADDRESS).token


def status() -> str:
    """The reader's status, as the operator sees it."""
    with open_store(Path(os.environ["VIETNHAT_DB"])) as store:
        return str(subscribers.known(store, ADDRESS).status)


def test_a_pipe(token: str) -> None:
    """One message, one line without addresses, exit code 0."""
    answer = call("mail", "receive", stdin=letter(f"unsubscribe {ADDRESS} {token}"))
    assert (answer.code, answer.out, answer.err) == (0, "unsubscribe: reader 1 removed\n", "")
    assert status() == "removed"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff",
        letter("Xin chào"),
        POSTFIX,
        feedback(),
        report(block("x@y.example")),
        letter("confirm x@y.example"),
    ],
)
def test_a_pipe_of_what_is_none_of_ours(token: str, raw: bytes) -> None:
    """Exit code 0 all the same: the server would send a bounce to whoever wrote."""
    answer = call("mail", "receive", stdin=raw)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.count("\n") == 1
    assert "@" not in answer.out


@pytest.mark.parametrize("settings", [{"VIETNHAT_DB": "nowhere/x.db"}, {"VIETNHAT_NONSENSE": "1"}])
def test_a_pipe_without_a_database(settings: dict[str, str]) -> None:
    """Exit code 75: the server keeps the letter and tries again; so too with a slip in the settings."""
    answer = call("mail", "receive", stdin=POSTFIX, env=settings)
    assert (answer.code, answer.out) == (os.EX_TEMPFAIL, "")
    assert answer.complaint


def test_a_pipe_into_a_locked_database(archive: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 75, and nothing has happened; the next time all of it does."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    raw = letter(f"unsubscribe {token}")
    holder = sqlite3.connect(archive)
    holder.execute("BEGIN IMMEDIATE")
    answer = call("mail", "receive", stdin=raw)
    assert (answer.code, answer.out) == (os.EX_TEMPFAIL, "")
    assert "locked" in answer.complaint
    holder.rollback()
    holder.close()
    assert status() == "active"
    assert call("mail", "receive", stdin=raw).code == 0
    assert status() == "removed"


def test_mailboxes(tmp_path: Path, token: str) -> None:
    """A Maildir, an mbox file and a file, one line each message; what was handled is seen."""
    box = maildir(tmp_path / "box", b"1", b"2@a.example")
    (box / "new" / "1").write_bytes(letter(f"unsubscribe {token}"))
    mbox = tmp_path / "mbox"
    mbox.write_bytes(b"From a\n" + POSTFIX + b"\nFrom b\n" + letter("Xin chào"))
    one = tmp_path / "one.eml"
    one.write_bytes(letter(f"unsubscribe {token}"))
    answer = call("mail", "receive", str(box), str(mbox), str(one))
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "1: unsubscribe: reader 1 removed",
        "<address>: a person's letter, or none that can be read: nothing was done",
        "mbox:1: bounce (hard): reader 1 counted",
        "mbox:2: a person's letter, or none that can be read: nothing was done",
        "one.eml: unsubscribe: reader 1 has unsubscribed already",
    ]
    assert not list((box / "new").iterdir())


def test_a_mailbox_stays_as_it_is_while_the_database_is_away(tmp_path: Path) -> None:
    """Exit code 1 for a person or a timer, and the letter is taken the next time."""
    box = maildir(tmp_path / "box", b"1")
    answer = call("--db", "nowhere/x.db", "mail", "receive", str(box))
    assert (answer.code, answer.out) == (1, "")
    assert [path.name for path in (box / "new").iterdir()] == ["1"]


def test_no_such_mailbox(token: str) -> None:
    """Exit code 2."""
    answer = call("mail", "receive", "nowhere")
    assert answer.code == 2
    assert "nowhere" in answer.complaint


def test_the_operator_is_told_five_times_a_day(
    archive: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of letters a person should look at; the letter says nothing of whose they are, and the next day begins anew."""
    monkeypatch.setenv("VIETNHAT_OPERATOR", "nguoi@tin.example")
    for _ in range(MAX_NOTES + 3):
        call("mail", "receive", "--as-of", NOW, stdin=letter(f"unsubscribe {ADDRESS}", sender="x@y.example"))
    with open_store(archive) as store:
        queued = [one.letter for one in outbox.due(store, now=_now(24))]
    assert [one.recipient for one in queued] == ["nguoi@tin.example"] * MAX_NOTES
    assert not any(ADDRESS.encode() in one.raw or b"y.example" in one.raw for one in queued)
    assert b"reader 1" in queued[0].raw
    call("mail", "receive", "--as-of", "2026-11-22T09:00", stdin=letter("confirm xyz"))
    with open_store(archive) as store:
        assert outbox.counts(store) == {"queued": MAX_NOTES + 1}


def _now(hours: int) -> object:
    from datetime import timedelta

    from monitor.cli.context import parse_instant

    return parse_instant(NOW) + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("settings", "ways"),
    [
        (
            {"VIETNHAT_BASE_URL": "https://tin.example", "VIETNHAT_RETURN_ADDRESS": "ve+tin@tin.example"},
            "<https://tin.example/u/TOKEN>, <mailto:ve+tin@tin.example?subject=unsubscribe TOKEN>",
        ),
        (
            {"VIETNHAT_RETURN_ADDRESS": "ve@tin.example", "VIETNHAT_REPLY_TO": "ai@tin.example"},
            "<mailto:ve@tin.example?subject=unsubscribe ban@vidu.example TOKEN>",
        ),
        (
            {"VIETNHAT_REPLY_TO": "ai@tin.example"},
            "<mailto:ai@tin.example?subject=unsubscribe ban@vidu.example TOKEN>",
        ),
        (
            {"VIETNHAT_MAIL_FROM": "tin@tin.example"},
            "<mailto:tin@tin.example?subject=unsubscribe ban@vidu.example TOKEN>",
        ),
    ],
)
def test_what_a_letter_says_unsubscribes(
    judged_archive: Path, token: str, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], ways: str
) -> None:
    """The header of a digest, followed as a mail program does, is understood."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert call("digest", "send", "--as-of", NOW).code == 0
    (path,) = Path("var/outbox").glob("*.eml")
    sent = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert unquote(str(sent["List-Unsubscribe"])).replace(token, "TOKEN") == ways
    subject = unquote(str(sent["List-Unsubscribe"]).rpartition("?subject=")[2].rstrip(">"))
    assert call("mail", "receive", stdin=letter(subject, sender="khac@vidu.example")).out.endswith(
        "removed\n"
    )


def test_a_digest_that_bounces_suspends_its_reader(judged_archive: Path, token: str) -> None:
    """From the letter sent to the report that quotes it."""
    assert call("digest", "send", "--as-of", NOW).code == 0
    (path,) = Path("var/outbox").glob("*.eml")
    raw = report(block(), returned=path.read_bytes().decode("utf-8", "replace"))
    assert call("mail", "receive", stdin=raw).out == "bounce (hard): reader 1 suspended\n"
    assert status() == "suspended"


@pytest.mark.parametrize(("given", "sender"), [("ve@tin.example", "ve@tin.example"), ("", "tin@tin.example")])
def test_bounces_go_to_the_return_address(monkeypatch: pytest.MonkeyPatch, given: str, sender: str) -> None:
    """It is the sender on the envelope."""
    monkeypatch.setenv("VIETNHAT_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("VIETNHAT_MAIL_FROM", "tin@tin.example")
    monkeypatch.setenv("VIETNHAT_RETURN_ADDRESS", given)
    with mail_way(load_settings()) as way:
        assert isinstance(way, SmtpWay)
        policy = way._policy
    assert isinstance(policy, SmtpPolicy)
    assert policy.sender == sender


def test_a_terminal_is_no_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types the command alone is told what it wants."""
    monkeypatch.setattr("sys.argv", ["vietnhat", "mail", "receive"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "standard input" in capsys.readouterr().err
