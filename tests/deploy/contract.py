"""What the daemon offers those who run it: the figures of /metrics with their labels, and its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from classifiers.verdict import Decision
from monitor.types import Condition, DeliveryState

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"

METRICS: dict[str, dict[str, set[str]]] = {
    "vietnhat_polls_total": {"outcome": set()},
    "vietnhat_entries_total": {},
    "vietnhat_articles_total": {"kind": {"new", "revised"}},
    "vietnhat_verdicts_total": {"decision": set(map(str, Decision))},
    "vietnhat_letters": {"state": set(map(str, DeliveryState))},
    "vietnhat_digests_total": {},
    "vietnhat_deliveries_total": {"outcome": set()},
    "vietnhat_reader_kills_total": {"cause": set()},
    "vietnhat_cycle_seconds": {},
    "vietnhat_poll_seconds": {},
    "vietnhat_feeds": {"condition": set(map(str, Condition))},
    "vietnhat_oldest_letter_seconds": {},
    "vietnhat_last_round_timestamp_seconds": {"round": {"poll", "mail", "keep"}},
    "vietnhat_round_failing": {"round": {"poll", "mail", "keep"}},
    "vietnhat_last_backup_timestamp_seconds": {},
    "vietnhat_database_bytes": {},
    "vietnhat_model_info": {"model": set()},
    "vietnhat_build_info": {"version": set()},
    "process_resident_memory_bytes": {},
    "process_cpu_seconds_total": {},
    "process_open_fds": {},
    "process_max_fds": {},
    "process_start_time_seconds": {},
    "up": {},
}
"""Labels and their values; an empty set where the values are the program's words."""

HISTOGRAMS = {"vietnhat_cycle_seconds", "vietnhat_poll_seconds"}
EVERYWHERE = {"job", "instance", "le"}
"""Labels that Prometheus itself gives."""

_SELECTOR = re.compile(r"\b((?:vietnhat|process)_\w+|up)\b(?:\{(.*?)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")


def unknown_in(query: str) -> Iterator[str]:
    """What a PromQL query names that is not in the contract: metrics, labels, values."""
    for name, matchers in _SELECTOR.findall(query):
        base = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
        labels = METRICS.get(base if base in HISTOGRAMS else name)
        if labels is None or (name in HISTOGRAMS):
            yield name
            continue
        for label, _, value in _MATCHER.findall(matchers):
            known = labels.get(label)
            if label not in EVERYWHERE and known is None:
                yield f"{name}{{{label}}}"
            elif known and set(value.split("|")) - known:
                yield f"{name}{{{label}={value}}}"
    every = EVERYWHERE.union(*METRICS.values())
    for group in _GROUPING.findall(query):
        yield from {label.strip() for label in group.split(",")} - every


def unit(name: str) -> dict[str, list[str]]:
    """A systemd unit: every key with its values in order. Keys are unique over the sections we use."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


_IN_BYTES = {"M": 2**20, "m": 2**20, "G": 2**30, "g": 2**30}
_IN_SECONDS = {"s": 1, "min": 60, "h": 3600}


def size(text: str) -> int:
    """Bytes, as systemd and Docker write them: 2600M, 2600m."""
    return int(text[:-1]) * _IN_BYTES[text[-1]]


def seconds(text: str) -> int:
    """Seconds, as systemd writes them: 20s, 3min."""
    number, word = re.fullmatch(r"(\d+)([a-z]+)", text).groups()  # type: ignore[union-attr]  # fails as a test should
    return int(number) * _IN_SECONDS[word]
