"""feeds.yaml: whatever is wrong with it is one line with file, line and key; nothing is executed, nothing hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.config.feeds import MAX_URL, feeds_path, load_feeds
from monitor.errors import BadFile

ROOT = Path(__file__).resolve().parents[2]
GOOD = """# Our feeds.
feeds:
  - id: a
    outlet: Báo Á
    section: tin
    url: https://a.example/rss
    language: vi
    zone: Asia/Ho_Chi_Minh
    kind: press

  - id: b
    outlet: Báo Bê
    section: tin
    url: https://b.example/rss
    language: vi
    zone: Asia/Ho_Chi_Minh
    kind: agency
    notes: dates without a zone
"""
A_URL = "url: https://a.example/rss"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{now}: &{now} [{','.join([f'*{before}'] * 9)}]\n"
    for before, now in zip("abcdefgh", "bcdefghi", strict=True)
)
ADDRESS = "is not a web address; write it as https://host/path"


def a_url(value: str) -> str:
    """The good file with another address in its first entry, line 6."""
    return GOOD.replace(A_URL, f"url: {value}")


def write(tmp_path: Path, content: str | bytes) -> Path:
    """The content as a file."""
    path = tmp_path / "feeds.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        "---\n" + GOOD + "...\n",
        "%YAML 1.2\n---\n" + GOOD,
        a_url('"https://a.example/rss"'),
        a_url("https://tin-tức.example/rss"),
        a_url("http://192.168.1.1:8080/rss"),
        a_url("https://a.example/" + "a" * (MAX_URL - len("https://a.example/"))),
    ],
)
def test_a_good_file(tmp_path: Path, content: str) -> None:
    """Two feeds in their order, whatever the line ends, with a byte-order mark or without."""
    feeds = load_feeds(write(tmp_path, content))
    assert [feed.id for feed in feeds] == ["a", "b"]
    assert (feeds[0].outlet, feeds[0].notes, feeds[1].notes) == ("Báo Á", "", "dates without a zone")


@pytest.mark.parametrize(
    ("content", "where", "words"),
    [
        # no list of feeds at all
        ("", ":1: ", "is empty"),
        ("\n\n  \n", ":1: ", "is empty"),
        ("# không có gì\n", ":1: ", "keys and values"),
        ("null\n", ":1: ", "keys and values"),
        ("xin chào\n", ":1: ", "keys and values"),
        ("42\n", ":1: ", "keys and values"),
        ("[1, 2, 3]\n", ":1: ", "keys and values"),
        ("feeds:\n", ":1: feeds: ", "list"),
        ("feeds: 5\n", ":1: feeds: ", "list"),
        ("feeds: []\n", ":1: feeds: ", "at least 1"),
        ("feeds:\n  - 5\n", ":2: feeds[0]: ", "keys and values"),
        ("feeds:\n  -\n", ":2: feeds[0]: ", "keys and values"),
        # not YAML
        (GOOD[: GOOD.index("tin\n") + 8], ":", ""),
        (GOOD + '\n- "chưa đóng', ":", "check quotes and indentation"),
        (GOOD.replace("    outlet: Báo Á", "\toutlet: Báo Á"), ":", "check quotes and indentation"),
        (GOOD.replace("    section: tin", "     section: tin", 1), ":5: ", "check quotes and indentation"),
        (GOOD[:20] + "\0" + GOOD[20:], ":3: ", "#x0000"),
        (GOOD.replace("tin", "t\x1bin", 1), ":5: ", "#x001b"),
        (b"\x89PNG\r\n\x1a\n", ":1: ", "not UTF-8"),
        ("\x89PNG\r\n\x1a\n", ":1: ", "#x0089"),
        (GOOD + GOOD, ":20: ", "duplicate key"),
        (GOOD.replace("    kind: press\n", "    kind: press\n    kind: tabloid\n"), ":10: ", "duplicate key"),
        (GOOD + "---\n" + GOOD, ":19: ", "more than one document"),
        ("k" * 5000 + ": 1\n" + GOOD, ":1: ", ""),
        # other encodings
        (GOOD.encode("utf-16"), ":1: ", "save it as UTF-8"),
        (GOOD.encode("utf-32"), ":1: ", "save it as UTF-8"),
        (GOOD.encode("latin-1", "replace") + b"# \xe9\xff\n", ":4: ", "save it as UTF-8"),
        (GOOD.encode() + "# Việt".encode()[:-3], ":19: ", "save it as UTF-8"),
        # what plain data never needs
        ('!!python/object/apply:os.system ["touch PWNED"]\n', ":1: ", "tag"),
        (a_url("!!python/object/apply:os.system [touch PWNED]"), ":6: ", "tag"),
        (a_url("!!python/name:os.system"), ":6: ", "tag"),
        (a_url("!!str https://a.example/"), ":6: ", "tag"),
        (a_url("!ours x"), ":6: ", "tag"),
        (BOMB + GOOD, ":1: ", "anchor or alias"),
        ("&a [*a]\n", ":1: ", "anchor or alias"),
        (a_url("*nix"), ":6: ", "anchor or alias"),
        (GOOD.replace("  - id: a", "  - <<: *x\n    id: a"), ":3: ", "anchor or alias"),
        ("[" * 20_000, ":1: ", "nested too deeply"),
        ("{a: " * 20_000, ":1: ", ""),
        (GOOD + "# " + "x" * 5_000_000, ": ", "larger than 4 MiB"),
        # an address that is none
        (a_url("null"), ":6: feeds[0].url: ", "should be a valid string, not None"),
        (a_url("123"), ":6: feeds[0].url: ", "should be a valid string, not 123"),
        (a_url("true"), ":6: feeds[0].url: ", "should be a valid string, not True"),
        (a_url("2026-11-21"), ":6: feeds[0].url: ", "should be a valid string"),
        (a_url("[http://a.example/]"), ":6: feeds[0].url: ", "should be a valid string"),
        (a_url("{a: b}"), ":6: feeds[0].url: ", "should be a valid string"),
        (a_url('""'), ":6: feeds[0].url: ", ADDRESS),
        (a_url("yes"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("vnexpress.net/rss"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("file:///etc/passwd"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("ftp://a.example/x"), ":6: feeds[0].url: ", ADDRESS),
        (a_url('"javascript:alert(1)"'), ":6: feeds[0].url: ", ADDRESS),
        (a_url("https:///rss"), ":6: feeds[0].url: ", ADDRESS),
        (a_url('"http://a.example/\\r\\nX: y"'), ":6: feeds[0].url: ", ADDRESS),
        (a_url('"http://a.example/a b"'), ":6: feeds[0].url: ", ADDRESS),
        (a_url('"http://a.example/\\0"'), ":6: feeds[0].url: ", ADDRESS),
        (a_url("http://a.example:99999/"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("http://a.example:0/"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("http://a.example:x/"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("'http://[::1/'"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("${HOME}/{{ x }}"), ":6: feeds[0].url: ", ADDRESS),
        (a_url("http://a.example/" + "a" * 100_000), ":6: feeds[0].url: ", ADDRESS),
        (a_url("http://user:secret@a.example/rss"), ":6: feeds[0].url: ", "user name or password"),
        # the other keys
        (GOOD.replace("id: b", "id: a"), ":11: feeds[1].id: ", "'a' stands twice; remove one of the two"),
        (GOOD.replace("b.example", "a.example"), ":14: feeds[1].url: ", "'https://a.example/rss' stands twice"),
        (GOOD.replace("id: a", "id: A b"), ":3: feeds[0].id: ", "pattern"),
        (GOOD.replace("id: a", 'id: "a\\n"'), ":3: feeds[0].id: ", "pattern"),
        (GOOD.replace("id: a", "id: 7"), ":3: feeds[0].id: ", "should be a valid string, not 7"),
        (GOOD.replace("outlet: Báo Á", "outlet: ''"), ":4: feeds[0].outlet: ", "at least 1 character"),
        (GOOD.replace("language: vi", "language: no", 1), None, ""),
        (GOOD.replace("language: vi", "language: vie", 1), ":7: feeds[0].language: ", "pattern"),
        (GOOD.replace("Asia/Ho_Chi_Minh", "Asia/Hanoi", 1), ":8: feeds[0].zone: ", "'Asia/Hanoi' is no time zone"),
        (GOOD.replace("Asia/Ho_Chi_Minh", "../../etc/passwd", 1), ":8: feeds[0].zone: ", "is no time zone"),
        (GOOD.replace("Asia/Ho_Chi_Minh", "+07:00", 1), ":8: feeds[0].zone: ", "is no time zone"),
        (GOOD.replace("Asia/Ho_Chi_Minh", "7", 1), ":8: feeds[0].zone: ", "should be a valid string"),
        (GOOD.replace("kind: press", "kind: blog"), ":9: feeds[0].kind: ", "'official', 'agency', 'press' or"),
        (GOOD.replace("dates without a zone", "x" * 501), ":18: feeds[1].notes: ", "at most 500 characters"),
        (GOOD.replace("    url: https://b.example/rss\n", ""), ":11: feeds[1].url: ", "is missing; add it"),
        (GOOD.replace("url: ", "x_url: "), ":3: feeds[0].url: ", "is missing"),
        (GOOD + "    colour: red\n", ":19: feeds[1].colour: ", "unknown key; remove it or correct its spelling"),
        (GOOD + "khong_biet: 1\n", ":19: khong_biet: ", "unknown key"),
    ],
)  # fmt: skip
def test_a_bad_file(tmp_path: Path, content: str | bytes, where: str | None, words: str) -> None:
    """The message begins with file, line and key, says what is wrong, and is one line; exit 2; nothing is executed."""
    path = write(tmp_path, content)
    if where is None:  # looks odd, and is right: YAML 1.2 has no Norway problem
        assert load_feeds(path)[0].language == "no"
        return
    with pytest.raises(BadFile) as caught:
        load_feeds(path)
    message = str(caught.value)
    assert message.startswith(f"{path}{where}")
    assert words in message
    assert message.isprintable()
    assert len(message) < 600
    assert caught.value.exit_code == 2
    assert not list(tmp_path.glob("PWNED*"))


def test_every_line_of_a_wrong_entry_is_the_right_one(tmp_path: Path) -> None:
    """Whichever entry is wrong, its own line is told."""
    entry = GOOD.split("\n\n")[1]
    many = "feeds:\n" + "".join(
        entry.replace("id: b", f"id: f{n}").replace("b.ex", f"f{n}.ex") for n in range(60)
    )
    for n in (0, 17, 59):
        bad = many.replace(f"https://f{n}.example/rss", "nix")
        line = bad[: bad.index("nix")].count("\n") + 1
        with pytest.raises(BadFile) as caught:
            load_feeds(write(tmp_path, bad))
        assert (caught.value.line, caught.value.key) == (line, f"feeds[{n}].url")


# --- what is no plain file -------------------------------------------------------------------


def run(path: Path) -> subprocess.CompletedProcess[str]:
    """`vietnhat --feeds PATH feeds list` in a process of its own, which may not take long."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", "--feeds", str(path), "feeds", "list"],
        capture_output=True, text=True, timeout=20, cwd=ROOT,
    )  # fmt: skip


def odd_path(kind: str, tmp_path: Path) -> Path:
    """A path that is there and cannot be read as a file."""
    path = tmp_path / "odd.yaml"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "dangling":
            path.symlink_to(tmp_path / "nowhere.yaml")
        case "loop":
            path.symlink_to(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "inside a file":
            path.write_text(GOOD, encoding="utf-8")
            return path / "feeds.yaml"
    return path


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling", "loop", "device", "inside a file", "missing"])
def test_what_is_no_plain_file(tmp_path: Path, kind: str) -> None:
    """One line, exit 2, at once: a pipe without a writer does not hang, a device without an end is not read."""
    path = odd_path(kind, tmp_path)
    answer = run(path)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"vietnhat: {path}: ")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions are named as what to check."""
    path = write(tmp_path, GOOD)
    if os.geteuid() == 0:  # root reads everything: the kernel's answer has to be played

        def refuse(*args: object, **options: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("builtins.open", refuse)
    else:
        path.chmod(0)
    with pytest.raises(
        BadFile, match="cannot be read: Permission denied; check the path and its permissions"
    ):
        load_feeds(path)


def test_a_link_to_a_good_file(tmp_path: Path) -> None:
    """A link to a file is as good as the file."""
    link = tmp_path / "link.yaml"
    link.symlink_to(write(tmp_path, GOOD))
    assert len(load_feeds(link)) == 2


def test_which_file_is_read(tmp_path: Path) -> None:
    """The one chosen, else ./feeds.yaml, else the shipped one."""
    assert feeds_path(None) == ROOT / "feeds.yaml"
    Path("feeds.yaml").write_text(GOOD, encoding="utf-8")
    assert feeds_path(None) == Path("feeds.yaml")
    assert feeds_path(tmp_path / "x.yaml") == tmp_path / "x.yaml"


def test_the_shipped_file_loads() -> None:
    """The feeds that come with the program are in order."""
    assert len(load_feeds(ROOT / "feeds.yaml")) > 90


def test_the_collected_faults(tmp_path: Path, shared: Path) -> None:
    """Every variant of ../shared/faults/badyaml.py ends as it expects: a clear message, or a list of feeds."""
    variants = tmp_path / "variants"
    maker = shared / "faults" / "badyaml.py"
    subprocess.run(
        [sys.executable, str(maker), str(ROOT / "feeds.yaml"), str(variants)], check=True, capture_output=True
    )
    files = sorted(variants.glob("*.yaml"))
    assert len(files) > 50
    for path in files:
        may_load = path.with_suffix(".expect").read_text(encoding="utf-8").strip() == "ok_or_error"
        try:
            feeds = load_feeds(path)
        except BadFile as error:
            message = str(error)
            assert message.startswith(str(path)), path.stem
            assert message.isprintable(), path.stem
            assert len(message) < 600, path.stem
        else:
            assert may_load, f"{path.stem} was taken for {len(feeds)} good feeds"
    assert not list(tmp_path.rglob("PWNED*"))
