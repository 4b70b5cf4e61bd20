#!/usr/bin/env bash
# probot.sh: fetches the peer of `make bench-ingress` from npm into .probot/: the versions and sums
# of benchmarks/ingress/peer/package-lock.json; no install script runs.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly source=benchmarks/ingress/peer
stamp=".probot/fetched-$(cat "$source"/* | cksum | cut -d' ' -f1)"
readonly stamp

cannot() {
  echo "THE PEER OF THE INGRESS CANNOT BE HAD: $1" >&2
  exit 1
}

[ -e "$stamp" ] && exit 0
command -v npm >/dev/null || cannot "there is no npm (Debian, Ubuntu: apt-get install npm)"
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 20 ] || cannot "Probot needs Node 20 or newer, this is $(node --version)"

rm -rf .probot
mkdir .probot
cp "$source"/* .probot/
(cd .probot && npm ci --ignore-scripts --no-audit --no-fund --silent </dev/null) ||
  cannot "npm ci failed"
touch "$stamp"
