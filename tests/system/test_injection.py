"""Nothing a feed or a stranger writes runs, or becomes markup: letters and pages in a browser, with the policy away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor.archive import Recalled
from monitor.config.settings import load_settings
from monitor.digest.compose import compose
from monitor.digest.plain import plain
from monitor.digest.render import render
from monitor.digest.view import MAX_HEADLINE
from monitor.links import Purpose
from monitor.pages import own
from monitor.pages.screen import Screen
from monitor.reception.counter import counter_of
from monitor.types import JudgedArticle, Omission
from tests.digest.samples import FRAME, NOW, judged, reader
from tests.pages.site import form_in, site
from tests.system.browser import Page, browser

pytestmark = pytest.mark.system

TRAP = """for (const name of ["alert", "confirm", "prompt", "print", "eval", "open", "fetch"])
  window[name] = () => { window.caught = (window.caught || 0) + 1; };
window.addEventListener("error", () => {}, true);"""

FINDINGS = """(() => {
  const bad = "script,iframe,object,embed,svg,math,img,image,video,audio,source,base,frame,frameset,applet,marquee," +
    "isindex,keygen,dialog,template,input[type=image]";
  const found = [...document.querySelectorAll(bad)].map((e) => e.outerHTML.slice(0, 200));
  for (const e of document.querySelectorAll("*"))
    for (const a of e.attributes)
      if (/^on/i.test(a.name) || /^\\s*(javascript|data|vbscript):/i.test(a.value)) found.push(a.name + "=" + a.value);
  for (const e of document.querySelectorAll("[href],[action]"))
    if (!/^(https?|mailto|file):/.test(e.href || e.action)) found.push(e.outerHTML.slice(0, 200));
  return {caught: window.caught || 0, found, title: document.title,
    headlines: [...document.querySelectorAll("h3")].map((e) => e.textContent.trim())};
})()"""


def batched(texts: list[str], size: int) -> Iterator[tuple[str, ...]]:
    """In groups; itertools has it from Python 3.12 on."""
    rest = iter(texts)
    while group := tuple(islice(rest, size)):
        yield group


def vectors(shared: Path) -> list[str]:
    """Every line of both collections."""
    lines = []
    for name in ("xss_dompurify.txt", "xss_payloadbox.txt"):
        text = (shared / "corpora" / name).read_text(encoding="utf-8", errors="replace")
        lines += [line for line in text.split("\n") if line.strip()]
    return lines


def documents(strings: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Letters and pages that show all strings in every field of a feed: name, HTML, the headlines they must show."""
    taxonomy = load_taxonomy()
    settings = load_settings({"mail_from": "digest@vidu.example"})
    screen = Screen(settings, taxonomy, "vi", "/d/x")
    for number, group in enumerate(batched(strings, 18)):
        articles = [_article(place, text) for place, text in enumerate(group, 1)]
        digest = compose(
            replace(reader(), watched=tuple(group[:3])), slot=NOW, since=NOW, now=NOW, candidates=articles,
            polled_entries=9,
        )  # fmt: skip
        yield f"letter{number}", render(digest, taxonomy, FRAME).html, _headlines(group)
        left = [(article.judged.article, Omission.OVER_THE_CAP) for article in digest.items]
        yield f"issue{number}", own.issue(screen, Recalled(digest, tuple(left))), _headlines(group)
        one = articles[0].article
        yield f"judge{number}", own.judging(screen, one, "sector", "/f/x", None), []


def _article(place: int, text: str) -> JudgedArticle:
    link = text if place % 2 else "https://baomau.example/1"
    return judged(place, title=text, summary=text, outlet=text[:60], link=link, story_id=place)


def _headlines(group: tuple[str, ...]) -> list[str]:
    return sorted(plain(text) for text in group if 0 < len(plain(text)) <= MAX_HEADLINE)


async def _look(folder: Path, strings: list[str]) -> tuple[int, list[str]]:
    """How many documents were opened, and what was wrong with them."""
    wrong, opened = [], 0
    async with browser(folder) as page:
        await _set_traps(page)
        for name, html, headlines in documents(strings):
            file = folder / f"{name}.html"
            file.write_text(html, encoding="utf-8", errors="replace")
            seen = await _see(page, file)
            wrong += [f"{name}: {each}" for each in seen["found"]]
            wrong += [f"{name}: ran {seen['caught']} times"] if seen["caught"] else []
            missing = {text for text in headlines if "�" not in text} - set(seen["headlines"])
            wrong += [f"{name}: lost {text!r}" for text in sorted(missing)]
            opened += 1
            file.unlink()
    return opened, wrong


async def _set_traps(page: Page) -> None:
    await page.ask("Page.enable")
    await page.ask("Page.addScriptToEvaluateOnNewDocument", source=TRAP)


async def _see(page: Page, file: Path) -> dict[str, Any]:
    await page.show(file, width=600)
    found: dict[str, Any] = await page.evaluate(FINDINGS)
    assert not page.saw("Page.javascriptDialogOpening"), file
    return found


def test_no_vector_runs_and_all_survive_as_text(shared: Path, tmp_path: Path) -> None:
    """All vectors as headline, summary, outlet, link and watched name, in letters and on pages, without any policy."""
    opened, wrong = asyncio.run(_look(tmp_path, vectors(shared)))
    print(f"\n{len(vectors(shared))} vectors in {opened} documents: {len(wrong)} findings")
    assert wrong == []


def test_the_trap_works(tmp_path: Path) -> None:
    """A page with two of the vectors left as they are is caught three times over: the measure is measured."""
    (tmp_path / "bad.html").write_text(
        "<title>x</title><h3>a</h3><img src=x onerror=alert(1)><script>alert(2)</script>", encoding="utf-8"
    )

    async def look() -> dict[str, Any]:
        async with browser(tmp_path) as page:
            await _set_traps(page)
            return await _see(page, tmp_path / "bad.html")

    seen = asyncio.run(look())
    assert (seen["caught"], len(seen["found"])) == (2, 3)


def test_forms_take_any_string(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Naughty strings and vectors as an address and on the watch-list: refused or kept, never an error of ours."""
    monkeypatch.chdir(tmp_path)
    naughty = [
        each["s"] for each in json.loads((shared / "faults/naughty_vi.json").read_text(encoding="utf-8"))
    ]
    strings = [
        *naughty,
        *json.loads((shared / "corpora/blns.json").read_text(encoding="utf-8")),
        *vectors(shared)[:600],
    ]
    texts = [text.encode("utf-8", "replace").decode() for text in strings]
    with site() as pages:
        door = counter_of(pages.settings).links.to(Purpose.CHOOSE, pages.add(), now=datetime.now(UTC))
        form = form_in(pages.get(door).body)
        kept = 0
        for place, group in enumerate(batched(texts, 25)):
            codes = {
                pages.post("/link", {"address": text}, X_Forwarded_For=f"10.9.{place}.1").status
                for text in group[:3]
            }
            assert codes <= {422, 303}, group
            for text in group:
                reply = pages.post(door, {**form, "watched": text})
                assert reply.status in (303, 422, 413 if len(text) > 5000 else 303), text[:100]
                kept += reply.status == 303
        assert kept > len(texts) / 2
        assert "<script" not in pages.get(door).body
