"""Whatever the octets are: an answer, soon, in little memory, and no word on standard error."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.inbound.read import read
from monitor.types import Automatic, Bounce, Complaint, Confirm, Inbound, Other, Unsubscribe
from tests.inbound.samples import EXIM_PLAIN, HARD, POSTFIX, QMAIL, TOKEN, VIETNAMESE, feedback, letter

MUTATIONS = 10_000
ROOT = Path(__file__).resolve().parents[2]
KINDS = (Automatic, Bounce, Complaint, Confirm, Other, Unsubscribe)
SAMPLES = (
    *HARD.values(),
    VIETNAMESE,
    feedback(),
    letter(f"Re: unsubscribe {TOKEN}"),
    letter(f"confirm {TOKEN}"),
)
PIECES = (
    b"\n", b"\r\n", b"\n\n", b"--=_b\n", b"--=_b--\n", b"\x00", b"\xff\xfe", b"=?utf-8?b?", b"?=", b"=?x?q?=ZZ?=", b";",
    b"; charset*=idna''x", b"Content-Type: message/rfc822\n\n", b"Content-Type: multipart/digest; boundary=a\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: x-uuencode\n", b"Action: failed\n", b"<", b"@",
    b"Final-Recipient: rfc822;\n", b"(", b'"', b"boundary=", b"\xe3\x83\xa1", b"\xef\xbb\xbf", b"From \n", b":", b"\t",
)  # fmt: skip


def mutated(seed: int) -> bytes:
    """A sample damaged in ways the seed decides."""
    chance = random.Random(seed)
    raw = bytearray(chance.choice(SAMPLES))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(raw) + 1)
        until = min(len(raw), at + chance.choice((1, 5, 60, 400)))
        match chance.randrange(6):
            case 0:
                raw[at:at] = chance.choice(PIECES) * chance.choice((1, 1, 3, 50))
            case 1:
                del raw[at:until]
            case 2:
                raw[at:until] = chance.randbytes(until - at)
            case 3:
                raw[at:at] = raw[at:until] * chance.choice((1, 20))
            case 4:
                raw[at:at] = chance.choice(SAMPLES)
            case _:
                lines = bytes(raw).split(b"\n")
                chance.shuffle(lines)
                raw = bytearray(b"\n".join(lines))
    return bytes(raw)


def test_damaged_messages(capfd: pytest.CaptureFixture[str]) -> None:
    """10,000 of them: each is something, and not all are nothing."""
    found: dict[type[Inbound], int] = dict.fromkeys(KINDS, 0)
    for seed in range(MUTATIONS):
        try:
            found[type(read(mutated(seed)))] += 1
        except Exception as error:
            raise AssertionError(f"mutated({seed})") from error
    assert sum(found.values()) == MUTATIONS
    assert found[Bounce] > MUTATIONS / 4
    assert found[Other] > 0
    assert capfd.readouterr() == ("", "")


def nested(depth: int, body: bytes) -> bytes:
    """Parts in parts, none of which ends."""
    opening = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return b"Return-Path: <>\n" + b"".join(opening) + body


MIB = 2**20
HOSTILE: dict[str, Callable[[], bytes]] = {
    "parts in parts": lambda: nested(3000, b"x\n"),
    "lines in the deepest part allowed": lambda: nested(28, b"--b\n" * MIB),
    "letters in letters": lambda: b"Content-Type: message/rfc822\n\n" * 30_000,
    "empty groups in a report": lambda: POSTFIX.replace(b"Arrival", b"\n\n" * MIB + b"Arrival"),
    "groups in a report": lambda: POSTFIX.replace(
        b"Arrival", b"Action: failed\nX: y\n\n" * 60_000 + b"Arrival"
    ),
    "parameters": lambda: b"Content-Type: multipart/report" + b";" * MIB,
    "folded parameters": lambda: b"Content-Type: multipart/report" + b";\n a=b" * (MIB // 6),
    "folded subject": lambda: b"Subject: x" + b"\n =?utf-8?q?a?=" * 80_000,
    "slow charset": lambda: b"Content-Type: text/plain; charset=punycode\nReturn-Path: <>\n\n" + b"x-" * MIB,
    "one line": lambda: b"Return-Path: <>\n\n" + b"<a@" * MIB,
    "addresses": lambda: QMAIL.replace(b"<ban@vidu.example>:", b"<a@vidu.example>:\n" * 60_000),
    "words": lambda: EXIM_PLAIN + b"A message that you sent could not be delivered\n" * 30_000,
    "headers": lambda: b"".join(b"h%d: x\n" % n for n in range(200_000)),
    "base64": lambda: letter("x", headers="Content-Transfer-Encoding: base64\n") + b"A" * MIB,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_messages_take_no_time(make: Callable[[], bytes]) -> None:
    """A second or so, where the email package alone would take minutes; generous, for machines that do much else."""
    raw = make()
    before = time.process_time()
    assert isinstance(read(raw), KINDS)
    assert time.process_time() - before < 6


def test_a_message_of_100_mb_takes_little_memory(tmp_path: Path) -> None:
    """From a pipe as well as from a file: what is over the bound is read past."""
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from monitor.inbound.opening import MAX_OCTETS\n"
        "from monitor.inbound.read import read\n"
        "from monitor.mailboxes import from_stream, messages_at\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "raw = from_stream(sys.stdin.buffer, limit=MAX_OCTETS)\n"
        "pieces = [piece for name in sys.argv[1:] for piece in messages_at(Path(name), limit=MAX_OCTETS)]\n"
        "assert [len(raw), *(len(piece.octets) for piece in pieces)] == [MAX_OCTETS] * 3\n"
        "print(type(read(raw)).__name__, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    large, mbox = tmp_path / "large.eml", tmp_path / "mbox"
    with open(large, "wb") as file:
        file.write(POSTFIX)
        for _ in range(100):
            file.write(b"x" * MIB)
    with open(mbox, "wb") as file:
        file.write(b"From a@b.example Sat Nov 21 07:00:00 2026\n" + POSTFIX)
        for _ in range(100):
            file.write(b"x" * MIB)
    with open(large, "rb") as stream:
        done = subprocess.run(
            [sys.executable, "-c", script, str(large), str(mbox)],
            stdin=stream, capture_output=True, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
    kind, kib = re.fullmatch(r"(\w+) (\d+)\n", done.stdout).groups()  # type: ignore[union-attr]  # else it fails
    assert kind == "Bounce"
    assert int(kib) < 60 * 1024
