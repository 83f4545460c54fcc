# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Sourced by every job of the demo.

mkdir -p /run/m

# measure ID EVENTS PLACE COMMAND...: counts COMMAND, PLACE being words for
# `place`. The counts, the status and the hash of the output stay in memory until
# `report`, so that nothing is sent while something is counted.
measure() {
    id=$1 events=$2 where=$3
    shift 3
    # shellcheck disable=SC2086
    place $where perfctr stat -e "$events" -j -o "/run/m/$id.json" -- "$@" \
        >"/run/m/$id.out" 2>"/run/m/$id.err"
    echo $? >"/run/m/$id.status"
}

# The same with the pinned environment of the real programs.
measure_real() {
    id=$1 events=$2 where=$3
    shift 3
    # shellcheck disable=SC2086
    env -i PATH=/usr/bin:/bin HOME=/root LC_ALL=C LD_BIND_NOW=1 PERL_HASH_SEED=0 \
        PERL_PERTURB_KEYS=0 \
        GLIBC_TUNABLES="$TUNABLES" \
        /usr/bin/place $where /usr/bin/perfctr stat -e "$events" -j \
        -o "/run/m/$id.json" -- "$@" >"/run/m/$id.out" 2>"/run/m/$id.err"
    echo $? >"/run/m/$id.status"
}

# The same, sampled: COMMAND begins with perfctr-selftest's options and events.
measure_samples() {
    id=$1 where=$3
    shift 3
    # shellcheck disable=SC2086
    place $where perfctr-selftest samples "$@" >"/run/m/$id.json" 2>"/run/m/$id.err"
    echo $? >"/run/m/$id.status"
    : >"/run/m/$id.out"
}

TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-ERMS,-FSRM,-RTM
TUNABLES=$TUNABLES:glibc.cpu.x86_data_cache_size=0x8000
TUNABLES=$TUNABLES:glibc.cpu.x86_shared_cache_size=0x100000
TUNABLES=$TUNABLES:glibc.cpu.x86_non_temporal_threshold=0xc0000
TUNABLES=$TUNABLES:glibc.cpu.x86_rep_movsb_threshold=0x800
TUNABLES=$TUNABLES:glibc.cpu.x86_rep_stosb_threshold=0x800
export TUNABLES

# report NAME: sends what was measured since the last report.
report() {
    for status in /run/m/*.status; do
        id=${status##*/} id=${id%.status}
        echo "@ $id $(cat "$status")"
        cat "/run/m/$id.json" 2>/dev/null
        echo "hash $(sha256sum <"/run/m/$id.out")"
        [ "$(cat "$status")" = 0 ] && case $id in storm.* | sstorm.*) false ;; esac ||
            sed 's/^/! /' "/run/m/$id.err"
    done >/run/report
    rm -f /run/m/*
    tb file "$1" /run/report
}
