#!/bin/sh
# marked-tests.sh MARK [ARGUMENTS]: runs the tests of a mark on all processors, then those that measure the machine, alone.
# With arguments for pytest, one after the other. Needs what deploy/setup.sh dev makes.
set -eu
cd "$(dirname "$0")/.."
mark=$1
shift
if [ $# -gt 0 ]; then
    exec .venv/bin/python -m pytest -m "$mark" "$@"
fi
failed=0
.venv/bin/python -m pytest -m "$mark and not alone" --numprocesses auto --dist loadfile || failed=$?
.venv/bin/python -m pytest -m "$mark and alone" || failed=$?
exit "$failed"
