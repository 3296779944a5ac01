"""All ways out as one, and the pace of letters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from monitor.channel import Kind
from monitor.delivery.pace import Pace
from monitor.delivery.ways import Ways, checked_channel
from monitor.errors import Misuse
from monitor.masking import forget, without_secrets
from monitor.types import Letter
from tests.line.fakes import FakeWay


@pytest.fixture(autouse=True)
def _unmasked() -> Iterator[None]:
    """Masks are one per process."""
    forget()
    yield
    forget()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("ban@vidu.example", "mail"),
        ("https://hooks.example/x", "webhook"),
        ("http://127.0.0.1:1/x", "webhook"),
        ("slack://a/b/c", "chat"),
        ("tgram://1:a/2", "chat"),
    ],
)
def test_each_letter_goes_its_own_way(address: str, kind: Kind) -> None:
    """By its address alone; from then on the address is masked in whatever anybody says."""
    ways: dict[Kind, FakeWay] = {"mail": FakeWay(), "webhook": FakeWay(), "chat": FakeWay()}
    letter = Letter("<d@example.org>", address, b"x")
    Ways(ways).send(letter)
    assert {name: way.letters for name, way in ways.items() if way.letters} == {kind: [letter]}
    assert (address in without_secrets(f"said {address}")) is (kind == "mail")


def test_channels_are_checked_by_kind() -> None:
    """Webhooks by their rules, all others by the chats'."""
    assert checked_channel("https://hooks.example/x") == "https://hooks.example/x"
    for address in ("http://hooks.example/x", "exec://x"):
        with pytest.raises(Misuse):
            checked_channel(address)


class Clock:
    """Time that passes only while somebody sleeps, and a little with each letter."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.longest = 0.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.longest = max(self.longest, seconds)


@pytest.mark.parametrize(("rate", "distance"), [(1, 60.0), (6, 10.0), (60, 1.0), (600, 0.1)])
def test_letters_are_spread_evenly(rate: int, distance: float) -> None:
    """The first goes at once, each other after the same pause, however long the letters take."""
    clock = Clock()
    pace = Pace(lambda: clock.now, clock.sleep)
    went = []
    for _ in range(20):
        pace.wait(rate, lambda: False)
        went.append(clock.now)
        clock.now += distance / 3
    assert went[0] == 1000.0
    assert all(later - earlier == pytest.approx(distance) for earlier, later in pairwise(went))


def test_a_slow_relay_is_not_made_slower() -> None:
    """Letters that take longer than their distance follow each other at once; what was missed is not made up."""
    clock = Clock()
    pace = Pace(lambda: clock.now, clock.sleep)
    for _ in range(3):
        pace.wait(60, lambda: False)
        clock.now += 5
    assert clock.longest == 0.0
    pace.wait(60, lambda: False)
    pace.wait(60, lambda: False)
    assert clock.longest > 0


def test_no_limit_is_no_wait() -> None:
    """0 letters a minute means as many as there are."""
    clock = Clock()
    pace = Pace(lambda: clock.now, clock.sleep)
    for _ in range(100):
        pace.wait(0, lambda: False)
    assert clock.now == 1000.0


def test_a_stop_is_heard_while_waiting() -> None:
    """Within half a second, at whatever rate."""
    clock = Clock()
    pace = Pace(lambda: clock.now, clock.sleep)
    pace.wait(1, lambda: False)
    pace.wait(1, lambda: clock.now >= 1002)
    assert 1002 <= clock.now <= 1002.5
