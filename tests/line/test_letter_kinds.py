"""Letters that are no digest keep the form of their own: confirmations, reports, notes, the test letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from classifiers.drift import Drift
from classifiers.drift import Note as Changed
from monitor.config.settings import Settings, load_settings
from monitor.report import make_report
from monitor.store import outbox, subscribers
from monitor.store.database import Store
from monitor.types import NEWCOMER, Condition, Feed, Health, Language, Note, Trouble
from monitor.wiring import send_test
from monitor.writing import ask_for_consent, drift_letter, report_letter
from tests.letterform import faults_of_form

NOW = datetime(2026, 11, 17, 0, 5, tzinfo=UTC)
LANGUAGES = ("vi", "en", "ja")


def settings(language: Language = "vi") -> Settings:
    """A house with pages and an operator; names that need encoding."""
    return load_settings(
        {
            "base_url": "https://tin.vidu.example",
            "mail_from": "tin@vidu.example",
            "mail_name": "Bản tin Việt–Nhật – 日越ニュース",
            "operator": "truc@vidu.example",
            "operator_language": language,
        }
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_confirmation(store: Store, language: Language) -> None:
    """It asks before there is a list to leave."""
    reader = subscribers.add(
        store, replace(NEWCOMER, address="moi@vidu.example", language=language, created_at=NOW)
    )
    ask_for_consent(settings(), store, reader, now=NOW)
    (delivery,) = outbox.due(store, now=NOW)
    assert faults_of_form(delivery.letter.raw, "confirmation") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report(language: Language) -> None:
    """With every trouble there is."""
    feed = Feed("mot", "Báo Một", "tin", "https://mot.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
    notes = [Note(trouble, "7") for trouble in Trouble]
    report = make_report(date(2026, 11, 17), [Health(feed, Condition.DEAD, NOW)], notes, {})
    assert faults_of_form(report_letter(settings(language), report, now=NOW).raw, "note") == []


def test_a_note_on_the_model() -> None:
    """What changed, and what to do."""
    drift = Drift({}, (Changed("Việt Nam và Nhật Bản: 12 → 0 tin", "vietnhat status"),))
    assert faults_of_form(drift_letter(settings(), drift, now=NOW).raw, "note") == []


def test_the_test_letter(tmp_path: Path) -> None:
    """As it lies in the outbox folder."""
    send_test(
        settings().model_copy(update={"outbox": tmp_path, "smtp_host": None}), "ai@vidu.example", now=NOW
    )
    (path,) = tmp_path.glob("*.eml")
    assert faults_of_form(path.read_bytes(), "note") == []
