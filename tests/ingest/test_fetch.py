"""Rules of one GET, against a real server on loopback."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor.ingest.fetch import Fetcher, FetchPolicy
from monitor.types import Failed, FailureKind, Fetched, FetchOutcome, NotModified, Validators

BODY = b"<rss version='2.0'><channel><title>t</title></channel></rss>"
NOTHING = Validators()
HASH = hashlib.sha256(BODY).hexdigest()


def _fetch(server: HTTPServer, path: str, validators: Validators = NOTHING, **policy: object) -> FetchOutcome:
    return asyncio.run(_fetch_url(f"http://127.0.0.1:{server.port}{path}", server.port, validators, **policy))


async def _fetch_url(url: str, port: int, validators: Validators = NOTHING, **policy: object) -> FetchOutcome:
    limits: dict[str, object] = {
        "host_spacing": 0.0,
        "allow_private": frozenset({f"127.0.0.1:{port}"}),
    } | policy
    async with Fetcher(FetchPolicy("vietnhat-test/1", **limits)) as fetcher:  # type: ignore[arg-type]
        return await fetcher.get(url, validators)


def _kind(outcome: FetchOutcome) -> FailureKind:
    assert isinstance(outcome, Failed), outcome
    return outcome.kind


def test_a_whole_body(httpserver: HTTPServer) -> None:
    """A 200 gives the body, its type, and what to send next time; we say who we are."""
    headers = {"ETag": '"v1"', "Last-Modified": "Sat, 21 Nov 2026 00:00:00 GMT"}
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response(BODY, headers=headers, content_type="application/rss+xml")

    httpserver.expect_request("/feed").respond_with_handler(answer)
    outcome = _fetch(httpserver, "/feed")
    validators = Validators('"v1"', "Sat, 21 Nov 2026 00:00:00 GMT", HASH)
    assert outcome == Fetched(httpserver.url_for("/feed").replace("localhost", "127.0.0.1"), 200, BODY,
                              "application/rss+xml", validators)  # fmt: skip
    assert seen[0].headers["User-Agent"] == "vietnhat-test/1"
    assert seen[0].headers["Accept-Encoding"] == "gzip, deflate"
    assert "If-None-Match" not in seen[0].headers


def test_conditional_request(httpserver: HTTPServer) -> None:
    """Validators go out, and a 304 to them is NotModified; what it does not repeat is kept."""
    sent = {"If-None-Match": '"v1"', "If-Modified-Since": "then"}
    httpserver.expect_request("/feed", headers=sent).respond_with_data(b"", status=304)
    before = Validators('"v1"', "then", "hash")
    outcome = _fetch(httpserver, "/feed", before)
    assert isinstance(outcome, NotModified)
    assert (outcome.status, outcome.validators) == (304, before)


def test_unasked_304_is_a_failure(httpserver: HTTPServer) -> None:
    """A 304 to an unconditional request is not believed: nothing could be unchanged."""
    httpserver.expect_request("/feed").respond_with_data(b"", status=304)
    assert _kind(_fetch(httpserver, "/feed")) is FailureKind.BAD_RESPONSE


def test_equal_body_is_not_modified(httpserver: HTTPServer) -> None:
    """A 200 with the same bytes as last time changes nothing but the validators."""
    httpserver.expect_request("/feed").respond_with_data(BODY, headers={"ETag": '"v2"'})
    outcome = _fetch(httpserver, "/feed", Validators('"v1"', None, HASH))
    assert isinstance(outcome, NotModified)
    assert (outcome.status, outcome.validators) == (200, Validators('"v2"', None, HASH))


@pytest.mark.parametrize(
    ("hops", "moved"), [((301, 308), True), ((301, 302), False), ((302, 301), False), ((307,), False)]
)
def test_moved_to(httpserver: HTTPServer, hops: tuple[int, ...], moved: bool) -> None:
    """The feed has moved only if every hop was permanent."""
    for number, status in enumerate(hops):
        target = {"Location": f"/hop{number + 1}"}
        httpserver.expect_request(f"/hop{number}").respond_with_data(b"", status=status, headers=target)
    httpserver.expect_request(f"/hop{len(hops)}").respond_with_data(BODY)
    outcome = _fetch(httpserver, "/hop0")
    assert isinstance(outcome, Fetched)
    assert outcome.url.endswith(f"/hop{len(hops)}")
    assert outcome.moved_to == (outcome.url if moved else None)


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("/loop", FailureKind.BAD_REDIRECT),
        ("", FailureKind.BAD_REDIRECT),
        ("http://xn--a/", FailureKind.BAD_REDIRECT),
        ("//xn--127-.example/", FailureKind.BAD_REDIRECT),
        ("http://127.0.0.1:1/", FailureKind.REFUSED_ADDRESS),
        ("http://2130706433:8080/", FailureKind.REFUSED_ADDRESS),
        ("http://[::ffff:7f00:1]:8080/", FailureKind.REFUSED_ADDRESS),
        ("http://１２７.０.０.１:8080/", FailureKind.REFUSED_ADDRESS),
        ("http://localhost:8080/", FailureKind.REFUSED_ADDRESS),
        ("http://user:secret@news.example/", FailureKind.REFUSED_ADDRESS),
        ("file:///etc/passwd", FailureKind.REFUSED_ADDRESS),
        ("ftp://news.example/x", FailureKind.REFUSED_ADDRESS),
        ("http://news.example:25/", FailureKind.REFUSED_ADDRESS),
    ],
)
def test_every_hop_is_checked(httpserver: HTTPServer, location: str, kind: FailureKind) -> None:
    """A redirect is checked like the first URL, before anything is sent there."""
    answer = Response(b"", status=302)
    answer.autocorrect_location_header = False
    answer.headers["Location"] = location
    httpserver.expect_request("/loop").respond_with_response(answer)
    assert _kind(_fetch(httpserver, "/loop")) is kind


def test_a_stranger_is_not_let_in_by_a_listing(
    monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    """A feed that is not listed cannot redirect to a host that is."""
    monkeypatch.setattr(
        "monitor.ingest.guard.is_private", lambda _: False
    )  # as if loopback were the internet
    _resolve_all_to_loopback(monkeypatch)
    listed = f"127.0.0.1:{httpserver.port}"
    to_listed = {"Location": f"http://{listed}/inside"}
    httpserver.expect_request("/feed").respond_with_data(b"", status=302, headers=to_listed)
    outcome = asyncio.run(_fetch_url(f"http://news.example:{httpserver.port}/feed", httpserver.port))
    assert _kind(outcome) is FailureKind.REFUSED_ADDRESS
    assert [request.path for request, _ in httpserver.log] == ["/feed"]


def test_cookies_live_for_one_exchange(httpserver: HTTPServer) -> None:
    """A server that demands its cookie back on the redirect gets it, but not on the next fetch."""
    httpserver.expect_request("/feed", headers={"Cookie": "a=1"}).respond_with_data(BODY)
    httpserver.expect_request("/feed").respond_with_data(
        b"", status=302, headers={"Location": "/feed", "Set-Cookie": "a=1; Path=/"}
    )

    async def twice() -> list[FetchOutcome]:
        url, port = f"http://127.0.0.1:{httpserver.port}/feed", httpserver.port
        policy = FetchPolicy("t", host_spacing=0, allow_private=frozenset({f"127.0.0.1:{port}"}))
        async with Fetcher(policy) as fetcher:
            return [await fetcher.get(url, Validators()) for _ in range(2)]

    assert all(isinstance(outcome, Fetched) for outcome in asyncio.run(twice()))
    assert ["Cookie" in request.headers for request, _ in httpserver.log] == [False, True, False, True]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (410, {}, FailureKind.GONE, None),
        (404, {}, FailureKind.STATUS, None),
        (500, {"Retry-After": "60"}, FailureKind.STATUS, None),
        (429, {"Retry-After": "120"}, FailureKind.STATUS, 120.0),
        (503, {"Retry-After": "99999999"}, FailureKind.STATUS, 86400.0),
        (503, {}, FailureKind.STATUS, None),
        (204, {}, FailureKind.STATUS, None),
        (200, {}, FailureKind.BAD_RESPONSE, None),
    ],
)
def test_statuses(
    httpserver: HTTPServer, status: int, headers: dict[str, str], kind: FailureKind, wait: float | None
) -> None:
    """Only a 200 with a body is success; 429 and 503 may say when to come back."""
    httpserver.expect_request("/feed").respond_with_data(b"", status=status, headers=headers)
    outcome = _fetch(httpserver, "/feed")
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.retry_after, outcome.status) == (kind, wait, status)


def test_gzip_is_undone(httpserver: HTTPServer) -> None:
    """What we offered to decode is decoded."""
    packed = gzip.compress(BODY)
    httpserver.expect_request("/feed").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    outcome = _fetch(httpserver, "/feed")
    assert isinstance(outcome, Fetched)
    assert outcome.body == BODY


@pytest.mark.parametrize(
    ("body", "encoding", "kind"),
    [
        (BODY, "banana", FailureKind.BAD_RESPONSE),
        (BODY, "br", FailureKind.BAD_RESPONSE),
        (BODY, "gzip", FailureKind.BAD_RESPONSE),
        (gzip.compress(gzip.compress(BODY)), "gzip, gzip", FailureKind.BAD_RESPONSE),
        (gzip.compress(b" " * 3_000_000), "gzip", FailureKind.TOO_LARGE),
        (b"x" * 2_000_000, "identity", FailureKind.TOO_LARGE),
    ],
)
def test_encodings_and_size(httpserver: HTTPServer, body: bytes, encoding: str, kind: FailureKind) -> None:
    """An encoding not asked for is refused; the size limit counts decompressed bytes."""
    httpserver.expect_request("/feed").respond_with_data(body, headers={"Content-Encoding": encoding})
    assert _kind(_fetch(httpserver, "/feed", max_bytes=1_000_000)) is kind


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/feed",
        "http://localhost/feed",
        "http://10.0.0.1/feed",
        "ftp://news.example/feed",
        "http://user:pw@news.example/feed",
        "http://169.254.169.254/latest",
    ],
)
def test_unlisted_private_urls_are_refused(url: str) -> None:
    """Without a listing no private address is asked, whatever the spelling."""
    assert _kind(asyncio.run(_fetch_url(url, 8600))) is FailureKind.REFUSED_ADDRESS


def test_a_listed_host_is_listed_by_its_own_port(httpserver: HTTPServer) -> None:
    """Listing one port of a host opens no other one."""
    outcome = asyncio.run(_fetch_url(f"http://127.0.0.1:{httpserver.port}/", 8600))
    assert _kind(outcome) is FailureKind.REFUSED_ADDRESS
    assert httpserver.log == []


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> None:
    """A public name whose address is private is refused at connect time: DNS cannot be trusted."""
    _resolve_all_to_loopback(monkeypatch)
    outcome = asyncio.run(_fetch_url(f"http://news.example:{httpserver.port}/", 8600))
    assert _kind(outcome) is FailureKind.REFUSED_ADDRESS
    assert httpserver.log == []


def _resolve_all_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        both = [("127.0.0.1", 2), ("::1", 10)]
        return [{"hostname": host, "host": ip, "port": port, "family": kind, "proto": 0, "flags": 0}
                for ip, kind in both]  # fmt: skip

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)


def test_a_proxy_may_be_private(httpserver: HTTPServer) -> None:
    """A configured proxy is reached at any address; the target's own spelling is still checked."""
    httpserver.expect_request("/feed").respond_with_data(BODY)
    proxy = f"http://127.0.0.1:{httpserver.port}"
    outcome = asyncio.run(_fetch_url("http://news.example/feed", 1, proxy=proxy))
    assert isinstance(outcome, Fetched)
    refused = asyncio.run(_fetch_url("http://127.1:8080/feed", 1, proxy=proxy))
    assert _kind(refused) is FailureKind.REFUSED_ADDRESS
    assert len(httpserver.log) == 1


def test_the_proxys_password_is_not_told() -> None:
    """A proxy that refuses is a failure without the login in its address: reasons are stored and mailed."""

    async def go() -> FetchOutcome:
        async with _raw_server(b"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n", stay_open=False) as port:
            proxy = f"http://user:SECRETxyz@127.0.0.1:{port}"
            return await _fetch_url("https://news.example/feed", 1, proxy=proxy)

    outcome = asyncio.run(go())
    assert isinstance(outcome, Failed)
    assert "407" in outcome.reason
    assert "SECRET" not in outcome.reason


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _raw_server(answer: bytes, *, stay_open: bool) -> AsyncIterator[int]:
    leave = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if stay_open:
            await leave.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        leave.set()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "stay_open", "kind"),
    [
        (b"", True, FailureKind.TIMEOUT),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>", True, FailureKind.TIMEOUT),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", True, FailureKind.TIMEOUT),
        (b"", False, FailureKind.UNREACHABLE),
        (b"SSH-2.0-hello\r\n", False, FailureKind.BAD_RESPONSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>", False, FailureKind.BAD_RESPONSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n<rss>", True, FailureKind.TOO_LARGE),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n", False, FailureKind.BAD_RESPONSE),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1/:::/%zz\r\n\r\n", False, FailureKind.BAD_REDIRECT),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", False, FailureKind.BAD_RESPONSE),
    ],
)
def test_broken_servers(answer: bytes, stay_open: bool, kind: FailureKind) -> None:
    """Silence, garbage and broken promises are values with a reason, within the deadline."""

    async def go() -> FetchOutcome:
        async with _raw_server(answer, stay_open=stay_open) as port:
            return await _fetch_url(f"http://127.0.0.1:{port}/", port, total_deadline=0.4)

    outcome = asyncio.run(go())
    assert _kind(outcome) is kind
    assert isinstance(outcome, Failed)
    assert outcome.reason.isprintable()


def test_a_trickle_meets_the_deadline() -> None:
    """A body that keeps coming, a byte at a time, ends at the deadline for the whole exchange."""

    async def go() -> FetchOutcome:
        left = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not reader.at_eof():
                writer.write(b"x")
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.05)
            writer.close()
            left.set()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            outcome = await _fetch_url(f"http://127.0.0.1:{port}/", port, total_deadline=0.4)
            await left.wait()
        return outcome

    assert asyncio.run(go()) == Failed(FailureKind.TIMEOUT, "no whole answer within 0.4 s")


def test_nobody_listens() -> None:
    """A refused connection is unreachable, not an exception."""

    async def go() -> FetchOutcome:
        async with _raw_server(b"", stay_open=False) as port:
            pass
        return await _fetch_url(f"http://127.0.0.1:{port}/", port)

    assert _kind(asyncio.run(go())) is FailureKind.UNREACHABLE


def test_tls_failures_are_told_apart(httpserver: HTTPServer) -> None:
    """A server that does not speak TLS on an https URL is a TLS failure."""
    outcome = asyncio.run(_fetch_url(f"https://127.0.0.1:{httpserver.port}/", httpserver.port))
    assert _kind(outcome) is FailureKind.TLS


@pytest.mark.parametrize(
    "url", ["http://[::1/", "http://news.example:99999/", "http://a\\@b.example/", "http://xn--a/"]
)
def test_unusable_urls_are_values(url: str) -> None:
    """A URL nobody can use is a failed fetch with words, not an exception."""
    assert _kind(asyncio.run(_fetch_url(url, 8600))) is FailureKind.BAD_RESPONSE


@pytest.mark.parametrize("url", ["http://", "news.example/feed", "", "http://a..example:80/ü"])
def test_urls_without_scheme_or_host_are_refused(url: str) -> None:
    """Only whole web addresses of named hosts are asked for."""
    assert _kind(asyncio.run(_fetch_url(url, 8600))) is FailureKind.REFUSED_ADDRESS


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Cache-Control": "public, max-age=1800"}, 30),
        ({"Cache-Control": "max-age=1800", "Age": "600"}, 20),
        ({"Cache-Control": "no-cache, max-age=1800"}, 0),
        ({}, 0),
    ],
)
def test_the_publishers_wish(httpserver: HTTPServer, headers: dict[str, str], pause: int) -> None:
    """How long an answer calls itself fresh comes with it, also with a 304."""
    httpserver.expect_ordered_request("/feed").respond_with_data(BODY, headers=headers)
    httpserver.expect_ordered_request("/feed").respond_with_data(b"", status=304, headers=headers)
    fetched = _fetch(httpserver, "/feed")
    unchanged = _fetch(httpserver, "/feed", Validators('"1"'))
    assert isinstance(fetched, Fetched)
    assert isinstance(unchanged, NotModified)
    assert fetched.pause == unchanged.pause == timedelta(minutes=pause)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (403, b"<html><title>Just a moment...</title>", {}, FailureKind.CHALLENGE),
        (503, b"<html>", {"cf-mitigated": "challenge"}, FailureKind.CHALLENGE),
        (403, b"<html>Forbidden", {}, FailureKind.STATUS),
        (500, b"<html><title>Just a moment...</title>", {}, FailureKind.STATUS),
    ],
)
def test_a_page_for_robots(
    httpserver: HTTPServer, status: int, body: bytes, headers: dict[str, str], kind: FailureKind
) -> None:
    """A challenge is told from a plain refusal: only a person can do something about it."""
    httpserver.expect_request("/feed").respond_with_data(body, status=status, headers=headers)
    outcome = _fetch(httpserver, "/feed")
    assert _kind(outcome) is kind
    assert isinstance(outcome, Failed)
    assert outcome.status == status


def test_a_host_that_asks_for_patience_is_left_alone(httpserver: HTTPServer) -> None:
    """After Retry-After no feed of that host is asked, not even one that waits for its turn; others are."""
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.host)
        return Response(b"", 429, {"Retry-After": "3600"})

    httpserver.expect_request("/busy").respond_with_handler(answer)
    httpserver.expect_request("/feed").respond_with_data(BODY)

    async def go() -> list[FetchOutcome]:
        port = httpserver.port
        pairs = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        async with Fetcher(FetchPolicy("t", host_spacing=0.01, allow_private=pairs)) as fetcher:
            both = (fetcher.get(f"http://127.0.0.1:{port}/busy", NOTHING) for _ in range(2))
            first, second = await asyncio.gather(*both)
            third = await fetcher.get(f"http://127.0.0.1:{port}/feed", NOTHING)
            return [first, second, third, await fetcher.get(f"http://localhost:{port}/feed", NOTHING)]

    first, second, third, other = asyncio.run(go())
    assert isinstance(first, Failed)
    assert (first.kind, first.retry_after, first.host) == (FailureKind.STATUS, 3600.0, "127.0.0.1")
    for outcome in (second, third):
        assert isinstance(outcome, Failed)
        assert outcome.kind is FailureKind.WAITING
        assert outcome.retry_after
        assert 3590 < outcome.retry_after <= 3600
    assert isinstance(other, Fetched)
    assert len(asked) == 1


def test_gone_counts_only_where_it_was_asked(httpserver: HTTPServer) -> None:
    """410 behind a redirect is that target's matter; the address itself may lead elsewhere tomorrow."""
    httpserver.expect_request("/gone").respond_with_data("", status=410)
    httpserver.expect_request("/feed").respond_with_data("", status=302, headers={"Location": "/gone"})
    assert _kind(_fetch(httpserver, "/gone")) is FailureKind.GONE
    assert _kind(_fetch(httpserver, "/feed")) is FailureKind.STATUS


def test_a_host_that_says_nothing_holds_up_its_own_feeds_only_once() -> None:
    """The first one waits in vain; the others of that host and round are not asked."""

    async def go() -> tuple[list[FetchOutcome], float]:
        async with _raw_server(b"", stay_open=True) as port:
            pairs = frozenset({f"127.0.0.1:{port}"})
            policy = FetchPolicy("t", total_deadline=0.3, host_spacing=0.01, allow_private=pairs)
            async with Fetcher(policy) as fetcher:
                started = asyncio.get_running_loop().time()
                asked = (fetcher.get(f"http://127.0.0.1:{port}/{n}", NOTHING) for n in range(20))
                found = list(await asyncio.gather(*asked))
                return found, asyncio.get_running_loop().time() - started

    outcomes, seconds = asyncio.run(go())
    assert {_kind(outcome) for outcome in outcomes} == {FailureKind.TIMEOUT}
    assert seconds < 3
