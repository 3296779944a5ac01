"""`vietnhat articles`, `taxonomy`, `config` and `status`: reading what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.config.settings import Settings
from tests.cli.samples import CONSENT, call, feed_line, feeds_file


def ids(text: str) -> list[int]:
    """Article numbers of a plain table."""
    return [int(line.split("\t")[0]) for line in text.splitlines()]


@pytest.mark.usefixtures("archive")
class TestArticles:
    """The sample archive of three articles."""

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ((), [1, 2, 3]),
            (("--decision", "send"), [1]),
            (("--decision", "review"), []),
            (("--sector", "oda"), [1]),
            (("--sector", "energy"), []),
            (("--since", "2026-11-21T05:00"), [1, 2]),
            (("--since", "2026-11-21T07:00+09:00"), [1, 2]),
            (("--limit", "2"), [1, 2]),
        ],
    )
    def test_list(self, options: tuple[str, ...], expected: list[int]) -> None:
        """Newest first, narrowed by decision, sector, time (Vietnam's where none is named) and number."""
        answer = call("articles", "list", *options)
        assert (answer.code, ids(answer.out), answer.err) == (0, expected, "")
        as_json = json.loads(call("articles", "list", *options, "--json").out)
        assert [article["id"] for article in as_json] == expected

    def test_a_line_of_the_list(self) -> None:
        """Number, local time, outlet, decision, relevance, first sector, title; no header for pipes."""
        line = call("articles", "list", "--limit", "1").out.rstrip("\n")
        assert line.split("\t") == [
            "1", "2026-11-21 06:00", "Báo Thử", "send", "0.97", "oda", "Nhật Bản đầu tư lớn vào Huế",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("words", "expected"),
        [(("dau tu",), [1]), (("đầu", "tư"), [1]), (("hue",), [1, 3]), (("nix",), []), (('"',), [])],
    )
    def test_search(self, words: tuple[str, ...], expected: list[int]) -> None:
        """All words, tone marks or not; nothing found is no error."""
        answer = call("articles", "search", *words)
        assert (answer.code, ids(answer.out)) == (0, expected)
        assert [a["id"] for a in json.loads(call("articles", "search", "--json", *words).out)] == expected

    def test_show(self) -> None:
        """One article with verdict, evidence and the wording it had before."""
        out = call("articles", "show", "1").out
        for words in ("Nhật Bản đầu tư lớn vào Huế", "send, relevance 0.970", "oda 0.90", "oda.yen-loans",
                      "vay +1.50", "Nhật Bản đầu tư vào Huế", "https://thu.example/0"):  # fmt: skip
            assert words in out
        data = json.loads(call("articles", "show", "1", "--json").out)
        assert data["verdict"]["decision"] == "send"
        assert [old["title"] for old in data["revisions"]] == ["Nhật Bản đầu tư vào Huế"]

    def test_show_without_a_verdict(self) -> None:
        """An article that nobody judged says so."""
        assert "unclassified" in call("articles", "show", "3").out

    @pytest.mark.parametrize("number", ["4", "9223372036854775807"])
    def test_show_of_none(self, number: str) -> None:
        """A number that no article has: exit 2, one line."""
        answer = call("articles", "show", number)
        assert answer.code == 2
        assert f"there is no article {number}" in answer.complaint

    @pytest.mark.parametrize("number", ["x", "0", "-1", "9223372036854775808", "9" * 30])
    def test_show_of_what_is_no_number(self, number: str) -> None:
        """What the database could not even look up is refused by name."""
        answer = call("articles", "show", "--", number)
        assert answer.code == 2
        assert "ARTICLE_ID" in answer.err

    def test_export(self) -> None:
        """Every article as a line of JSON, with its verdict."""
        lines = [json.loads(line) for line in call("articles", "export").out.splitlines()]
        assert [line["id"] for line in lines] == [1, 2, 3]
        assert [line["verdict"]["decision"] for line in lines] == ["send", "drop", "unclassified"]

    @pytest.mark.parametrize(
        "time",
        ["x", "2026", "21/11/2026", "0001-01-01", "9999-12-31T23:59-12:00", "1969-12-31", "2200-01-01"],
    )
    def test_a_time_that_is_none(self, time: str) -> None:
        """A time nobody can mean is refused in one line."""
        answer = call("articles", "list", "--since", time)
        assert answer.code == 2
        assert repr(time) in answer.complaint

    def test_an_unknown_sector(self) -> None:
        """A sector that does not exist is a mistake, not an empty list."""
        answer = call("articles", "list", "--sector", "fishing")
        assert answer.code == 2
        assert "there is no sector 'fishing'" in answer.complaint

    def test_status(self, tmp_path: Path) -> None:
        """Feeds, articles, model, readers and letters in numbers."""
        Path("feeds.yaml").write_text(
            feeds_file(feed_line("thu", "https://thu.example/rss")), encoding="utf-8"
        )
        call("subscribers", "add", "ban@vidu.example", *CONSENT)
        call("subscribers", "add", "bon@vidu.example")
        data = json.loads(call("status", "--json").out)
        assert (data["feeds"], data["never polled"], data["articles"]) == (1, 0, 3)
        assert (data["readers"], data["letters queued"], data["problems"]) == (1, 1, [])
        assert "none yet" in data["model"]
        plain = dict(line.split("\t") for line in call("status").out.splitlines())
        assert plain["articles"] == "3"


def test_a_table_for_a_person(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there is a header, and control characters of strangers do nothing."""
    import sys

    from monitor.cli.context import clean, print_table

    assert clean("a\x1b[2J\u202eb\n") == "a [2J b "
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    print_table(("id",), [("1\x1b",)])


def test_taxonomy_show() -> None:
    """Fourteen sectors; the commitments of one; one commitment with its sources; each language."""
    sectors = call("taxonomy", "show").out.splitlines()
    assert len(sectors) == 14
    assert sectors[0].startswith("politics\t")
    assert len(json.loads(call("taxonomy", "show", "--json").out)) == 14
    members = json.loads(call("taxonomy", "show", "oda", "--json").out)
    assert "oda.yen-loans" in [member["id"] for member in members]
    assert len(call("taxonomy", "show", "oda").out.splitlines()) == len(members)
    texts = {
        call("taxonomy", "show", "oda.yen-loans", "--language", tongue).out for tongue in ("vi", "en", "ja")
    }
    assert len(texts) == 3
    assert all(text.startswith("oda.yen-loans: ") and "terms: " in text for text in texts)
    assert json.loads(call("taxonomy", "show", "oda.yen-loans", "--json").out)["sector"] == "oda"


def test_taxonomy_show_of_none() -> None:
    """An unknown name: exit 2, and where to look."""
    answer = call("taxonomy", "show", "nix")
    assert answer.code == 2
    assert "see 'vietnhat taxonomy show'" in answer.complaint


def test_taxonomy_check(tmp_path: Path) -> None:
    """The shipped files are in order; a file is checked by its name; another name, or a bad file, is told."""
    answer = call("taxonomy", "check")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("in order: 14 sectors")
    other = call("taxonomy", "check", "nix.yaml")
    assert (other.code, "nix.yaml" in other.complaint) == (2, True)
    bad = tmp_path / "signals.yaml"
    bad.write_text("signals: 5\n", encoding="utf-8")
    answer = call("taxonomy", "check", str(bad))
    assert answer.code == 2
    assert answer.complaint.startswith(f"vietnhat: {bad}:1: ")


def test_config_show() -> None:
    """Every setting with its value; a secret only says that it is set."""
    env = {"VIETNHAT_SMTP_HOST": "mail.example", "VIETNHAT_SMTP_PASSWORD": "geheim-42",
           "VIETNHAT_ALLOW_PRIVATE": "b:2,a:1"}  # fmt: skip
    plain, as_json = call("config", "show", env=env), call("config", "show", "--json", env=env)
    assert "geheim" not in plain.out + plain.err + as_json.out + as_json.err
    values = json.loads(as_json.out)
    assert set(values) == {f"VIETNHAT_{name.upper()}" for name in Settings.model_fields}
    assert values["VIETNHAT_SMTP_PASSWORD"] == "(set)"
    assert values["VIETNHAT_SMTP_HOST"] == "mail.example"
    assert values["VIETNHAT_ALLOW_PRIVATE"] == "a:1,b:2"
    assert values["VIETNHAT_PROXY"] == ""
    assert len(plain.out.splitlines()) == len(values)


def test_options_win_over_the_environment(tmp_path: Path) -> None:
    """`--db` and `--feeds` are the last word."""
    answer = call(
        "--db", "a.db", "--feeds", "f.yaml", "config", "show", "--json", env={"VIETNHAT_DB": "b.db"}
    )
    values = json.loads(answer.out)
    assert (values["VIETNHAT_DB"], values["VIETNHAT_FEEDS"]) == ("a.db", "f.yaml")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Neither a text nor a newer database is touched; one line says what to do."""
    text = tmp_path / "notes.db"
    text.write_text("not a database, but longer than a hundred bytes " * 5, encoding="utf-8")
    before = text.read_bytes()
    answer = call("--db", str(text), "articles", "list")
    assert answer.code == 1
    assert str(text) in answer.complaint
    assert text.read_bytes() == before
