#!/bin/sh
# Sets up and shows the whole line on sample feeds, offline; the digests are in var/demo/.
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh
exec .venv/bin/vietnhat demo "$@"
