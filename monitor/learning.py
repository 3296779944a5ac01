"""What retraining needs of the installation: readers' corrections, and the archive to replay."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from classifiers.corpus import Example
from classifiers.corrections import lessons
from classifiers.model import Model
from classifiers.replay import Replay, replay
from classifiers.verdict import Text, Verdict
from monitor.errors import AlreadyRunning, Misuse, VietnhatError
from monitor.locks import held
from monitor.store import corrections, verdicts
from monitor.store.database import Store

REPLAYED_DAYS = 90
"""How much of the archive a new model is tried on: a season of news, a minute of work."""

BATCH = 2000


@contextmanager
def training_alone(models: Path) -> Iterator[None]:
    """Nobody else trains or changes what serves meanwhile. Raises AlreadyTraining."""
    models.mkdir(parents=True, exist_ok=True)
    if not os.access(models, os.W_OK):
        raise Misuse(f"{models}: cannot be written; check its permissions before a minute of work is lost")
    with ExitStack() as stack:
        try:
            stack.enter_context(held(models / "training.lock"))
        except AlreadyRunning as error:
            who = f"process {error.pid}" if error.pid else "another process"
            raise AlreadyTraining(
                f"{models}: {who} trains or changes models; wait until it is done"
            ) from error
        yield


class AlreadyTraining(VietnhatError):
    """Another process works on the folder of models."""


def lessons_of(store: Store, *, trusted: Collection[str], corpus: int) -> list[Example]:
    """What the stored corrections teach, beside a corpus of that many examples."""
    return lessons(corrections.everything(store), trusted=trusted, corpus=corpus)


def replay_archive(
    store: Store, before: Model, after: Model, *, now: datetime, step: Callable[[int], None]
) -> Replay:
    """The articles of the last season under both models; `step` is told how many were judged."""
    return replay(
        _both(store, before, after, now - timedelta(days=REPLAYED_DAYS), step),
        mailed=verdicts.mailed(store),
    )


def _both(
    store: Store, before: Model, after: Model, since: datetime, step: Callable[[int], None]
) -> Iterator[tuple[int, str, Verdict, Verdict]]:
    start = 0
    while batch := verdicts.texts_after(store, start, since=since, limit=BATCH):
        start = batch[-1][0]
        texts: Sequence[Text] = [text for _, text in batch]
        pairs = zip(batch, before.classify(texts), after.classify(texts), strict=True)
        for (article_id, text), old, new in pairs:
            yield article_id, text.title, old, new
        step(len(batch))
