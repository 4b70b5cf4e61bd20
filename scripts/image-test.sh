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
    --log-level error "$@"
}
step() { printf '\n--- %s (%s s)\n' "$*" "$SECONDS"; }
must_fail() { if "$@"; then echo "this was to fail: $*" >&2; exit 1; fi; }

base=$(sed -n 's/^FROM debian:\([a-z]*\)-slim@sha256:[0-9a-f]* AS base$/\1/p' Dockerfile)
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
podman images --format '{{.Repository}} {{.Size}}'
