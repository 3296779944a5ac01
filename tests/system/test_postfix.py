"""Every kind of letter through a real Postfix: it arrives as it was written, and keeps its form."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.aloud import Aloud
from tests.letterform import Kind, faults_of_form
from tests.system.growing import growing_feeds, relevant_texts
from tests.system.house import House, until
from tests.system.post import Sink, mail_server
from tests.system.postfix import POSTFIX, postfix
from tests.system.street import FEEDS, FIRST_MORNING

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not POSTFIX, reason="needs Postfix; deploy/test-system.sh installs it"),
]

READERS = 60
LANGUAGES = ("vi", "en", "ja")


def test_letters_arrive_as_they_were_written(tmp_path: Path, models: Path, aloud: Aloud) -> None:
    """Digests in three languages, an alert's and a week's options, confirmations, and a note to the operator."""
    house, sink = House(tmp_path, models), Sink(0.0)
    house.environment["VIETNHAT_MAIL_NAME"] = (
        "Bản tin Việt–Nhật của Phòng Thương mại – 日越経済ニュース編集部"
    )
    house.environment["VIETNHAT_MAIL_FROM"] = "tin@bưutín.example"
    house.environment["VIETNHAT_REPLY_TO"] = "toa-soan@relay.example"
    with (
        growing_feeds(FEEDS, relevant_texts(models)) as feeds,
        mail_server(sink) as out,
        postfix(out) as port,
    ):
        feeds.slowness, feeds.now = 0.0, FIRST_MORNING - timedelta(hours=2)
        house.watch(FEEDS, feeds.port)
        for minutes in (0, 10, 20):
            house.call("poll", "--as-of", (feeds.now + timedelta(minutes=minutes)).isoformat())
        house.mail_through(port)
        for name in ("VIETNHAT_SMTP_USER", "VIETNHAT_SMTP_PASSWORD"):  # this relay knows nobody
            del house.environment[name]
        house.subscribe([f"ban.doc+{number:02d}@relay{number % 7}.example" for number in range(READERS)])
        for number, language in enumerate(LANGUAGES, 1):
            house.write(
                f"UPDATE subscriber SET language = '{language}', wants_thread = 1 WHERE id % 3 = {number % 3}"
            )
            house.call("subscribers", "add", f"moi-{language}@relay.example", "--language", language)
        house.call("digest", "send", "--queue-only", "--as-of", FIRST_MORNING.isoformat(), seconds=120)
        written = {
            row["message_id"]: row["letter"] for row in house.rows("SELECT message_id, letter FROM delivery")
        }
        kinds = {
            row["message_id"]: row["kind"] for row in house.rows("SELECT message_id, kind FROM delivery")
        }
        house.call("deliver", seconds=120)
        house.call("deliver", "test", "nguoi-van-hanh@relay.example")
        assert until(lambda: len(sink.raw) >= len(written) + 1, seconds=120), f"{len(sink.raw)} arrived"
    assert len(written) == READERS + len(LANGUAGES)
    notes = 0
    for raw in sink.raw:
        message_id = str(message_from_bytes(raw)["Message-ID"])
        kind: Kind = kinds.get(message_id, "note")
        notes += kind == "note"
        assert faults_of_form(raw, kind) == [], message_id
        assert raw.startswith(b"Received: ")
        assert kind == "note" or raw.endswith(b"\r\n" + written.pop(message_id)), "changed on the way"
    assert (written, notes) == ({}, 1)
    with aloud():
        sizes = sorted(map(len, sink.raw))
        print(f"\nPostfix: {len(sink.raw)} letters unchanged, {sizes[0]} to {sizes[-1]} octets")
