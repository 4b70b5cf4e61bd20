#!/usr/bin/env bash
# demo.sh APP: the main job on a fresh copy of APP in a Git repository of its own.
# GENESIS is the program to run, GOAL what to ask of it.
set -euo pipefail
app=$1
name=$(basename "$app")
work=$(mktemp -d "${TMPDIR:-/tmp}/genesis-demo.XXXXXX")
copy=$work/$name

# The visitor's own Git set-up (hooks, signing, templates) must not change what is shown.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.invalid
export GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.invalid

title() { printf '\n== %s\n' "$1"; }

tests() { # a checkout
  (cd "$1" && mix test 2>&1 </dev/null) | grep -E '[0-9]+ tests?,' || {
    echo "the tests of $1 did not run" >&2
    return 1
  }
}

cp -R "$app" "$copy"
rm -rf "$copy/_build" "$copy/deps" "$copy/tmp"
git -c init.defaultBranch=main init --quiet "$copy"
git -C "$copy" add --all
git -C "$copy" commit --quiet --message "$name as it came"
before=$(git -C "$copy" rev-parse HEAD)

title "a copy of $name, in a Git repository of its own: $copy"
title "what the analyser finds"
"$GENESIS" analyze "$copy"

title "genesis run --goal '$GOAL' (its progress; its report comes at the end)"
status=0
"$GENESIS" run "$copy" --goal "$GOAL" >"$work/report.txt" || status=$?

title "the checkout is as it was"
[ "$(git -C "$copy" rev-parse HEAD)" = "$before" ]
[ -z "$(git -C "$copy" status --porcelain)" ]
git -C "$copy" log --oneline --max-count=1

title "the commits that were made, on branches of their own"
git -C "$copy" log --oneline --reverse --branches --not main

last=$(git -C "$copy" for-each-ref --sort=refname --format='%(refname:short)' refs/heads/genesis | tail -n 1)
if [ -n "$last" ]; then
  title "the application's own tests: before, and on $last"
  git clone --quiet --branch "$last" "$copy" "$work/after"
  tests "$copy"
  tests "$work/after"
fi

title "look around in $copy with git log -p $last, genesis show, genesis log; then rm -r $work"
title "the report of genesis run"
cat "$work/report.txt"
exit "$status"
