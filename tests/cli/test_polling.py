"""`vietnhat poll` against a server of feeds on loopback."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Newsstand
from tests.cli.samples import CONSENT, NOW, TWO, call, rss


@pytest.fixture(autouse=True)
def _model(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model fitted once for all tests serves."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))


def poll(*args: str, code: int = 0) -> dict[str, Any]:
    """Poll at the time of the sample feed; what came of it."""
    answer = call("poll", "--as-of", NOW, "--json", *args)
    assert answer.code == code, answer.err
    result: dict[str, Any] = json.loads(answer.out)
    return result


def test_poll_stores_and_judges(newsstand: Newsstand) -> None:
    """What feeds bring is stored once, dated, judged and listed; a second poll brings nothing new."""
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    first = poll()
    assert first["judged"] == 2
    assert (first["feeds"][0]["outcome"], first["feeds"][0]["new"]) == ("new", 2)
    stored = json.loads(call("articles", "list", "--json").out)
    assert [article["published"] for article in stored] == [
        "2026-11-20 23:00:00+00:00", "2026-11-20 13:00:00+00:00",
    ]  # fmt: skip
    assert {article["verdict"]["decision"] for article in stored} <= {"send", "review", "drop"}
    again = poll()
    assert (again["feeds"][0]["outcome"], again["feeds"][0]["new"], again["judged"]) == ("not-modified", 0, 0)
    assert json.loads(call("status", "--json").out)["last poll"] == "2026-11-21 07:30"


def test_from_poll_to_letter(newsstand: Newsstand) -> None:
    """The whole line: what is judged "send" is in the reader's letter."""
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    call("subscribers", "add", "ban@vidu.example", *CONSENT, "--empty")
    poll()
    sent = json.loads(call("articles", "list", "--decision", "send", "--json").out)
    issued = json.loads(call("digest", "send", "--as-of", NOW, "--json").out)
    assert [digest["items"] for digest in issued] == [len(sent)]
    assert len(list(Path("var/outbox").glob("*.eml"))) == 1


def test_a_failing_feed_stops_no_other(newsstand: Newsstand) -> None:
    """One line says why it failed; the exit code is 1 only when all failed."""
    newsstand.offer("/a", TWO)
    newsstand.offer("/page", "<!doctype html><title>x</title>", "text/html")
    newsstand.list(a="/a", gone="/gone", page="/page")
    answer = call("poll", "--as-of", NOW)
    assert answer.code == 0
    assert "gone: status 500" in answer.err or "gone: status 404" in answer.err
    assert "page: an HTML page, not a feed" in answer.err
    assert "3 feeds, 2 failed; 2 new articles, 0 revised, 2 judged" in answer.err
    assert answer.out.splitlines()[0].split("\t") == ["a", "new", "2", "2", "0"]
    assert poll("gone", "page", code=1)["judged"] == 0
    assert "gone: failing since 2026-11-21 07:30; status" in call("status").out


def test_due_only(newsstand: Newsstand) -> None:
    """`--due` asks only feeds whose time has come."""
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    assert len(poll("--due")["feeds"]) == 1
    assert poll("--due")["feeds"] == []
    assert call("poll", "--due", "--as-of", "2026-11-21T09:00").code == 0


def test_one_feed_by_name(newsstand: Newsstand) -> None:
    """Named feeds alone are polled; an unknown name: exit 2."""
    newsstand.offer("/a", TWO)
    newsstand.offer("/b", rss(("Bão số 9", "")))
    newsstand.list(a="/a", b="/b")
    assert [feed["feed_id"] for feed in poll("b")["feeds"]] == ["b"]
    answer = call("poll", "b", "nix")
    assert answer.code == 2
    assert "there is no feed 'nix'" in answer.complaint


def test_a_feed_that_never_answers(newsstand: Newsstand) -> None:
    """The deadline ends it; the others are not held up."""
    newsstand.offer("/a", TWO)
    newsstand.server.expect_request("/slow").respond_with_handler(lambda request: time.sleep(3))  # type: ignore[arg-type,return-value,func-returns-value]
    newsstand.list(a="/a", slow="/slow")
    answer = call("poll", "--as-of", NOW, env={"VIETNHAT_FETCH_DEADLINE": "0.5"})
    assert answer.code == 0
    assert "slow: " in answer.err


def test_a_private_address_is_not_fetched(newsstand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the operator's word no private address is asked."""
    monkeypatch.delenv("VIETNHAT_ALLOW_PRIVATE")
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    assert "private address" in poll(code=1)["feeds"][0]["reason"]
    assert not newsstand.server.log


def test_a_feed_that_is_gone_is_asked_when_named(newsstand: Newsstand) -> None:
    """410 ends the polling; a person who names the feed has it asked once more."""
    newsstand.server.expect_ordered_request("/a").respond_with_data("", status=410)
    newsstand.list(a="/a", b="/b")
    newsstand.offer("/b", TWO)
    assert poll()["feeds"][0]["reason"] == "status 410: the feed is gone"
    outcomes = {feed["feed_id"]: feed["outcome"] for feed in poll()["feeds"]}
    assert outcomes == {"a": "ended", "b": "not-modified"}
    assert "a: ended since" in call("status").out
    newsstand.offer("/a", TWO)
    assert poll("a")["feeds"][0]["outcome"] == "nothing-new"  # the outlet's other feed had it
