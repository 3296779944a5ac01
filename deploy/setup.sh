#!/bin/sh
# Makes .venv from the hashed lock when it is missing or older than the lock: setup.sh [dev]
# Writes only below the checkout. Needs Python 3.11 or newer; on Debian and Ubuntu also python3-venv.
set -eu
cd "$(dirname "$0")/.."
lock=deploy/requirements.lock
[ "${1:-}" = dev ] && lock=deploy/requirements-dev.lock
stamp=.venv/.installed-$(basename "$lock" .lock)
if [ -x .venv/bin/vietnhat ] && [ "$stamp" -nt "$lock" ] && [ "$stamp" -nt pyproject.toml ]; then
    exit 0
fi

python=
for candidate in python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "vietnhat needs Python 3.11 or newer; on Debian or Ubuntu: apt-get install python3 python3-venv" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing $package" >&2
        apt-get update -qq >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
    else
        echo "Python's venv module is missing; type: sudo apt-get install $package" >&2
        exit 1
    fi
fi

echo "setting up .venv with $("$python" --version) (once; about a minute)" >&2
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || "$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
# The program itself runs from the checkout: a path file and a starter do what an editable install would,
# without building anything.
"$PWD/.venv/bin/python" - <<'PY'
import pathlib, sys, sysconfig

root = pathlib.Path.cwd()
site = pathlib.Path(sysconfig.get_path("purelib"))
(site / "vietnhat.pth").write_text(f"{root}\n", encoding="utf-8")
script = pathlib.Path(sysconfig.get_path("scripts")) / "vietnhat"
script.write_text(
    f"#!{sys.executable}\nfrom monitor.cli import main\n\nif __name__ == '__main__':\n    main()\n", encoding="utf-8"
)
script.chmod(0o755)
PY
touch "$stamp"
