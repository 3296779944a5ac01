"""Adding and removing feeds changes those lines and no other byte of a file that people wrote."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config.feeds import add_feed, load_feeds, new_feed, remove_feeds
from monitor.errors import BadFile, Misuse
from monitor.types import Feed

ROOT = Path(__file__).resolve().parents[2]
NEW = Feed("moi", "Báo Mới", "tin", "https://moi.example/rss?a=1&b=2#x", "vi", "Asia/Ho_Chi_Minh", "press")
BY_HAND = """#  A file   somebody wrote.
feeds:
- id: a   # first
  outlet:   "Báo Á"
  section: 'tin'
  url: https://a.example/rss
  language: vi
  zone: Asia/Ho_Chi_Minh
  kind: press
  # its dates are odd


# --- the second group ---
- {id: b, outlet: B, section: y, url: "https://b.example/", language: vi,
     zone: Asia/Ho_Chi_Minh, kind: press}
- kind: agency
  id: c
  notes: >-
    two
    lines
  outlet: Bê
  section: z
  url: https://c.example/
  language: vi
  zone: Asia/Ho_Chi_Minh

# the end
"""
SHIPPED = (ROOT / "feeds.yaml").read_text(encoding="utf-8")
LAYOUTS = {
    "shipped": SHIPPED,
    "by hand": BY_HAND,
    "CRLF": BY_HAND.replace("\n", "\r\n"),
    "byte-order mark": "\ufeff" + BY_HAND,
    "no last line end": BY_HAND.rstrip("\n"),
}


def write(tmp_path: Path, text: str) -> Path:
    """The text as a file, its line ends as they are."""
    path = tmp_path / "list.yaml"
    path.write_bytes(text.encode())
    return path


def changes(before: str, path: Path) -> tuple[list[str], list[str]]:
    """Lines taken out and lines put in, as they are."""
    after = path.read_bytes().decode()
    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return [line[2:] for line in lines if line[0] == "-"], [line[2:] for line in lines if line[0] == "+"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_add_appends(tmp_path: Path, layout: str) -> None:
    """What was there stays byte for byte; the new feed follows with the file's own indentation and line ends."""
    before = LAYOUTS[layout]
    path = write(tmp_path, before)
    listed = load_feeds(path)
    add_feed(path, NEW)
    after = path.read_bytes().decode()
    assert after.startswith(before)
    assert load_feeds(path) == (*listed, NEW)
    added = after[len(before) :]
    assert added.count("\r\n") == (added.count("\n") if layout == "CRLF" else 0)
    indent = "  " if layout == "shipped" else ""
    assert f"{indent}- id: moi" in added


@pytest.mark.parametrize("layout", LAYOUTS)
def test_add_and_remove_leaves_no_trace(tmp_path: Path, layout: str) -> None:
    """Taking the new feed out again gives the file as it was, but for a last line end that was missing."""
    path = write(tmp_path, LAYOUTS[layout])
    add_feed(path, NEW)
    remove_feeds(path, ["moi"])
    end = "\n" if layout == "no last line end" else ""
    assert path.read_bytes().decode() == LAYOUTS[layout] + end


@pytest.mark.parametrize(
    "value",
    ["yes", "null", "5", "a: b", "a #b", "#a", "- a", "'a'", '"a"', "a:", "{a}", "[a]", "*a", "&a", "!a", "@a", "%a",
     "a\\b", "|",
     "> x", "?", "~", "Tin – tức & «mới»", "日本語", "a\tb", "a\u2028b", "a\x7fb", "a\nb: c\n- id: x", "😀"],
)  # fmt: skip
def test_any_text_comes_back(tmp_path: Path, value: str) -> None:
    """A feed's title is a stranger's text: whatever it holds stays one value."""
    path = write(tmp_path, BY_HAND)
    feed = replace(NEW, outlet=value, notes=value)
    add_feed(path, feed)
    assert load_feeds(path)[-1] == feed
    assert len(load_feeds(path)) == 4


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", [0, 1, 2, -1])
def test_remove_takes_just_its_lines(tmp_path: Path, layout: str, place: int) -> None:
    """Only lines of that feed go; comments before and after it stay."""
    before = LAYOUTS[layout]
    path = write(tmp_path, before)
    listed = list(load_feeds(path))
    gone = listed.pop(place)
    remove_feeds(path, [gone.id])
    assert list(load_feeds(path)) == listed
    out, new = changes(before, path)
    assert new == []
    assert sum("id: " in line for line in out) == 1
    kept = path.read_bytes().decode()
    for comment in (
        "# --- the second group ---",
        "# the end",
        "#  A file   somebody wrote.",
        "# its dates are odd",
    ):
        assert comment in kept or layout == "shipped"


def test_odd_layouts_are_edited_too(tmp_path: Path) -> None:
    """A list in flow style, or with dashes on lines of their own, is written anew with the right values."""
    flow = (
        'feeds: [{id: b, outlet: B, section: y, url: "https://b.example/", language: vi, '
        "zone: Asia/Ho_Chi_Minh, kind: press}] # c\n"
    )
    path = write(tmp_path, flow)
    add_feed(path, NEW)
    assert [feed.id for feed in load_feeds(path)] == ["b", "moi"]
    assert "# c" in path.read_text(encoding="utf-8")
    remove_feeds(path, ["b"])
    assert load_feeds(path) == (NEW,)
    path = write(tmp_path, BY_HAND.replace("- id: a", "-\n  id: a").replace("- kind", "-\n  kind"))
    remove_feeds(path, ["b"])
    assert [feed.id for feed in load_feeds(path)] == ["a", "c"]


def test_a_bad_file_is_not_edited(tmp_path: Path) -> None:
    """What does not load is told, and left as it is."""
    path = write(tmp_path, "feeds: [\n")
    with pytest.raises(BadFile):
        add_feed(path, NEW)
    with pytest.raises(BadFile):
        remove_feeds(path, ["a"])
    assert path.read_text(encoding="utf-8") == "feeds: [\n"


def test_what_cannot_be_changed(tmp_path: Path) -> None:
    """A feed listed already, an unknown id, the last feed: refused, and the file is as it was."""
    path = write(tmp_path, BY_HAND)
    for change in (
        lambda: add_feed(path, replace(NEW, id="a")),
        lambda: add_feed(path, replace(NEW, url="https://a.example/rss")),
        lambda: remove_feeds(path, ["a", "nix"]),
        lambda: remove_feeds(path, ["a", "b", "c"]),
    ):
        with pytest.raises(Misuse):
            change()
    assert path.read_text(encoding="utf-8") == BY_HAND
    assert [each.name for each in tmp_path.iterdir()] == ["list.yaml"]


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and no half-written file."""
    path = write(tmp_path, BY_HAND)

    def refuse(self: Path, data: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(Misuse, match=r"list\.yaml: cannot be changed \(Permission denied\)"):
        add_feed(path, NEW)
    assert path.read_text(encoding="utf-8") == BY_HAND


def test_links_and_permissions_stay(tmp_path: Path) -> None:
    """The file behind a link is changed, not the link; who may read it stays."""
    path = write(tmp_path, BY_HAND)
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    add_feed(link, NEW)
    assert link.is_symlink()
    assert len(load_feeds(path)) == 4
    assert path.stat().st_mode & 0o777 == 0o640


def test_new_feed_names_the_wrong_key() -> None:
    """A line is checked before it is written; the message names key and value."""
    good = {"id": "a", "outlet": "A", "section": "s", "url": "https://a.example/", "language": "vi",
            "zone": "UTC", "kind": "press"}  # fmt: skip
    assert new_feed(**good) == Feed("a", "A", "s", "https://a.example/", "vi", "UTC", "press")
    for key, value in (
        ("id", "A"),
        ("url", "x"),
        ("zone", "x"),
        ("kind", "x"),
        ("language", "x"),
        ("outlet", ""),
    ):
        with pytest.raises(Misuse, match=f"^{key} '{value}': "):
            new_feed(**{**good, key: value})
