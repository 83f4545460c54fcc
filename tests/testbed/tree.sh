# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Patched source trees that are built in place and kept. To be sourced after lib.sh.
#
# A tree is a git repository, its first commit the pristine source. The patched
# tree is computed in the index and then checked out, so that only files which
# differ from the last build change, and the next build compiles only what must be.

# The names in a quilt series, in order.
series() {
    [ ! -e "$1/series" ] || sed -E 's/[ \t]*#.*//; /^[ \t]*$/d; s/[ \t].*//' "$1/series"
}

# tree_create SOURCE TREE: the repository, copied from the pristine source.
tree_create() {
    local new
    [ ! -d "$2" ] || return 0
    mkdir -p "$CACHE/new"
    new=$(mktemp -d "$CACHE/new/tree.XXXXXX")
    cp -a "$1/." "$new/"
    rm -rf "$new/.git" "$new/.pc"
    # the scripts of the source ask git for nothing: its own ignore rules are void
    git -C "$new" init -q
    git -C "$new" add -A -f .
    tree_commit "$new" pristine
    git -C "$new" tag pristine
    mv -T "$new" "$2"
}

tree_commit() {
    git -C "$1" -c user.name=testbed -c user.email=testbed@localhost -c commit.gpgsign=false \
        commit -q --allow-empty -m "$2"
}

# tree_patch TREE PATCHES [OVERLAY]: strictly, without fuzz. OVERLAY has new files.
tree_patch() {
    local tree=$1 patches=$2 overlay=${3:-} name file rest hash mode
    (
        export GIT_INDEX_FILE=$tree/.git/patch-index
        cd "$tree" || exit
        git read-tree pristine
        if [ -n "$overlay" ] && [ -d "$overlay" ]; then
            while IFS= read -r -d '' file; do
                rest=${file#"$overlay"/}
                ! git cat-file -e "pristine:$rest" 2>/dev/null ||
                    die "$rest exists upstream already: change it by a patch"
                hash=$(git hash-object -w --no-filters "$file")
                mode=100644
                [ ! -x "$file" ] || mode=100755
                git update-index --add --cacheinfo "$mode,$hash,$rest"
            done < <(find "$overlay" -type f ! -name '*.o' ! -name '.*' -print0)
        fi
        while read -r name; do
            git apply --cached --whitespace=nowarn "$patches/$name" ||
                die "patch $name does not apply to the pinned source"
        done < <(series "$patches")
        new=$(git write-tree)
        commit=$(git -c user.name=testbed -c user.email=testbed@localhost commit-tree \
            -p pristine -m patched "$new")
        unset GIT_INDEX_FILE
        git checkout -q -f --detach "$commit"
    )
}
