"""`python -m tests.system.storm --seeds 20`: deliveries through a relay of all faults, killed again and again.

A script, not a test: twenty seeds take a quarter of an hour. It prints a line for each seed, and ends with 1 when a
promise was broken.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from classifiers.models import ModelStore
from classifiers.release import first_model
from tests.system.house import House
from tests.system.relay import READERS, Figures, Storm, copied, prepared, relay
from tests.system.street import readers

KILLS = 10
MOST_STARTS = 40
SHARE = 0.3
"""Least share of kills while a letter is under way; with fewer the measure is void."""
HEAD = "seed  letters  lost  extra  replies lost  kills  while sending  defects"


def weather(house: House, folder: Path, script: Path, seed: int, *, kills: int = KILLS) -> Figures:
    """One seed: digests made and sent under kills, then undisturbed until nothing waits."""
    addresses = readers(READERS)
    with relay(script, folder / f"relay-{seed}", f"chaos:{seed}") as server:
        storm = Storm(copied(house, folder / f"house-{seed}"), server, random.Random(seed))
        for _ in range(MOST_STARTS):
            if len(storm.kills) >= kills:
                break
            storm.kill("digest", "send")
            if storm.states() == {"sent": storm.states().total()}:
                storm.now += timedelta(days=1)  # nothing waits: another morning
        storm.run("digest", "send")
        storm.settle()
        return storm.figures(addresses)


def row(seed: int, figures: Figures) -> str:
    """One line below HEAD."""
    return (
        f"{seed:4}  {figures.letters:7}  {figures.lost:4}  {figures.extra:5}  {figures.replies_lost:12}  "
        f"{figures.kills:5}  {figures.kills_while_sending:13}  {figures.defects:7}"
    )


def broken(all_figures: Iterable[Figures]) -> Iterator[str]:
    """What is wrong with the seeds together."""
    figures = list(all_figures)
    for one in figures:
        yield from one.broken
    kills, sending = sum(one.kills for one in figures), sum(one.kills_while_sending for one in figures)
    if sending < SHARE * kills:
        yield f"only {sending} of {kills} kills found a letter under way: the measure is void"
    if not sum(one.replies_lost for one in figures):
        yield "no reply was lost: the measure is void"


def main() -> int:
    """Read the options, let the seeds rage, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--script", type=Path, default=Path(__file__).parents[3] / "shared/faults/faultsmtp.py"
    )
    options.add_argument("--first", type=int, default=1)
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--kills", type=int, default=KILLS)
    given = options.parse_args()
    if not given.script.is_file():
        print(f"{given.script}: there is no such script; give --script", file=sys.stderr)
        return 2
    found = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        first_model(ModelStore(folder / "models"), datetime.now(UTC))
        house = prepared(folder / "house", folder / "models")
        print(HEAD, flush=True)
        for seed in range(given.first, given.first + given.seeds):
            found.append(weather(house, folder, given.script, seed, kills=given.kills))
            print(row(seed, found[-1]), *(f"  {what}" for what in found[-1].broken), sep="\n", flush=True)
    wrong = list(broken(found))
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
