"""Posts letters to webhooks, each signed, over https. Knows HTTP and nothing of what the letters say.

Nothing here raises for the network. What a server says of one address is about that address alone; only a missing
secret breaks the way out as a whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from monitor.channel import target_of, told
from monitor.delivery.quoting import MAX_WORDS, quoted
from monitor.errors import Misuse
from monitor.types import Deferred, Letter, Refused, SendOutcome, Sent, Unusable

SIGNATURE = "X-Vietnhat-Signature"
DELIVERY = "X-Vietnhat-Delivery"

_LATER = frozenset({408, 425, 429})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_ADDRESS = 2000
_UNSIGNED = "webhooks are signed: set VIETNHAT_WEBHOOK_SECRET (16 letters or more); the letters wait"


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """How webhooks are posted to. Seconds: `connect` until there is a connection, `total` for all of an exchange."""

    secret: str | None = field(default=None, repr=False)
    user_agent: str = "vietnhat"
    proxy: str | None = field(default=None, repr=False)
    connect: float = 10.0
    total: float = 20.0


class WebhookWay:
    """The way out to webhooks. `tls` replaces the system's trust; `clock` gives the seconds since 1970."""

    def __init__(
        self,
        policy: WebhookPolicy,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policy = policy
        self._tls = tls or ssl.create_default_context()
        self._clock = clock
        self._silent: set[str] = set()

    def send(self, letter: Letter, _meanwhile: Callable[[], object] = lambda: None) -> SendOutcome:
        """Post one letter, and say what became of it."""
        if not self._policy.secret:
            return Unusable(_UNSIGNED)
        try:
            checked_webhook(letter.recipient)
        except Misuse as error:
            return Refused(str(error))
        host = urlsplit(letter.recipient).netloc
        if (
            host in self._silent
        ):  # many readers behind one dead server must not hold up all others for minutes
            return Deferred(f"{told(letter.recipient)} did not answer a moment ago")
        return asyncio.run(self._post(letter, self._policy.secret, host))

    async def _post(self, letter: Letter, secret: str, host: str) -> SendOutcome:
        policy = self._policy
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept-Encoding": "identity",
            "User-Agent": policy.user_agent,
            DELIVERY: letter.message_id,
            SIGNATURE: signature(letter.raw, secret, int(self._clock())),
        }
        timeout = aiohttp.ClientTimeout(total=policy.total, connect=policy.connect)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
                session.post(
                    URL(letter.recipient, encoded=True),
                    data=letter.raw,
                    headers=headers,
                    allow_redirects=False,  # the body and its signature are for this address alone
                    ssl=self._tls,
                    proxy=None if _is_loopback(letter.recipient) else policy.proxy,
                ) as response,
            ):
                piece = await _beginning(response)
                return self._outcome(response.status, response.headers, piece, letter.recipient)
        except aiohttp.ClientConnectorCertificateError as error:
            reason = getattr(error.certificate_error, "verify_message", "") or "it is for another host"
            return Deferred(f"{told(letter.recipient)}: its certificate is not to be trusted: {reason}")
        except TimeoutError:
            self._silent.add(host)
            return Deferred(f"{told(letter.recipient)}: no answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                self._silent.add(host)
            words = _quoted(str(error) or type(error).__name__, letter.recipient)
            return Deferred(f"{told(letter.recipient)}: {words}")

    def _outcome(
        self, status: int, headers: Mapping[str, str], piece: str, address: str
    ) -> Sent | Deferred | Refused:
        words = f"{status} {_quoted(piece, address)}".rstrip()
        if 200 <= status < 300:
            return Sent(words)
        if status < 400:
            return Deferred(f"{status}: it points elsewhere, where we do not follow; give its new address")
        if status in _LATER or status >= 500:
            return Deferred(words, _asked_pause(headers.get("Retry-After"), self._clock()))
        return Refused(words)


def signature(body: bytes, secret: str, at: int) -> str:
    """The value of X-Vietnhat-Signature: when (seconds since 1970), and the HMAC-SHA256 of that and the body."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def checked_webhook(address: str) -> str:
    """The address of a webhook. Raises Misuse; its words do not repeat what is secret in it."""
    if not address.isascii() or not address.isprintable() or " " in address or len(address) > _MAX_ADDRESS:
        raise Misuse(f"{told(address)} is no web address; write it as https://host/path, %-escaped")
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise Misuse(f"{told(address)} is no web address; write it as https://host/path") from error
    if not parts.hostname or parts.fragment or "@" in parts.netloc:
        raise Misuse(f"{told(address)}: a webhook is https://host/path, without user name and without #")
    if parts.scheme != "https" and not _is_loopback(address):
        raise Misuse(f"{told(address)}: http is for this machine alone; use https")
    if parts.hostname in _CHATS_OWN:
        raise Misuse(f"{told(address)} is a chat's own address; write it as {_CHATS_OWN[parts.hostname]}")
    return address


_CHATS_OWN = {
    "hooks.slack.com": "slack://TokenA/TokenB/TokenC",
    "api.telegram.org": "tgram://BotToken/ChatId",
}
"""They would refuse our JSON; whoever pastes one wants the other way out."""


def _is_loopback(address: str) -> bool:
    return urlsplit(address).hostname in _LOOPBACK


def _quoted(words: str, address: str) -> str:
    return quoted(words, address, target_of(address))


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """The first words of an answer; its status stands even where these break off."""
    try:
        piece = await response.content.read(4 * MAX_WORDS)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return ""
    return piece.decode("utf-8", "replace")


def _asked_pause(value: str | None, now: float) -> float:
    """Retry-After in seconds from now: a number, or a date (RFC 9110, 10.2.3); 0 for none."""
    if value is None:
        return 0.0
    if value.strip().isascii() and value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now)
