"""What project rules find; one whose files all answer as they did is not asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.core.finding import Exempted, Finding
from bot.elixir.project import Project
from bot.elixir.project_state import Kept, Since, State
from bot.elixir.report import sort_out
from bot.elixir.rules.base import Rule
from bot.elixir.watched import Trace
from bot.elixir.workers import in_groups


def asked(
    rules: Iterable[Rule],
    project: Project,
    digests: Mapping[str, str],
    before: State,
    jobs: int | None = None,
) -> State:
    """The findings of all project rules; those of `before` stand where nothing speaks against.

    On `jobs` processes (default: one per core) where there is enough source.
    """
    order = {path: place for place, path in enumerate(sorted(project.files))}
    since = Since(project, digests, before, order)
    shapes = since.shapes() if digests else {}
    known = since.standing(shapes)
    rules = list(rules)
    groups = _groups([rule for rule in rules if rule.id not in known])
    found = in_groups(groups, lambda group: _together(group, project, order), project.files, jobs)
    kept = known | {rule_id: result for results in found for rule_id, result in results}
    return State(dict(digests), shapes, {rule.id: kept[rule.id] for rule in rules})


_COST_MOST = ("async-global-state", "dynamic-atom", "persistent-term-at-run-time", "start-in-test")
"""As measured; what begins last should not take longest."""


def _groups(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Those that follow calls share one graph; each of the others is a group of its own."""
    graph = [rule for rule in rules if rule.follows_calls]
    others = [[rule] for rule in rules if not rule.follows_calls]
    others.sort(key=lambda group: group[0].id not in _COST_MOST)
    return [graph, *others] if graph else others


def _together(
    rules: Iterable[Rule], project: Project, order: Mapping[str, int]
) -> list[tuple[str, Kept]]:
    results = [(rule.id, *_asked(rule, project)) for rule in rules]
    # The graph grows from rule to rule: only now is it known what it looked at.
    return [
        (rule_id, kept.looking_at(_whole(trace, project), order))
        for rule_id, trace, kept in results
    ]


def _whole(trace: Trace, project: Project) -> Trace:
    return trace.joined(project.calls_trace) if trace.calls else trace


def _asked(rule: Rule, project: Project) -> tuple[Trace, Kept]:
    watched = project.watched()
    findings: list[Finding] = []
    exempted: list[Exempted] = []
    if rule.check_project is not None:
        sort_out(rule, rule.check_project(watched), watched.opened, findings, exempted)
    return watched.trace, Kept(tuple(findings), tuple(exempted))
