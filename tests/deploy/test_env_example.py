"""vietnhat.env.example: every setting once, with its default where there is one, and nothing that is a secret."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr

from monitor.config.settings import NO_CONTACT, PREFIX, Settings, load_settings
from tests.deploy.contract import DEPLOY

TEXT = (DEPLOY / "vietnhat.env.example").read_text(encoding="utf-8")
LINES = re.findall(r"^(# )?(VIETNHAT_\w+)=(.*)$", TEXT, re.MULTILINE)
SECRET = {name for name, field in Settings.model_fields.items() if field.annotation == SecretStr | None}


def test_every_setting_but_secrets_stands_there_once() -> None:
    """An operator finds each setting, and no name that means nothing."""
    names = sorted(name for _, name, _ in LINES)
    assert names == sorted(PREFIX + name.upper() for name in set(Settings.model_fields) - SECRET)


def test_it_can_be_used_as_it_is() -> None:
    """The file as installed is valid; everything it sets is kept below /var/lib/vietnhat."""
    Path(".env").write_text(TEXT, encoding="utf-8")
    settings = load_settings()
    kept = [value for shy, _, value in LINES if not shy]
    assert len(kept) == 6
    assert all(value.startswith("/var/lib/vietnhat/") for value in kept)
    assert str(settings.db) == "/var/lib/vietnhat/vietnhat.db"


def test_every_line_can_be_put_in_force() -> None:
    """Without its # each line is a value the program takes."""
    Path(".env").write_text(re.sub(r"^# (?=VIETNHAT_)", "", TEXT, flags=re.MULTILINE), encoding="utf-8")
    settings = load_settings()
    assert settings.smtp_host == "mail.example.org"
    assert settings.contact != NO_CONTACT


def test_defaults_shown_are_the_defaults() -> None:
    """A line that shows a number or a choice shows the default itself, so that it cannot go stale."""
    Path(".env").write_text(re.sub(r"^# (?=VIETNHAT_)", "", TEXT, flags=re.MULTILINE), encoding="utf-8")
    shown = load_settings()
    samples = {"contact", "mail_from", "allow_private", "trusted"}
    for shy, variable, _ in LINES:
        name = variable.removeprefix(PREFIX).lower()
        default = Settings.model_fields[name].default
        if shy and default is not None and name not in samples:
            assert getattr(shown, name) == default, variable
