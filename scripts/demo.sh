#!/usr/bin/env bash
# demo.sh APP: the main job on a fresh copy of APP in a Git repository of its own.
# GENESIS is the program to run, GOAL what to ask of it.
set -euo pipefail
app=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/genesis-demo.XXXXXX")
copy=$work/$(basename "$app")

cp -R "$app" "$copy"
rm -rf "$copy/_build" "$copy/deps"
# The visitor's own Git set-up (hooks, signing, templates) must not change what is shown.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.invalid
export GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.invalid
git -c init.defaultBranch=main init --quiet "$copy"
git -C "$copy" add --all
git -C "$copy" commit --quiet --message "$(basename "$app") as it came"
before=$(git -C "$copy" rev-parse HEAD)

title() { printf '\n== %s\n' "$1"; }

title "$(basename "$app") is copied to $copy"
title "what the analyser finds"
"$GENESIS" analyze "$copy"

title "genesis run: analyse, plan, fix, prove (goal: $GOAL)"
status=0
"$GENESIS" run "$copy" --goal "$GOAL" || status=$?

title "the checkout was left alone: HEAD is still $(git -C "$copy" rev-parse --short HEAD), status is clean"
[ "$(git -C "$copy" rev-parse HEAD)" = "$before" ]
[ -z "$(git -C "$copy" status --porcelain)" ]
title "commits made on branches of their own"
git -C "$copy" log --oneline --branches --not main

title "look around: git -C $copy log --all --oneline; rm -r $work when done"
exit "$status"
