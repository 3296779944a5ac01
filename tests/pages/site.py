"""The pages on a free port of loopback, over a database of their own, asked as browsers, scanners and strangers do."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from classifiers.taxonomy import load_taxonomy
from classifiers.verdict import Decision, Evidence, SectorScore, Text, Verdict
from monitor.config.settings import Settings, load_settings
from monitor.pages.app import application
from monitor.pages.desk import Desk
from monitor.store import polls, subscribers, verdicts
from monitor.store.database import Store, open_store
from monitor.types import (
    NEWCOMER,
    Entry,
    Feed,
    FeedState,
    NewArticle,
    PollPlan,
    PollReport,
    Subscriber,
    SubscriberStatus,
)
from monitor.web.server import listening_socket, serving
from monitor.wiring import press

READER = "ban@vidu.example"
FORM = {"address": READER, "language": "vi", "cadence": "daily", "hour": "7", "zone": "Asia/Tokyo"}
FEED = Feed("mau", "Báo Mẫu", "tin", "https://baomau.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")


@dataclass(frozen=True)
class Reply:
    """An answer. `headers` have lower-case names; `to` is where a redirect leads."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def to(self) -> str:
        return self.headers.get("location", "")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Site:
    """The pages, and the database behind them."""

    root: str
    settings: Settings

    def get(self, where: str, method: str = "GET", **headers: str) -> Reply:
        """Ask for a page; `where` is a path or a whole address of this site."""
        return self._ask(where, method, None, headers)

    def post(self, where: str, form: Mapping[str, Any] | bytes = b"", **headers: str) -> Reply:
        """Send a form, as a browser would unless told otherwise."""
        body = form if isinstance(form, bytes) else urlencode(form, doseq=True).encode()
        return self._ask(
            where, "POST", body, {"Content-Type": "application/x-www-form-urlencoded", **headers}
        )

    def _ask(self, where: str, method: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        url = where if "://" in where else self.root + where
        assert url.startswith(self.root)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data=body, method=method, headers=named)
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=20) as answer:
                return _reply(answer)
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database."""
        with open_store(Path(self.settings.db), durable=True, create=True) as store:
            yield store

    def reader(self, address: str = READER) -> Subscriber:
        """A reader as stored."""
        with self.store() as store:
            return subscribers.known(store, address)

    def add(self, address: str = READER, **changes: Any) -> Subscriber:
        """A reader who agreed long ago."""
        agreed = replace(
            NEWCOMER, address=address, status=SubscriberStatus.ACTIVE, consent="test",
            created_at=datetime(2026, 11, 1, tzinfo=UTC), **changes,
        )  # fmt: skip
        with self.store() as store:
            return subscribers.add(store, agreed)

    def letters(self) -> list[EmailMessage]:
        """All letters in the outbox, oldest first."""
        with self.store() as store:
            rows = store.rows("SELECT letter FROM delivery WHERE letter IS NOT NULL ORDER BY id")
        return [parsed(row["letter"]) for row in rows]

    def link(self, kind: str, letter: int = -1) -> str:
        """The address of this kind (its letter in the path) in one of the letters."""
        return next(link for link in links_of(self.letters()[letter]) if f"/{kind}/" in link)

    def dump(self) -> list[str]:
        """Everything that is stored, as text."""
        with self.store() as store:
            return list(store.db.conn.iterdump())

    def issue(self, *titles: str, now: datetime, below: tuple[str, ...] = (), summary: str = "") -> None:
        """Store articles with these headlines (those `below` the threshold too) and make what digests are due."""
        with self.store() as store:
            entries = [
                Entry(
                    (f"url:{title}",),
                    f"https://baomau.example/{place}.html",
                    title,
                    summary or f"{title}.",
                    now,
                )
                for place, title in enumerate((*titles, *below))
            ]
            plan = PollPlan(new=tuple(NewArticle(entry, now, news=True) for entry in entries))
            polls.record_poll(
                store, FEED, plan, FeedState(FEED.id, FEED.url), PollReport(FEED.id, "new"), now=now
            )
            found = store.rows("SELECT id, title, summary FROM article")
            verdicts.save(
                store,
                [(row["id"], Text(row["title"], row["summary"]), _verdict(row["title"] in titles)) for row in found],
                now=now,
            )  # fmt: skip
            press(self.settings, store, load_taxonomy(), "m-1").issue(now=now)


def _verdict(sure: bool) -> Verdict:
    return Verdict(
        0.97 if sure else 0.4,
        Decision.SEND if sure else Decision.REVIEW,
        (SectorScore("oda", 0.9),),
        (),
        (Evidence("vốn vay", 2.0),),
        "m-1",
    )


@contextmanager
def site(*, slowness: float = 0.0, **changes: Any) -> Iterator[Site]:
    """The pages, which answer as soon as they can; `changes` are settings."""
    listener = listening_socket("127.0.0.1:0")
    root = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = load_settings(
        {"base_url": root, "mail_from": "digest@tin.example", "reply_to": "toasoan@tin.example", **changes}
    )
    open_store(Path(settings.db), create=True).close()
    desk = Desk(lambda: settings, root)
    with serving(application([], desk, slowness=slowness), listener, front=settings.front_proxies):
        yield Site(root, settings)


def links_of(letter: EmailMessage) -> list[str]:
    """Every address in the HTML part of a letter."""
    part = letter.get_body(("html",))
    assert part is not None
    return links_in(part.get_content())


def links_in(page: str) -> list[str]:
    """Every address of a link or form in a page."""
    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name in ("href", "action") and value)

    Links().feed(page)
    return found


def form_in(page: str) -> dict[str, list[str]]:
    """The first form with a language field, as a browser would send it untouched."""
    found: dict[str, list[str]] = {}
    form = page[page.index('name="language"') - 400 :]
    form = form[: form.index("</form>")]
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        assert chosen, name
        found[name] = [chosen[1]]
    for box in re.findall(r'<input type="checkbox"[^>]*checked[^>]*>', form):
        name, value = re.search(r'name="([^"]+)"', box), re.search(r'value="([^"]+)"', box)
        assert name
        assert value
        found.setdefault(name[1], []).append(value[1])
    area = re.search(r"<textarea[^>]*>(.*?)</textarea>", form, re.S)
    if area:
        found["watched"] = [area[1]]
    return found


def _reply(answer: Any) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status, headers, answer.read().decode())


def parsed(raw: bytes) -> EmailMessage:
    """A letter's octets as a message."""
    letter = message_from_bytes(raw, policy=policy.default)
    assert isinstance(letter, EmailMessage)
    return letter
