"""`vietnhat digest` and `vietnhat deliver`: what a reader would get, and letters as files."""

from __future__ import annotations

import email
import email.policy
import json
from pathlib import Path

import pytest

from tests.cli.samples import CONSENT, NOW, call

ADDRESS = "ban@vidu.example"
TITLE = "Nhật Bản đầu tư lớn vào Huế"


@pytest.fixture(autouse=True)
def _reader(judged_archive: Path) -> None:
    """One reader who agreed, news of the day, and a model that has judged it."""
    call("subscribers", "add", ADDRESS, *CONSENT)


def letters() -> list[email.message.EmailMessage]:
    """What lies in the outbox folder."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(Path("var/outbox").glob("*.eml"))
    ]


def test_preview_changes_nothing() -> None:
    """The digest of now is shown, twice the same, and neither recorded nor sent."""
    first, second = (call("digest", "preview", ADDRESS, "--as-of", NOW) for _ in range(2))
    assert (first.code, first.err) == (0, "")
    assert TITLE in first.out
    assert first.out == second.out
    assert "letters queued" not in json.loads(call("status", "--json").out)
    assert not Path("var/outbox").exists()


def test_preview_as_a_page(tmp_path: Path) -> None:
    """The HTML part goes into a file."""
    page = tmp_path / "digest.html"
    answer = call("digest", "preview", ADDRESS, "--as-of", NOW, "--html", str(page))
    assert (answer.code, answer.out, answer.err) == (0, "", f"wrote {page}\n")
    assert TITLE in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [".", "no/such/folder/x.html"])
def test_preview_into_nowhere(path: str) -> None:
    """A page that cannot be written is one line."""
    answer = call("digest", "preview", ADDRESS, "--as-of", NOW, "--html", path)
    assert answer.code == 1
    assert path in answer.complaint


def test_preview_for_a_stranger() -> None:
    """Exit 2 for an address that is no subscriber."""
    answer = call("digest", "preview", "ai@vidu.example")
    assert answer.code == 2
    assert "is no subscriber" in answer.complaint


def test_send_once() -> None:
    """The digest becomes one letter; asked again in the same slot, nothing is due."""
    answer = call("digest", "send", "--as-of", NOW, "--json")
    assert answer.code == 0
    (digest,) = json.loads(answer.out)
    assert (digest["items"], digest["more"]) == (1, 0)
    (letter,) = letters()
    assert letter["To"] == ADDRESS
    body = letter.get_body(("plain",))
    assert body is not None
    assert TITLE in body.get_content()
    again = call("digest", "send", "--as-of", NOW)
    assert (again.code, again.out) == (0, "")
    assert "nothing is due" in again.err
    assert len(letters()) == 1


def test_queue_only_and_deliver() -> None:
    """Letters may wait in the outbox until delivered."""
    assert call("digest", "send", "--queue-only", "--as-of", NOW).code == 0
    assert letters() == []
    assert json.loads(call("status", "--json").out)["letters queued"] == 1
    answer = call("deliver", "--as-of", NOW)
    assert (answer.code, answer.out) == (0, "")
    assert "event=deliver" in answer.err
    assert ADDRESS not in answer.err
    assert len(letters()) == 1
    assert json.loads(call("status", "--json").out)["letters sent"] == 1


def test_a_broken_way_out_keeps_the_letter() -> None:
    """Where the outbox folder cannot be written: exit 1, and the letter waits."""
    Path("file").write_text("", encoding="utf-8")
    answer = call("digest", "send", "--as-of", NOW, env={"VIETNHAT_OUTBOX": "file/x"})
    assert answer.code == 1
    assert json.loads(call("status", "--json").out)["letters queued"] == 1


def test_deliver_test() -> None:
    """A test letter goes past the outbox; the answer says where it went."""
    answer = call("deliver", "test", "chi@vidu.example", "--as-of", NOW)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("var/outbox: written to var/outbox/test-")
    (letter,) = letters()
    assert letter["To"] == "chi@vidu.example"
    assert "letters sent" not in json.loads(call("status", "--json").out)


def test_deliver_test_to_no_address() -> None:
    """An address that is none: exit 2, nothing written."""
    answer = call("deliver", "test", "chi")
    assert answer.code == 2
    assert "is not a mail address" in answer.complaint
    assert letters() == []


def test_deliver_test_without_a_server() -> None:
    """No mail server there: exit 1, and the server's name."""
    env = {"VIETNHAT_SMTP_HOST": "127.0.0.1", "VIETNHAT_SMTP_PORT": "1"}
    answer = call("deliver", "test", "chi@vidu.example", env=env)
    assert answer.code == 1
    assert answer.err.startswith("127.0.0.1:1: ")


@pytest.mark.parametrize("time", ["x", "0001-01-01", "9999-12-31T23:59"])
@pytest.mark.parametrize("command", [("digest", "send"), ("digest", "preview", ADDRESS), ("deliver",)])
def test_no_such_now(command: tuple[str, ...], time: str) -> None:
    """A time that is none is refused before anything is done."""
    answer = call(*command, "--as-of", time)
    assert answer.code == 2
    assert repr(time) in answer.complaint


def why(article: str) -> str:
    """What is said of one article."""
    answer = call("digest", "why", ADDRESS, article, "--as-of", NOW)
    assert (answer.code, answer.err) == (0, "")
    return answer.out


def test_why_before_and_after_a_digest() -> None:
    """A candidate first; then where it stood and what became of the letter; by number or by any address."""
    articles = json.loads(call("articles", "list", "--decision", "send", "--json").out)
    number, link = str(articles[0]["id"]), articles[0]["link"]
    assert "it may come with the next digest" in why(number)
    call("digest", "send", "--as-of", NOW)
    said = why(number)
    assert TITLE in said
    assert "in digest d-1-" in said
    assert "in full, place 1; the letter is sent" in said
    assert why(f"{link}?utm_source=thu&fbclid=1") == said


def test_why_not() -> None:
    """What the model dropped, or put in review, says so with its figure."""
    call("digest", "send", "--as-of", NOW)
    dropped = json.loads(call("articles", "list", "--decision", "drop", "--json").out)[0]["id"]
    assert f"'vietnhat explain {dropped}'" in why(str(dropped))
    lines = json.loads(call("digest", "why", ADDRESS, str(dropped), "--json").out)[0]["trace"]
    assert len(lines) == 1
    assert lines[0].startswith("not relevant by model")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((ADDRESS, "https://khong.example/co"), 1, "no such article is stored"),
        ((ADDRESS, "99999"), 1, "no such article is stored"),
        ((ADDRESS, "bài báo"), 2, "neither a web address nor the number"),
        (("ai@vidu.example", "1"), 2, "is no subscriber"),
    ],
)
def test_why_of_what_is_not_there(words: tuple[str, str], code: int, said: str) -> None:
    """One line each."""
    answer = call("digest", "why", *words)
    assert answer.code == code
    assert said in answer.err
