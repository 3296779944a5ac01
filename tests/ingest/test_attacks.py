"""A server that tries to send the fetcher elsewhere: nothing but a checked Location leads anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.ingest import guard
from monitor.ingest.fetch import Fetcher, FetchPolicy
from monitor.types import Failed, Fetched, FetchOutcome, Validators

META = b"<html><meta http-equiv=refresh content='0;url=/canary'><link rel=alternate href='/canary'></html>"


class Server:
    """Answers every request with the same bytes and keeps what it was asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.port = 0

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


def response(status: str, *headers: str, body: bytes = b"<rss/>") -> bytes:
    """The octets of an answer; CANARY is the other server's port."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("utf-8") + body


async def lured(answer: bytes, times: int = 1) -> tuple[list[FetchOutcome], list[str], list[str]]:
    """Fetch `times` from a listed server whose answer names another one; outcomes, and what each was asked."""
    async with Server(b"") as canary, Server(b"") as server:
        canary.answer = response("200 OK")
        server.answer = answer.replace(b"CANARY", f"127.0.0.1:{canary.port}".encode())
        listed = frozenset({f"127.0.0.1:{server.port}"})
        policy = FetchPolicy("test/1", host_spacing=0.0, total_deadline=5.0, allow_private=listed)
        async with Fetcher(policy) as fetcher:
            outcomes = [
                await fetcher.get(f"http://127.0.0.1:{server.port}/feed", Validators()) for _ in range(times)
            ]
    return outcomes, server.asked, canary.asked


@pytest.mark.parametrize(
    "header",
    [
        "Refresh: 0; url=http://CANARY/", "Link: <http://CANARY/>; rel=self", "Link: <http://CANARY/>; rel=preload",
        'Alt-Svc: http/1.1="CANARY"; ma=86400', 'Alt-Svc: h2="CANARY"', "Content-Location: http://CANARY/",
        "Location: http://CANARY/", "X-Accel-Redirect: http://CANARY/", "Upgrade: h2c",
    ],
)  # fmt: skip
def test_headers_that_are_no_redirect(header: str) -> None:
    """A 200 is a 200, whatever other addresses it names; the next fetch goes to the same server again."""
    outcomes, asked, canary = asyncio.run(lured(response("200 OK", header, body=META), times=2))
    assert [type(outcome) for outcome in outcomes] == [Fetched, Fetched]
    assert len(asked) == 2
    assert canary == []


@pytest.mark.parametrize("status", [300, 305, 306, 399, 401, 407, 421, 511])
def test_statuses_that_are_no_redirect(status: int) -> None:
    """Only the five redirects redirect; a wish for a login is not granted."""
    headers = (
        "Location: http://CANARY/",
        "WWW-Authenticate: Basic realm=x",
        "Proxy-Authenticate: Basic realm=x",
    )
    outcomes, asked, canary = asyncio.run(lured(response(f"{status} x", *headers)))
    assert isinstance(outcomes[0], Failed)
    assert (len(asked), canary) == (1, [])


@pytest.mark.parametrize(
    "location",
    [
        "http://CANARY/", "//CANARY/", "HTTP://CANARY/", "https://CANARY/", "http://CANARY#@news.example/",
        "http://news.example@CANARY/", "http://user:x@CANARY/", "http://news.example\\@CANARY/", "\\\\CANARY/",
        "/\\CANARY/", "http://CANARY/ http://news.example/", "http://CANARY\t/", "ws://CANARY/", "unix://CANARY/",
        "file:///etc/passwd", "data:text/xml,<rss/>", "http://[::ffff:127.0.0.1]:1024/", "http://[::1%25lo]:1024/",
        "http://①②⑦.⓪.⓪.①:1024/", "http://127。0。0。1:1024/", "http://ⓛocalhost:1024/", "http://127.0.0.1%2e:1024/",
        "http://0x7f.1:1024/", "http://017700000001:1024/", "http://2130706433:1024/", "http://[::ffff:0:7f00:1]:1024/",
        "http://[2001::1]:1024/", "http://192.0.0.8/", "http://router/", "http://127.0.0.1:0/", "http://8.8.8.8:65536/",
        "x" * 200_000,
    ],
)  # fmt: skip
def test_locations_that_lead_astray(location: str) -> None:
    """A redirect inside, or to no plain web address, is a failure in words, and nobody is asked."""
    outcomes, asked, canary = asyncio.run(lured(response("302 Found", f"Location: {location}")))
    assert isinstance(outcomes[0], Failed), outcomes
    assert outcomes[0].reason.isprintable()
    assert (len(asked), canary) == (1, [])


@pytest.mark.parametrize(
    "location", ["http:///CANARY/", "http:CANARY/", "http:/CANARY/", "///CANARY/", "/@CANARY/"]
)
def test_locations_without_a_host_stay_on_the_server(location: str) -> None:
    """What looks like another host and is none, by RFC 3986, is a path of the same server."""
    outcomes, asked, canary = asyncio.run(lured(response("302 Found", f"Location: {location}")))
    assert isinstance(outcomes[0], Failed)
    assert "redirects" in outcomes[0].reason
    assert (len(asked), canary) == (6, [])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: /a\rLocation: http://CANARY/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://CANARY\r\n /x: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n<rss>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n<rss>",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n<rss>",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 5\r\n\r\n<rss>",
        b"<rss></rss>",
    ],
)
def test_answers_that_can_be_read_in_two_ways(answer: bytes) -> None:
    """Split headers, two lengths, no status line: refused, not interpreted."""
    outcomes, _, canary = asyncio.run(lured(answer))
    assert isinstance(outcomes[0], Failed), outcomes
    assert canary == []


def test_the_environment_sends_nobody_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proxy variables and a .netrc are not for us: VIETNHAT_PROXY alone counts, and no login goes out."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login planted password SECRETxyz\n", encoding="utf-8")
    netrc.chmod(0o600)
    for name, value in {"HOME": str(tmp_path), "NETRC": str(netrc)}.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outcomes, asked, _ = asyncio.run(lured(response("200 OK")))
    assert isinstance(outcomes[0], Fetched)
    assert asked[0].startswith("GET /feed HTTP/1.1\r\n")
    assert "authorization" not in asked[0].lower()


def test_of_several_addresses_only_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a private and a public address is reached at the public one alone, in whatever order they come."""
    refused: list[str] = []

    def is_private(address: guard.Address) -> bool:
        if str(address) == "127.0.0.1":  # plays the public one
            return False
        refused.append(str(address))
        return True

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        order = [("127.0.0.2", 2), ("::1", 10), ("127.0.0.1", 2), ("10.0.0.1", 2)]
        return [{"hostname": host, "host": ip, "port": port, "family": kind, "proto": 0, "flags": 0}
                for ip, kind in order]  # fmt: skip

    async def go() -> tuple[FetchOutcome, list[str]]:
        async with Server(response("200 OK")) as server:
            async with Fetcher(FetchPolicy("test/1", host_spacing=0.0, total_deadline=5.0)) as fetcher:
                outcome = await fetcher.get(f"http://news.example:{server.port}/feed", Validators())
            return outcome, server.asked

    monkeypatch.setattr(guard, "is_private", is_private)
    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    outcome, asked = asyncio.run(go())
    assert isinstance(outcome, Fetched)
    assert len(asked) == 1
    assert set(refused) <= {"127.0.0.2", "::1", "10.0.0.1"}
    assert refused
