#!/bin/sh
# Sets up and runs the tests that need nothing but Python packages.
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh dev
exec sh deploy/marked-tests.sh 'not system' "$@"
