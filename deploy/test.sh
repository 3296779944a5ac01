#!/bin/sh
# Sets up and runs the tests that need nothing but Python packages, on all processors.
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh dev
exec .venv/bin/python -m pytest -m 'not system' --numprocesses auto --dist loadfile "$@"
