"""The container: what it copies exists and is let through, it holds no secret, and it is confined as the service is."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.config.settings import PREFIX, Settings, load_settings
from tests.deploy.contract import DEPLOY, ROOT, size, unit

LINES = [
    line
    for line in re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text("utf-8")).splitlines()
    if line and not line.startswith("#")
]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICE = COMPOSE["services"]["vietnhat"]


def rest_of(word: str) -> list[str]:
    """What follows an instruction, for each time it stands there."""
    return [line.split(" ", 1)[1] for line in LINES if line.startswith(word + " ")]


def let_through(source: str) -> bool:
    """Whether .dockerignore lets a path of the checkout reach the build: the last line that fits decides."""
    words = source.split("/")
    paths = ["/".join(words[: n + 1]) for n in range(len(words))]  # the path and the folders above it
    passed = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        names = words if pattern.startswith("**/") else paths
        if not line.startswith("#") and any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
            passed = line.startswith("!")
    return passed


def test_what_is_copied_is_there() -> None:
    """Every source of COPY exists in the checkout and passes .dockerignore."""
    sources = [
        source
        for line in rest_of("COPY")
        if "--from=" not in line
        for source in re.sub(r"--\w+=\S+ ", "", line).split()[:-1]
    ]
    assert {"monitor", "classifiers", "data", "feeds.yaml"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert let_through(source), source


@pytest.mark.parametrize(
    "path",
    [".env", "var/vietnhat.db", ".git/config", "deploy/.env", "monitor/__pycache__/x.pyc", "tests/x.py"],
)
def test_nothing_private_reaches_a_build(path: str) -> None:
    """Settings, databases and history stay out of the image."""
    assert not let_through(path)


def test_the_python_is_pinned_and_known() -> None:
    """Both stages use one Python, pinned to a minor version that the project names."""
    images = {line.split()[0] for line in rest_of("FROM")}
    assert len(images) == 1
    version = re.fullmatch(r"python:(3\.\d+)-slim-\w+", images.pop())
    assert version
    assert f"Python :: {version[1]}" in (ROOT / "pyproject.toml").read_text("utf-8")


def test_settings_in_the_image_are_places_only() -> None:
    """The image sets where things are kept, by names that exist, and neither secrets nor choices."""
    names = set(re.findall(rf"{PREFIX}\w+", " ".join(rest_of("ENV"))))
    assert names == {PREFIX + n for n in ("DB", "FEEDS", "MODELS", "OUTBOX", "BACKUPS", "KEYS")}
    assert not re.search(r"(?i)password|secret|token", " ".join(rest_of("ENV") + rest_of("ARG")))


def test_it_runs_without_rights() -> None:
    """A number without a name of its own, one volume, and the signal that the daemon obeys."""
    assert rest_of("USER") == ["10001:10001"] == [SERVICE["user"]]
    assert rest_of("VOLUME") == ["/var/lib/vietnhat"]
    assert rest_of("STOPSIGNAL") == ["SIGTERM"]
    assert rest_of("CMD") == ['["vietnhat", "run"]']


def test_compose_confines_it_as_systemd_does() -> None:
    """Read-only root, no capability, no new privileges, the unit's memory; nothing is published."""
    assert (SERVICE["read_only"], SERVICE["cap_drop"]) == (True, ["ALL"])
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert size(SERVICE["mem_limit"]) == size(unit("vietnhat.service")["MemoryMax"][0])
    assert SERVICE["pids_limit"] == int(unit("vietnhat.service")["TasksMax"][0])
    assert SERVICE["stop_grace_period"] == unit("vietnhat.service")["TimeoutStopSec"][0]
    assert "ports" not in SERVICE
    assert [v for v in SERVICE["volumes"] if not v.endswith(":ro")] == ["state:/var/lib/vietnhat"]


def test_compose_gives_secrets_as_files() -> None:
    """Each secret is a setting, by the name that the program looks for, and none stands in the environment."""
    assert SERVICE["environment"] == {"CREDENTIALS_DIRECTORY": "/run/secrets"}
    assert set(SERVICE["secrets"]) == set(COMPOSE["secrets"])
    assert {name.removeprefix(PREFIX.lower()) for name in SERVICE["secrets"]} <= set(Settings.model_fields)


def test_compose_builds_from_the_checkout() -> None:
    """The context is the checkout and the Dockerfile is there."""
    build = SERVICE["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()


# --- healthcheck.py -----------------------------------------------------------------------


def healthcheck() -> ModuleType:
    """The script that the container calls."""
    spec = spec_from_file_location("healthcheck", DEPLOY / "healthcheck.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Page(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        """Answer /healthz alone."""
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        """Say nothing."""


@pytest.mark.parametrize(("status", "alive"), [(200, True), (503, False), (500, False)])
def test_health_is_what_the_page_says(status: int, alive: bool) -> None:
    """200 is alive; any other answer is not. A daemon that listens everywhere is asked on loopback."""
    server = HTTPServer(("127.0.0.1", 0), type("Page", (_Page,), {"status": status}))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        for host in ("127.0.0.1", "0.0.0.0"):
            assert healthcheck().alive(f"{host}:{server.server_port}") is alive
    finally:
        server.shutdown()
        server.server_close()


def test_health_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that does not answer is not alive; one told to serve no pages cannot be asked."""
    server = HTTPServer(("127.0.0.1", 0), _Page)
    port = server.server_port
    server.server_close()
    assert not healthcheck().alive(f"127.0.0.1:{port}")
    monkeypatch.setenv("VIETNHAT_LISTEN", "off")
    assert healthcheck().alive(load_settings().listen)
