#!/bin/sh
# The gate: format, lint, types, tests with coverage (layers and documents are tests).
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh dev
.venv/bin/ruff format --check .
.venv/bin/ruff check .
.venv/bin/mypy
.venv/bin/coverage run -m pytest -m 'not system'
.venv/bin/coverage combine --quiet 2>/dev/null || true
.venv/bin/coverage report --skip-covered --fail-under="${COVERAGE_FLOOR:-85}"
