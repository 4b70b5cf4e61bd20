#!/usr/bin/env bash
# apt.sh WHAT PACKAGE: installs one system package, with sudo when not root; says what to do where it cannot.
set -euo pipefail
what=$1
package=$2

explain() {
  echo "$what is missing and could not be installed here: $1" >&2
  echo "Install it yourself (Debian, Ubuntu: apt-get install $package) and run make again." >&2
  exit 1
}

command -v apt-get >/dev/null || explain "this system has no apt-get"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || explain "not root, and there is no sudo"
  # A terminal may ask for the password; without one a prompt would hang for ever.
  if [ -t 0 ]; then as_root=(sudo); else as_root=(sudo -n); fi
  "${as_root[@]}" true || explain "sudo was refused"
fi

echo "installing $package for $what"
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --quiet --no-install-recommends "$package")
# Package lists are often absent or old on a fresh machine; refresh them only when that shows.
"${install[@]}" </dev/null >/dev/null 2>&1 ||
  { "${as_root[@]}" apt-get update --quiet </dev/null >/dev/null || true; "${install[@]}" </dev/null; } ||
  explain "apt-get failed, see above"
