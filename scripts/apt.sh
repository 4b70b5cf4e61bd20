#!/usr/bin/env bash
# apt.sh WHAT PACKAGE [ALTERNATIVE ...]: installs the first of these system packages that there is,
# with sudo when not root; says what to do where it cannot.
set -euo pipefail
what=$1
shift

explain() {
  echo "$what is missing and could not be installed here: $1" >&2
  echo "Install it yourself (Debian, Ubuntu: apt-get install $first) and run make again." >&2
  exit 1
}

first=$1
command -v apt-get >/dev/null || explain "this system has no apt-get"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || explain "not root, and there is no sudo"
  # A terminal may ask for the password; without one a prompt would hang for ever.
  if [ -t 0 ]; then as_root=(sudo); else as_root=(sudo -n); fi
  "${as_root[@]}" true || explain "sudo was refused"
fi

install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends "$1" </dev/null
}

echo "installing $what from the system's packages: $*"
# Package lists are often absent or old on a fresh machine; they are refreshed only when that shows.
for package in "$@"; do
  if install "$package" >/dev/null 2>&1; then exit 0; fi
done
"${as_root[@]}" apt-get update --quiet </dev/null >/dev/null || true
for package in "$@"; do
  if install "$package" >/dev/null; then exit 0; fi
done
explain "apt-get failed, see above"
