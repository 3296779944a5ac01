"""The health pages over HTTP, as a service manager, a balancer and Prometheus ask for them."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from monitor import metrics
from monitor.errors import Misuse
from monitor.types import Deferred, FailureKind, PollReport
from monitor.web import server
from monitor.web.health import Checks, routes
from monitor.web.server import listening_socket, serving
from tests.deploy.contract import METRICS

NOW = datetime(2026, 11, 21, tzinfo=UTC)
STATE = metrics.State(
    {"ok": 3, "dead": 1},
    {"queued": 2},
    90.0,
    {"poll": NOW},
    {"poll": 0, "mail": 1},
    NOW,
    4096,
    "m-1",
    "0.1.0",
)


@contextmanager
def pages(ailments: list[str], parts: dict[str, str]) -> Iterator[str]:
    """The application on a free port of loopback."""
    checks = Checks(
        lambda: ailments, lambda: parts, lambda: (metrics.exposition(lambda: STATE), metrics.CONTENT_TYPE)
    )
    listener = listening_socket("127.0.0.1:0")
    with serving(Starlette(routes=routes(checks)), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def ask(url: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
    """Status, headers in lower case, body."""
    request = urllib.request.Request(url, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return (
                answer.status,
                {name.lower(): value for name, value in answer.headers.items()},
                answer.read().decode(),
            )
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {}, error.read().decode()


def test_well() -> None:
    """All three answer, are never cached and can run nothing; nothing else is there, and nothing acts."""
    with pages([], {"database": "", "poll": ""}) as home:
        status, headers, body = ask(f"{home}/healthz")
        assert (status, body) == (200, "ok\n")
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in headers
        status, _, body = ask(f"{home}/readyz")
        assert (status, json.loads(body)) == (200, {"ready": True, "parts": {"database": "ok", "poll": "ok"}})
        assert ask(f"{home}/")[0] == 404
        assert {ask(f"{home}/{page}", "POST")[0] for page in ("healthz", "readyz", "metrics")} == {405}


def test_unwell() -> None:
    """503 with the reason: healthz for what a restart mends, readyz for what keeps a part from working."""
    with pages(["the poll round does not end"], {"database": "disk full", "poll": ""}) as home:
        assert ask(f"{home}/healthz")[::2] == (503, "the poll round does not end\n")
        status, _, body = ask(f"{home}/readyz")
        assert (status, json.loads(body)["parts"]["database"]) == (503, "disk full")


def test_figures() -> None:
    """Prometheus' own parser reads them; every condition of a feed is there, also those of none."""
    metrics.poll(PollReport("a", "failed", failure=FailureKind.SLOW_READER))
    metrics.poll(PollReport("a", "new", entries=4, new=3, revised=1, seconds=0.2))
    metrics.verdicts(["send", "drop"])
    metrics.delivery(Deferred("451"))
    with pages([], {}) as home:
        status, headers, body = ask(f"{home}/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert found["vietnhat_feeds", "dead"] == 1
    assert found["vietnhat_feeds", "silent"] == 0
    assert found["vietnhat_letters", "queued"] == 2
    assert found["vietnhat_letters", "sent"] == 0
    assert found["vietnhat_last_round_timestamp_seconds", "poll"] == NOW.timestamp()
    assert found["vietnhat_round_failing", "mail"] == 1
    assert found["vietnhat_reader_kills_total", "time"] >= 1
    assert found["vietnhat_articles_total", "new"] >= 3
    assert found["vietnhat_verdicts_total", "send"] >= 1
    assert found["vietnhat_deliveries_total", "deferred"] >= 1
    assert found["vietnhat_model_info", "m-1"] == 1
    assert not [name for name, *_ in found if name.endswith("_created")]
    bare = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name, *_ in found}
    assert bare - set(METRICS) <= {"process_virtual_memory_bytes"}, "tell tests/deploy/contract.py"
    assert set(METRICS) - bare == {"up"}


def test_an_address_that_is_taken() -> None:
    """It is told by the setting's name before anything is under way."""
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        where = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(Misuse, match=f"VIETNHAT_LISTEN: {where} cannot be listened on"):
            listening_socket(where)
    with pytest.raises(Misuse, match="VIETNHAT_LISTEN"):
        listening_socket("127.0.0.1:99999")


def test_the_silent_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many connections that say nothing, or drip, keep nobody out, and are closed after a while."""
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.6)
    with pages([], {}) as root, ExitStack() as stack:
        host, port = root.removeprefix("http://").split(":")
        silent = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(40)]
        assert ask(f"{root}/healthz")[0] == 200
        silent[-1].settimeout(5)
        for octet in b"GET /healthz HTTP/1.1":
            try:
                silent[-1].sendall(bytes([octet]))
            except OSError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("dripping goes on for ever")
        for connection in silent:
            connection.settimeout(5)
            with suppress(ConnectionError):
                assert connection.recv(1) == b""
        assert ask(f"{root}/healthz")[0] == 200
