"""The model that serves: made on the first start, loaded once, and spread over processes for large inputs."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path

from classifiers.errors import BadModel
from classifiers.model import Model
from classifiers.models import ModelStore
from classifiers.verdict import Text, Verdict
from monitor.config.settings import Settings
from monitor.ingest.clean import clean_summary, clean_title
from monitor.locks import held

Chunk = list[tuple[object, Text]]
Judged = list[tuple[object, Verdict]]

_WAIT_FOR_TRAINING = 600.0
_SMALL = 4000
"""Below this many texts, starting processes costs more than it saves."""

_model: Model | None = None


def serving_model(settings: Settings) -> Model:
    """The model that serves. The first start, and the first after an upgrade that reads older models no more, fits
    the release's one, in a process of its own so that scikit-learn does not stay in ours. Raises BadModel."""
    root = Path(settings.models)
    store = ModelStore(root)
    if not store.usable():
        with held(root / "training.lock", wait=_WAIT_FOR_TRAINING):
            if not store.usable():
                _apart(root)
    return _load(root, store.current() or "")


@lru_cache(maxsize=1)
def _load(root: Path, model_id: str) -> Model:
    return ModelStore(root).load(model_id)


def _apart(root: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(_first_model, root).result()


def _first_model(root: Path) -> str:
    from classifiers.release import first_model

    return first_model(ModelStore(root), datetime.now(UTC))


def cleaned(title: str, summary: str) -> Text:
    """A text as reading a feed would have left it."""
    return Text(clean_title(title), clean_summary(summary))


def classify_many(model: Model, chunks: Iterator[Chunk], workers: int | None) -> Iterator[Judged]:
    """Verdicts chunk by chunk, in order; over several processes when there is enough to do."""
    first = list(_take(chunks, _SMALL))
    count = workers or os.cpu_count() or 1
    if count == 1 or sum(map(len, first)) < _SMALL:
        yield from (_judge(model, chunk) for chunk in (*first, *chunks))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_hold, initargs=(model,)) as pool:
        waiting: deque[Future[Judged]] = deque()
        for chunk in chain(first, chunks):
            waiting.append(pool.submit(_judge_held, chunk))
            if len(waiting) > 2 * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _take(chunks: Iterator[Chunk], texts: int) -> Iterator[Chunk]:
    seen = 0
    for chunk in chunks:
        yield chunk
        seen += len(chunk)
        if seen >= texts:
            return


def _hold(model: Model) -> None:
    global _model  # one per process, set once at its start
    _model = model


def _judge_held(chunk: Chunk) -> Judged:
    if _model is None:
        raise BadModel("a worker was asked before it had a model")
    return _judge(_model, chunk)


def _judge(model: Model, chunk: Iterable[tuple[object, Text]]) -> Judged:
    pairs = list(chunk)
    verdicts = model.classify([text for _, text in pairs])
    return [(item_id, verdict) for (item_id, _), verdict in zip(pairs, verdicts, strict=True)]
