#!/usr/bin/env bash
# release.sh TAG: builds what a release publishes and looks at it, without any secret: dist/ has the
# wheel and the sdist, build/papers/ their sums, the notes and the SBOMs. The workflow release.yml
# calls it; PYTHON is an interpreter with requirements/release.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${1:?which tag, such as v0.1.0}
python=$(realpath -s "$(command -v "${PYTHON:-.venv/bin/python}")")
# Archives get the time of the commit, so whoever builds this commit again gets the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf dist build/papers
"$python" -m hatchling build -d dist
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/source"
"$python" -m hatchling build -d "$scratch/again" >/dev/null
tar xzf dist/*.tar.gz -C "$scratch/source" --strip-components=1
(cd "$scratch/source" && "$python" -m hatchling build -t wheel -d "$scratch/from-sdist" >/dev/null)
if ! { diff -r dist "$scratch/again" && cmp dist/*.whl "$scratch"/from-sdist/*.whl; }; then
  echo "building twice, or from the sdist, gives another result" >&2
  exit 1
fi
"$python" -m scripts.release_check "$tag" dist build/papers
"$python" -m scripts.sbom build/papers
