"""What changed on the base branch under a plan, by other hands than ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from bot.core.plan import Plan
from bot.github.reading.context import Reading

MOST_FILES = 300
"""A comparison lists no more files than this, and no more than 250 commits."""


def moved(reading: Reading, tip: str) -> tuple[tuple[str, ...], bool]:
    """The quoted files that others changed since the plan was made, and whether history was lost.

    Between two commits nothing ever changes, so that each pair is asked for once.
    """
    life, plan = reading.life, reading.plan
    if plan is None or not tip or not life.base or tip == life.base:
        return (), False
    compared = _compared(reading, life.base, tip)
    if compared is None or compared["status"] in ("diverged", "behind"):
        return (), True
    merged = {stage.merged for stage in life.stages if stage.merged}
    spans = _between(compared, life.base, tip, merged, life.plan)
    changed: set[str] = set()
    for older, newer in spans:
        part = compared if (older, newer) == (life.base, tip) else _compared(reading, older, newer)
        changed |= _files(part, plan)
    return tuple(sorted(changed)), False


def _between(
    compared: Mapping[str, Any], base: str, tip: str, merged: set[str], plan: str
) -> list[tuple[str, str]]:
    """The stretches of the base's first-parent line that are not ours, as (older, newer)."""
    commits = {commit["sha"]: commit for commit in compared["commits"]}
    if not merged or compared["total_commits"] > len(commits):
        # Too much to tell ours from others': what we changed counts as changed, too.
        return [(base, tip)]
    line = [tip]
    while line[-1] in commits and commits[line[-1]]["parents"]:
        line.append(commits[line[-1]]["parents"][0]["sha"])
    ours = set(_our_commits(line, commits, merged, plan))
    edges = [(older, newer) for newer, older in pairwise(line)]
    return _joined([edge for edge in reversed(edges) if edge[1] not in ours])


def _our_commits(
    line: list[str], commits: Mapping[str, Any], merged: set[str], plan: str
) -> Iterator[str]:
    """What merging our pull requests put there: one commit, or after a rebase the last of some."""
    inside = False
    for sha in line[:-1]:
        commit = commits[sha]
        trailer = f"Genesis-Plan: {plan}" in commit["commit"]["message"].splitlines()
        inside = sha in merged or (inside and trailer and len(commit["parents"]) == 1)
        if inside:
            yield sha
            inside = len(commit["parents"]) == 1


def _joined(edges: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbouring stretches as one."""
    spans: list[tuple[str, str]] = []
    for older, newer in edges:
        if spans and spans[-1][1] == older:
            spans[-1] = (spans[-1][0], newer)
        else:
            spans.append((older, newer))
    return spans


def _compared(reading: Reading, older: str, newer: str) -> dict[str, Any] | None:
    key = ("compared", reading.client.full_name, older, newer)

    def read() -> dict[str, Any] | None:
        found = reading.client.find(f"./compare/{older}...{newer}")
        return None if found is None else _slim(found)

    known: dict[str, Any] | None = reading.app.bulky.known(key, read)
    return known


def _slim(compared: Mapping[str, Any]) -> dict[str, Any]:
    """What is needed of a comparison: the rest is large, and this is kept."""
    files = compared.get("files") or ()
    names = {f["filename"] for f in files} | {f.get("previous_filename", "") for f in files}
    commits = [
        {
            "sha": commit["sha"],
            "parents": [{"sha": parent["sha"]} for parent in commit["parents"]],
            "commit": {"message": commit["commit"]["message"]},
        }
        for commit in compared["commits"]
    ]
    return {
        "status": compared["status"],
        "total_commits": compared["total_commits"],
        "commits": commits,
        "files": names - {""} if len(files) < MOST_FILES else None,
    }


def _files(compared: Mapping[str, Any] | None, plan: Plan) -> set[str]:
    """The quoted files among those that changed; all of them where there are too many to list."""
    files = quoted(plan)
    if compared is None or compared["files"] is None:
        return files
    return files & set(compared["files"])


def quoted(plan: Plan) -> set[str]:
    """The files a plan quotes, as the repository names them."""
    prefix = f"{plan.path}/" if plan.path else ""
    return {f"{prefix}{place.path}" for action in plan.actions() for place in action.files}
