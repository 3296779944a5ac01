"""Settings: every one a `VIETNHAT_…` variable, a line of .env, or a systemd credential. The only reader of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from monitor.config.credentials import check_credentials, open_to_others
from monitor.errors import Misuse

PREFIX = "VIETNHAT_"

NO_CONTACT = "https://vietnhat.example/contact-not-set"
"""Stands in our User-Agent until the operator gives an address of their own."""

MIN_ARCHIVE = 90
"""Days: a retraining replays so many; the weekly look at the model takes nine weeks, a digest up to fifteen days."""

Seconds = Annotated[float, Field(ge=0)]


class Settings(BaseSettings):
    """All settings, checked. Paths are relative to the working folder; times are seconds unless named otherwise."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        allow_inf_nan=False,
        extra="ignore",  # other programs' lines in .env; unknown ones of ours are refused below
        frozen=True,
        hide_input_in_errors=True,
    )

    db: Annotated[Path, Field(description="the SQLite database")] = Path("var/vietnhat.db")
    feeds: Annotated[Path | None, Field(description="feeds.yaml; the shipped one when unset")] = None
    models: Annotated[Path, Field(description="folder of trained models")] = Path("var/models")
    outbox: Annotated[Path, Field(description="where .eml files go when no SMTP host is set")] = Path(
        "var/outbox"
    )

    poll_minutes: Annotated[
        float,
        Field(ge=1, le=1440, description="minutes between polls of a feed whose rhythm is not known yet"),
    ] = 15
    poll_floor_minutes: Annotated[
        float, Field(ge=1, le=1440, description="least minutes between polls of a feed")
    ] = 10
    poll_ceiling_minutes: Annotated[
        float, Field(ge=1, le=1440, description="most minutes between polls of a feed that answers")
    ] = 360
    concurrency: Annotated[int, Field(ge=1, le=256, description="feeds fetched at once")] = 16
    host_spacing: Annotated[Seconds, Field(description="between request starts on one host")] = 2.0
    fetch_deadline: Annotated[Seconds, Field(gt=0, description="for one whole exchange")] = 30.0
    max_feed_mib: Annotated[float, Field(gt=0, description="largest body after decompression")] = 15.0
    contact: Annotated[str, Field(description="URL or address in our User-Agent, for publishers")] = (
        NO_CONTACT
    )
    proxy: Annotated[str | None, Field(description="outbound HTTP proxy, as http://host:port")] = None
    allow_private: Annotated[
        frozenset[str],
        NoDecode,
        Field(description="private host:port pairs that may be fetched, comma-separated"),
    ] = frozenset()

    smtp_host: Annotated[str | None, Field(description="relay; letters become .eml files when unset")] = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: Annotated[
        Literal["required", "off"], Field(description="off only for a relay on this machine")
    ] = "required"
    smtp_rate: Annotated[
        int, Field(ge=0, le=10_000, description="letters a minute, evenly spread; 0 is no limit")
    ] = 0
    webhook_secret: Annotated[
        SecretStr | None,
        Field(
            min_length=16, description="signs what is posted to webhooks; required for any (docs/webhook.md)"
        ),
    ] = None
    mail_from: Annotated[str, Field(description="sender's address")] = "vietnhat@localhost.localdomain"
    mail_name: Annotated[str, Field(description="sender's name")] = "Việt–Nhật Monitor"
    reply_to: Annotated[str | None, Field(description="a person who reads answers")] = None
    return_address: Annotated[
        str | None,
        Field(description="where bounces and unsubscribing letters go, for 'vietnhat mail receive'"),
    ] = None
    base_url: Annotated[str | None, Field(description="https address of the pages, when they are served")] = (
        None
    )
    quote_letters: Annotated[
        int,
        Field(ge=0, le=420, description="most letters of an outlet's summary that are quoted; 0 for none"),
    ] = 420
    unquoted: Annotated[
        frozenset[str],
        NoDecode,
        Field(description="outlets whose summaries are not quoted at all, comma-separated"),
    ] = frozenset()
    signup: Annotated[
        str,
        Field(description="who may sign up on the pages: open, closed, or domains, comma-separated"),
    ] = "open"
    front_proxies: Annotated[
        str,
        Field(description="reverse proxies whose word on a visitor's address is believed, comma-separated"),
    ] = "127.0.0.1"
    operator: Annotated[str | None, Field(description="address of whoever runs this, for reports")] = None
    operator_language: Annotated[
        Literal["vi", "en", "ja"], Field(description="language of the reports to the operator")
    ] = "en"

    archive_days: Annotated[
        int, Field(ge=0, le=36500, description="days an article is kept that was in no digest; 0 is for ever")
    ] = 730
    backups: Annotated[Path, Field(description="folder of the database's copies")] = Path("var/backups")
    backup_keep: Annotated[int, Field(ge=1, le=10_000, description="how many copies are kept")] = 14
    keys: Annotated[Path, Field(description="file of the keys that sign links; made at first need")] = Path(
        "var/keys.json"
    )
    listen: Annotated[
        str, Field(description="host:port of the pages, /healthz, /readyz and /metrics; 'off' for none")
    ] = "127.0.0.1:8731"

    trusted: Annotated[
        frozenset[str],
        NoDecode,
        Field(description="people whose corrections count in full, comma-separated"),
    ] = frozenset()

    log: Annotated[Literal["text", "json"], Field(description="form of log lines on standard error")] = "text"

    @field_validator("allow_private", "trusted", "unquoted", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return frozenset(part.strip() for part in value.split(",") if part.strip())

    @field_validator("allow_private")
    @classmethod
    def _pairs(cls, pairs: frozenset[str]) -> frozenset[str]:
        for pair in pairs:
            if not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}", pair):
                raise ValueError(f"{pair!r} is not host:port")
        return pairs

    @field_validator("db")
    @classmethod
    def _file(cls, value: Path) -> Path:
        if not value.name:
            raise ValueError(f"{str(value)!r} is not the name of a file")
        return value

    @field_validator("listen")
    @classmethod
    def _listening(cls, value: str) -> str:
        if value != "off" and not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+):\d{1,5}", value):
            raise ValueError(f"{value!r} is neither host:port nor off")
        return value

    @field_validator("signup")
    @classmethod
    def _domains(cls, value: str) -> str:
        names = [name.strip().casefold() for name in value.split(",") if name.strip()]
        if not names or (set(names) & {"open", "closed"} and len(names) > 1):
            raise ValueError(f"{value!r} is neither open nor closed nor a list of domains")
        for name in {*names} - {"open", "closed"}:
            if not re.fullmatch(r"[^\s@/:.]+(\.[^\s@/:.]+)+", name):
                raise ValueError(f"{name!r} is no domain")
        return ",".join(names)

    @field_validator("proxy", "base_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("is not an http(s) address")
        return value.rstrip("/") if value else None

    @field_validator("mail_from", "reply_to", "return_address", "operator")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+", value):
            raise ValueError("is not a mail address")
        return value

    @field_validator("archive_days")
    @classmethod
    def _long_enough(cls, value: int) -> int:
        if 0 < value < MIN_ARCHIVE:
            raise ValueError(
                f"is too short: digests, drift and replays look back {MIN_ARCHIVE} days; 0 is for ever"
            )
        return value

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.poll_floor_minutes > self.poll_ceiling_minutes:
            raise ValueError("VIETNHAT_POLL_FLOOR_MINUTES is above VIETNHAT_POLL_CEILING_MINUTES; lower it")
        return self

    @model_validator(mode="after")
    def _secure_login(self) -> Self:
        if (
            self.smtp_password
            and self.smtp_starttls == "off"
            and self.smtp_host not in ("localhost", "127.0.0.1")
        ):
            raise ValueError(
                "VIETNHAT_SMTP_STARTTLS=off would send the password in the clear; use 'required'"
            )
        return self

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The settings that are secrets and are set."""
        return tuple(name for name in type(self).model_fields if isinstance(getattr(self, name), SecretStr))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be told: the secrets, and what holds one."""
        plain = [getattr(self, name).get_secret_value() for name in self.secret_names]
        login = [f"\0{self.smtp_user}\0{each}" for each in plain if self.smtp_user]  # as AUTH PLAIN sends it
        proxy = urlsplit(self.proxy or "").password or ""
        return (*plain, *login, proxy, unquote(proxy))

    @property
    def user_agent(self) -> str:
        """Who we say we are: RFC 9110 section 10.1.5, with a way to reach us."""
        from monitor import __version__

        return f"vietnhat/{__version__} (+{self.contact})"


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """The settings of this process; `overrides` (from the command line) win. Raises Misuse."""
    _refuse_unknown(os.environ)
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    secrets = os.environ.get("CREDENTIALS_DIRECTORY") or None
    if secrets and not Path(secrets).is_dir():
        raise Misuse(f"CREDENTIALS_DIRECTORY: {secrets} is not a folder; correct or unset it")
    if secrets:
        check_credentials(
            Path(secrets), prefix=PREFIX, known=[(PREFIX + name).lower() for name in Settings.model_fields]
        )
    try:
        _refuse_unknown(_lines_of(Path(".env")), ".env: ")
        return Settings(_secrets_dir=secrets, **given)  # type: ignore[arg-type]  # checked by pydantic
    except UnicodeDecodeError as error:
        raise Misuse(".env: is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise Misuse(
            f"{error.filename or '.env'}: cannot be read ({error.strerror}); check its permissions"
        ) from error
    except SettingsError as error:
        raise Misuse(f"{secrets}: {error}; is the file there readable, and UTF-8?") from error
    except ValidationError as error:
        finding = error.errors(include_url=False, include_input=False)[0]
        name = "".join(f"{PREFIX}{str(part).upper()}: " for part in finding["loc"][:1])
        message = finding["msg"].removeprefix("Value error, ")
        raise Misuse(f"{name}{message}; correct it in the environment or in .env") from error


def _lines_of(file: Path) -> dict[str, str]:
    """The settings in .env; none where there is no such file. Raises Misuse for a line that says nothing, which the
    library would pass over."""
    if file.is_dir() or not (file.exists() or file.is_symlink()):  # some call a virtual environment so
        return {}
    if not file.is_file():
        raise Misuse(f"{file}: is no file, or a link to nothing; put it right or remove it")
    found: dict[str, str] = {}
    with open(file, encoding="utf-8") as stream:
        for line in parse_stream(stream):
            ours = (line.key or line.original.string.strip()).upper().startswith(PREFIX)
            if line.error or (ours and line.value is None):
                raise Misuse(f"{file}:{line.original.line}: is no line of the form NAME=value; correct it")
            if line.key:
                found[line.key] = line.value or ""
    return found


def told_to_all() -> str:
    """What is to be said when .env holds a secret and other users of this machine may read it; else ""."""
    dotenv = Path(".env")
    if not open_to_others(dotenv):
        return ""
    secret = [
        PREFIX + name.upper()
        for name, field in Settings.model_fields.items()
        if field.annotation == SecretStr | None
    ]
    given = _lines_of(dotenv)
    found = next((name for name in secret if given.get(name)), "")
    return (
        f".env: holds {found} and can be read by other users of this machine; type: chmod o= .env"
        if found
        else ""
    )


def _refuse_unknown(names: Iterable[str], where: str = "") -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in names if name.upper().startswith(PREFIX) and name not in known)
    if unknown:
        raise Misuse(f"{where}{unknown[0]}: unknown setting; see 'vietnhat config show' for those that exist")
