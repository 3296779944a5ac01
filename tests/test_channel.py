"""What kind of way an address names, and what of it may be told."""

from __future__ import annotations

import pytest

from monitor.channel import kind_of, secrets_of, told
from monitor.masking import forget, hide, without_secrets


@pytest.mark.parametrize(
    ("address", "kind", "shown"),
    [
        ("ban@vidu.example", "mail", "ban@vidu.example"),
        ("https://hooks.example/planted-token/x?key=planted", "webhook", "https://hooks.example/***"),
        ("HTTPS://hooks.example:8443/planted", "webhook", "https://hooks.example:8443/***"),
        ("https://user:planted@hooks.example/", "webhook", "https://hooks.example/***"),
        ("http://127.0.0.1:9/planted", "webhook", "http://127.0.0.1:9/***"),
        ("https://[::1/planted", "webhook", "https://***"),
        ("slack://planted/planted/planted", "chat", "slack://***"),
        ("tgram://123456789:planted/-100", "chat", "tgram://***"),
        ("workflows://prod.example:443/planted/planted", "chat", "workflows://***"),
        ("exec://planted", "chat", "exec://***"),
    ],
)
def test_kinds_and_what_is_told(address: str, kind: str, shown: str) -> None:
    """A webhook's scheme and host may be told, a chat's scheme alone; whoever hides the secrets hides them all."""
    assert (kind_of(address), told(address)) == (kind, shown)
    forget()
    hide(secrets_of(address))
    assert "planted" not in without_secrets(f"cannot reach {address}: no") or kind == "mail"
    forget()


def test_short_words_of_an_address_are_not_masked_everywhere() -> None:
    """A webhook called /news must not eat every link to news."""
    forget()
    hide(secrets_of("https://hooks.example/news"))
    assert without_secrets("https://bao.example/news/1") == "https://bao.example/news/1"
    assert "news" not in without_secrets("https://hooks.example/news")
    forget()


@pytest.mark.parametrize(
    "text",
    [
        "Slack://T1/B1/planted",
        "at slack://T1/B1/planted, said it",
        "tgram%3A%2F%2F123%3Aplanted",
        "'msteams://a/planted'",
        "workflows://h:1/planted/planted?sig=planted",
    ],
)
def test_chats_are_masked_wherever_they_turn_up(text: str) -> None:
    """Also those that nobody announced: mistyped, or in a library's complaint."""
    forget()
    assert "planted" not in without_secrets(text)
