"""The built wheel in an environment of its own: what it carries is enough for the demo, far from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str | Path, folder: Path, seconds: float = 300, **environment: str) -> str:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("VIETNHAT_", "PYTHON"))
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network from this checkout."""
    target = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ROOT, folder=target)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel. The libraries are those of our own, seen through a path file.

    Path files there are not followed, so the checkout stays out of sight.
    """
    home = tmp_path_factory.mktemp("installed")
    _run(sys.executable, "-m", "venv", home / "venv", folder=home)
    python = home / "venv" / "bin" / "python"
    _run(python, "-m", "pip", "install", "--no-deps", "--no-index", "-q", wheel, folder=home)
    site = Path(
        _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=home).strip()
    )
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def test_the_wheel_carries_data_and_no_tests(wheel: Path) -> None:
    """Data, default feeds, templates and word lists are inside; tests and var are not."""
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "data/taxonomy.yaml",
        "data/corpus/accepted.json",
        "data/demo/entries.jsonl",
        "feeds.yaml",
    ):
        assert f"classifiers/_shipped/{needed}" in names
    assert any(name.endswith("digest.html.j2") for name in names)
    assert "monitor/digest/words.yaml" in names
    assert not [name for name in names if name.startswith(("tests/", "var/", "docs/", "deploy/"))]


def test_the_program_comes_from_the_wheel_alone(installed: Path) -> None:
    """Neither package nor data of the checkout are in sight."""
    code = "import monitor, classifiers.shipped as s; print(monitor.__file__, s.shipped('feeds.yaml'))"
    found = _run(installed / "venv" / "bin" / "python", "-c", code, folder=installed).split()
    assert all(Path(path).is_relative_to(installed / "venv") for path in found)


def test_the_demo_runs_from_the_wheel(installed: Path, models: Path, tmp_path: Path) -> None:
    """`vietnhat demo` fits its first model from packaged data and writes its digests, in an empty folder elsewhere.

    System calls tell that no file of the checkout is opened on the way, but for the libraries lent from there.
    `models` is asked for only so that fitting the shipped corpus is known to work.
    """
    here, trace = tmp_path / "elsewhere", tmp_path / "trace.txt"
    here.mkdir()
    vietnhat = installed / "venv" / "bin" / "vietnhat"
    strace = ("strace", "-f", "-qq", "-z", "-e", "trace=openat,open", "-o", trace)
    said = _run(*strace, vietnhat, "demo", "--into", here / "demo", folder=here)
    pages = [Path(line) for line in said.splitlines() if line.endswith(".html")]
    assert len(pages) == 9
    assert all(page.stat().st_size > 2000 for page in pages)
    assert len(list((here / "demo" / "outbox").glob("*.eml"))) == 9
    assert (here / "var" / "models" / "current").exists()
    assert {path.name for path in here.iterdir()} == {"demo", "var"}
    opened = [line for line in trace.read_text(errors="replace").splitlines() if f'"{ROOT}' in line]
    libraries = sysconfig.get_path("purelib")
    assert opened, "the libraries at least"
    assert not [line for line in opened if libraries not in line]


def test_default_feeds_come_with_it(installed: Path, tmp_path: Path) -> None:
    """Without a feeds.yaml at hand, the shipped one is listed."""
    said = _run(installed / "venv" / "bin" / "vietnhat", "feeds", "list", folder=tmp_path)
    assert said.count("https://") > 17
