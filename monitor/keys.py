"""The keys that sign links in letters, and the tokens they sign. The only module that knows itsdangerous.

The file is the whole state. It is made once, at first need, and never made anew in place of one that cannot be read:
that would void every link in letters already sent. A new key signs; the one before is accepted for a season more. One
secret in it never changes: the one under which addresses that want no mail are kept as hashes.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from itsdangerous import Signer as PlainSigner
from itsdangerous.encoding import base64_decode, base64_encode

from monitor.errors import AlreadyRunning, BadFile, VietnhatError
from monitor.files import replacing
from monitor.locks import held

KEEP = timedelta(days=90)
"""How long a replaced key is accepted: letters are read late."""

LONGEST_TOKEN = 2000
_BYTES = 32
_LOCK_WAIT = 30.0
_CLOCK_ERROR = timedelta(days=1)
_RESTORE = (
    "restore it from a copy; only where there is none, move it away: links in letters sent before then die"
)


class BadToken(VietnhatError):
    """A token that is forged, expired, or signed for another purpose; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("this link is not valid, or not any more; use the one in the newest letter")


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `accepted_until` is None for the one that signs."""

    id: str
    made_at: datetime
    secret: bytes = field(repr=False)
    accepted_until: datetime | None = None

    def is_accepted(self, now: datetime) -> bool:
        """Whether what it signed still counts."""
        return self.accepted_until is None or now < self.accepted_until


@dataclass(frozen=True, slots=True)
class KeyRing:
    """What the file holds: the keys, oldest first, the last one signs, and the secret for hashes of addresses.

    A file of an earlier version has no such secret (b""); it gets one at first need.
    """

    keys: tuple[Key, ...] = ()
    addresses: bytes = field(default=b"", repr=False)


class Signer:
    """Signs and reads tokens with the keys of a file, and notices when another process has changed it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._ring = KeyRing()

    def sign(self, purpose: str, payload: str, *, now: datetime) -> str:
        """A token for use in an address: letters, digits, "-", "_" and "."; signed, not encrypted."""
        moment = int(now.timestamp()).to_bytes(5, "big")
        value = f"{_encoded(payload.encode())}.{_encoded(moment)}"
        return _signed(self._current(now)[-1], purpose, value)

    def read(self, purpose: str, token: str, *, max_age: timedelta, now: datetime) -> str:
        """The payload of a token signed for `purpose` at most `max_age` ago. Raises BadToken."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise BadToken
        value = token.rpartition(".")[0]
        keys = [key for key in self._current(now) if key.is_accepted(now)]
        # The whole text is compared, not the decoded signature: base64 has several spellings for the same bytes.
        matches = [hmac.compare_digest(_signed(key, purpose, value), token) for key in keys]
        if not any(matches):
            raise BadToken
        payload, _, moment = value.partition(".")
        age = now - datetime.fromtimestamp(int.from_bytes(_decoded(moment), "big"), UTC)
        if not -_CLOCK_ERROR <= age <= max_age:
            raise BadToken
        return _decoded(payload).decode()

    def address_hash(self, address: str, *, now: datetime) -> str:
        """Under what an address is remembered that wants no mail: HMAC-SHA-256 of it in lower case, in hex."""
        self._current(now)
        if not self._ring.addresses:
            self._ring = load_ring(self._path, now=now)
        return hmac.digest(self._ring.addresses, address.casefold().encode(), "sha256").hex()

    def _current(self, now: datetime) -> tuple[Key, ...]:
        """The keys as they stand in the file; made when nothing was there from the beginning."""
        seen = _mark(self._path)
        if seen is None and self._ring.keys:
            raise BadFile(self._path, "has gone while it was in use", todo=_RESTORE)
        if seen is None or seen != self._seen:
            self._ring, self._seen = load_ring(self._path, now=now), seen
        return self._ring.keys


def _signed(key: Key, purpose: str, value: str) -> str:
    signer = PlainSigner(key.secret, salt=f"vietnhat.{purpose}", key_derivation="hmac", digest_method=sha256)
    return signer.sign(value).decode("ascii")


def _mark(path: Path) -> tuple[int, ...] | None:
    """What changes with every new content; None where nothing is."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    return status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode


def _encoded(raw: bytes) -> str:
    return base64_encode(raw).decode("ascii")


def _decoded(text: str) -> bytes:
    return base64_decode(text)


# --- the file --------------------------------------------------------------------------------


def read_ring(path: Path) -> KeyRing:
    """What the file holds; nothing when there is no file. Raises BadFile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise BadFile(path, "is a link to nowhere", todo=_RESTORE) from error
        if _made(path).exists():
            raise BadFile(path, "has gone", todo=f"{_RESTORE}; and remove {_made(path).name}") from error
        return KeyRing()
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        _check_kind(path, os.fstat(descriptor).st_mode)
        with open(descriptor, "rb", closefd=False) as file:
            return _parsed(path, file.read())
    finally:
        os.close(descriptor)


def _check_kind(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise BadFile(path, "is no file", todo="set VIETNHAT_KEYS to another path")
    if mode & 0o077:
        todo = f"type: chmod 600 {path}; if somebody else may have read it, then: vietnhat keys rotate"
        raise BadFile(path, "holds keys and is open to other users of this machine", todo=todo)


def signer_at(path: Path) -> Signer:
    """The one signer of this process for a file: it notices when the file vanishes while it is in use."""
    return _signer(path.absolute())


@cache
def _signer(path: Path) -> Signer:
    return Signer(path)


def load_ring(path: Path, *, now: datetime) -> KeyRing:
    """What the file holds; what it lacks is made, unless there was a file before. Raises BadFile."""
    ring = read_ring(path)
    if ring.keys and ring.addresses:
        return ring
    with _alone(path):
        ring = read_ring(path)  # another process may have been faster
        whole = KeyRing(ring.keys or (_new_key(now),), ring.addresses or secrets.token_bytes(_BYTES))
        if whole != ring:
            _write(path, whole)
    return whole


def rotate(path: Path, *, now: datetime, keep: timedelta = KEEP) -> tuple[Key, ...]:
    """Let a new key sign. The one before is accepted for `keep` from now on; those past their time are dropped."""
    with _alone(path):
        ring = read_ring(path)
        before = [key if key.accepted_until else replace(key, accepted_until=now + keep) for key in ring.keys]
        keys = (*(key for key in before if key.is_accepted(now)), _new_key(now))
        _write(path, replace(ring, keys=keys))
    return keys


def _new_key(now: datetime) -> Key:
    return Key(id=secrets.token_hex(4), made_at=now, secret=secrets.token_bytes(_BYTES))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time changes the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = held(path.with_name(f"{path.name}.lock"), wait=_LOCK_WAIT)
    try:
        lock.__enter__()
    except AlreadyRunning as error:
        raise BadFile(path, "is being changed by another process", todo="try again") from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _write(path: Path, ring: KeyRing) -> None:
    with replacing(path) as file:
        # Whom the file belongs to must be able to read it afterwards too.
        if path.exists() and os.geteuid() == 0:
            os.fchown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
        rows = {"keys": [_row(key) for key in ring.keys], "addresses": ring.addresses.hex()}
        file.write(json.dumps(rows, indent=1).encode() + b"\n")
    _made(path).touch(mode=0o600)


def _made(path: Path) -> Path:
    """A note beside the file that there was one: keys that vanish while nothing runs are not made anew either."""
    return path.with_name(f"{path.name}.made")


def _row(key: Key) -> dict[str, str | None]:
    until = key.accepted_until.isoformat() if key.accepted_until else None
    return {
        "id": key.id,
        "made_at": key.made_at.isoformat(),
        "accepted_until": until,
        "secret": key.secret.hex(),
    }


def _parsed(path: Path, raw: bytes) -> KeyRing:
    try:
        whole = json.loads(raw)
        keys = tuple(_key(row) for row in whole["keys"])
        if not keys or keys[-1].accepted_until or not all(key.accepted_until for key in keys[:-1]):
            raise ValueError("not exactly the last key signs")
        addresses = bytes.fromhex(whole.get("addresses", ""))
        if addresses and len(addresses) < _BYTES:
            raise ValueError("too short")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadFile(path, "is damaged", todo=_RESTORE) from error
    return KeyRing(keys, addresses)


def _key(row: dict[str, Any]) -> Key:
    secret, until = bytes.fromhex(row["secret"]), row["accepted_until"]
    if len(secret) < _BYTES:
        raise ValueError("too short")
    return Key(str(row["id"]), _instant(row["made_at"]), secret, _instant(until) if until else None)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without a zone")
    return instant.astimezone(UTC)


def _unreadable(path: Path, error: OSError) -> BadFile:
    return BadFile(path, f"cannot be read ({error.strerror})", todo="check its permissions and its owner")
