"""Model directories: plain numbers with a manifest. Loading one can run no code.

<root>/<model id>/manifest.json   what it is, thresholds, calibration, SHA-256 of the files below
<root>/<model id>/weights.npz     arrays, read with allow_pickle=False
<root>/<model id>/terms.txt       column names of relevance, one a line; words.txt those of subjects
<root>/<model id>/lexicon.json    the names and word lists it was trained with
<root>/current                    the id that serves, replaced atomically; <root>/history keeps the earlier ones
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from classifiers.commitments import Commitments
from classifiers.errors import BadModel, OldModel
from classifiers.model import Linear, Model, Thresholds
from classifiers.signals import Lexicon
from classifiers.space import Floats, Space

FORMAT = 2
MAX_FILE = 256 * 1024 * 1024
_FILES = ("weights.npz", "terms.txt", "words.txt", "lexicon.json")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a model without reading its weights. `created` is ISO 8601 in UTC."""

    id: str
    created: str
    corpus: str
    examples: int
    recipe: Mapping[str, Any]
    versions: Mapping[str, str]
    scores: Mapping[str, float]
    evaluation: str = ""
    """Fingerprint of the examples the scores were measured on."""
    lessons: int = 0
    """How many of the examples are readers' corrections."""
    note: str = ""
    """Why it was let through the gate, where someone had to say so."""
    card: Mapping[str, Any] = field(default_factory=dict)
    """What the card shows beside the scores; empty for a model fitted with accepted thresholds."""


class ModelStore:
    """The folder of models; every change of what serves is one atomic replacement."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ids(self) -> tuple[str, ...]:
        """Ids of all complete models, oldest first."""
        return tuple(
            sorted(
                path.parent.name
                for path in self.root.glob("*/manifest.json")
                if not path.parent.name.startswith(".")
            )
        )

    def current(self) -> str | None:
        """The id that serves, or None before the first."""
        try:
            return (self.root / "current").read_text(encoding="utf-8").strip() or None
        except OSError:
            return None

    def save(self, model: Model, manifest: Manifest) -> Path:
        """Write a model whole or not at all; it does not serve until promoted."""
        self.root.mkdir(parents=True, exist_ok=True)
        target = self.root / model.id
        if target.exists():
            raise BadModel(f"{target}: a model of this id exists already; choose another id")
        folder = Path(tempfile.mkdtemp(prefix=".new-", dir=self.root))
        try:
            contents = _contents(model)
            for name, content in contents.items():
                _write(folder / name, content)
            hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
            numbers = {
                "thresholds": asdict(model.thresholds),
                "signal_scale": model.space.signal_scale,
                "near": [model.commitments.slope, model.commitments.offset, model.commitments.threshold],
            }
            whole = {"format": FORMAT, **asdict(manifest), **numbers, "sha256": hashes}
            _write(folder / "manifest.json", json.dumps(whole, ensure_ascii=False, indent=1).encode())
            os.chmod(folder, 0o700)
            os.rename(folder, target)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return target

    def usable(self) -> bool:
        """Whether one serves that this version can load. Raises BadModel when one serves that is damaged."""
        current = self.current()
        if current is None:
            return False
        try:
            _manifest(self.root / current)
        except OldModel:
            return False
        return True

    def promote(self, model_id: str) -> None:
        """Let `model_id` serve from now on; checked by loading it first."""
        self.load(model_id)
        before = self.current()
        if before and before != model_id:
            with open(self.root / "history", "a", encoding="utf-8") as file:
                file.write(before + "\n")
        _point(self.root / "current", model_id)

    def rollback(self) -> str:
        """Let the model before serve again; its id."""
        history = self.root / "history"
        lines = history.read_text(encoding="utf-8").split() if history.exists() else []
        if not lines:
            raise BadModel(f"{self.root}: no earlier model to go back to; train one with 'vietnhat retrain'")
        self.load(lines[-1])
        _point(self.root / "current", lines[-1])
        _point(history, "\n".join(lines[:-1]))
        return lines[-1]

    def tidy(self, keep: int = 12) -> tuple[str, ...]:
        """Remove what a killed training left half written, and the oldest models but the newest `keep`, the one that
        serves and those a rollback may need; the ids removed. Only who holds the training lock may ask."""
        for half in self.root.glob(".new-*"):
            shutil.rmtree(half, ignore_errors=True)
        history = self.root / "history"
        earlier = history.read_text(encoding="utf-8").split() if history.exists() else []
        needed = {*earlier[-keep:], self.current() or ""}
        old = tuple(model_id for model_id in self.ids()[:-keep] if model_id not in needed)
        for model_id in old:
            shutil.rmtree(self.root / model_id, ignore_errors=True)
        if earlier:
            left = set(self.ids())
            _point(history, "\n".join(model_id for model_id in earlier if model_id in left))
        return old

    def manifest(self, model_id: str) -> Manifest:
        """The manifest of one model. Raises BadModel."""
        data = _manifest(self.root / model_id)
        return Manifest(**{key: data[key] for key in Manifest.__dataclass_fields__ if key in data})

    def manifests(self) -> Iterator[Manifest]:
        """All manifests that can be read, oldest first."""
        for model_id in self.ids():
            with suppress(BadModel):
                yield self.manifest(model_id)

    def fingerprint(self, model_id: str) -> str:
        """SHA-256 over the model's files: two models of one fingerprint are the same numbers."""
        sums = _manifest(self.root / model_id)["sha256"]
        return hashlib.sha256("".join(sums[name] for name in _FILES).encode()).hexdigest()

    def load(self, model_id: str | None = None) -> Model:
        """The model that serves, or the one named. Raises BadModel for anything missing, damaged or foreign."""
        chosen = model_id or self.current()
        if not chosen:
            raise BadModel(f"{self.root}: no model has been trained yet; run 'vietnhat retrain'")
        if not chosen.replace("-", "").replace(".", "").isalnum() or chosen.startswith("."):
            raise BadModel(f"{self.root}: {chosen[:60]!r} is not a model id; see 'vietnhat model list'")
        return _load(self.root / chosen)


def new_id(now: datetime, corpus: str) -> str:
    """An id that sorts by time and names the data: 20261121-064500-1a2b3c4d."""
    return f"{now:%Y%m%d-%H%M%S}-{corpus[:8]}"


def _contents(model: Model) -> dict[str, bytes]:
    near = model.commitments
    arrays: dict[str, Any] = {
        "idf": model.space.idf,
        "subjects_idf": model.subjects.idf,
        "near_data": near.coef.data.astype(np.float32),
        "near_indices": near.coef.indices.astype(np.int32),
        "near_indptr": near.coef.indptr.astype(np.int32),
        "near_bias": near.bias,
    }
    for name, linear in (("relevance", model.relevance), ("sectors", model.sectors)):
        for part in ("coef", "bias", "slope", "offset"):
            values = getattr(linear, part)
            short = (name, part) == ("sectors", "coef")  # fitted in single precision (training)
            arrays[f"{name}_{part}"] = values.astype(np.float32) if short else values
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    lexicon = {
        "names": dict(model.lexicon.names),
        "exact": {key: list(value) for key, value in model.lexicon.exact.items()},
        "folded": {key: list(value) for key, value in model.lexicon.folded.items()},
        "nhat": {key: list(value) for key, value in model.lexicon.nhat.items()},
        "sectors": model.sector_ids,
        "commitments": near.ids,
        "signals": model.space.signals,
        "topics": model.subjects.signals,
    }
    return {
        "weights.npz": out.getvalue(),
        "terms.txt": "\n".join(model.space.terms).encode(),
        "words.txt": "\n".join(model.subjects.terms).encode(),
        "lexicon.json": json.dumps(lexicon, ensure_ascii=False).encode(),
    }


def _load(folder: Path) -> Model:
    manifest = _manifest(folder)
    raw = {name: _read(folder / name) for name in _FILES}
    for name, content in raw.items():
        if hashlib.sha256(content).hexdigest() != manifest.get("sha256", {}).get(name):
            raise BadModel(f"{folder / name}: does not match its manifest; roll back or retrain")
    try:
        return _build(folder.name, manifest, raw)
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BadModel(f"{folder}: cannot be read as a model ({error}); roll back or retrain") from error


def _build(model_id: str, manifest: Mapping[str, Any], raw: Mapping[str, bytes]) -> Model:
    lexicon = json.loads(raw["lexicon.json"])
    terms = tuple(raw["terms.txt"].decode().split("\n"))
    with np.load(io.BytesIO(raw["weights.npz"]), allow_pickle=False) as arrays:
        space = Space(
            terms, _floats(arrays["idf"]), tuple(lexicon["signals"]), float(manifest["signal_scale"])
        )
        width = len(space.columns)
        words = tuple(raw["words.txt"].decode().split("\n"))
        scale = float(manifest["signal_scale"])
        subjects = Space(words, _floats(arrays["subjects_idf"]), tuple(lexicon["topics"]), scale)
        ids = tuple(lexicon["commitments"])
        parts = (_floats(arrays["near_data"]), arrays["near_indices"], arrays["near_indptr"])
        coef = csr_array(parts, shape=(len(ids), len(subjects.columns)))
        coef.check_format()
        slope, offset, threshold = map(float, manifest["near"])
        commitments = Commitments(ids, coef, _floats(arrays["near_bias"]), slope, offset, threshold)
        relevance, sectors = (
            Linear(*(_floats(arrays[f"{name}_{part}"]) for part in ("coef", "bias", "slope", "offset")))
            for name in ("relevance", "sectors")
        )
    sector_ids = tuple(lexicon["sectors"])
    given = manifest["thresholds"]
    thresholds = Thresholds(given["send"], given["review"], tuple(given["sectors"]))
    if subjects.idf.shape != (len(words),) or commitments.bias.shape != (len(ids),):
        raise ValueError("the weights do not fit the commitments")
    if space.idf.shape != (len(terms),) or relevance.coef.shape != (1, width):
        raise ValueError("the weights do not fit the terms")
    if sectors.coef.shape != (len(sector_ids), len(subjects.columns)) or len(thresholds.sectors) != len(
        sector_ids
    ):
        raise ValueError("the weights do not fit the sectors")
    names = Lexicon(lexicon["names"], lexicon["exact"], lexicon["folded"], lexicon["nhat"])
    return Model(model_id, names, space, subjects, relevance, sector_ids, sectors, commitments, thresholds)


def _floats(array: Any) -> Floats:
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError("holds something other than finite numbers")
    floats: Floats = array.astype(np.float64)
    return floats


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        data = json.loads(_read(folder / "manifest.json"))
    except ValueError as error:
        raise BadModel(f"{folder}/manifest.json: is not JSON; roll back or retrain") from error
    if isinstance(data, dict) and data.get("format") in range(1, FORMAT):
        raise OldModel(f"{folder}: is a model of an earlier version of this program; run 'vietnhat retrain'")
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise BadModel(f"{folder}: is not a model of format {FORMAT}; retrain with this version")
    needed = (one.name for one in fields(Manifest) if one.default is one.default_factory is MISSING)
    missing = [key for key in (*needed, "thresholds", "signal_scale", "near", "sha256") if key not in data]
    if missing:
        raise BadModel(f"{folder}/manifest.json: {missing[0]} is missing; roll back or retrain")
    return data


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise BadModel(f"{path}: is larger than any model of ours; roll back or retrain")
        return path.read_bytes()
    except OSError as error:
        raise BadModel(f"{path}: cannot be read ({error.strerror}); roll back or retrain") from error


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _point(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    _write(temporary, (text + "\n" if text else "").encode())
    os.replace(temporary, path)
