# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the build scripts share. Messages and progress go to stderr; a script's
# only line on stdout is the place of its result.
set -euo pipefail
export LC_ALL=C
umask 022

TESTBED=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$TESTBED/../.." && pwd)
CACHE=${PERFCTR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/perfctr-xen}
JOBS=${PERFCTR_JOBS:-$(nproc)}
export TESTBED TOP CACHE JOBS

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# An error says what was seen and what to do about it.
die() {
    say "$*"
    exit 4
}

# need COMMAND... : the packages are installed by install-packages.
need() {
    local command
    for command; do
        command -v "$command" >/dev/null ||
            die "$command is missing; run tests/testbed/install-packages (or make packages)"
    done
}

# Sixteen digits that stand for everything on stdin.
digest() { sha256sum | cut -c1-16; }

# All files below the given places, their names and contents; absent ones are empty.
contents() {
    local place
    for place; do
        [ -e "$place" ] || continue
        find "$place" -type f ! -name '*.o' ! -path '*/__pycache__/*' -print0 | sort -z |
            while IFS= read -r -d '' file; do
                printf '%s %s\n' "${file#"$TOP"/}" "$(sha256sum <"$file")"
            done
    done
}

# cached NAME KEY FUNCTION: prints the directory $CACHE/NAME-KEY. Where it does not
# exist yet, FUNCTION fills a new one, whose path it gets; a failure leaves nothing.
# Whoever comes second waits for the first.
cached() {
    # FUNCTION sees the variables of its caller, so these names are ours
    local c_name=$1 c_fill=$3 c_result=$CACHE/$1-$2 c_new c_lock c_status
    if [ ! -d "$c_result" ]; then
        mkdir -p "$CACHE/lock" "$CACHE/new" || die "cannot write to the cache $CACHE"
        exec {c_lock}>"$CACHE/lock/$c_name"
        flock -n "$c_lock" || { say "another run is making $c_name, waiting"; flock "$c_lock"; }
        if [ ! -d "$c_result" ]; then
            c_new=$(mktemp -d "$CACHE/new/$c_name.XXXXXX")
            # not as a condition: in there, errors would go unnoticed
            set +e
            (set -e; "$c_fill" "$c_new" {c_lock}>&-) >&2
            c_status=$?
            set -e
            if [ "$c_status" != 0 ]; then
                rm -rf "$c_new"
                die "could not make $c_name; the cause is above"
            fi
            mv -T "$c_new" "$c_result"
            # what nobody asked for in a fortnight
            find "$CACHE" -maxdepth 1 -name "$c_name-????????????????" -mtime +14 -exec rm -rf {} +
        fi
        exec {c_lock}>&-
    fi
    touch -c "$c_result"
    printf '%s\n' "$c_result"
}

# Turns ninja's "[n/m]" into a line per ten per cent.
ninja_progress() {
    awk -v what="$1" -F'[][/]' '
        /^\[[0-9]+\/[0-9]+\]/ {
            part = int($2 * 10 / $3)
            if (part > done) { done = part; print what ": " part * 10 " %"; fflush() }
            next
        }
        /^FAILED|error:|^ninja: (error|build stopped)/ { print; fflush() }'
}

# Counts make's lines: a line for every so many objects.
make_progress() {
    awk -v what="$1" -v total="$2" '
        /^ *(CC|AS|LD) / {
            part = int(++n * 10 / total)
            if (part > done && part <= 9) { done = part; print what ": " part * 10 " %"; fflush() }
            next
        }'
}
