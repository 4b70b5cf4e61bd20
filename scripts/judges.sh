#!/usr/bin/env bash
# judges.sh [--optional]: fetches the outside judges of the local GitHub from npm into .judges/:
# GitHub's own descriptions of its REST, webhooks and GraphQL, example payloads, and the emulator
# whose transitions are compared. Every package is checked against the sum written here before it
# is unpacked; nothing of theirs runs now. With --optional a machine that cannot fetch them goes
# on without, loudly; a wrong sum always fails.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly packages="
@octokit/openapi@23.0.2 a55f0cecbf46636dc0c9b36f4e6a369f28e6a669edebedac444fedaabd192d070f4b8967c3bbb979918d9b044d9010b70fb8195db171e401f32d455105718386
@octokit/openapi-webhooks@12.1.0 679783b0b09435bc75cc7a596f52cd422ac00ea74c4ef58943f75e6a18b4c2cfad5969f01d707e3ebe237e633d3ab1134bd639896f1946ed5f75bb9d39b84bae
@octokit/webhooks-examples@7.6.1 0dee94dd707a3b70ed09aedb2a008ccd31dd7a8a6aa99e92362bcc6099caeb989eaca2f5027348034b644580914bb970193efdd9df8fb3559b7c796ca3a3329d
@octokit/graphql-schema@15.26.1 4450c2d8ca5105de00c5246f51e04855e054ee88cdfd2c437c02d477b89560e49e10ade065aa91d8c18ecac8f8661db18f6458e5f400513f8eaaaee1593ada30
emulate@0.11.2 047b35ac6ff23d0e2433ef5a533edf8383039f432c8713acd02876722b8d14fb0de0f7c2c5058fffd0c6159c7e87e46f708c17e67fa1577d3c05aed2c4173a9d
commander@14.0.3 1fecb4268fd3d5167da8f3f8121d6991c41c2d1825ada25a48ba323ad1f1bba01aa648d6542cb64a2b75410e31dc39e0f2a0e54ac6447adee0e4fab4e8cbd383
picocolors@1.1.1 c5c787dac9e1b5be4cf658aa0ec984c39ea57b7efa993664117fe311bfd1c4d1727a036e97b78db250973fd1438ff2dcbb45fc284c8c71e3f69eda5a1eb0c454
yaml@2.9.1 dcdc4df3eefc39dcdb4fb0bf5a31acc9f3c0b4968ddc5343b16c6fed8ee6703b13fe83a6816f01a72410145067bd91378fd63649dcf550b14b7b32fb11bdb217
"
readonly description=package/generated/api.github.com.json
readonly target=.judges
# A changed list of packages, or a changed way to unpack them, makes the folder anew.
stamp="$target/fetched-$(cksum <scripts/judges.sh | cut -d' ' -f1)"
readonly stamp

cannot() {
  echo "the outside judges of the local GitHub cannot be fetched: $1" >&2
  if [ "$optional" ]; then
    echo "TESTS THAT NEED THEM WILL BE SKIPPED: fix this and run \`make judges\`" >&2
    exit 0
  fi
  exit 1
}

sum() { if command -v sha512sum >/dev/null; then sha512sum; else shasum -a 512; fi; }

unpack() { # tarball package folder
  mkdir -p "$3"
  case $2 in
    # 385 MB unpacked, of which one file of 13 MB is wanted.
    @octokit/openapi | @octokit/openapi-webhooks) tar xzf "$1" -C "$3" --strip-components=1 "$description" ;;
    @octokit/graphql-schema) tar xzf "$1" -C "$3" --strip-components=1 package/schema.graphql ;;
    *) tar xzf "$1" -C "$3" --strip-components=1 ;;
  esac
}

optional=
[ "${1:-}" = --optional ] && optional=yes
[ -e "$stamp" ] && exit 0
command -v npm >/dev/null || cannot "there is no npm (Debian, Ubuntu: apt-get install npm)"

fresh=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
while read -r specifier expected; do
  [ "$specifier" ] || continue
  package=${specifier%@*}
  mkdir "$fresh/download"
  npm pack --silent --ignore-scripts --pack-destination "$fresh/download" "$specifier" \
    >/dev/null </dev/null || cannot "npm pack $specifier failed"
  tarball=$(echo "$fresh"/download/*.tgz)
  if [ "$(sum <"$tarball" | cut -d' ' -f1)" != "$expected" ]; then
    echo "$specifier is not what scripts/judges.sh expects (sha512 differs): refused" >&2
    exit 1
  fi
  unpack "$tarball" "$package" "$fresh/node_modules/$package"
  rm -r "$fresh/download"
done <<<"$packages"
rm -rf "$target"
touch "$fresh/$(basename "$stamp")"
mv "$fresh" "$target"
trap - EXIT
