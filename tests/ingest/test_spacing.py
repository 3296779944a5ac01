"""Rules of politeness towards one host."""

import asyncio
from itertools import pairwise

from monitor.ingest.spacing import HostSpacing


def _starts(spacing: HostSpacing, hosts: list[str]) -> tuple[list[float], int]:
    """When each turn started, in seconds, and how many ran at once on one host at most."""

    async def go() -> tuple[list[float], int]:
        now = asyncio.get_running_loop().time
        begin, starts, running, most = now(), [], dict.fromkeys(hosts, 0), 0

        async def one(host: str) -> None:
            nonlocal most
            async with spacing.turn(host):
                starts.append(now() - begin)
                running[host] += 1
                most = max(most, running[host])
                await asyncio.sleep(0.01)
                running[host] -= 1

        await asyncio.gather(*(one(host) for host in hosts))
        return sorted(starts), most

    return asyncio.run(go())


def test_starts_on_one_host_are_spaced() -> None:
    """One request at a time per host, and a pause between two starts."""
    starts, most = _starts(HostSpacing(0.05, 4), ["a"] * 3)
    assert most == 1
    assert all(later - earlier >= 0.049 for earlier, later in pairwise(starts))


def test_other_hosts_do_not_wait() -> None:
    """A slow host keeps nobody else waiting, and who waits for it occupies no place."""
    starts, _ = _starts(HostSpacing(0.2, 1), ["a", "a", "b", "c"])
    assert starts[2] < 0.2 <= starts[3]


def test_no_pause_means_no_rule() -> None:
    """A pause of 0 lifts both rules: only the concurrency limit remains."""
    _, most = _starts(HostSpacing(0, 2), ["a"] * 4)
    assert most == 2
