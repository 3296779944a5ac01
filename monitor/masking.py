"""What must not be told: passwords, tokens, and in a log also who the readers are. Masks text; prints nothing.

The rules are one per process and are set as a command begins. A secret is known in the spellings in which programs
and servers repeat it; what merely looks like a secret or an address is masked too, for nobody can list them all.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, quote_plus

MASK = "***"
ADDRESS = "<address>"

CHATS = ("slack", "tgram", "msteams", "workflows")
"""Schemes of addresses that are keys throughout: whoever has one may write into the channel."""

_SHORTEST = 4
"""A shorter secret is none, and masking it would eat every line."""

_LOGIN_IN_URL = re.compile(r"(?<=://)[^\s/?#\"'<>]*@")
_TOKEN_IN_PATH = re.compile(r"(/[a-z]/)[\w.~%-]{16,}")
_CHAT = re.compile(rf"\b({'|'.join(CHATS)})(://|%3A%2F%2F)[^\s\"'<>]+", re.IGNORECASE)
_SECRET_IN_QUERY = re.compile(
    r"([?&;](?:access_?token|api_?key|auth|key|k|pass(?:word)?|pwd|secret|sig(?:nature)?|t|token)=)[^&;\s\"'<>]+",
    re.IGNORECASE,
)
# A quoted local part, or anything in one piece; after the sign perhaps nothing, where a server broke the line there.
_ADDRESS = re.compile(
    r"<?(?:\"[^@]{1,320}\"|[^\s<>\"(),;:*\[\]]{1,320})(?:@|%40)(?:\[[^\]\s]{1,99}\]|[^\s<>\"'(),;:\[\]/?&]*)>?"
)


@dataclass(frozen=True, slots=True)
class _Rules:
    """`secrets` in all their spellings, longest first, and how these begin; `logging` when what we say is logged."""

    secrets: tuple[str, ...] = ()
    beginnings: frozenset[str] = frozenset()
    logging: bool = False


_rules = _Rules()


def hide(secrets: Iterable[str]) -> None:
    """Hide these secrets too: one that was replaced may still be quoted."""
    global _rules  # one per process, like the form of the log
    spellings = {
        spelling for secret in secrets if len(secret) >= _SHORTEST for spelling in _spellings(secret)
    }
    if spellings.issubset(_rules.secrets):
        return
    known = spellings.union(_rules.secrets)
    _rules = replace(
        _rules,
        secrets=tuple(sorted(known, key=lambda each: (-len(each), each))),
        beginnings=frozenset(each[:_SHORTEST] for each in known),
    )


def forget() -> None:
    """Begin anew: nothing is hidden, and addresses may be told again, for a person asks."""
    global _rules  # as above
    _rules = _Rules()


def hide_addresses() -> None:
    """From now on what we say may end in a log."""
    global _rules  # as above
    _rules = replace(_rules, logging=True)


def said(text: str) -> str:
    """`text` as it may be told to whoever called the program; in a log, without addresses and tokens."""
    return logged(text) if _rules.logging else without_secrets(text)


def logged(text: str) -> str:
    """`text` as it may stand in a log: neither secrets nor tokens nor mail addresses."""
    text = _SECRET_IN_QUERY.sub(rf"\1{MASK}", _TOKEN_IN_PATH.sub(rf"\1{MASK}", without_secrets(text)))
    return _ADDRESS.sub(_address, text) if "@" in text or "%40" in text else text


def _address(found: re.Match[str]) -> str:
    """Our own files of letters are named after their Message-ID, which only looks like an address."""
    return found[0] if found[0].endswith(".eml") else ADDRESS


def without_secrets(text: str) -> str:
    """`text` without the known secrets, without chats' addresses, and without user and password in those of the web."""
    if _may_hold_one(text):
        for secret in _rules.secrets:
            text = text.replace(secret, MASK)
        cut = max(_beginning(text, secret) for secret in _rules.secrets)
        text = text[: len(text) - cut] + MASK if cut else text
    return _LOGIN_IN_URL.sub(f"{MASK}@", _CHAT.sub(rf"\1\2{MASK}", text))


def without_person(text: str, address: str) -> str:
    """`text` without one reader's address, even where a server breaks it or names its first part alone."""
    local = address.rpartition("@")[0].strip('"')
    if _bare(local) not in _bare(text):
        return text  # as nearly always, and patterns made for one address are dear
    whole, local = r"\s*".join(map(re.escape, address)), re.escape(local)
    text = re.sub(rf"<?{whole}>?", ADDRESS, text, flags=re.IGNORECASE)
    return re.sub(rf"(?<!\w){local}(?!\w)", ADDRESS, text, flags=re.IGNORECASE) if len(local) > 2 else text


def on_one_line(text: str) -> str:
    """`text` of strangers as long as it was, without what would begin a line or move a terminal's cursor."""
    return "".join(c if c.isprintable() else " " for c in text)


def brief(text: str, most: int) -> str:
    """At most so many letters of a text, on one line and without gaps."""
    return " ".join(on_one_line(text).split())[:most]


def _bare(text: str) -> str:
    """`text` however it is broken and spelled; the four letters i, which `re.IGNORECASE` takes for one, are one."""
    return "".join(text.split()).casefold().replace("i\u0307", "i").replace("ı", "i")


def _may_hold_one(text: str) -> bool:
    """Whether any secret, or the beginning of one, could be in the text: with many channels there are hundreds."""
    return any(text[at : at + _SHORTEST] in _rules.beginnings for at in range(len(text) - _SHORTEST + 1))


def _beginning(text: str, secret: str) -> int:
    """How many letters of a secret end the text: one cut to length may end in the middle of it."""
    longest = min(len(secret) - 1, len(text))
    return next((n for n in range(longest, _SHORTEST - 1, -1) if text.endswith(secret[:n])), 0)


def _spellings(secret: str) -> set[str]:
    """As it is, as Python, JSON and URLs escape it, once or twice, and as SMTP's AUTH sends it."""
    raw = secret.encode("utf-8", "surrogatepass")
    escaped = {secret, " ".join(secret.split())}
    for _ in range(2):
        escaped |= {form for text in escaped for form in _escaped(text)}
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return escaped | encoded | {quote(raw, safe=""), quote_plus(raw)}


def _escaped(text: str) -> tuple[str, ...]:
    """Python writes a text between single quotes when there is a double one in or beside it."""
    beside = text + '"'
    return (
        repr(text)[1:-1],
        repr(beside)[1:-2],
        ascii(text)[1:-1],
        ascii(beside)[1:-2],
        json.dumps(text)[1:-1],
    )
