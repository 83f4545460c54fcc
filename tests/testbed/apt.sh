# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Downloads from the machine's own Debian archive without root: with package
# lists of our own, in the cache, so that the system's stay as they are.
# To be sourced after lib.sh.
APT=$CACHE/apt

# The machine's Debian 12 entries, for binaries and sources.
_apt_entries() {
    local file
    rm -rf "$APT/parts"
    mkdir -p "$APT/parts" "$APT/lists/partial" "$APT/archives/partial" "$APT/empty"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        awk 'BEGIN { RS = ""; ORS = "\n\n" }
            /(^|\n)Types:[^\n]*deb/ && /(^|\n)Suites:[^\n]*[ \t]bookworm/ &&
            !/(^|\n)Enabled:[ \t]*no/ {
                sub(/(^|\n)Types:[^\n]*/, "\nTypes: deb deb-src"); sub(/^\n/, ""); print
            }' "$file" >>"$APT/parts/debian.sources"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] || continue
        sed -nE '/^deb[ \t]+(\[[^]]*\][ \t]*)?[^ \t]+[ \t]+bookworm(-updates|-security)?[ \t]/ {
            p; s/^deb/deb-src/p }' "$file" >>"$APT/parts/debian.list"
    done
    [ -s "$APT/parts/debian.sources" ] || rm -f "$APT/parts/debian.sources"
    [ -s "$APT/parts/debian.list" ] || rm -f "$APT/parts/debian.list"
    [ -n "$(ls "$APT/parts")" ] ||
        die "no Debian 12 (bookworm) archive in /etc/apt/sources.list or sources.list.d"
}

# private_apt PROGRAM ARGUMENT...
private_apt() {
    local program=$1
    shift
    "$program" -q -o Dir::Etc::sourcelist="$APT/empty/none" -o Dir::Etc::sourceparts="$APT/parts" \
        -o Dir::State::lists="$APT/lists" -o Dir::Cache::archives="$APT/archives" \
        -o Dir::Cache::pkgcache="$APT/pkgcache.bin" -o Dir::Cache::srcpkgcache="$APT/srcpkgcache.bin" \
        -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" -o APT::Get::List-Cleanup=0 \
        -o Debug::NoLocking=1 "$@"
}

_apt_update() {
    say "reading the package lists of the Debian archive"
    _apt_entries
    private_apt apt-get update >"$APT/update.log" 2>&1 ||
        die "apt-get update failed: $(tail -n 3 "$APT/update.log")"
    touch "$APT/updated"
}

# with_lists COMMAND... : runs it with package lists present. If it fails, the lists
# may be older than the archive: they are read again, and it has one more chance.
with_lists() {
    local lock status=0 fresh=0
    mkdir -p "$APT" "$CACHE/lock"
    exec {lock}>"$CACHE/lock/apt"
    flock "$lock"
    [ -e "$APT/updated" ] || { _apt_update; fresh=1; }
    "$@" >&2 || status=$?
    if [ "$status" != 0 ] && [ "$fresh" = 0 ]; then
        _apt_update
        status=0
        "$@" >&2 || status=$?
    fi
    exec {lock}>&-
    return "$status"
}

_download() (cd "$1" && shift && private_apt apt-get download "$@" >"$APT/download.log" 2>&1)

# download_packages DIRECTORY PACKAGE[=VERSION]...
download_packages() {
    with_lists _download "$@" ||
        die "download failed: $(grep -E '^(E|Err)' "$APT/download.log" | head -n 3)"
}
