#!/bin/sh
# Installs what the system tests need (root on Debian or Ubuntu) and runs them: kills, system calls, a browser, Postfix.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
    echo "test-system installs packages and needs root; type: sudo sh deploy/test-system.sh" >&2
    exit 1
fi
missing=
for pair in chromium:chromium strace:strace fc-list:fontconfig systemd-analyze:systemd postfix:postfix; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -e /usr/share/doc/fonts-noto-cjk ] || missing="$missing fonts-noto-cjk"
if [ -n "$missing" ]; then
    echo "installing$missing" >&2
    apt-get update -qq >/dev/null
    case $missing in
        # only its programs are wanted: the tests bring configurations of their own
        *postfix*) echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections ;;
    esac
    # shellcheck disable=SC2086  # one word per package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
sh deploy/setup.sh dev
exec sh deploy/marked-tests.sh system "$@"
