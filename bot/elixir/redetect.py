"""Look again: are an action's findings gone, and did no other take their place?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir.analyze import survey
from bot.elixir.changed import with_changes
from bot.elixir.project import Project
from bot.elixir.rules import all_rules, rule
from bot.elixir.rules.base import Rule
from bot.elixir.tree import MemoryTree

_BRINGS = ("database", "http", "network", "program")
"""Kinds of waiting work that has a result."""

Place = tuple[str, str, str]
"""(path, module, function)"""


def still_there(
    project: Project, changes: Iterable[Change], findings: Iterable[Finding]
) -> tuple[str, ...]:
    """What the change leaves or brings, one sentence each; `project` is as before it.

    Rules of one category count together: a raw spawn turned into `Task.start` is not gone.
    """
    changed = tuple(c for c in changes if c.after)
    named = tuple(findings)
    after = with_changes(project, changed)
    rules = _related(named)
    paths = tuple(c.path for c in changed)
    old, new = (_counted(_findings(p, paths, rules)) for p in (project, after))
    gone = Counter(map(_place, named))
    problems = [
        f"{place[1]}.{place[2]} in {place[0]} still has the problem"
        for place, count in gone.items()
        if new[place] > max(0, old[place] - count)
    ]
    problems.extend(
        f"`{call}` is called nowhere in the changed files any more: the work is gone, not moved"
        for call in _lost(named, paths, project, after)
    )
    problems.extend(
        f"the change brings a new finding of the same kind to {place[1]}.{place[2]} in {place[0]}"
        for place, count in new.items()
        if place not in gone and count > old[place]
    )
    return tuple(problems)


def _lost(
    findings: tuple[Finding, ...], paths: tuple[str, ...], project: Project, after: Project
) -> Iterator[str]:
    """Work that was in the way, and that the changed files do not do at all any more.

    A pause may go for good, and so may a wait for another process: only what brings something from
    outside is looked for.
    """
    for call in {f.data["call"]: None for f in findings if f.data.get("kind") in _BRINGS}:
        if _calls(call, paths, project) and not _calls(call, paths, after):
            yield call


def _calls(full: str, paths: tuple[str, ...], project: Project) -> bool:
    """Whether one of the files makes the call, raising or not."""
    return any(
        call.full.rstrip("!") == full.rstrip("!")
        for path in paths
        if path in project.files
        for module in project.modules_in(path)
        for clause in module.all_clauses()
        for call in clause.calls
    )


def _place(finding: Finding) -> Place:
    return finding.path, finding.module, finding.function


def _counted(findings: Iterable[Finding]) -> Counter[Place]:
    """How often each function has one; what is alike in it is told once, with its `places`."""
    counts: Counter[Place] = Counter()
    for finding in findings:
        counts[_place(finding)] += int(finding.data.get("places", "1"))
    return counts


def _related(findings: tuple[Finding, ...]) -> tuple[Rule, ...]:
    named = {rule(f.rule).category for f in findings}
    return tuple(r for r in all_rules() if r.category in named)


def _findings(
    project: Project, paths: tuple[str, ...], rules: tuple[Rule, ...]
) -> tuple[Finding, ...]:
    local = tuple(r for r in rules if r.check is not None)
    whole = tuple(r for r in rules if r.check_project is not None)
    files = {path: project.files[path] for path in paths if path in project.files}
    part = MemoryTree.of(files)
    found = survey(part, jobs=1, rules=local, usings=project.usings).analysis.everything
    if whole:
        everywhere = survey(MemoryTree.of(project.files), jobs=1, rules=whole).analysis.everything
        found = (*found, *(f for f in everywhere if f.path in paths))
    return tuple(found)
