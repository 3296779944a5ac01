"""Planted secrets and addresses: none of them in anything a command says, keeps open or hands to its children."""

from __future__ import annotations

import asyncio
import os
import signal
import socketserver
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug import Request, Response

from monitor import daemon
from monitor.logs import configure
from monitor.masking import hide
from monitor.store import subscribers
from monitor.store.database import open_store
from monitor.types import Subscriber, SubscriberStatus
from tests.cli.conftest import Newsstand
from tests.cli.samples import CONSENT, NOW, TWO, call

PASSWORD = "SECRETxyz'42\\-geheim"
READERS = ("nguyen.van.an@vidu.example", "tran.thi.binh@việt-nhật.example", '"le van chi"@vidu.example')
PEOPLE = ("nguyen.van", "tran.thi", "le van")
ROOT = Path(__file__).resolve().parents[2]


class _Rude(socketserver.StreamRequestHandler):
    """A mail server that repeats what it hears: whole lines for AUTH, names and addresses for RCPT."""

    refusal = ""

    def handle(self) -> None:
        """Until QUIT or the end."""
        self.say("220 hello")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper().split()[0]
            match verb:
                case "EHLO":
                    self.say("250-hello\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
                case "AUTH":
                    good = "235 2.7.0 welcome"
                    self.say(f"535 5.7.8 no {line} is {PASSWORD}" if self.refusal == "AUTH" else good)
                case "RCPT" if self.refusal.startswith(("4", "5")):
                    address = line.partition("<")[2].partition(">")[0]
                    self.say(
                        f"{self.refusal}-<{address.upper()}>\r\n{self.refusal} {address.split('@')[0]} unknown"
                    )
                case "QUIT":
                    self.say("221 bye")
                    return
                case "DATA":
                    self.say("354 go on")
                    while self.rfile.readline().strip() != b".":
                        pass
                    self.say("250 taken")
                case _:
                    self.say("250 ok")

    def say(self, text: str) -> None:
        """One answer."""
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def rude_server(refusal: str) -> Iterator[int]:
    """It refuses logins (`AUTH`) or readers (`550 5.1.1`, `451 4.2.1`)."""
    handler = type("Rude", (_Rude,), {"refusal": refusal})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def subscribe(db: Path) -> None:
    """Readers of every kind of address, as an import or an older version may have left them."""
    with open_store(db, durable=True) as store:
        for address in READERS:
            subscribers.add(
                store,
                Subscriber(
                    0, address, "vi", "Asia/Ho_Chi_Minh", "daily", 7, 0, (), True, SubscriberStatus.ACTIVE,
                    "signed list", datetime(2026, 11, 1, tzinfo=UTC),
                ),
            )  # fmt: skip


def leaks(text: str) -> list[str]:
    """Which of the planted words a text holds, but for a setting's own name."""
    text = text.replace("VIETNHAT_WEBHOOK_SECRET", "")
    planted = ("SECRET", "geheim", "U0VDUkVU", "xyz'42", *PEOPLE, *(p.upper() for p in PEOPLE))
    return [word for word in planted if word in text]


@pytest.mark.parametrize(
    ("refusal", "form"),
    [("550 5.1.1", "text"), ("550 5.1.1", "json"), ("451 4.2.1", "text"), ("AUTH", "json"), ("", "text")],
)
def test_sending_tells_nothing(judged_archive: Path, refusal: str, form: str) -> None:
    """Whatever a mail server repeats, neither output nor log of sending holds password or reader."""
    subscribe(judged_archive)
    with rude_server(refusal) as port:
        env = {
            "VIETNHAT_SMTP_HOST": "127.0.0.1", "VIETNHAT_SMTP_PORT": str(port), "VIETNHAT_SMTP_STARTTLS": "off",
            "VIETNHAT_SMTP_USER": "digest", "VIETNHAT_SMTP_PASSWORD": PASSWORD, "VIETNHAT_LOG": form,
        }  # fmt: skip
        answers = [
            call("digest", "send", "--as-of", NOW, env=env),
            call("deliver", "--as-of", "2026-11-21T09:30", env=env),
            call("status", env=env), call("status", "--json", env=env),
            call("config", "show", env=env), call("config", "show", "--json", env=env),
            call("deliver", "test", "chi@vidu.example", env=env),
        ]  # fmt: skip
    said = "".join(answer.out + answer.err for answer in answers)
    assert leaks(said) == []
    assert answers[0].code == (1 if refusal == "AUTH" else 0)
    assert "letter=1" in said or '"letter": 1' in said
    assert "no-letter" in said  # the address that no letter can carry is told by its number
    expected = {"AUTH": "535 5.7.8", "": "250 taken"}.get(refusal, refusal)
    assert expected in said


def test_erased_is_forgotten_with_the_servers_words(judged_archive: Path) -> None:
    """What a server said of a reader goes with the reader; nothing of them is left in any table."""
    subscribe(judged_archive)
    with rude_server("550 5.1.1") as port:
        env = {
            "VIETNHAT_SMTP_HOST": "127.0.0.1",
            "VIETNHAT_SMTP_PORT": str(port),
            "VIETNHAT_SMTP_STARTTLS": "off",
        }
        call("digest", "send", "--as-of", NOW, env=env)
    for address, expected in ((READERS[0], True), (READERS[0], False)):
        with open_store(judged_archive) as store:
            tables = [
                row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            rows = str([store.rows(f"SELECT * FROM '{table}'") for table in tables]).lower()
        assert ("nguyen.van.an" in rows) is expected
        if expected:
            assert call("subscribers", "erase", address, "--yes").code == 0


def test_polling_tells_nothing(newsstand: Newsstand, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a login in a feed's address nor the proxy's is told, whether by the list or by the poll."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    monkeypatch.setenv("VIETNHAT_PROXY", "http://u:SECRETxyz@127.0.0.1:1")
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    text = newsstand.file.read_text(encoding="utf-8")
    newsstand.file.write_text(text.replace("http://127", "http://digest:geheim@127"), encoding="utf-8")
    commands = (("poll", "--as-of", NOW), ("feeds", "list"), ("status",), ("config", "show"))
    answers = [call(*command) for command in commands] + [call(*command, "--json") for command in commands]
    assert leaks("".join(answer.out + answer.err for answer in answers)) == []


def test_a_bug_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug in a round, whose words hold the password and a reader, is one line without them."""
    configure("text")
    hide([PASSWORD])

    async def poll(_now: datetime, _stop: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise RuntimeError(f"login {PASSWORD} of {READERS[0]} and {READERS[2]}\n", {"password": PASSWORD})

    asyncio.run(daemon.serve(daemon.Work({"poll": poll})))
    said = capsys.readouterr().err
    assert leaks(said) == []
    assert said.count("event=bug round=poll") == 1
    assert said.count("\n") == 3  # with those of stopping and stopped


STARTER = "from monitor.cli import main\nif __name__ == '__main__':\n    main()\n"
BROKEN = f"""
import threading
from monitor import polling
from monitor.cli import main

def fail(words):
    raise RuntimeError(f"login {PASSWORD!s} of {READERS[0]} at http://u:geheim@h.example/")

class Poller(polling.Poller):
    async def poll(self, feeds, *, now):
        threading.Thread(target=fail, args=("x",)).start()
        fail("y")

if __name__ == "__main__":
    polling.Poller = Poller
    main()
""".replace(PASSWORD, PASSWORD.replace("\\", "\\\\"))


def environment(newsstand: Newsstand, models: Path, **more: str) -> dict[str, str]:
    """A process of its own with these settings."""
    names = ("VIETNHAT_ALLOW_PRIVATE", "VIETNHAT_HOST_SPACING", "VIETNHAT_FEEDS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIETNHAT_", "PYTHON"))}
    given = {name: os.environ[name] for name in names}
    return {**kept, **given, "PYTHONPATH": str(ROOT), "VIETNHAT_MODELS": str(models), **more}


@pytest.mark.parametrize("command", [("run",), ("poll",)])
def test_a_bug_in_a_process_of_its_own(
    newsstand: Newsstand, models: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A bug in the daemon, in a command or in a thread is told without the password and without readers."""
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    (tmp_path / "start.py").write_text(BROKEN, encoding="utf-8")
    env = environment(newsstand, models, VIETNHAT_SMTP_PASSWORD=PASSWORD)
    with subprocess.Popen(
        [sys.executable, tmp_path / "start.py", *command],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "bug" in line and "round=poll" in line:
                process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert leaks(said) == []
    assert "login *** of <address> at http://***@h.example/" in said
    assert process.returncode == (0 if command == ("run",) else 1)
    assert ("Traceback" in said) is True  # of the thread, or of the command: for whoever mends it


def test_children_are_not_handed_the_password(newsstand: Newsstand, models: Path, tmp_path: Path) -> None:
    """A process that reads feeds has the mail password neither in its environment nor on its command line."""
    newsstand.offer("/a", TWO)
    release = threading.Event()

    def late(_: Request) -> Response:
        release.wait(20)
        return Response(TWO, content_type="application/rss+xml")

    newsstand.server.expect_request("/late").respond_with_handler(late)
    newsstand.list(a="/a", late="/late")
    (tmp_path / "start.py").write_text(STARTER, encoding="utf-8")
    env = environment(newsstand, models, VIETNHAT_SMTP_PASSWORD=PASSWORD)
    with subprocess.Popen(
        [sys.executable, tmp_path / "start.py", "poll", "--as-of", NOW], env=env, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        handed = b""
        while process.poll() is None and b"spawn_main" not in handed:
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                line = Path(f"/proc/{child}/cmdline").read_bytes()
                if b"spawn_main" in line:  # before, it is still a copy of its parent
                    handed += line + Path(f"/proc/{child}/environ").read_bytes()
        release.set()
        assert process.wait(30) == 0
    assert b"VIETNHAT_FEEDS" in handed
    assert b"PYTHONSAFEPATH=1" in handed
    assert PASSWORD.encode() not in handed


HOSTILE = (
    "re",
    "json",
    "random",
    "multiprocessing",
    "feedparser",
    "sitecustomize",
    "encodings",
    "tempfile",
    "numpy",
)


def test_the_working_folder_holds_no_modules(newsstand: Newsstand, models: Path, tmp_path: Path) -> None:
    """A file in the working folder that is named like a module is imported by nobody, not by children either."""
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    folder, bin_ = tmp_path / "work", tmp_path / "bin"
    folder.mkdir()
    bin_.mkdir()
    (bin_ / "vietnhat").write_text(STARTER, encoding="utf-8")
    for name in HOSTILE:
        trap = f"open({str(tmp_path / 'canary')!r}, 'a').write({name!r})\nraise SystemExit(66)\n"
        (folder / f"{name}.py").write_text(trap, encoding="utf-8")
    env = environment(newsstand, models)
    del env["PYTHONPATH"]
    if subprocess.run(
        [sys.executable, "-c", "import monitor"], cwd=bin_, env=env, capture_output=True
    ).returncode:
        env["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, bin_ / "vietnhat", "poll", "--as-of", NOW], cwd=folder, env=env, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert not (tmp_path / "canary").exists(), (tmp_path / "canary").read_text()
    assert done.returncode == 0, done.stderr
    assert "2 new articles, 0 revised, 2 judged" in done.stderr


def test_what_is_made_is_ours_alone(newsstand: Newsstand, models: Path, tmp_path: Path) -> None:
    """Even where the umask allows everything, files are made 0600 and folders 0700."""
    newsstand.offer("/a", TWO)
    newsstand.list(a="/a")
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "start.py").write_text(STARTER, encoding="utf-8")
    env = environment(newsstand, models)
    reader = READERS[0]
    for command in (
        ("poll", "--as-of", NOW), ("subscribers", "add", reader, *CONSENT, "--empty"),
        ("digest", "send", "--as-of", NOW), ("keys", "rotate"),
        ("digest", "preview", reader, "--as-of", NOW, "--html", "page.html"),
    ):  # fmt: skip
        subprocess.run(
            [sys.executable, tmp_path / "start.py", *command], cwd=folder, env=env, umask=0, check=True,
            capture_output=True, timeout=60,
        )  # fmt: skip
    made = [path for path in folder.rglob("*") if not path.is_symlink()]
    assert {"vietnhat.db", "keys.json", "page.html"} <= {path.name for path in made}
    assert any(path.suffix == ".eml" for path in made)
    modes = {str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode)) for path in made}
    assert {name: mode for name, mode in modes.items() if mode not in ("0o600", "0o700")} == {}


def test_an_open_dotenv_is_told() -> None:
    """A .env that everybody may read is told when it holds a secret; a group may be the service itself."""
    dotenv = Path(".env")
    dotenv.write_text(f'VIETNHAT_SMTP_PASSWORD="{PASSWORD}"\nVIETNHAT_LOG=json\n', encoding="utf-8")
    for mode, told in ((0o644, True), (0o640, False), (0o600, False)):
        dotenv.chmod(mode)
        answer = call("config", "show")
        assert answer.code == 0
        assert leaks(answer.out + answer.err) == []
        line = ".env: holds VIETNHAT_SMTP_PASSWORD and can be read by other users of this machine; type: chmod o= .env"
        assert answer.err == (f"{line}\n" if told else "")
    dotenv.write_text("VIETNHAT_LOG=json\n", encoding="utf-8")
    dotenv.chmod(0o644)
    assert call("config", "show").err == ""
