"""One polite, bounded, guarded GET: the network's answer as a value. The only module that knows aiohttp.

Knows no feeds, no retries and no schedule. Nothing the network does is raised; bugs are.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import re
import ssl
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL  # the URL type of aiohttp's own interface

from monitor.ingest import challenge, guard
from monitor.ingest.answer import Redirect, asked_pause, conditional_headers, fresh_validators, retry_after
from monitor.ingest.spacing import HostSpacing
from monitor.masking import brief, without_secrets
from monitor.types import Failed, FailureKind, Fetched, FetchOutcome, NotModified, Validators

_CHUNK = 65536
_HEADER_LIMIT = 128 * 1024
_ENCODINGS = ("", "identity", "gzip", "deflate")
_REDIRECTS = (301, 302, 303, 307, 308)
_PARSERS_STATUS = re.compile(r"\b400, message[=:]\s*")
"""aiohttp's own number for an answer it cannot read: the server said something else."""
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Limits of every fetch. Times in seconds, sizes in bytes after decompression.

    `allow_private` lists "host:port" as URLs spell them; only those may lead to a private address.
    `host_spacing` 0 also allows several requests to one host at a time.
    """

    user_agent: str
    total_deadline: float = 30.0
    max_bytes: int = 15 * 1024 * 1024
    host_spacing: float = 2.0
    max_redirects: int = 5
    proxy: str | None = None
    allow_private: frozenset[str] = frozenset()
    concurrency: int = 16

    @property
    def silence(self) -> float:
        """Longest wait for a next byte; after a broken chunk aiohttp waits for ever, and this ends it."""
        return self.total_deadline * 2 / 3


@dataclass(slots=True)
class _Exchange:
    """What one `get` carries from hop to hop: cookies never outlive it."""

    url: URL
    validators: Validators
    seconds_left: float
    cookies: aiohttp.CookieJar
    hops: int = 0
    permanent: bool = True

    @property
    def moved_to(self) -> str | None:
        return str(self.url) if self.hops and self.permanent else None


class Fetcher:
    """Two connection pools: one that refuses private addresses, one for the hosts the operator listed."""

    def __init__(self, policy: FetchPolicy) -> None:
        self._policy = policy
        self._spacing = HostSpacing(policy.host_spacing, policy.concurrency)
        self._silent: dict[str, Failed] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        ports = frozenset(int(each.rpartition(":")[2]) for each in self._policy.allow_private)
        through_proxy = self._policy.proxy is not None
        self._public = await self._session(None if through_proxy else guard.guarded_socket)
        self._listed = await self._session(guard.socket_for_ports(ports))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _session(self, factory: aiohttp.connector.SocketFactoryType | None) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, socket_factory=factory, ssl=_tls())
        return await self._stack.enter_async_context(
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_read=self._policy.silence),
                headers={
                    "User-Agent": self._policy.user_agent,
                    "Accept": _ACCEPT,
                    "Accept-Encoding": "gzip, deflate",
                },
                max_line_size=_HEADER_LIMIT,
                max_field_size=_HEADER_LIMIT,
            )
        )

    def hold(self, host: str, seconds: float) -> None:
        """Leave a host alone for so long, as it asked; to ask it all the same gives a failure WAITING."""
        self._spacing.hold(host.lower(), seconds)

    async def get(self, url: str, validators: Validators) -> FetchOutcome:
        """Ask for a URL, following redirects by hand: every hop is checked like the first.

        The deadline covers all hops and bodies together, but not the waiting for a host's turn.
        """
        try:
            start = _usable(url)
        except ValueError as error:
            return Failed(FailureKind.BAD_RESPONSE, f"not a usable URL: {error}")
        jar = aiohttp.CookieJar(unsafe=True)
        exchange = _Exchange(start, validators, self._policy.total_deadline, jar)
        while exchange.hops <= self._policy.max_redirects:
            outcome = await self._hop(exchange)
            if not isinstance(outcome, Redirect):
                return outcome
            try:
                target = exchange.url.join(_usable(outcome.location)).with_fragment(None)
            except ValueError as error:
                return Failed(FailureKind.BAD_REDIRECT, f"redirect to an unusable URL: {error}")
            if self._is_listed(target) and not self._is_listed(exchange.url):
                # Listing a host lets its own feeds be fetched; it opens it to no stranger's redirect.
                reason = f"{guard.REFUSED}: a redirect to a listed host is refused"
                return Failed(FailureKind.REFUSED_ADDRESS, reason)
            exchange.url = target
            exchange.hops += 1
            exchange.permanent = exchange.permanent and outcome.permanent
        return Failed(FailureKind.BAD_REDIRECT, f"more than {self._policy.max_redirects} redirects")

    async def _hop(self, exchange: _Exchange) -> FetchOutcome | Redirect:
        url = exchange.url
        refused = self._refused(url)
        if refused is not None:
            return refused
        host = (url.host or "").lower()
        async with self._spacing.turn(host):
            left = self._spacing.held(host)
            if left:
                reason = f"{host} asked for no request for another {left:.0f} s"
                return Failed(FailureKind.WAITING, reason, retry_after=left, host=host)
            if host in self._silent:
                return self._silent[host]
            loop = asyncio.get_running_loop()
            started = loop.time()
            try:
                async with asyncio.timeout(exchange.seconds_left):
                    return await self._ask(exchange)
            except (aiohttp.ClientError, OSError, ValueError, EOFError) as error:
                failure = _failure(error, self._policy)
                if not failure.answered and self._policy.host_spacing:
                    # Its other feeds are not asked now: they would wait one after the other, and all feeds with them.
                    self._silent[host] = replace(
                        failure, reason=f"{host} has just given no answer: {failure.reason}"
                    )
                return failure
            finally:
                exchange.seconds_left -= loop.time() - started

    def _refused(self, url: URL) -> Failed | None:
        if url.user is not None or url.password is not None:
            return Failed(FailureKind.REFUSED_ADDRESS, "a user name in the URL is refused")
        if self._is_listed(url):
            return None
        reason = guard.refusal(url.scheme, url.host or "", url.port)
        return Failed(FailureKind.REFUSED_ADDRESS, reason) if reason else None

    def _is_listed(self, url: URL) -> bool:
        host = f"[{url.host}]" if ":" in (url.host or "") else url.host
        return url.scheme in ("http", "https") and f"{host}:{url.port}" in self._policy.allow_private

    async def _ask(self, exchange: _Exchange) -> FetchOutcome | Redirect:
        listed = self._is_listed(exchange.url)
        request = (self._listed if listed else self._public).get(
            exchange.url,
            headers=conditional_headers(exchange.validators),
            cookies=exchange.cookies.filter_cookies(exchange.url),
            allow_redirects=False,
            proxy=None if listed else self._policy.proxy,
        )
        async with request as response:
            exchange.cookies.update_cookies(response.cookies, exchange.url)
            if response.status in _REDIRECTS:
                response.close()
                return Redirect.read(response.status, response.headers)
            outcome = await self._answer(exchange, response)
            if isinstance(outcome, Failed):
                response.close()
            return outcome

    async def _answer(self, exchange: _Exchange, response: aiohttp.ClientResponse) -> FetchOutcome:
        sent, url, status = exchange.validators, str(exchange.url), response.status
        if status == 304:
            if not conditional_headers(sent):
                return Failed(FailureKind.BAD_RESPONSE, "status 304 to an unconditional request", status)
            fresh = fresh_validators(response.headers, sent)
            return NotModified(
                url, status, fresh, exchange.moved_to, asked_pause(response.headers, time.time())
            )
        if status == 410 and exchange.hops:  # the address that redirects may lead elsewhere tomorrow
            return Failed(FailureKind.STATUS, "status 410 after a redirect", status)
        if status == 410:
            return Failed(FailureKind.GONE, "status 410: the feed is gone", status)
        if status not in (200, 203):
            return await self._refusal(exchange, response)
        body = await self._body(response)
        if isinstance(body, Failed):
            return body
        fresh = replace(
            fresh_validators(response.headers, Validators()), body_hash=hashlib.sha256(body).hexdigest()
        )
        pause = asked_pause(response.headers, time.time())
        if fresh.body_hash == sent.body_hash:
            return NotModified(url, status, fresh, exchange.moved_to, pause)
        content_type = response.headers.get("Content-Type", "")
        return Fetched(url, status, body, content_type, fresh, exchange.moved_to, pause)

    async def _refusal(self, exchange: _Exchange, response: aiohttp.ClientResponse) -> Failed:
        """What a status that brings no feed means: a wait, a page for robots, or just that status."""
        status, host = response.status, (exchange.url.host or "").lower()
        wait = None
        if status in (429, 503):
            wait = retry_after(response.headers.get("Retry-After"), time.time())
            if wait:
                self.hold(host, wait)
        if status in (401, 403, 405, 406, 429, 503):
            page = (await response.content.read(challenge.SNIFFED)).decode("utf-8", "replace")
            guarded = challenge.header_says_so(response.headers) or challenge.page_says_so(page)
            if guarded or (status == 403 and challenge.server_guards(response.headers)):
                return Failed(
                    FailureKind.CHALLENGE, f"status {status} and {challenge.WORDS}", status, wait, host
                )
        return Failed(FailureKind.STATUS, f"status {status}", status, wait, host)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes | Failed:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            return Failed(
                FailureKind.BAD_RESPONSE, f"Content-Encoding {encoding[:40]!r} was not asked for", 200
            )
        limit = self._policy.max_bytes
        too_large = Failed(FailureKind.TOO_LARGE, f"larger than {limit} bytes", response.status)
        if (response.content_length or 0) > limit:
            return too_large
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > limit:
                return too_large
        if not body.strip():
            return Failed(FailureKind.BAD_RESPONSE, "an empty answer", response.status)
        return bytes(body)


def _usable(text: str) -> URL:
    """The URL. Raises ValueError for a host in broken punycode too, which yarl itself tells only when asked."""
    url = URL(text)
    _ = url.host
    return url


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # baotintuc.vn speaks only legacy renegotiation, which OpenSSL 3 refuses by default. Certificates are
    # still verified; what is given up matters to requests that carry secrets, and ours carry none.
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context


def _failure(error: Exception, policy: FetchPolicy) -> Failed:
    text = brief(without_secrets(str(error))[:400], 200) or type(error).__name__
    match error:
        case aiohttp.SocketTimeoutError():
            return Failed(FailureKind.TIMEOUT, f"silent for {policy.silence:g} s")
        case TimeoutError():
            return Failed(FailureKind.TIMEOUT, f"no whole answer within {policy.total_deadline:g} s")
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Failed(FailureKind.TLS, f"TLS: {text}")
        case aiohttp.ClientConnectorError() if error.os_error.errno == errno.EACCES and guard.REFUSED in text:
            return Failed(FailureKind.REFUSED_ADDRESS, str(error.os_error.strerror))
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError() if (
            "content-encoding" in text.lower()
        ):
            return Failed(
                FailureKind.BAD_RESPONSE, "a Content-Encoding that was not asked for, or a broken one"
            )
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError() | aiohttp.InvalidURL():
            return Failed(FailureKind.BAD_RESPONSE, f"not a proper answer: {_PARSERS_STATUS.sub('', text)}")
        case aiohttp.ClientError() | OSError():
            return Failed(FailureKind.UNREACHABLE, text)
    return Failed(FailureKind.BAD_RESPONSE, f"not a proper answer: {text}")
