"""What project rules find; a look whose files all answer as they did is not made again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from bot.core.finding import Exempted, Finding
from bot.elixir.project import Project
from bot.elixir.project_state import Kept, Since, State
from bot.elixir.questions import Asked, Questions
from bot.elixir.report import sort_out
from bot.elixir.rules.base import FileByFile, Rule
from bot.elixir.watched import Trace
from bot.elixir.workers import in_groups

_COST_MOST = ("async-global-state", "dynamic-atom", "persistent-term-at-run-time")
"""As measured; what begins last should not take longest."""
_LOOKS_A_GROUP = 16


@dataclass(frozen=True)
class _Look:
    """A rule with all files, or with the one it begins in."""

    rule: Rule
    path: str = ""

    @property
    def name(self) -> str:
        return f"{self.rule.id} {self.path}" if self.path else self.rule.id


def asked(
    rules: Iterable[Rule],
    project: Project,
    digests: Mapping[str, str],
    before: State,
    jobs: int | None = None,
) -> State:
    """The findings of all project rules; those of `before` stand where nothing speaks against.

    On `jobs` processes (default: one per core) where there is enough source. Without digests
    nothing can be told of later changes, and no question is written down.
    """
    order = {path: place for place, path in enumerate(sorted(project.files))}
    since = Since(project, digests, before, order)
    shapes = since.shapes() if digests else {}
    known = since.standing(shapes)
    questions = Questions(order) if digests else None
    begins = dict(_begins(rules, project, known, questions))
    looks = [look for rule in rules for look in _looks(rule, begins)]
    groups = list(_groups([look for look in looks if look.name not in known]))
    found = in_groups(
        groups, lambda group: _together(group, project, order, digests), project.files, jobs
    )
    names = {*begins, *(look.name for look in looks)}
    stands = {name: kept for name, kept in known.items() if name in names}
    kept = begins | _numbered(stands, before.questions, questions)
    for results, written in found:
        kept |= _numbered(results, written, questions)
    return State(dict(digests), shapes, kept, questions.written() if questions else ())


def _begins(
    rules: Iterable[Rule],
    project: Project,
    known: Mapping[str, Kept],
    questions: Questions | None,
) -> Iterator[tuple[str, Kept]]:
    """The files that rules begin in which go file by file, as known before or as told now."""
    for rule in rules:
        name = f"{rule.id} ?"
        if isinstance(rule.check_project, FileByFile) and name in known:
            yield name, known[name]
        elif isinstance(rule.check_project, FileByFile):
            view = project.watched()
            paths = tuple(rule.check_project.starts(view))
            asked_here = questions.asked_in(view.trace) if questions else ()
            yield name, Kept((), (), tuple(sorted(view.trace.opened)), asked_here, paths)


def _looks(rule: Rule, begins: Mapping[str, Kept]) -> list[_Look]:
    if isinstance(rule.check_project, FileByFile):
        return [_Look(rule, path) for path in begins[f"{rule.id} ?"].paths]
    return [_Look(rule)]


def _groups(looks: Iterable[_Look]) -> Iterator[list[_Look]]:
    """Looks that follow calls share one graph; others of one rule some of what they find out."""
    of_rule: dict[str, list[_Look]] = {}
    for look in looks:
        of_rule.setdefault("" if look.rule.follows_calls else look.rule.id, []).append(look)
    graph = of_rule.pop("", [])
    if graph:
        yield graph
    for rule_id in sorted(of_rule, key=lambda rule_id: rule_id not in _COST_MOST):
        rest = iter(of_rule[rule_id])
        while group := list(islice(rest, _LOOKS_A_GROUP)):
            yield group


def _together(
    looks: Iterable[_Look], project: Project, order: Mapping[str, int], digests: Mapping[str, str]
) -> tuple[dict[str, Kept], tuple[Asked, ...]]:
    """What the looks find, with the questions they asked in a list of their own."""
    results = [(look.name, *_look(look, project)) for look in looks]
    if not digests:
        return {name: kept for name, _, kept in results}, ()
    questions = Questions(order)
    found = {}
    for name, trace, kept in results:
        # The graph grows from rule to rule: only now is it known what it looked at.
        whole = trace.joined(project.calls_trace) if trace.calls else trace
        opened, numbers = tuple(sorted(whole.opened)), questions.asked_in(whole)
        found[name] = replace(kept, opened=opened, asked=numbers)
    return found, questions.written()


def _numbered(
    looks: Mapping[str, Kept], written: tuple[Asked, ...], questions: Questions | None
) -> dict[str, Kept]:
    """The same looks with the numbers their questions have in the common list."""
    if questions is None:
        return dict(looks)
    used = sorted({number for kept in looks.values() for number in kept.asked})
    numbers = dict(zip(used, questions.take(written[number] for number in used), strict=True))
    return {
        name: replace(kept, asked=tuple(numbers[number] for number in kept.asked))
        for name, kept in looks.items()
    }


def _look(look: _Look, project: Project) -> tuple[Trace, Kept]:
    view, check = project.watched(), look.rule.check_project
    findings: list[Finding] = []
    exempted: list[Exempted] = []
    if isinstance(check, FileByFile):
        sort_out(look.rule, check.check(view, look.path), view.opened, findings, exempted)
    elif check is not None:
        sort_out(look.rule, check(view), view.opened, findings, exempted)
    return view.trace, Kept(tuple(findings), tuple(exempted))
