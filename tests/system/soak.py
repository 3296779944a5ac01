"""`python -m tests.system.soak --minutes 60 --feeds 200`: does the daemon grow? Memory and files, with their slopes.

A script, not a test. Feeds change at every poll and are made due every minute, sixty times as often as real ones.
"""

from __future__ import annotations

import argparse
import csv
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy import stats

from classifiers.models import ModelStore
from classifiers.release import first_model
from tests.system.growing import GrowingFeeds, growing_feeds, relevant_texts
from tests.system.house import HASTY, House, catches, members, until
from tests.system.post import Sink, mail_server

EVERY = 10.0
ROUND = 60.0
WARM_UP = 0.2
"""The share of the samples at the start that says nothing of the slope: pools and caches fill."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the whole process tree holds at one moment."""

    minutes: float
    main_mb: float
    tree_mb: float
    main_files: int
    tree_files: int
    processes: int
    articles: int
    db_mb: float


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth per hour with its 95 % interval."""

    per_hour: float
    low: float
    high: float


def slope(minutes: Sequence[float], values: Sequence[float]) -> Slope:
    """Least squares. Neighbouring samples hang together, so the interval counts only as many as are independent."""
    x, y = np.asarray(minutes) / 60, np.asarray(values, dtype=float)
    if y.std() == 0:
        return Slope(0.0, 0.0, 0.0)
    line = stats.linregress(x, y)
    rest = y - (line.intercept + line.slope * x)
    together = float(np.corrcoef(rest[:-1], rest[1:])[0, 1]) if rest.std() > 0 else 0.0
    shrink = (1 - max(0.0, together)) / (1 + max(0.0, together))
    effective = max(3.0, len(x) * shrink)
    factor = float((len(x) / effective) ** 0.5 * stats.t.ppf(0.975, max(1.0, effective - 2)))
    wide = factor * float(line.stderr)
    return Slope(
        round(float(line.slope), 3), round(float(line.slope) - wide, 3), round(float(line.slope) + wide, 3)
    )


def _memory(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _files(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def _sample(house: House, pid: int, minutes: float) -> Sample:
    tree = members(pid)
    return Sample(
        round(minutes, 2),
        round(_memory(pid), 2),
        round(sum(map(_memory, tree)), 2),
        _files(pid),
        sum(map(_files, tree)),
        len(tree),
        house.rows("SELECT count(*) AS n FROM article")[0]["n"],
        round(house.db.stat().st_size / 2**20, 2),
    )


def _shorten(feeds: GrowingFeeds, most: int) -> None:
    """Old entries fall out of the feeds, as they do."""
    with feeds.mutex:
        for items in feeds.items.values():
            del items[:-most]


def soak(house: House, feeds: GrowingFeeds, minutes: float, tell: Callable[[Sample], None]) -> list[Sample]:
    """Run the daemon that long; a sample every ten seconds."""
    samples: list[Sample] = []
    with house.started("run") as process:
        until(lambda: catches(process.pid, signal.SIGTERM), seconds=60)
        began, due_at = time.monotonic(), 0.0
        while (passed := time.monotonic() - began) < minutes * 60:
            if passed >= due_at:
                house.write("UPDATE feed_state SET due_at = NULL, not_before = NULL")
                _shorten(feeds, 50)
                due_at += ROUND
            time.sleep(EVERY)
            assert process.poll() is None, house.said()[-2000:]
            samples.append(_sample(house, process.pid, passed / 60))
            tell(samples[-1])
        process.terminate()
        assert process.wait(timeout=10) == 0
    return samples


def main() -> int:
    """Read the options, soak, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--feeds", type=int, default=200)
    options.add_argument("--readers", type=int, default=20)
    options.add_argument("--samples", type=Path, help="a CSV file of all samples")
    given = options.parse_args()
    names = [f"bao-ngam-{number}" for number in range(given.feeds)]
    with tempfile.TemporaryDirectory() as temporary:
        folder, sink = Path(temporary), Sink(0.01)
        models = folder / "models"
        first_model(ModelStore(models), datetime.now(UTC))
        (folder / "house").mkdir()
        house = House(folder / "house", models)
        house.starter = HASTY
        with growing_feeds(names, relevant_texts(models)) as feeds, mail_server(sink) as port:
            feeds.slowness = 0.1
            house.watch(names, feeds.port)
            house.mail_through(port)
            house.subscribe([f"reader{n}@soak.example" for n in range(given.readers)])
            samples = soak(
                house, feeds, given.minutes, lambda s: print(astuple(s), file=sys.stderr, flush=True)
            )
        if given.samples:
            with given.samples.open("w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow([each.name for each in fields(Sample)])
                rows.writerows(map(astuple, samples))
        figures = _figures(samples)
        print(json.dumps({**figures, "slips": house.slips()}, indent=1))
    return 0


def _figures(samples: Sequence[Sample]) -> dict[str, object]:
    settled = samples[int(len(samples) * WARM_UP) :]
    minutes = [sample.minutes for sample in settled]
    names = ("main_mb", "tree_mb", "main_files", "tree_files", "processes")
    slopes = {name: asdict(slope(minutes, [getattr(each, name) for each in settled])) for name in names}
    return {
        "samples": len(samples),
        "first": asdict(samples[0]),
        "last": asdict(samples[-1]),
        "per hour": slopes,
    }


if __name__ == "__main__":
    sys.exit(main())
