"""Values for the tests of delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.delivery.message import Sender, build
from monitor.types import Letter

NOW = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
SENDER = Sender(name="Việt–Nhật Monitor", address="tin@example.org")


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says."""

    subject: str = "Tin mẫu · 21/11 · 2 tin"
    html: str = "<p>Chào quý vị – こんにちは</p>\n"
    text: str = "Chào quý vị – こんにちは\n.\n..\n"
    language: str = "vi"


def letter(number: int = 1, recipient: str = "ban@example.org") -> Letter:
    """A letter with its own Message-ID."""
    id_ = f"<d-{number}@example.org>"
    return build(Words(), recipient=recipient, sender=SENDER, message_id=id_, date=NOW)
