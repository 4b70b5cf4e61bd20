#!/usr/bin/env bash
# image-test.sh: builds both targets of the Dockerfile and tries them, without Docker and without
# a registry. The base image is a bare root file system of the same Debian release (debootstrap); podman
# carries out the Dockerfile as it stands (chroot isolation) and runs the results as they are meant
# to be run: read-only root, no capabilities, no network, not root. Needs Debian or Ubuntu and root.
# All it makes lies in a memory file system in a mount namespace of its own, and ends with it.
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD

if [ "$(id -u)" -ne 0 ]; then
  echo "image-test: needs root for debootstrap and mount namespaces; nothing was done" >&2
  exit 1
fi
if [ "${1:-}" != --inside ]; then
  command -v debootstrap >/dev/null || bash scripts/apt.sh debootstrap debootstrap
  command -v podman >/dev/null || bash scripts/apt.sh podman podman
  command -v crun >/dev/null || bash scripts/apt.sh "an OCI runtime" crun
  work=$(mktemp -d "${TMPDIR:-/tmp}/genesis-image.XXXXXX")
  # Only an empty folder is ever removed: what was mounted on it is gone with the namespace.
  trap 'rmdir "$work"' EXIT
  unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
    bash "$source/scripts/image-test.sh" --inside "$work"
  exit
fi

# The first process of its own namespace, on an empty folder: nothing else is mounted over or unmounted.
if [ $$ -ne 1 ] || ! rmdir "${2:?}" || ! mkdir "$2"; then
  echo "image-test: --inside is for this script alone" >&2
  exit 1
fi
# crun refuses where both versions of cgroups are mounted, and we need neither.
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
work=$2
mount -t tmpfs -o size=8g,mode=0755 genesis-image "$work"
mkdir "$work/tmp" "$work/home"
export HOME=$work/home TMPDIR=$work/tmp LANG=C.UTF-8
cat >"$work/containers.conf" <<CONF
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "crun"
tmp_dir = "$work/engine"
static_dir = "$work/static"
volume_path = "$work/volumes"
image_copy_tmp_dir = "$work/tmp"
[containers]
cgroups = "disabled"
log_driver = "k8s-file"
CONF
export CONTAINERS_CONF=$work/containers.conf
podman() {
  command podman --root "$work/store" --runroot "$work/runroot" --storage-driver overlay \
    --log-level fatal "$@"
}
trap 'echo "image-test: line $LINENO did not end well" >&2' ERR
step() { printf '\n--- %s (%s s)\n' "$*" "$SECONDS"; }
must_fail() { if "$@"; then echo "this was to fail: $*" >&2; exit 1; fi; }

base=$(sed -n 's/^FROM debian:\([a-z]*\)-slim@sha256:[0-9a-f]* AS base$/\1/p' Dockerfile)
# shellcheck disable=SC2016 # apt-get fills it in
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
step "a bare root of Debian ${base:?}, instead of debian:$base-slim"
bare=$work/bare
debootstrap --variant=minbase "$base" "$bare" "${mirror:?}" >"$work/debootstrap.log" \
  || { tail -n 20 "$work/debootstrap.log"; exit 1; }
# What the slim images leave out, now and in what is installed later.
cat >"$bare/etc/dpkg/dpkg.cfg.d/slim" <<SLIM
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
SLIM
find "$bare/usr/share/doc" -type f ! -name copyright -delete
find "$bare"/usr/share/{man,info,locale,lintian} "$bare/var/cache/apt" "$bare/var/lib/apt/lists" \
  -mindepth 1 -type f -delete
# Certificates that this machine trusts besides Debian's, as behind a company's proxy.
cp -rT /usr/local/share/ca-certificates "$bare/usr/local/share/ca-certificates"
tar -C "$bare" -cf - . | podman import --quiet - localhost/bare >/dev/null
du -sm "$bare" | cut -f1 | sed 's/$/ MB/'

for target in server run; do
  step "podman build --target $target"
  podman build --isolation chroot --pull-never --format docker --layers --quiet \
    --from localhost/bare --target "$target" --tag "localhost/$target" . \
    >"$work/build-$target.log" 2>&1 || { tail -n 40 "$work/build-$target.log"; exit 1; }
done

hard=(--read-only --read-only-tmpfs=false --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges)
alone=(--network none "${hard[@]}")
until_good() { # container, then what is to succeed
  local name=$1 tries=120
  shift
  until "$@" >/dev/null 2>&1; do
    if [ $((tries -= 1)) -eq 0 ]; then podman logs --tail 20 "$name"; return 1; fi
    sleep 1
  done
}

step "server: not root, nothing writable but its folders, no capability, no tools that build"
podman run --detach --name server "${alone[@]}" localhost/server >/dev/null
until_good server podman healthcheck run server
podman logs server | sed 's/token=.*/token=.../'
podman exec --interactive server python3 - <<'PY'
import os, shutil
status = dict(line.split(":\t", 1) for line in open("/proc/1/status").read().splitlines())
assert status["CapPrm"] == status["CapBnd"] == "0000000000000000" and status["NoNewPrivs"] == "1"
assert (os.getuid(), os.getgid()) == (10001, 10001)
for folder in ("/", "/etc", "/opt/genesis", "/usr/local", "/var/lib", "/run"):
    try:
        open(f"{folder}/written", "w")
    except OSError as error:
        print(f"{folder}: {error.strerror}")
    else:
        raise SystemExit(f"{folder} is writable")
for folder in ("/state", "/cache", "/tmp"):
    open(f"{folder}/written", "w")
found = [p for p in ("pip", "pip3", "gcc", "make", "mix", "elixir", "curl", "wget") if shutil.which(p)]
assert not found, found
from pathlib import Path
where = Path("/opt/genesis/lib")
sources = [p for p in where.rglob("bot/**/*.py") if "_pipelines" not in p.parts]
bare = [p for p in sources if not list((p.parent / "__pycache__").glob(f"{p.stem}.*.pyc"))]
assert len(sources) > 100 and not bare, bare[:3]
print(f"{len(sources)} modules of genesis, all compiled")
PY
step "server: a stop ends it in order"
podman stop --time 60 server >/dev/null
test "$(podman inspect server --format '{{.State.ExitCode}}')" = 0
podman rm server >/dev/null

step "server: analyze reads a repository that is mounted read-only"
cp -r examples/courier "$work/courier"
identity=(-c user.name=Tester -c user.email=tester@example.invalid -c safe.directory='*')
git -C "$work/courier" init --quiet --initial-branch main
git -C "$work/courier" "${identity[@]}" add --all
git -C "$work/courier" "${identity[@]}" commit --quiet --message "The sample"
podman run --rm "${alone[@]}" --volume "$work/courier:/repo:ro" localhost/server analyze /repo | tail -n 1

step "compose, Caddy and Postgres, from Debian $base"
cat >"$work/tools" <<'TOOLS'
FROM localhost/bare
RUN apt-get update && apt-get install --yes --no-install-recommends caddy docker-compose postgresql
TOOLS
podman build --isolation chroot --pull-never --quiet --tag localhost/tools --file "$work/tools" \
  "$work/home" >"$work/build-tools.log" 2>&1 || { tail -n 40 "$work/build-tools.log"; exit 1; }
podman run --rm "${alone[@]}" --volume "$source:/repo:ro" --workdir /repo localhost/tools \
  docker-compose --env-file deploy/env.example --profile two config --quiet
must_fail podman run --rm "${alone[@]}" --volume "$source:/repo:ro" --workdir /repo localhost/tools \
  docker-compose --env-file /dev/null config --quiet

step "the services together: they share one network that leads nowhere"
podman run --detach --name postgres "${alone[@]}" --user postgres --tmpfs /data --tmpfs /run/postgresql \
  localhost/tools sh -c 'cd /usr/lib/postgresql/*/bin && ./initdb -D /data/db -U genesis --encoding=UTF8 --auth=trust >/dev/null &&
    exec ./postgres -D /data/db' >/dev/null
until_good postgres podman exec postgres pg_isready --quiet --host 127.0.0.1 --username genesis
mkdir "$work/secrets"
openssl genrsa -out "$work/secrets/genesis_github_private_key" 2048 2>/dev/null
printf 'of the test' >"$work/secrets/genesis_github_webhook_secret"
printf 'postgresql://genesis@127.0.0.1/postgres' >"$work/secrets/genesis_database_url"
chmod 0444 "$work/secrets"/*
podman run --detach --name server --network container:postgres "${hard[@]}" \
  --volume "$work/secrets:/run/secrets:ro" --env GENESIS_SECRETS_DIR=/run/secrets \
  --env GENESIS_GITHUB_APP_ID=1 --env GENESIS_GITHUB_API_URL=http://127.0.0.1:9 localhost/server >/dev/null
podman run --detach --name proxy --network container:postgres "${hard[@]}" --tmpfs /data --tmpfs /config \
  --env XDG_DATA_HOME=/data --env XDG_CONFIG_HOME=/config --env GENESIS_HOST=http://127.0.0.1:8088 \
  --env GENESIS_UPSTREAMS=127.0.0.1:8080 --volume "$source/deploy/Caddyfile:/etc/caddy/Caddyfile:ro" \
  localhost/tools caddy run --config /etc/caddy/Caddyfile --adapter caddyfile >/dev/null
until_good server podman healthcheck run server
podman exec --interactive server python3 - <<'PY' || { podman logs --tail 20 server; podman logs --tail 20 proxy; exit 1; }
import hashlib, hmac, http.client, json, time

def ask(port, method, path, body=None, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()

for _ in range(120):
    try:
        if ask(8080, "GET", "/healthz")[0] == ask(8088, "GET", "/")[0] - 204 == 200:
            break
    except OSError:
        pass
    time.sleep(0.5)
body = json.dumps({"zen": "Keep it logically awesome."}).encode()
signed = "sha256=" + hmac.new(b"of the test", body, hashlib.sha256).hexdigest()
names = {"X-GitHub-Delivery": "11111111-1111-1111-1111-111111111111", "X-GitHub-Event": "ping"}
expected = {
    ("POST", "/webhook", signed): 202,
    ("POST", "/webhook", "sha256=" + 64 * "0"): 401,
    ("GET", "/webhook", signed): 404,
    **{("GET", path, signed): 404 for path in ("/", "/plans", "/metrics", "/healthz", "/readyz", "/setup")},
}
for (method, path, signature), status in expected.items():
    seen, _ = ask(8088, method, path, body, {**names, "X-Hub-Signature-256": signature})
    print(f"through the proxy: {method} {path} {seen}")
    assert seen == status, (method, path, seen)
state = json.loads(ask(8081, "GET", "/readyz")[1])
print("the pages:", state)
assert (state["database"], state["ingress"], state["github"]) == ("up", "up", "not reached yet")
PY
podman exec postgres psql --host /run/postgresql --user genesis --dbname postgres --tuples-only --no-align \
  --command "select 'tables in Postgres: ' || count(*) from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')"
podman stop --time 60 server >/dev/null
test "$(podman inspect server --format '{{.State.ExitCode}}')" = 0
# One after the other: podman removes those of one command side by side, the one they depend on too.
for name in proxy server postgres; do podman rm --force "$name" >/dev/null; done

step "run: the whole job with real mix, its code inside bubblewrap"
podman run --rm "${alone[@]}" --entrypoint elixir localhost/run --version
cp -r "$work/courier" "$work/open"
cp -r "$work/courier" "$work/refused"
chown -R 10001:10001 "$work/courier" "$work/open" "$work/refused"
# unmask: what is Docker's systempaths=unconfined. Without it /proc cannot be mounted in the sandbox.
podman run --rm "${alone[@]}" --security-opt unmask=ALL --env GENESIS_SANDBOX=required \
  --volume "$work/courier:/repo" localhost/run run /repo --goal "make this truly fault-tolerant" \
  >"$work/run.log" 2>&1 || { tail -n 40 "$work/run.log"; exit 1; }
sed -n '/^Tests before/,$p' "$work/run.log"
grep -q '^7 committed' "$work/run.log"
step "run: where the sandbox cannot be, that is said, and whoever requires it is refused"
must_fail podman run --rm "${alone[@]}" --env GENESIS_SANDBOX=required --volume "$work/refused:/repo" \
  localhost/run run /repo --goal "make this truly fault-tolerant" --stage 4 >"$work/refused.log" 2>&1
grep -o -m 1 'no sandbox: .*' "$work/refused.log"
podman run --rm "${alone[@]}" --volume "$work/open:/repo" localhost/run \
  run /repo --goal "make this truly fault-tolerant" --stage 4 >"$work/open.log" 2>&1 \
  || { tail -n 40 "$work/open.log"; exit 1; }
grep '^not isolated' "$work/open.log"

step "sizes"
for image in bare server run; do
  printf '%s: ' "$image"
  podman image inspect "localhost/$image" --format '{{.Size}}' | awk '{ printf "%d MB\n", $1 / 1000000 }'
done
for folder in /opt/genesis /opt/genesis/lib/python3.13/site-packages/bot /usr /usr/lib/erlang /usr/lib/elixir; do
  podman run --rm "${alone[@]}" --entrypoint du localhost/run -sm "$folder"
done
printf '\nAll of it as promised, in %s s.\n' "$SECONDS"
