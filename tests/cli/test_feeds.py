"""`vietnhat feeds`: what is watched, how it answers, and changes to the list."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.discovery import Found, feeds_of_page, proposal, same_address
from monitor.config.feeds import load_feeds
from monitor.types import Document, Feed
from tests.cli.conftest import Newsstand
from tests.cli.samples import TWO, call, feed_line, feeds_file, rss

ROOT = Path(__file__).resolve().parents[2]
PAGE = """<!doctype html><html><head><title>Trang chủ</title>
<link rel="stylesheet" type="text/css" href="/x.css">
<link rel="alternate" hreflang="en" href="/en/">
<link rel="Alternate" type="Application/RSS+XML; charset=utf-8" title="Tin" href="/tin.rss">
<link rel="alternate" type="application/atom+xml" href="atom.xml">
</head><body><p>Tin tức</body></html>"""


def findings(*args: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """What `check` finds, by feed."""
    answer = call("feeds", "check", "--json", *args)
    assert answer.code == code, answer.err
    return {finding["id"]: finding for finding in json.loads(answer.out)}


# --- list ------------------------------------------------------------------------------------


def test_list_of_the_shipped_feeds(tmp_path: Path) -> None:
    """Without a file of one's own the shipped list is read; without a database nothing was polled."""
    answer = call("feeds", "list")
    assert (answer.code, answer.err) == (0, "")
    rows = [line.split("\t") for line in answer.out.splitlines()]
    assert [row[0] for row in rows] == [feed.id for feed in load_feeds(ROOT / "feeds.yaml")]
    assert {row[-1] for row in rows} == {"never"}
    assert not Path("var").exists()


def test_list_with_outcomes(newsstand: Newsstand, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a poll each feed's last outcome stands beside it."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a", gone="/gone", new="/new")
    call("poll", "a", "gone", "--as-of", "2026-11-21T07:30")
    told = {line.split("\t")[0]: line.split("\t")[-1] for line in call("feeds", "list").out.splitlines()}
    assert told["a"] == "2026-11-21 07:30 ok"
    assert told["gone"].startswith("2026-11-21 07:30 failed 1 times: status ")
    assert told["new"] == "never"
    listed = {feed["id"]: feed for feed in json.loads(call("feeds", "list", "--json").out)}
    assert listed["a"]["outlet"] == "Báo Thử"
    assert (listed["a"]["last"]["failures"], listed["gone"]["last"]["failures"]) == (0, 1)
    assert listed["new"]["last"] is None


# --- check -----------------------------------------------------------------------------------


def test_check_says_what_each_feed_holds(newsstand: Newsstand) -> None:
    """Entries, the newest one's local time, missing and future dates, problems, a new address; nothing is stored."""
    newsstand.offer("/a", TWO)
    newsstand.offer(
        "/undated", rss(("Bão số 9", ""), ("Lũ", "hôm qua"), ("Mưa", "Fri, 01 Jan 2100 00:00:00 GMT"))
    )
    newsstand.offer("/empty", rss())
    newsstand.server.expect_request("/old").respond_with_data("", status=301, headers={"Location": "/a"})
    newsstand.list(a="/a", undated="/undated", empty="/empty", old="/old", gone="/gone")
    answer = call("feeds", "check")
    assert answer.code == 0
    told = dict(line.split("\t") for line in answer.out.splitlines())
    assert told["a"] in (
        "2 entries; newest 2026-11-21 06:00",
        "2 entries; 2 dated in the future (is its zone right?)",  # when the machine's clock says so
        "2 entries; newest 2026-11-20 20:00; 1 dated in the future (is its zone right?)",
    )
    assert told["undated"].startswith("3 entries; 2 without a date; 1 dated in the future")
    assert "1 unreadable dates, as 'hôm qua'" in told["undated"]
    assert told["empty"] == "no entries"
    assert f"has moved to {newsstand.url('/a')}" in told["old"]
    assert told["gone"].startswith("failed: status ")
    assert "5 feeds checked, 1 failed; nothing was stored" in answer.err
    assert not Path("var").exists()


def test_check_as_json(newsstand: Newsstand) -> None:
    """The same for programs; feeds by name, in the list's order."""
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a", gone="/gone", other="/other")
    found = findings("gone", "a")
    assert list(found) == ["a", "gone"]
    assert (found["a"]["entries"], found["a"]["undated"], found["a"]["failure"]) == (2, 0, "")
    assert "status" in found["gone"]["failure"]


def test_check_fails_only_when_all_fail(newsstand: Newsstand) -> None:
    """Exit 1 when no feed could be read; exit 2 for an unknown one."""
    newsstand.offer("/page", PAGE, "text/html")
    newsstand.list(page="/page", gone="/gone")
    found = findings(code=1)
    assert found["page"]["failure"] == "an HTML page, not a feed"
    answer = call("feeds", "check", "nix")
    assert answer.code == 2
    assert "there is no feed 'nix'" in answer.complaint


# --- add -------------------------------------------------------------------------------------


def test_add_a_feed(newsstand: Newsstand) -> None:
    """A feed's address is read, named from its title and host, appended; the rest of the file stays."""
    newsstand.offer("/kinh-te.rss", rss(("Giá vàng", ""), title="Kinh tế - Báo Thử RSS"))
    newsstand.list(a="/a")
    before = newsstand.file.read_bytes()
    answer = call("feeds", "add", newsstand.url("/kinh-te.rss"))
    assert answer.code == 0, answer.err
    assert f"added to {newsstand.file} (1 entries now):" in answer.err
    assert newsstand.file.read_bytes().startswith(before)
    feed = load_feeds(newsstand.file)[-1]
    assert (feed.outlet, feed.section, feed.kind, feed.language) == ("Báo Thử", "Kinh tế", "press", "vi")
    assert feed.url == newsstand.url("/kinh-te.rss")
    assert feed.id in answer.out


def test_add_with_everything_given(newsstand: Newsstand) -> None:
    """Options win over every guess."""
    newsstand.offer("/x", rss())
    newsstand.list(a="/a")
    answer = call(
        "feeds", "add", newsstand.url("/x"), "--id", "moi", "--outlet", "Bộ: Thử #1", "--section", "tin",
        "--kind", "official", "--zone", "Asia/Tokyo", "--language", "ja", "--notes", "- yes: \"no\"",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert load_feeds(newsstand.file)[-1] == Feed(
        "moi", "Bộ: Thử #1", "tin", newsstand.url("/x"), "ja", "Asia/Tokyo", "official", '- yes: "no"'
    )


def test_add_the_feed_of_a_page(newsstand: Newsstand) -> None:
    """A page leads to the first of its feeds that can be read; the others are told."""
    newsstand.offer("/muc/trang.html", PAGE, "text/html; charset=utf-8")
    newsstand.offer("/muc/atom.xml", TWO)
    newsstand.list(a="/a")
    answer = call("feeds", "add", newsstand.url("/muc/trang.html"))
    assert answer.code == 0, answer.err
    assert load_feeds(newsstand.file)[-1].url == newsstand.url("/muc/atom.xml")
    assert f"the page also names {newsstand.url('/tin.rss')}" in answer.err


def test_add_a_feed_that_has_moved(newsstand: Newsstand) -> None:
    """The new address is listed."""
    newsstand.offer("/new", TWO)
    newsstand.server.expect_request("/old").respond_with_data("", status=301, headers={"Location": "/new"})
    newsstand.list(a="/a")
    assert call("feeds", "add", newsstand.url("/old")).code == 0
    assert load_feeds(newsstand.file)[-1].url == newsstand.url("/new")
    answer = call("feeds", "add", newsstand.url("/old"))
    assert answer.code == 2
    assert "is listed already" in answer.complaint


def test_dry_run(newsstand: Newsstand) -> None:
    """`--dry-run` shows the line and writes nothing."""
    newsstand.offer("/x", TWO)
    newsstand.list(a="/a")
    before = newsstand.file.read_bytes()
    answer = call("feeds", "add", newsstand.url("/x"), "--dry-run")
    assert answer.code == 0
    assert f"would add to {newsstand.file}" in answer.err
    assert newsstand.file.read_bytes() == before


def test_add_refuses_what_is_listed(newsstand: Newsstand) -> None:
    """The same address in another spelling, or a taken id: exit 2, nothing is fetched or written."""
    newsstand.list(a="/a")
    before = newsstand.file.read_bytes()
    for url in ("/a", "/a/"):
        answer = call("feeds", "add", newsstand.url(url))
        assert answer.code == 2
        assert "is listed already, as 'a'" in answer.complaint
    answer = call("feeds", "add", newsstand.url("/b"), "--id", "a")
    assert answer.code == 2
    assert "there is a feed 'a' already" in answer.complaint
    assert not newsstand.server.log
    assert newsstand.file.read_bytes() == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("vnexpress.net/rss",), "url 'vnexpress.net/rss': is not a web address"),
        (("file:///etc/passwd",), "is not a web address"),
        (("https://a.example/\nx",), "is not a web address"),
        (("https://u:p@a.example/",), "holds a user name or password"),
        (("https://a.example/", "--id", "Not An Id"), "id 'Not An Id': it should match"),
        (("https://a.example/", "--zone", "Asia/Nix"), "'Asia/Nix' is no time zone"),
        (("https://a.example/", "--language", "vie"), "language 'vie'"),
        (("https://a.example/", "--notes", "x" * 501), "notes"),
    ],
)
def test_add_checks_before_it_asks(newsstand: Newsstand, args: tuple[str, ...], words: str) -> None:
    """What cannot be listed is refused before the network is used."""
    newsstand.list(a="/a")
    answer = call("feeds", "add", *args)
    assert answer.code == 2
    assert words in answer.complaint


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<!doctype html><title>x</title>", "an HTML page, not a feed, and names none"),
        (PAGE, "no feed that this page names can be read"),
        ("{}", "JSON, not a feed"),
        ('<html><link rel=alternate type=application/rss+xml href="javascript:x"></html>', "names none"),
        ("\x00" * 10, "not a feed"),
    ],
)
def test_add_of_what_has_no_feed(newsstand: Newsstand, body: str, words: str) -> None:
    """Exit 1, the reason, and nothing written."""
    newsstand.offer("/x", body, "text/html")
    newsstand.list(a="/a")
    before = newsstand.file.read_bytes()
    answer = call("feeds", "add", newsstand.url("/x"))
    assert answer.code == 1
    assert words in answer.complaint
    assert newsstand.file.read_bytes() == before


def test_add_of_what_does_not_answer(newsstand: Newsstand) -> None:
    """The server's answer is told."""
    newsstand.list(a="/a")
    answer = call("feeds", "add", newsstand.url("/gone"))
    assert answer.code == 1
    assert "status " in answer.complaint


@pytest.mark.parametrize("command", [("add", "https://a.example/rss"), ("remove", "a")])
def test_the_installed_list_is_left_alone(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The list inside an installed package, or one that may not be written: copy it first."""
    folder = tmp_path / "classifiers" / "_shipped"
    folder.mkdir(parents=True)
    file = folder / "feeds.yaml"
    file.write_text(feeds_file(feed_line("a", "https://a.example/"), feed_line("b", "https://b.example/")))
    before = file.read_bytes()
    answer = call("--feeds", str(file), "feeds", *command)
    assert answer.code == 2
    assert f"cp {file} my-feeds.yaml" in answer.complaint
    assert file.read_bytes() == before


def test_a_list_that_may_not_be_written(newsstand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only file: copy it first."""
    newsstand.list(a="/a", b="/b")
    newsstand.file.chmod(0o444)
    monkeypatch.setattr(
        os, "access", lambda *_: False
    )  # root may write everything, and tests may run as root
    assert "may not be written" in call("feeds", "remove", "a").complaint


# --- remove, schema --------------------------------------------------------------------------


def test_remove(newsstand: Newsstand) -> None:
    """Feeds go by id, all or none; the last ones stay."""
    newsstand.list(a="/a", b="/b", c="/c")
    answer = call("feeds", "remove", "b", "nix")
    assert answer.code == 2
    assert "there is no feed 'nix'" in answer.complaint
    answer = call("feeds", "remove", "b", "a", "b")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"removed from {newsstand.file}: b, a; their articles stay\n"
    assert [feed.id for feed in load_feeds(newsstand.file)] == ["c"]
    answer = call("feeds", "remove", "c")
    assert answer.code == 2
    assert "without any feed" in answer.complaint


def test_the_schema_file_is_up_to_date() -> None:
    """data/feeds.schema.json is what the program prints: `vietnhat feeds schema > data/feeds.schema.json`."""
    answer = call("feeds", "schema")
    assert answer.code == 0
    assert (ROOT / "data" / "feeds.schema.json").read_text(encoding="utf-8") == answer.out
    schema = json.loads(answer.out)
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["$defs"]["FeedLine"]["properties"]) == set(Feed.__dataclass_fields__)


# --- discovery -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (PAGE, ("https://a.example/tin.rss", "https://a.example/muc/atom.xml")),
        ("<base href='https://b.example/x/'><link rel='alternate' type='application/rss+xml' href='r'>",
         ("https://b.example/x/r",)),
        ("<link rel=alternate type=application/rss+xml href=r><link rel=alternate type=application/rss+xml href=r>",
         ("https://a.example/muc/r",)),
        ("<link rel='nofollow alternate' type='application/rss+xml' href='//c.example/r'>", ("https://c.example/r",)),
        ("<link rel=stylesheet type=application/rss+xml href=r>", ()),
        ("<link rel=alternate type=text/html href=r>", ()),
        ("<link rel=alternate type=application/rss+xml href='file:///etc/passwd'>", ()),
        ("<link rel=alternate type=application/rss+xml href='http://[/'>", ()),
        ("<link rel=alternate type=application/rss+xml href>", ("https://a.example/muc/",)),
        ("", ()),
        ("<" * 10_000, ()),
    ],
)  # fmt: skip
def test_feeds_of_a_page(html: str, expected: tuple[str, ...]) -> None:
    """`<link rel=alternate>` of the two feed types, resolved against page and base, each once, web addresses only."""
    assert feeds_of_page(html, "https://a.example/muc/") == expected


KNOWN = (
    Feed("vnexpress-moi", "VnExpress", "tin mới", "https://vnexpress.net/rss/moi.rss", "vi", "UTC", "press"),
    Feed("bo-tin", "Bộ", "tin", "https://www.bo.gov.vn/rss", "en", "Asia/Tokyo", "tabloid"),
)


@pytest.mark.parametrize(
    ("url", "title", "expected"),
    [
        ("https://vnexpress.net/rss/thoi-su.rss", "Thời sự - VnExpress RSS",
         ("vnexpress-thoi-su", "VnExpress", "Thời sự", "UTC", "press")),
        ("https://www.sggp.org.vn/rss/kinh-te-3.rss", "Kinh tế | SGGP",
         ("sggp-kinh-te", "SGGP", "Kinh tế", "Asia/Ho_Chi_Minh", "press")),
        ("https://moit.gov.vn/rss", "", ("moit-tin-moi", "moit.gov.vn", "tin mới", "Asia/Ho_Chi_Minh", "official")),
        ("https://bo.gov.vn/rss/khac.rss", "RSS", ("bo-khac", "Bộ", "khac", "Asia/Tokyo", "tabloid")),
        ("https://x.example/", "Kinh tế - Báo Mới", ("x-kinh-te", "Báo Mới", "Kinh tế", "Asia/Ho_Chi_Minh", "press")),
        ("https://x.example/", "Báo Mới", ("x-bao-moi", "x.example", "Báo Mới", "Asia/Ho_Chi_Minh", "press")),
        ("https://vnexpress.net/a", "Mới", ("vnexpress-moi-2", "VnExpress", "Mới", "UTC", "press")),
        ("https://192.0.2.1/a", "", ("192-0-2-1-a", "192.0.2.1", "a", "Asia/Ho_Chi_Minh", "press")),
    ],
)  # fmt: skip
def test_proposal(url: str, title: str, expected: tuple[str, ...]) -> None:
    """From the feeds of the same host, else from title, host and address."""
    values = proposal(Found(url, Document(title, ())), {}, KNOWN)
    assert tuple(values[key] for key in ("id", "outlet", "section", "zone", "kind")) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.example/x", "https://www.A.example/x/", True),
        ("https://a.example:443/x", "https://a.example/x", True),
        ("https://a.example/x?p=1", "https://a.example/x?p=2", False),
        ("https://a.example:8080/x", "https://a.example/x", False),
    ],
)
def test_same_address(one: str, other: str, same: bool) -> None:
    """Scheme, "www.", the usual port and a last slash make no other feed."""
    assert same_address(one, other) is same
