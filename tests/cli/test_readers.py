"""`vietnhat subscribers`: only who agreed is mailed, and everyone can be forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.store.database import open_store
from tests.cli.samples import CONSENT, call

ADDRESS = "ban@vidu.example"


@pytest.fixture(autouse=True)
def _empty(_no_outside: None) -> None:
    """A database that knows nobody, where the settings look for it."""
    open_store(Path("var/vietnhat.db"), create=True).close()


def listed() -> list[dict[str, Any]]:
    """All readers as other programs see them."""
    answer = call("subscribers", "list", "--json")
    assert answer.code == 0
    readers: list[dict[str, Any]] = json.loads(answer.out)
    return readers


def waiting() -> int:
    """How many letters are in the outbox."""
    status: dict[str, Any] = json.loads(call("status", "--json").out)
    return int(status.get("letters queued", 0))


def test_nobody_yet() -> None:
    """An empty list is empty output, and no error."""
    answer = call("subscribers", "list")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert listed() == []


def test_add_with_consent() -> None:
    """Who agreed is active at once, with all choices; no letter asks again."""
    answer = call(
        "subscribers", "add", "Ban@ViDu.example", *CONSENT, "--language", "ja", "--zone", "Asia/Tokyo",
        "--cadence", "weekly", "--weekday", "fri", "--hour", "6", "--sector", "oda", "--sector", "energy",
        "--sector", "oda", "--empty",
    )  # fmt: skip
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "Ban@vidu.example: weekly fri 06:00 (Asia/Tokyo)\n"
    (reader,) = listed()
    assert reader["address"] == "Ban@vidu.example"
    assert (reader["status"], reader["consent"]) == ("active", "signed list, 3 Nov 2026")
    assert (reader["language"], reader["zone"], reader["cadence"]) == ("ja", "Asia/Tokyo", "weekly")
    assert (reader["weekday"], reader["hour"], reader["sectors"]) == (4, 6, ["oda", "energy"])
    assert reader["wants_empty"] is True
    assert waiting() == 0
    row = call("subscribers", "list").out.split("\t")
    assert row[:6] == ["Ban@vidu.example", "active", "ja", "weekly fri 06:00", "Asia/Tokyo", "oda energy"]


def test_set_changes_what_is_named() -> None:
    """Every choice can be made later; what is not named stays, and lists can be emptied."""
    call("subscribers", "add", ADDRESS, *CONSENT, "--hour", "6", "--sector", "oda")
    answer = call(
        "subscribers", "set", ADDRESS, "--cadence", "twice", "--second-hour", "16", "--holiday", "VN",
        "--holiday", "JP", "--maybe", "--thread", "--watch", "Bến Thành  - Suối Tiên", "--watch", "oda.yen-loans",
        "--alert-sector", "security", "--alert-outlets", "4", "--quiet", "22-7",
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, f"{ADDRESS}: daily 06:00, 16:00 (Asia/Ho_Chi_Minh)\n")
    (reader,) = listed()
    assert (reader["hour"], reader["sectors"], reader["language"]) == (6, ["oda"], "vi")
    assert (reader["holidays"], reader["wants_maybe"], reader["wants_thread"]) == (["VN", "JP"], True, True)
    assert reader["watched"] == ["Bến Thành - Suối Tiên", "oda.yen-loans"]
    assert (reader["alert_sectors"], reader["alert_outlets"]) == (["security"], 4)
    assert (reader["quiet_from"], reader["quiet_until"]) == (22, 7)
    answer = call(
        "subscribers", "set", ADDRESS, "--sector", "all", "--watch", "none", "--quiet", "none", "--no-maybe"
    )
    assert answer.code == 0
    (reader,) = listed()
    assert (reader["sectors"], reader["watched"], reader["quiet_from"], reader["wants_maybe"]) == (
        [],
        [],
        0,
        False,
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--quiet", "9"), ("--quiet", "9-24"), ("--watch", "x"), ("--zone", "Mars/Olympus"), ("--sector", "war"),
        ("--alert-sector", "war"), ("--holiday", "US"), (), ("--hour", "7"),
    ],
)  # fmt: skip
def test_set_refuses_what_means_nothing(options: tuple[str, ...]) -> None:
    """One line that says what; also when nothing would change."""
    call("subscribers", "add", ADDRESS, *CONSENT)
    answer = call("subscribers", "set", ADDRESS, *options)
    assert answer.code == 2
    assert answer.err.strip()


def test_add_without_consent_asks_by_letter() -> None:
    """Without consent the reader is pending and one letter asks them; confirming makes them active."""
    answer = call("subscribers", "add", ADDRESS)
    assert answer.code == 0
    assert f"subscribers confirm {ADDRESS}" in answer.err
    assert (listed()[0]["status"], listed()[0]["consent"]) == ("pending", "")
    assert waiting() == 1
    answer = call("subscribers", "confirm", ADDRESS, "--consent", "mail of 21 Nov\n2026")
    assert answer.code == 0
    assert (listed()[0]["status"], listed()[0]["consent"]) == ("active", "mail of 21 Nov 2026")


@pytest.mark.parametrize(
    "address",
    ["", "ban", "ban@", "@vidu.example", "a b@vidu.example", "ban@vidu", "ban@vidu..example", "ban@[127.0.0.1]",
     "ban@vidu.example\nBcc: x@y.example", "Bạn <ban@vidu.example>", "a@vidu.example,b@vidu.example",
     f"{'a' * 65}@vidu.example", "ban@-x.example", "ban@localhost"],
)  # fmt: skip
def test_an_address_that_is_none(address: str) -> None:
    """What cannot be mailed is refused in one line, and nothing is stored."""
    answer = call("subscribers", "add", "--", address)
    assert answer.code == 2
    assert "is not a mail address" in answer.complaint
    assert listed() == []


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--sector", "fishing", "there is no sector 'fishing'; they are: politics, defence"),
        ("--zone", "Asia/Hanoi", "'Asia/Hanoi' is no time zone"),
        ("--zone", "Asia", "is no time zone"),
        ("--zone", "../../etc/passwd", "is no time zone"),
        ("--zone", "", "is no time zone"),
        ("--consent", "  ", "--consent says nothing"),
        ("--consent", "", "--consent says nothing"),
    ],
)
def test_a_choice_that_does_not_exist(option: str, value: str, words: str) -> None:
    """Unknown sectors and zones and an empty consent: exit 2, one line, nothing stored."""
    answer = call("subscribers", "add", ADDRESS, *CONSENT, option, value)
    assert answer.code == 2
    assert words in answer.complaint
    assert listed() == []


@pytest.mark.parametrize(
    ("option", "value"),
    [("--hour", "24"), ("--weekday", "someday"), ("--language", "fr"), ("--cadence", "x")],
)
def test_a_choice_out_of_range(option: str, value: str) -> None:
    """The command's own options are checked by name: exit 2."""
    answer = call("subscribers", "add", ADDRESS, *CONSENT, option, value)
    assert answer.code == 2
    assert f"Invalid value for '{option}'" in answer.err
    assert listed() == []


def test_an_address_is_listed_once() -> None:
    """The same address, in whatever letter case, is refused and changes nothing."""
    call("subscribers", "add", ADDRESS, *CONSENT)
    answer = call("subscribers", "add", ADDRESS.upper(), *CONSENT, "--hour", "9")
    assert answer.code == 2
    assert "is a subscriber already" in answer.complaint
    assert [reader["hour"] for reader in listed()] == [7]


def test_pause_and_resume() -> None:
    """A paused reader goes on when resumed; letter case of the address does not matter."""
    call("subscribers", "add", ADDRESS, *CONSENT)
    assert call("subscribers", "pause", ADDRESS.upper()).code == 0
    assert listed()[0]["status"] == "paused"
    assert call("subscribers", "resume", ADDRESS).code == 0
    assert listed()[0]["status"] == "active"


def test_who_never_agreed_is_not_resumed() -> None:
    """Neither pausing nor resuming turns a pending reader into an active one."""
    call("subscribers", "add", ADDRESS)
    assert call("subscribers", "pause", ADDRESS).code == 2
    answer = call("subscribers", "resume", ADDRESS)
    assert answer.code == 2
    assert "never agreed" in answer.complaint
    assert listed()[0]["status"] == "pending"


def test_who_unsubscribed_is_not_resumed() -> None:
    """Removing is for good: only a new consent, with its words, brings a reader back."""
    call("subscribers", "add", ADDRESS, *CONSENT)
    assert call("subscribers", "remove", ADDRESS).code == 0
    assert listed()[0]["status"] == "removed"
    for command in ("resume", "pause"):
        assert call("subscribers", command, ADDRESS).code == 2
    assert "has unsubscribed" in call("subscribers", "resume", ADDRESS).complaint
    assert listed()[0]["status"] == "removed"
    assert call("subscribers", "confirm", ADDRESS, "--consent", " ").code == 2
    assert call("subscribers", "confirm", ADDRESS, "--consent", "wrote again, 1 Dec").code == 0
    assert (listed()[0]["status"], listed()[0]["consent"]) == ("active", "wrote again, 1 Dec")


def test_erase(tmp_path: Path) -> None:
    """Erasing asks first; afterwards neither the address nor its letters are in the database file's rows."""
    call("subscribers", "add", ADDRESS)
    assert waiting() == 1
    answer = call("subscribers", "erase", ADDRESS, stdin="n\n")
    assert (answer.code, answer.err) == (130, "stopped\n")
    assert len(listed()) == 1
    assert call("subscribers", "erase", ADDRESS, "--yes").code == 0
    assert listed() == []
    assert waiting() == 0
    refused = call("subscribers", "add", ADDRESS, *CONSENT)
    assert (refused.code, "left and was forgotten" in refused.err) == (2, True)
    assert listed() == []
    assert call("subscribers", "add", ADDRESS, *CONSENT, "--again").code == 0


@pytest.mark.parametrize(
    "command", [("pause",), ("resume",), ("remove",), ("erase", "--yes"), ("confirm", *CONSENT)]
)
def test_a_stranger(command: tuple[str, ...]) -> None:
    """Every command on one reader says when there is no such reader."""
    answer = call("subscribers", command[0], "ai@vidu.example", *command[1:])
    assert answer.code == 2
    assert "ai@vidu.example is no subscriber" in answer.complaint


def test_lists_go_out_and_come_in() -> None:
    """What `export` writes, `import` reads; known readers stay; a file that is wrong changes nothing, nor a try."""
    call(
        "subscribers",
        "add",
        ADDRESS,
        *CONSENT,
        "--sector",
        "oda",
        "--watch",
        "Bến Thành – Suối Tiên",
        "--maybe",
    )
    call("subscribers", "add", "https://hooks.example/x/0123456789abcdefSECRET", *CONSENT)
    out = call("subscribers", "export")
    assert (out.code, "1 channels are left out" in out.err, "SECRET" in out.out + out.err) == (0, True, False)
    before = listed()[0]
    Path("list.csv").write_text(out.out, encoding="utf-8")
    assert "1 known already" in call("subscribers", "import", "list.csv").err
    call("subscribers", "erase", ADDRESS, "--yes")
    assert "1 want no mail" in call("subscribers", "import", "list.csv").err
    other = out.out.replace(ADDRESS, "khac@vidu.example")
    Path("list.csv").write_text(other, encoding="utf-8")
    assert "nothing was done" in call("subscribers", "import", "list.csv", "--dry-run").err
    assert "1 added" in call("subscribers", "import", "list.csv").err
    (after,) = [each for each in listed() if each["address"] == "khac@vidu.example"]
    same = {"id", "address", "created_at"}
    assert {k: v for k, v in after.items() if k not in same} == {
        k: v for k, v in before.items() if k not in same
    }
    assert "token" not in after
    Path("list.csv").write_text("address,hour\na@vidu.example,7\nb@vidu.example,25\n", encoding="utf-8")
    wrong = call("subscribers", "import", "list.csv")
    assert (wrong.code, "list.csv:3: hour:" in wrong.err) == (2, True)
    Path("list.csv").write_text("address,cadence\na@vidu.example,alerts\n", encoding="utf-8")
    assert "1 asked by letter" in call("subscribers", "import", "list.csv").err
    assert [each["alert_outlets"] for each in listed() if each["address"] == "a@vidu.example"] == [3]


def test_what_is_on_record_of_one_person() -> None:
    """Choices, what happened, and how many letters; everything there is as JSON, but for the token."""
    call("subscribers", "add", ADDRESS, *CONSENT)
    shown = call("subscribers", "show", ADDRESS).out
    assert "agreed" in shown
    whole = json.loads(call("subscribers", "show", ADDRESS, "--json").out)
    assert (whole["subscriber"]["address"], "token" in whole["subscriber"]) == (ADDRESS, False)
