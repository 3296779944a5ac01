"""Channels on the command line: added with consent alone, and their addresses, which are keys, told by nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from monitor.masking import forget
from monitor.store.database import open_store
from tests.cli.samples import CONSENT, NOW, Answer, call
from tests.delivery.receiver import SECRET_PATH, answer, receiving

HOOK = "https://hooks.example/planted-hook-5d1e9c77aa"
CHAT = "slack://T1PLANTED/B1PLANTED/PlantedToken"
SECRET = "a-secret-of-the-tests"
PLANTED = ("planted", "PLANTED", "Planted", SECRET)


def quiet(*words: str, env: dict[str, str] | None = None) -> Answer:
    """A command, which must not tell a planted word. Each begins as a process of its own would: nothing is hidden."""
    forget()
    found = call(*words, env=env)
    told = [word for word in PLANTED if word in found.out + found.err]
    assert not told, f"vietnhat {words[:2]} tells {told}: {found.out}{found.err}"
    return found


@pytest.mark.parametrize(("address", "shown"), [(HOOK, "https://hooks.example/***"), (CHAT, "slack://***")])
def test_a_channel_lives_like_a_reader(archive: Path, address: str, shown: str) -> None:
    """Added, listed, changed, paused, resumed, removed and erased, by its address or its number."""
    assert quiet("subscribers", "add", address, *CONSENT, "--language", "ja", "--sector", "oda").code == 0
    (reader,) = json.loads(quiet("subscribers", "list", "--json").out)
    assert (reader["address"], reader["status"], reader["language"]) == (shown, "active", "ja")
    row = quiet("subscribers", "list").out.strip().split("\t")
    assert (row[0], row[-1]) == (shown, str(reader["id"]))
    number = str(reader["id"])
    assert quiet("subscribers", "set", number, "--cadence", "weekly").code == 0
    assert quiet("subscribers", "set", address, "--hour", "9").code == 0
    assert quiet("subscribers", "pause", number).code == 0
    assert quiet("subscribers", "resume", address).code == 0
    assert "already" in quiet("subscribers", "add", address, *CONSENT).complaint
    assert quiet("subscribers", "remove", number).code == 0
    assert quiet("subscribers", "erase", number, "--yes").code == 0
    assert quiet("subscribers", "pause", address).code == 2
    with open_store(archive) as store:
        assert store.rows("SELECT * FROM subscriber") == []


def test_nobody_can_be_asked_in_a_channel(archive: Path) -> None:
    """Without --consent it is refused, and nothing is stored."""
    for address in (HOOK, CHAT):
        found = quiet("subscribers", "add", address)
        assert found.code == 2
        assert "--consent" in found.complaint
    assert quiet("subscribers", "list").out == ""


@pytest.mark.parametrize(
    "address",
    ["http://hooks.example/planted", "exec://planted", "discord://planted/planted", "msteams://planted/a/b/c/d",
     "slack://planted", "ftp://planted:planted@x/planted", CHAT + "?template=/etc/passwd", HOOK + "#planted"],
)  # fmt: skip
def test_what_is_no_channel(archive: Path, address: str) -> None:
    """One line that says what to do; exit 2; nothing stored and nothing repeated."""
    found = quiet("subscribers", "add", address, *CONSENT)
    assert found.code == 2
    assert found.complaint
    assert quiet("subscribers", "list").out == ""
    assert quiet("deliver", "test", address).code == 2


def test_what_is_missing_is_told(archive: Path) -> None:
    """A webhook without a secret is told when it is added, and by the doctor."""
    assert "VIETNHAT_WEBHOOK_SECRET" in quiet("subscribers", "add", HOOK, *CONSENT).err
    found = quiet("doctor")
    assert "set VIETNHAT_WEBHOOK_SECRET" in found.out
    env = {"VIETNHAT_WEBHOOK_SECRET": SECRET}
    assert "VIETNHAT_WEBHOOK_SECRET" not in quiet("doctor", env=env).out
    assert "VIETNHAT_WEBHOOK_SECRET" not in quiet("subscribers", "add", HOOK + "-2", *CONSENT, env=env).err


def test_a_missing_library_is_told(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor says what to install; adding a chat is refused with the same words."""
    assert quiet("subscribers", "add", CHAT, *CONSENT).code == 0
    assert "vietnhat[chat]" not in quiet("doctor").out
    monkeypatch.setattr("monitor.doctor.find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert "vietnhat[chat]" in quiet("doctor").out
    found = quiet("subscribers", "add", CHAT + "/#tin", *CONSENT)
    assert found.code == 2
    assert "vietnhat[chat]" in found.complaint


def test_the_secret_is_checked_and_never_shown(archive: Path) -> None:
    """Like a password: config show says that it is set; a short one is refused without being repeated."""
    env = {"VIETNHAT_WEBHOOK_SECRET": SECRET}
    assert "VIETNHAT_WEBHOOK_SECRET\t(set)" in quiet("config", "show", env=env).out
    found = quiet("status", env={"VIETNHAT_WEBHOOK_SECRET": "planted"})
    assert found.code == 2
    assert "VIETNHAT_WEBHOOK_SECRET" in found.complaint


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("reply", [b"", answer("404 Not Found", f"no /hooks/{SECRET_PATH} here")])
def test_sending_tells_nothing(judged_archive: Path, reply: bytes, form: str) -> None:
    """Whatever a receiver repeats, nothing that is said of sending, previewing or looking holds its key."""
    env = {"VIETNHAT_WEBHOOK_SECRET": SECRET, "VIETNHAT_LOG": form}
    with receiving(*([reply] if reply else [])) as receiver:
        quiet("subscribers", "add", receiver.url, *CONSENT, env=env)
        preview = quiet("digest", "preview", receiver.url, "--as-of", NOW, env=env)
        assert f"http://127.0.0.1:{receiver.port}/***" in preview.out
        assert quiet("digest", "send", "--as-of", NOW, env=env).code == 0
        assert quiet("deliver", "--as-of", NOW, env=env).code == 0
        assert len(receiver.requests) == 1
        why = quiet("digest", "why", "1", "1", "--as-of", NOW, env=env)
        assert why.code == 0
        for words in (("status",), ("status", "--json"), ("doctor",), ("subscribers", "list", "--json")):
            quiet(*words, env=env)
    body = json.loads(receiver.requests[0].body)
    assert [item["link"] for item in body["items"]] == ["https://thu.example/0"]
    (listed,) = json.loads(quiet("subscribers", "list", "--json", env=env).out)
    assert listed["status"] == ("suspended" if reply else "active")


def test_a_channel_can_be_tried(archive: Path) -> None:
    """`deliver test` posts at once, signed, and says what was answered."""
    env = {"VIETNHAT_WEBHOOK_SECRET": SECRET}
    with receiving(answer("200 OK", "danke"), answer("500 Oops")) as receiver:
        good = quiet("deliver", "test", receiver.url, env=env)
        bad = quiet("deliver", "test", receiver.url, env=env)
        unsigned = quiet("deliver", "test", receiver.url)
    assert (good.code, bad.code, unsigned.code) == (0, 1, 1)
    assert good.err == f"http://127.0.0.1:{receiver.port}/***: 200 danke\n"
    assert "VIETNHAT_WEBHOOK_SECRET" in unsigned.err
    body = json.loads(receiver.requests[0].body)
    assert (body["kind"], body["items"]) == ("test", [])
    assert len(receiver.requests) == 2
