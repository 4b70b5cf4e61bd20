"""What contents of a manifest may not bring: keys, tests that check less, more restarts.

It is asked by reading alone, so that the job that may write need not believe who ran the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from bot.core.lifecycle.manifest import CommitToMake, Manifest
from bot.core.sanitize import PRIVATE_KEY, TOKEN, mask
from bot.flows.stage_run.rules import content_of
from bot.verify.census import take_census
from bot.verify.gates import intensity_raised, rescues_widened, silenced, switched_off, tests_lost


def broken_contents(manifest: Manifest, base: Mapping[str, str]) -> tuple[str, ...]:
    """What its commits break, one after the other; `base` has the texts of its paths before."""
    now = dict(base)
    found = [reason for commit in manifest.commits for reason in _commit(commit, now)]
    return tuple(dict.fromkeys(found))


def _commit(commit: CommitToMake, now: dict[str, str]) -> Iterator[str]:
    if mask(commit.message) != commit.message:
        yield f"the message for {commit.action!r} holds what looks like a key"
    pairs = {}
    for file in commit.files:
        before = now.get(file.path, "")
        after = (content_of(file) or b"").decode("utf-8", "replace")
        now[file.path] = after
        if _keys(after) - _keys(before):
            yield f"{file.path!r} would hold what looks like a key"
        if file.path.endswith((".ex", ".exs")):
            pairs[file.path] = (take_census(before), take_census(after))
    for weaker in (tests_lost, silenced, intensity_raised, rescues_widened, switched_off):
        yield from weaker(pairs)


def _keys(text: str) -> Counter[str]:
    return Counter(m[0] for shape in (TOKEN, PRIVATE_KEY) for m in shape.finditer(text))
