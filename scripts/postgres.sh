#!/usr/bin/env bash
# postgres.sh: the programs of a Postgres server for the tests, which make clusters of their own;
# none of the system's is made or started.
set -euo pipefail
cd "$(dirname "$0")/.."

compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && exit 0
command -v initdb >/dev/null && exit 0

readonly settings=/etc/postgresql-common/createcluster.conf
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
bash scripts/apt.sh Postgres postgresql-common
"${as_root[@]}" sed -ri 's/^#?(create_main_cluster) .*/\1 = false/' "$settings"
bash scripts/apt.sh Postgres postgresql
