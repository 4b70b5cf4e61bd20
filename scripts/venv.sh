#!/usr/bin/env bash
# Creates .venv with exactly the locked dependencies. Needs Python 3.11+ with venv and pip; on
# Debian and Ubuntu the missing python3-venv package is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

candidates=${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}

newest() { # a Python expression that must hold
  local candidate
  for candidate in $candidates; do
    # Asking the interpreter itself: a shim of a version manager may be on PATH and lead nowhere.
    if "$candidate" -c "import sys; assert sys.version_info >= (3, 11); $1" 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

# Debian splits ensurepip off: `python3 -m venv` then dies half-way and leaves a broken .venv.
complete='import venv, ensurepip'
if ! python=$(newest "$complete"); then
  python=$(newest 'pass') || {
    echo "genesis needs Python 3.11 or newer; none of these runs: $candidates" >&2
    exit 1
  }
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  bash scripts/apt.sh "the venv module of Python $version" "python$version-venv" python3-venv
  "$python" -c "$complete" || {
    echo "$python still has no venv module; name another interpreter: PYTHON=/path make install" >&2
    exit 1
  }
fi

echo "making .venv with $("$python" --version), about half a minute"
"$python" -m venv --clear .venv
.venv/bin/python -m pip install -qq --no-input --disable-pip-version-check \
  --require-hashes -r requirements/dev.txt
