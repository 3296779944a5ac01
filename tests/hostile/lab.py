"""Inside the private network of netlab.sh: asks for every forbidden address by the default rules and says what came.

`python -m tests.hostile.lab FAULTS reachable|redirects|addresses|rebinding`; one JSON object on standard output.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor.ingest.fetch import Fetcher, FetchPolicy
from monitor.types import Failed, Validators

PUBLIC, PORT, CANARY = "11.22.33.44", 8600, 8601
INSIDE = ("127.0.0.1", "10.9.8.7", "169.254.169.254", "192.168.77.1", "[::1]")
"""Where the rebinding name leads in turn, between its public answers."""
ON_PORT_80 = (
    "169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fd12:3456::1]", "[fd00:ec2::254]",
)  # fmt: skip
TRIES, AT_ONCE = 1000, 20
POLICY = FetchPolicy("vietnhat-lab/1 (+https://vietnhat.example/)", host_spacing=0.0)
"""The defaults, but for the pause between requests to one host: nothing private is allowed."""
CODES = (301, 302, 303, 307, 308)


@contextmanager
def _server(faults: Path) -> Iterator[None]:
    names = {"rebind.lab": [part for inside in INSIDE[:-1] for part in (PUBLIC, inside)]}
    extra = [f"{host}:80" for host in ON_PORT_80] + [f"{host}:{PORT}" for host in INSIDE] + ["127.0.0.1:25"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as known:
        json.dump(names, known)
        known.flush()
        words = ["--host", PUBLIC, "--port", str(PORT), "--canary-port", str(CANARY), "--dns-port", "53"]
        words += ["--dns-map", known.name, *(word for each in extra for word in ("--canary-extra", each))]
        with subprocess.Popen(
            [sys.executable, str(faults / "faultfeeds.py"), *words], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                yield
            finally:
                process.kill()


def _control(path: str) -> Any:
    with urllib.request.urlopen(f"http://{PUBLIC}:{PORT}{path}", timeout=30) as answer:
        return json.load(answer)


def _redirecting() -> list[str]:
    """The paths that lead inside."""
    paths = [
        case["path"] for case in _control("/_manifest")["cases"] if case["expect"]["outcome"] == "blocked"
    ]
    return [path for path in paths if path.startswith("/ssrf/")]


def _target(path: str) -> str:
    """Where a path leads to."""
    connection = http.client.HTTPConnection(PUBLIC, PORT, timeout=10)
    connection.request("GET", path)
    location = connection.getresponse().headers["Location"]
    connection.close()
    return location.encode("latin-1").decode("utf-8", "replace")


async def _ask(urls: Iterable[str], policy: FetchPolicy = POLICY) -> Counter[str]:
    """What came of each URL, each by a fetcher of its own, which looks the name up anew."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(url: str) -> str:
        async with places, Fetcher(policy) as fetcher:
            outcome = await fetcher.get(url, Validators())
            return str(outcome.kind) if isinstance(outcome, Failed) else type(outcome).__name__

    return Counter(await asyncio.gather(*(one(url) for url in urls)))


def reachable() -> Counter[str]:
    """The counter-proof: with a policy that allows them, the canaries are found and count."""
    hosts = [f"{host}:80" for host in ON_PORT_80] + [f"{host}:{PORT}" for host in INSIDE]
    policy = FetchPolicy(POLICY.user_agent, host_spacing=0.0, allow_private=frozenset(hosts))
    return asyncio.run(_ask([f"http://{host}/canary/proof" for host in hosts], policy))


def redirects() -> Counter[str]:
    """Every redirect that leads inside, with every code."""
    urls = [f"http://{PUBLIC}:{PORT}{path}?code={code}" for path in _redirecting() for code in CODES]
    return asyncio.run(_ask(urls))


def addresses() -> Counter[str]:
    """The same addresses as if an operator had configured them."""
    return asyncio.run(_ask([_target(path) for path in _redirecting()]))


def rebinding() -> Counter[str]:
    """A name that is public at one lookup and private at the next."""
    return asyncio.run(_ask([f"http://rebind.lab:{PORT}/ok/rss"] * TRIES))


EXPERIMENTS: dict[str, Callable[[], Counter[str]]] = {
    each.__name__: each for each in (reachable, redirects, addresses, rebinding)
}


def main(faults: Path, name: str) -> None:
    """One experiment; the canary's count is the last word."""
    with _server(faults):
        outcomes = EXPERIMENTS[name]()
        print(json.dumps({"outcomes": outcomes, "canary": len(_control("/_canary")["hits"])}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
