#!/usr/bin/env bash
# docs.sh: builds the docs site into site/, strictly. What draws diagrams in the browser comes from
# npm once, checked against the sum written here; the built site loads nothing from anywhere else.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly package=mermaid@11.17.2
readonly expected=57a2b70bc101744b0f1595d228c25eea9a50384371b87011afd1af1d7e21878ee501b84c443f6a7f8a042bb2e869143150b31af34feab798073bbdda0a578106
readonly target=.docs
readonly script=package/dist/mermaid.min.js
stamp="$target/fetched-$(cksum <scripts/docs.sh | cut -d' ' -f1)"
readonly stamp

sum() { if command -v sha512sum >/dev/null; then sha512sum; else shasum -a 512; fi; }

if [ ! -e "$stamp" ]; then
  command -v npm >/dev/null || {
    echo "the docs site needs npm (Debian, Ubuntu: apt-get install npm)" >&2
    exit 1
  }
  fresh=$(mktemp -d "$target.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  npm pack --silent --ignore-scripts --pack-destination "$fresh" "$package" >/dev/null </dev/null
  tarball=$(echo "$fresh"/*.tgz)
  if [ "$(sum <"$tarball" | cut -d' ' -f1)" != "$expected" ]; then
    echo "$package is not what scripts/docs.sh expects (sha512 differs): refused" >&2
    exit 1
  fi
  tar xzf "$tarball" -C "$fresh" --strip-components=1 "$script" package/LICENSE
  rm "$tarball"
  rm -rf "$target"
  touch "$fresh/$(basename "$stamp")"
  mv "$fresh" "$target"
  trap - EXIT
fi

# What the theme prints about its successor is no warning of ours.
NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict "$@"
# A page may link to another host; it loads nothing from one.
if grep -rnoE --include='*.html' '<(script|link|img|iframe|source)[^>]+(src|href)="?(https?:)?//[^>]*>' site; then
  echo "the site would load something from another host" >&2
  exit 1
fi
echo "site/index.html"
