#!/usr/bin/env bash
# The two steps of action.yml that come before any Python of ours: what the runner has, and
# genesis from the action's own files. Nothing that anybody typed is a word of it.
set -euo pipefail
ours=$(cd "$(dirname "$0")/.." && pwd)

version() {
  sed -n 's/^version = "\([0-9A-Za-z.+-]*\)"$/\1/p' "$ours/pyproject.toml" | head -n 1
}

python() { # the first interpreter that can make a virtual environment for us
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11)' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
}

look() { # genesis: ours if this very version is here; python: one that can install it
  local found=""
  if [ "$(genesis --version 2>/dev/null || true)" = "genesis $(version)" ]; then
    found=$(command -v genesis)
  fi
  echo "genesis=$found" >>"$GITHUB_OUTPUT"
  echo "python=$(python)" >>"$GITHUB_OUTPUT"
}

install() { # with the locked dependencies that the command needs
  local lock=run
  case ${GENESIS_ACTION_COMMAND:-} in
    stage) lock=models ;;
    react) lock=server ;;
  esac
  # By the action's own folder: another pin in the same job has another one.
  local place
  place=$RUNNER_TEMP/otp-genesis-venv-$lock-$(printf %s "$ours" | cksum | cut -d ' ' -f 1)
  if [ ! -x "$place/bin/genesis" ]; then
    echo "::group::genesis $(version)"
    "${PYTHON:-python3}" -m venv --clear "$place"
    "$place/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
      --require-hashes --only-binary :all: \
      -r "$ours/requirements/$lock.txt" -r "$ours/requirements/build.txt"
    "$place/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
      --no-deps --no-build-isolation --no-index "$ours"
    "$place/bin/genesis" --version
    echo "::endgroup::"
  fi
  echo "genesis=$place/bin/genesis" >>"$GITHUB_OUTPUT"
}

case ${1:-} in
  look) look ;;
  install) install ;;
  *) echo "usage: $0 look|install" >&2; exit 2 ;;
esac
