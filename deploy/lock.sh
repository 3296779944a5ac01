#!/bin/sh
# Writes the lock files anew from pyproject.toml; needs uv (pip install uv). For maintainers.
set -eu
cd "$(dirname "$0")/.."
options="--universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -q"
# shellcheck disable=SC2086  # options are words
uv pip compile pyproject.toml $options -o deploy/requirements.lock
# shellcheck disable=SC2086
uv pip compile pyproject.toml --group dev $options -c deploy/requirements.lock -o deploy/requirements-dev.lock
# shellcheck disable=SC2086
uv pip compile pyproject.toml --extra chat $options -c deploy/requirements.lock -o deploy/requirements-chat.lock
