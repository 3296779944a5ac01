#!/bin/sh
# Installs the daemon as a systemd service, or upgrades it: install.sh [--dry-run] [--in-place] [--no-copy]
# Goes back to the release before:                           install.sh --rollback [--dry-run]
#
# The checkout is copied to /opt/vietnhat/releases/, which `current` and `previous` point into; --in-place uses it where
# it stands. Nothing that exists in /etc/vietnhat is changed. Calling it twice does nothing the second time. An upgrade
# copies the database first and stops when that fails, unless --no-copy is given. --dry-run prints what would be done, and needs no root.
set -eu
umask 022
here=$(cd "$(dirname "$0")/.." && pwd -P)
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin  # the system's Python: a person's is closed to the service
opt=/opt/vietnhat etc=/etc/vietnhat state=/var/lib/vietnhat units=/etc/systemd/system

dry='' in_place='' rollback='' no_copy=''
for word in "$@"; do
    case $word in
        --dry-run) dry=1 ;;
        --in-place) in_place=1 ;;
        --no-copy) no_copy=1 ;;
        --rollback) rollback=1 ;;
        *) sed -n '2,3s/^# //p' "$0" >&2; exit 2 ;;
    esac
done

say() { echo "install: $*" >&2; }
fail() { say "$*"; exit 1; }
run() { if [ -n "$dry" ]; then echo "$*"; else "$@"; fi; }
state_of_service() { systemctl is-active vietnhat.service 2>/dev/null || true; }
wanted() { case $(state_of_service) in inactive | '' | unknown) return 1 ;; esac; }  # also while it fails and is tried again

check_machine() {
    [ -n "$dry" ] && return
    [ "$(id -u)" = 0 ] || fail "needs root; type: sudo sh deploy/install.sh (or add --dry-run to see what it would do)"
    [ -d /run/systemd/system ] || fail "systemd does not run here; see docs/operations.md for Docker"
}

release_name() {
    # Version and contents, so that the same checkout is the same release.
    version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$here/monitor/__init__.py")
    # shellcheck disable=SC2086  # parts are words
    sum=$(cd "$here" && find $parts -type f ! -path '*/__pycache__/*' -exec sha256sum {} + | LC_ALL=C sort -k 2 | sha256sum)
    echo "$version-$(echo "$sum" | cut -c 1-12)"
}

make_user() {
    id vietnhat >/dev/null 2>&1 && return
    run useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin vietnhat
}

make_release() {
    if [ -n "$in_place" ]; then
        case $here/ in
            /home/* | /root/* | /tmp/* | /var/tmp/* | /run/user/*) fail "$here is closed to the service; leave --in-place out" ;;
        esac
        release=$here
        run sh "$here/deploy/setup.sh"
        return
    fi
    release=$opt/releases/$(release_name)
    [ -e "$release/.complete" ] && return
    run mkdir -p "$release"
    if [ -n "$dry" ]; then
        echo "copy $here to $release, and make .venv there"
        return
    fi
    say "making $release"
    # shellcheck disable=SC2086
    (cd "$here" && find $parts -type f ! -path '*/__pycache__/*' -print0 | tar -cf - --null -T -) | tar -xf - -C "$release"
    chmod -R u=rwX,go=rX "$release"
    sh "$release/deploy/setup.sh"
    case $(readlink -f "$release/.venv/bin/python") in
        /home/* | /root/*) fail "the Python of $release belongs to a person; install python3 and python3-venv of the system" ;;
    esac
    "$release/.venv/bin/python" -m compileall -q "$release/monitor" "$release/classifiers"  # the service cannot write them
    touch "$release/.complete"
}

make_settings() {
    run install -d -m 0755 "$etc"
    run install -d -m 0700 "$etc/credentials"
    run install -d -m 0700 -o vietnhat -g vietnhat "$state"
    [ -e "$etc/vietnhat.env" ] || run install -m 0640 -g vietnhat "$here/deploy/vietnhat.env.example" "$etc/vietnhat.env"
    [ -e "$etc/.env" ] || [ -L "$etc/.env" ] || run ln -s vietnhat.env "$etc/.env"
    if [ ! -e "$state/feeds.yaml" ]; then
        run install -m 0600 -o vietnhat -g vietnhat "$here/feeds.yaml" "$state/feeds.yaml"
    elif ! cmp -s "$here/feeds.yaml" "$state/feeds.yaml"; then
        say "your list of feeds stays; to compare: diff $opt/current/feeds.yaml $state/feeds.yaml"
    fi
}

make_units() {
    for unit in vietnhat.service vietnhat-backup.service vietnhat-backup.timer; do
        put 0644 "$here/deploy/systemd/$unit" "$units/$unit"
    done
    if [ "$(systemctl --version 2>/dev/null | awk 'NR == 1 { print $2 }')" -ge 254 ] 2>/dev/null; then
        run install -d -m 0755 "$units/vietnhat.service.d"
        put 0644 "$here/deploy/systemd/backoff.conf" "$units/vietnhat.service.d/backoff.conf"
    fi
    put 0755 "$here/deploy/systemd/vietnhat-command" /usr/local/bin/vietnhat
    run systemctl daemon-reload
}

put() { cmp -s "$2" "$3" || run install -m "$1" "$2" "$3"; }

point() {
    # A link is replaced whole, never missing for a moment.
    run ln -sfn "$2" "$1.new"
    run mv -T "$1.new" "$1"
}

copy_database() {
    [ -e "$state/vietnhat.db" ] && [ -z "$no_copy" ] || return 0
    say "copying the database first"
    run systemctl start vietnhat-backup.service ||
        fail "no copy could be made, nothing was changed; see: journalctl -u vietnhat-backup -n 20"
    [ -n "$dry" ] || find "$state/backups" -name 'vietnhat-*.db' 2>/dev/null | sort | tail -n 1 >"$opt/copy-before-upgrade"
}

start() {
    run systemctl restart vietnhat.service && return
    say "it does not start; see: journalctl -u vietnhat -n 30; to go back: sh $opt/current/deploy/install.sh --rollback"
    exit 1
}

forget_old_releases() {
    for old in "$opt"/releases/*/; do
        [ -e "$old/.complete" ] || continue
        case ${old%/} in
            "$(readlink -f "$opt/current")" | "$(readlink -f "$opt/previous")") ;;
            *) run rm -rf -- "$old" ;;
        esac
    done
}

go_back() {
    [ -L "$opt/previous" ] || fail "there is no release before this one in $opt"
    old=$(readlink "$opt/current") here=$(readlink "$opt/previous")
    point "$opt/current" "$here"
    point "$opt/previous" "$old"
    make_units
    say "back at $here"
    wanted || exit 0
    run systemctl restart vietnhat.service && exit 0
    say "it does not start; when the database is of the newer version, put back the copy from before the upgrade:"
    say "systemctl stop vietnhat; vietnhat restore $(cat "$opt/copy-before-upgrade" 2>/dev/null || echo FILE); systemctl start vietnhat"
    exit 1
}

parts="monitor classifiers data deploy docs feeds.yaml pyproject.toml README.md CHANGELOG.md CONTRIBUTING.md LICENSE"
check_machine
[ -z "$rollback" ] || go_back
make_user
make_release
if [ "$(readlink "$opt/current" 2>/dev/null || true)" = "$release" ]; then
    make_settings
    make_units
    say "$release is installed already; nothing to upgrade"
    exit 0
fi
if [ -L "$opt/current" ]; then
    copy_database
    # One that does not run is nothing to go back to.
    if [ ! -L "$opt/previous" ] || [ "$(state_of_service)" != activating ]; then
        point "$opt/previous" "$(readlink "$opt/current")"
    fi
fi
run install -d -m 0755 "$opt"
point "$opt/current" "$release"
make_settings
make_units
run systemctl enable --quiet --now vietnhat-backup.timer
if wanted; then
    start
    say "upgraded to $release and running"
    forget_old_releases
else
    say "installed $release; next: edit $etc/vietnhat.env, then: systemctl enable --now vietnhat"
fi
