#!/usr/bin/env bash
# lock.sh [--keep]: writes the lock files anew, with the newest versions that pyproject.toml allows;
# with --keep only what must change. UV_EXCLUDE_NEWER="7 days" leaves out what is younger. Needs uv,
# which `make install` brings; who only installs does not.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
upgrade=(--upgrade)
[ "${1:-}" = --keep ] && upgrade=()

lock() { # output file, then further arguments
  local out=$1
  shift
  uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
    --no-strip-extras --no-emit-index-url --no-emit-find-links --no-annotate --no-header "${upgrade[@]}" "$@" -o "$out"
}

lock requirements/run.txt
lock requirements/models.txt --extra models
lock requirements/simulator.txt --extra simulator
lock requirements/server.txt --extra server
lock requirements/build.txt --extra build
lock requirements/release.txt --extra release
lock requirements/dev.txt --extra dev --extra models --extra server --extra simulator --extra release

# A lock names versions and hashes, never the place this machine gets them from.
if grep -nE '://|index-url|find-links|^-' requirements/*.txt; then
  echo "a lock file names an address" >&2
  exit 1
fi
