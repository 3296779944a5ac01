"""The keys that sign links: made once, never silently anew; tokens that nobody else can make."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import secrets
import stat
import string
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import BadFile
from monitor.keys import LONGEST_TOKEN, BadToken, KeyRing, Signer, load_ring, read_ring, rotate

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
PURPOSES = ("correct", "preferences", "unsubscribe")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the keys will be."""
    return tmp_path / "var" / "keys.json"


@pytest.fixture
def signer(path: Path) -> Signer:
    """A signer with a fresh key."""
    return Signer(path)


def accepted(signer: Signer, token: str, *, purpose: str = "correct", now: datetime = NOW) -> bool:
    """Whether a token counts; only BadToken may say no."""
    try:
        signer.read(purpose, token, max_age=YEAR, now=now)
    except BadToken:
        return False
    return True


@pytest.mark.parametrize(
    "payload", ["", "17", "7.4711.1", "ban@vidu.example", "Việt–Nhật 日越", "x" * 900, "\n\0"]
)
def test_a_token_gives_its_payload_back(signer: Signer, payload: str) -> None:
    """What was signed is read again, to the letter."""
    token = signer.sign("correct", payload, now=NOW)
    assert signer.read("correct", token, max_age=DAY, now=NOW + DAY) == payload


def test_a_token_fits_into_an_address(signer: Signer) -> None:
    """It holds only characters that need no escaping, and is short for a short payload."""
    token = signer.sign("correct", "subscriber=1234567&article=12345678&relevance=2", now=NOW)
    assert len(token) <= 200
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")


def test_a_token_expires(signer: Signer) -> None:
    """After `max_age` it is no good; a clock set back by less than a day spoils none."""
    token = signer.sign("correct", "7", now=NOW)
    ages = {timedelta(0): True, DAY: True, DAY + timedelta(seconds=1): False, -DAY: True, -2 * DAY: False}
    for age, good in ages.items():
        if good:
            assert signer.read("correct", token, max_age=DAY, now=NOW + age) == "7"
        else:
            with pytest.raises(BadToken):
                signer.read("correct", token, max_age=DAY, now=NOW + age)


def test_a_token_serves_one_purpose(signer: Signer) -> None:
    """Signed for one purpose, it counts for no other."""
    for signed in PURPOSES:
        token = signer.sign(signed, "7", now=NOW)
        assert [p for p in PURPOSES if accepted(signer, token, purpose=p)] == [signed]


def test_keys_of_another_house_do_not_count(signer: Signer, tmp_path: Path) -> None:
    """Two installations do not read each other's tokens."""
    assert not accepted(signer, Signer(tmp_path / "other.json").sign("correct", "7", now=NOW))


def test_every_failure_looks_the_same(signer: Signer) -> None:
    """Forged, expired or for another purpose: one kind, one text."""
    token = signer.sign("correct", "7", now=NOW)
    texts = set()
    for purpose, text, now in [
        ("correct", "x" + token, NOW), ("correct", "", NOW), ("preferences", token, NOW),
        ("correct", token, NOW + 2 * YEAR), ("correct", "é" + token, NOW), ("correct", "a" * LONGEST_TOKEN * 2, NOW),
    ]:  # fmt: skip
        with pytest.raises(BadToken) as caught:
            signer.read(purpose, text, max_age=YEAR, now=now)
        texts.add((type(caught.value), str(caught.value)))
    assert len(texts) == 1


def test_no_bit_may_flip(signer: Signer) -> None:
    """Each bit of 50 tokens, turned over, makes them worthless; so does every other spelling of the same bytes."""
    for n in range(50):
        token = signer.sign("correct", f"{n}.{secrets.token_hex(n % 7)}", now=NOW)
        raw = token.encode()
        assert accepted(signer, token)
        for bit in range(len(raw) * 8):
            turned = bytearray(raw)
            turned[bit // 8] ^= 1 << bit % 8
            assert not accepted(signer, turned.decode("latin-1")), (token, bit)
        for other in (
            f"{token}=",
            f"{token}.",
            f" {token}",
            f"{token}\n",
            token[:-1],
            token.replace(".", ".."),
        ):
            assert not accepted(signer, other)


def test_nobody_guesses_a_token(signer: Signer) -> None:
    """Of 100,000 tokens made without the key none is accepted."""
    model = signer.sign("correct", "7", now=NOW)
    value, _, signature = model.rpartition(".")
    letters = string.ascii_letters + string.digits + "-_"
    dice = random.Random(20261121)
    for n in range(100_000):
        guess = "".join(dice.choices(letters, k=len(signature)))
        assert not accepted(signer, f"{value}.{guess}" if n % 2 else f"{guess[:6]}.{guess[6:13]}.{guess}")


def test_rotation(path: Path, signer: Signer) -> None:
    """A new key signs; the one before counts for its time and not longer, also when nobody rotates again."""
    old = signer.sign("correct", "old", now=NOW)
    keys = rotate(path, now=NOW, keep=30 * DAY)
    new = signer.sign("correct", "new", now=NOW)
    assert len(keys) == 2
    assert (keys[0].accepted_until, keys[1].accepted_until) == (NOW + 30 * DAY, None)
    assert accepted(signer, old, now=NOW + 30 * DAY - timedelta(seconds=1))
    assert not accepted(signer, old, now=NOW + 30 * DAY)
    assert accepted(signer, new, now=NOW + 60 * DAY)
    kept = rotate(path, now=NOW + 31 * DAY)
    assert [key.id for key in kept[:-1]] == [keys[1].id]
    assert kept[0].accepted_until == NOW + (31 + 90) * DAY
    assert len({key.id for key in (*keys, *kept)}) == 3


def test_addresses_are_known_by_a_hash_that_outlives_the_keys(path: Path, signer: Signer) -> None:
    """Letter case aside; whoever lacks the file learns nothing; an older file gets its secret and keeps its keys."""
    known = signer.address_hash("Ban@vidu.example", now=NOW)
    assert len(known) == 64
    assert known == signer.address_hash("ban@VIDU.example", now=NOW)
    assert known != signer.address_hash("ban@vidu.test", now=NOW)
    assert known != Signer(path.with_name("other.json")).address_hash("ban@vidu.example", now=NOW)
    for day in range(3):
        rotate(path, now=NOW + day * YEAR)
    assert Signer(path).address_hash("ban@vidu.example", now=NOW) == known
    older = json.loads(path.read_bytes())
    del older["addresses"]
    path.write_text(json.dumps(older))
    keys = read_ring(path).keys
    fresh = Signer(path).address_hash("ban@vidu.example", now=NOW)
    assert fresh == Signer(path).address_hash("ban@vidu.example", now=NOW) != known
    assert read_ring(path).keys == keys


def test_another_process_rotates(path: Path, signer: Signer) -> None:
    """A signer that runs for months takes up a new key by itself."""
    signer.sign("correct", "7", now=NOW)
    rotate(path, now=NOW)
    assert accepted(signer, Signer(path).sign("correct", "7", now=NOW))


def test_made_at_first_need(path: Path) -> None:
    """Nothing is made by looking; the first need makes one key of 256 bits or more, which stays."""
    assert read_ring(path) == KeyRing()
    assert not path.exists()
    (key,) = load_ring(path, now=NOW).keys
    assert len(key.secret) >= 32
    assert key.made_at == NOW
    assert load_ring(path, now=NOW + DAY).keys == (key,) == read_ring(path).keys
    assert key.secret.hex() not in repr(key)


def test_files_are_ours_alone(path: Path) -> None:
    """Whatever the umask, file and lock are 0600 and a new folder 0700, and nothing else stays behind."""
    before = os.umask(0)
    try:
        load_ring(path, now=NOW)
        rotate(path, now=NOW)
    finally:
        os.umask(before)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert modes == {"keys.json": 0o600, "keys.json.lock": 0o600, "keys.json.made": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def _worker(path: Path) -> list[str]:
    return [key.id for key in load_ring(path, now=NOW).keys]


def test_ten_processes_make_one_key(path: Path) -> None:
    """Processes that start at once agree on one key."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(10, mp_context=context) as pool:
        found = list(pool.map(_worker, [path] * 10))
    assert [ids for ids in found if ids != found[0]] == []
    assert [key.id for key in read_ring(path).keys] == found[0]


def _damaged(kind: str, good: dict[str, list[dict[str, str | None]]]) -> bytes:
    (key,) = good["keys"]
    texts: dict[str, object] = {
        "other": {"a": 1}, "list": [], "none": {"keys": []}, "short": {"keys": [{**key, "secret": "00" * 31}]},
        "naive": {"keys": [{**key, "made_at": "2026-11-21T07:00:00"}]}, "two sign": {"keys": [key, key]},
        "none signs": {"keys": [{**key, "accepted_until": key["made_at"]}]}, "lacks": {"keys": [{"id": "x"}]},
        "no hex": {"keys": [{**key, "secret": "z" * 64}]}, "number": {"keys": [{**key, "secret": 7}]},
        "addresses": {"keys": [key], "addresses": "ab"}, "no text": {"keys": [key], "addresses": 7},
    }  # fmt: skip
    raw = {"empty": b"", "text": b"hello", "binary": b"\xff\xfe\0", "cut": json.dumps(good).encode()[:40],
           "deep": b"[" * 100_000}  # fmt: skip
    return raw[kind] if kind in raw else json.dumps(texts[kind]).encode()


@pytest.mark.parametrize(
    "kind",
    ["other", "list", "none", "short", "naive", "two sign", "none signs", "lacks", "no hex", "number",
     "addresses", "no text", "empty", "text", "binary", "cut", "deep"],
)  # fmt: skip
def test_a_damaged_file_is_told(path: Path, signer: Signer, kind: str) -> None:
    """A file that cannot be right is an error that says what to do, and is left as it is by every function."""
    load_ring(path, now=NOW)
    path.write_bytes(_damaged(kind, json.loads(path.read_bytes())))
    before = path.read_bytes()
    for action in (
        lambda: read_ring(path),
        lambda: load_ring(path, now=NOW),
        lambda: rotate(path, now=NOW),
        lambda: signer.sign("correct", "7", now=NOW),
        lambda: signer.read("correct", "x", max_age=DAY, now=NOW),
    ):
        with pytest.raises(BadFile, match="is damaged; restore it from a copy") as caught:
            action()
        assert str(caught.value).startswith(f"{path}: ")
    assert path.read_bytes() == before


def test_what_is_no_file_is_told(path: Path) -> None:
    """A folder, a pipe or a link to nowhere is no key file, and nothing is put in its place."""
    path.mkdir(parents=True)
    with pytest.raises(BadFile, match="is no file"):
        load_ring(path, now=NOW)
    path.rmdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(BadFile, match="is no file"):
        load_ring(path, now=NOW)
    path.unlink()
    path.symlink_to("nowhere")
    with pytest.raises(BadFile, match="is a link to nowhere"):
        load_ring(path, now=NOW)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_keys_open_to_others_are_told(path: Path, mode: int) -> None:
    """Keys that other users may have read are not used in silence."""
    load_ring(path, now=NOW)
    path.chmod(mode)
    with pytest.raises(BadFile, match=r"chmod 600 .*vietnhat keys rotate"):
        load_ring(path, now=NOW)
    path.chmod(0o600)
    assert load_ring(path, now=NOW)


def test_keys_that_vanished_while_nothing_ran_are_not_made_anew(path: Path) -> None:
    """A note beside the file remembers that there was one; who wants new ones removes it on purpose."""
    load_ring(path, now=NOW)
    path.unlink()
    with pytest.raises(BadFile, match=r"has gone; restore it from a copy.*remove keys.json.made"):
        Signer(path).sign("correct", "7", now=NOW)
    assert not path.exists()
    path.with_name("keys.json.made").unlink()
    assert Signer(path).sign("correct", "7", now=NOW)


def test_keys_that_vanish_are_told(path: Path, signer: Signer) -> None:
    """A running signer whose file is taken away says so instead of making another one."""
    signer.sign("correct", "7", now=NOW)
    path.unlink()
    with pytest.raises(BadFile, match="has gone while it was in use"):
        signer.sign("correct", "7", now=NOW)
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away and read all")
def test_root_leaves_the_file_to_its_owner(path: Path) -> None:
    """An operator who rotates as root does not take the keys away from the daemon."""
    load_ring(path, now=NOW)
    os.chown(path, 65534, 65534)
    rotate(path, now=NOW)
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)
