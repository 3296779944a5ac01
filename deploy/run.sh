#!/bin/sh
# Sets up and watches the feeds of feeds.yaml until stopped; everything is kept in var/.
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh
exec .venv/bin/vietnhat run "$@"
