#!/usr/bin/env bash
# Creates .venv with exactly the locked dependencies. Needs Python 3.11+ with venv and pip; on
# Debian and Ubuntu the missing python3-venv package is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

newest_python() {
  local candidate
  for candidate in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}; do
    # Asking the interpreter itself: a shim of a version manager may be on PATH and lead nowhere.
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  echo "genesis needs Python 3.11 or newer; none of these runs:" \
    "${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}" >&2
  return 1
}

python=$(newest_python)

# Debian splits ensurepip off: `python3 -m venv` then dies half-way and leaves a broken .venv.
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  bash scripts/apt.sh "the venv module of Python $version" "python$version-venv" ||
    bash scripts/apt.sh "the venv module of Python" python3-venv
  "$python" -c 'import venv, ensurepip' || {
    echo "$python still has no venv module; install it, or name another interpreter: PYTHON=/path make install" >&2
    exit 1
  }
fi

echo "making .venv with $("$python" --version)"
"$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
  --require-hashes -r requirements/dev.txt
