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
    local name=$1 fill=$3 result=$CACHE/$1-$2 new lock status
    if [ ! -d "$result" ]; then
        mkdir -p "$CACHE/lock" "$CACHE/new" || die "cannot write to the cache $CACHE"
        exec {lock}>"$CACHE/lock/$name"
        flock -n "$lock" || { say "another run is making $name, waiting"; flock "$lock"; }
        if [ ! -d "$result" ]; then
            new=$(mktemp -d "$CACHE/new/$name.XXXXXX")
            # not as a condition: in there, errors would go unnoticed
            set +e
            (set -e; "$fill" "$new" {lock}>&-) >&2
            status=$?
            set -e
            if [ "$status" != 0 ]; then
                rm -rf "$new"
                die "could not make $name; the cause is above"
            fi
            mv -T "$new" "$result"
        fi
        exec {lock}>&-
    fi
    printf '%s\n' "$result"
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
