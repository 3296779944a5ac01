"""Settings: from the environment, .env and systemd credentials; checked whole, secrets never told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.config.settings import Settings, load_settings
from monitor.errors import Misuse


def test_defaults(tmp_path: Path) -> None:
    """Nothing need be set; every setting but self-explaining ones says what it is for."""
    settings = load_settings()
    assert settings.db == Path("var/vietnhat.db")
    assert settings.feeds is None
    assert settings.smtp_host is None
    assert settings.allow_private == frozenset()
    assert settings.user_agent.startswith("vietnhat/")
    assert "+https://" in settings.user_agent
    bare = {name for name, field in Settings.model_fields.items() if not field.description}
    assert bare <= {"smtp_port", "smtp_user", "smtp_password"}


def test_environment_over_dotenv_over_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line wins over the environment, that over .env, that over the default."""
    Path(".env").write_text(
        "# ours\nVIETNHAT_DB=dot.db\nVIETNHAT_CONCURRENCY=3\nVIETNHAT_MAIL_NAME='Việt – Nhật'\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("VIETNHAT_DB", "env.db")
    settings = load_settings({"db": None, "feeds": "line.yaml"})
    assert (settings.db, settings.concurrency, settings.mail_name) == (Path("env.db"), 3, "Việt – Nhật")
    assert settings.feeds == Path("line.yaml")
    assert load_settings({"db": "line.db"}).db == Path("line.db")


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("POLL_MINUTES", "7.5", "poll_minutes", 7.5),
        ("CONCURRENCY", "1", "concurrency", 1),
        ("HOST_SPACING", "0", "host_spacing", 0.0),
        ("ALLOW_PRIVATE", " 127.0.0.1:80, [::1]:8080,nas:1,", "allow_private",
         frozenset({"127.0.0.1:80", "[::1]:8080", "nas:1"})),
        ("BASE_URL", "https://tin.example/", "base_url", "https://tin.example"),
        ("PROXY", "http://proxy:3128", "proxy", "http://proxy:3128"),
        ("OPERATOR", "op@vidu.example", "operator", "op@vidu.example"),
        ("SMTP_STARTTLS", "off", "smtp_starttls", "off"),
        ("SMTP_HOST", "", "smtp_host", None),
        ("DB", "", "db", Path("var/vietnhat.db")),
        ("LOG", "json", "log", "json"),
    ],
)  # fmt: skip
def test_values(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, attribute: str, expected: object
) -> None:
    """Values arrive typed; an empty one counts as unset."""
    monkeypatch.setenv(f"VIETNHAT_{name}", value)
    assert getattr(load_settings(), attribute) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLL_MINUTES", "0"), ("POLL_MINUTES", "often"), ("POLL_MINUTES", "nan"), ("POLL_MINUTES", "1e9"),
        ("CONCURRENCY", "0"), ("CONCURRENCY", "257"), ("CONCURRENCY", "2.5"),
        ("HOST_SPACING", "-1"), ("FETCH_DEADLINE", "0"), ("MAX_FEED_MIB", "0"), ("MAX_FEED_MIB", "inf"),
        ("SMTP_PORT", "0"), ("SMTP_PORT", "65536"), ("SMTP_PORT", "smtp"), ("SMTP_STARTTLS", "maybe"),
        ("ALLOW_PRIVATE", "127.0.0.1"), ("ALLOW_PRIVATE", "a:b"), ("ALLOW_PRIVATE", "http://a:1"),
        ("ALLOW_PRIVATE", "a:1 b:2"), ("BASE_URL", "tin.example"), ("BASE_URL", "javascript:x"),
        ("BASE_URL", "http://["), ("PROXY", "socks5://x:1"), ("MAIL_FROM", "me"), ("MAIL_FROM", "a@b\nBcc: c@d"),
        ("OPERATOR", "A <a@b.example>"), ("REPLY_TO", "a@b@c"), ("LOG", "xml"), ("DB", "/"), ("DB", "."),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """One line that names the setting and what to do: exit 2."""
    monkeypatch.setenv(f"VIETNHAT_{name}", value)
    with pytest.raises(Misuse) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"VIETNHAT_{name}: ")
    assert message.endswith("; correct it in the environment or in .env")
    assert "\n" not in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["VIETNHAT_", "VIETNHAT_DATABASE", "VIETNHAT_db", "VIETNHAT_SMTP_PASS"])
def test_an_unknown_name_in_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A name that starts like ours and means nothing is an error, even when empty."""
    monkeypatch.setenv(name, "")
    with pytest.raises(Misuse, match=f"^{name}: unknown setting"):
        load_settings()


def test_an_unknown_name_in_dotenv() -> None:
    """The same in .env, which is named."""
    Path(".env").write_text("VIETNHAT_DATABASE=x\n", encoding="utf-8")
    with pytest.raises(Misuse, match=r"^\.env: VIETNHAT_DATABASE: unknown setting"):
        load_settings()


def test_dotenv_that_is_no_text() -> None:
    """A .env in another encoding is told; a folder of that name is not ours."""
    Path(".env").write_bytes("VIETNHAT_MAIL_NAME=Việt".encode("utf-16"))
    with pytest.raises(Misuse, match=r"\.env: is not UTF-8"):
        load_settings()
    Path(".env").unlink()
    Path(".env").mkdir()
    assert load_settings().db == Path("var/vietnhat.db")
    Path(".env").rmdir()
    Path(".env").symlink_to("nothing")
    with pytest.raises(Misuse, match=r"\.env: is no file, or a link to nothing"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# relay\nVIETNHAT_SMTP_HOST mail.example\n", 2),
        ("VIETNHAT_SMTP_HOST: mail.example\n", 1),
        ('VIETNHAT_LOG=json\nVIETNHAT_MAIL_NAME="abc\n', 2),
        ("VIETNHAT_SMTP_HOST\n", 1),
    ],
)
def test_a_line_that_says_nothing(text: str, line: int) -> None:
    """It is told with its number: passed over, mail would go another way than was meant."""
    Path(".env").write_text(text, encoding="utf-8")
    with pytest.raises(Misuse, match=rf"\.env:{line}: is no line of the form NAME=value"):
        load_settings()


def test_lines_of_others_are_theirs() -> None:
    """Comments, blank lines, exports and other programs' names without a value."""
    Path(".env").write_text("\n# a\nexport VIETNHAT_LOG=json\nDEBUG\nOTHER='x'\n", encoding="utf-8")
    assert load_settings().log == "json"


def test_a_secret_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings' own text nor an error quotes the password."""
    monkeypatch.setenv("VIETNHAT_SMTP_PASSWORD", "geheim-42")
    monkeypatch.setenv("VIETNHAT_SMTP_HOST", "mail.example")
    settings = load_settings()
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "geheim-42"
    assert "geheim" not in f"{settings!r} {settings} {settings.model_dump()}"
    monkeypatch.setenv("VIETNHAT_SMTP_STARTTLS", "off")
    with pytest.raises(Misuse, match="in the clear") as caught:
        load_settings()
    assert "geheim" not in str(caught.value)
    monkeypatch.setenv("VIETNHAT_SMTP_HOST", "localhost")
    assert load_settings().smtp_starttls == "off"


def test_systemd_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file of CREDENTIALS_DIRECTORY gives a secret; the environment wins over it; other files are left alone."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "vietnhat_smtp_password").write_text("aus-der-datei\n", encoding="utf-8")
    (folder / "other").write_text("x", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    settings = load_settings()
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "aus-der-datei"
    monkeypatch.setenv("VIETNHAT_SMTP_PASSWORD", "x")
    assert (load_settings().smtp_password or settings.smtp_password).get_secret_value() == "x"


@pytest.mark.parametrize("kind", ["file", "missing"])
def test_credentials_that_are_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    """A secret that was meant to be there must not be missed in silence."""
    path = tmp_path / "credentials"
    if kind == "file":
        path.write_text("", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path))
    with pytest.raises(Misuse, match=r"CREDENTIALS_DIRECTORY: .* is not a folder"):
        load_settings()


def test_a_credential_that_is_no_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A password file in another encoding is told without its contents."""
    (tmp_path / "vietnhat_smtp_password").write_bytes(b"geheim-\xff")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(Misuse, match=r"smtp_password.* UTF-8") as caught:
        load_settings()
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"geheim", b"geheim\n", b"geheim\r\n", b"\n  geheim \n\n"])
def test_a_credential_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raw: bytes) -> None:
    """`echo geheim > file` works, as do editors that end lines otherwise."""
    (tmp_path / "vietnhat_smtp_password").write_bytes(raw)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    password = load_settings().smtp_password
    assert password is not None
    assert password.get_secret_value() == "geheim"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "is empty"), (b" \n\n", "is empty"), (b"geheim\0", "characters that are no text"),
        (b"geheim\nzweite", "more than one line"), (b"\xff\xfeg\0", "is not UTF-8"), (b"\x7fELF\x02\x01", "no text"),
        (b"\xef\xbb\xbfgeheim\n", "no text"), (b"x" * 70_000, "is too large"),
    ],
)  # fmt: skip
def test_a_credential_that_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raw: bytes, problem: str
) -> None:
    """What cannot be a password is one line that names the file, never its contents: no letter goes without login."""
    file = tmp_path / "vietnhat_smtp_password"
    file.write_bytes(raw)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(Misuse, match=problem) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{file}: ")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling", "ring", "outside"])
def test_a_credential_that_is_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    """A folder, a pipe or a link that leads nowhere or away is told at once, and nothing waits for it."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    file = folder / "vietnhat_smtp_password"
    (tmp_path / "elsewhere").write_text("geheim", encoding="utf-8")
    match kind:
        case "folder":
            file.mkdir()
        case "fifo":
            os.mkfifo(file)
        case "dangling":
            file.symlink_to("nowhere")
        case "ring":
            file.symlink_to(file.name)
        case _:
            file.symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    with pytest.raises(Misuse, match=r"smtp_password: .*; put the value alone into it"):
        load_settings()


def test_a_credential_behind_a_link_in_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Links within the folder are followed: Kubernetes lays secrets out so."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "vietnhat_smtp_password").write_text("geheim\n", encoding="utf-8")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "vietnhat_smtp_password").symlink_to("..data/vietnhat_smtp_password")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    password = load_settings().smtp_password
    assert password is not None
    assert password.get_secret_value() == "geheim"


def test_a_credential_with_an_unknown_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A misspelt credential is told like a misspelt variable."""
    (tmp_path / "vietnhat_smtp_pasword").write_text("geheim", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(Misuse, match="vietnhat_smtp_pasword: unknown setting"):
        load_settings()


def test_every_text_that_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password, what AUTH makes of it, and the proxy's, as it is and decoded."""
    monkeypatch.setenv("VIETNHAT_SMTP_USER", "digest")
    monkeypatch.setenv("VIETNHAT_SMTP_PASSWORD", "geheim")
    monkeypatch.setenv("VIETNHAT_PROXY", "http://u:a%2Fb@proxy:3128")
    assert set(load_settings().secrets) == {"geheim", "\0digest\0geheim", "a%2Fb", "a/b"}
