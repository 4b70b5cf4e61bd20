"""What project rules find; a look whose files all answer as they did is not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from bot.elixir.project import Project
from bot.elixir.project_state import Kept, Since, State
from bot.elixir.questions import Asked, Questions
from bot.elixir.report import Report
from bot.elixir.rules.base import FileByFile, Rule
from bot.elixir.time_limit import ticking
from bot.elixir.watched import Trace

_COST_MOST = ("persistent-term-at-run-time", "dynamic-atom", "async-global-state")
"""As measured; what begins last should not take longest. Where to begin with the first of them is
soon found."""
_LOOKS_A_GROUP = 6
_GROUPS_A_RULE = 4
"""At least, of looks that any worker can make: also few of them keep all workers busy."""


@dataclass(frozen=True)
class Look:
    """A rule with all files, or with the one it begins in."""

    rule: Rule
    path: str = ""

    @property
    def name(self) -> str:
        return f"{self.rule.id} {self.path}" if self.path else self.rule.id


Looked = tuple[dict[str, Kept], tuple[Asked, ...]]
"""What looks found, by their names, with the questions they asked in a list of their own."""
Looks = Iterable[list[Look]]
"""Those that have much in common stand together."""
Looking = Callable[[Looks, Project, bool], Iterable[Looked]]
"""Makes looks at a project, in groups as it likes; with whether to write their questions down."""


def asked(
    rules: Iterable[Rule],
    project: Project,
    digests: Mapping[str, str],
    before: State,
    looking: Looking | None = None,
) -> State:
    """The findings of all project rules; those of `before` stand where nothing speaks against.

    Without digests nothing can be told of later changes, and no question is written down.
    """
    order = _order(project)
    since = Since(project, digests, before, order)
    shapes = since.shapes() if digests else {}
    questions = Questions(order) if digests else None
    all_looks = _Looks(rules, project, since.standing(shapes), questions)
    found = list((looking or _in_one_group)(all_looks.new(), project, bool(digests)))
    kept = all_looks.begins | _numbered(all_looks.standing(), before.questions, questions)
    for results, written in found:
        kept |= _numbered(results, written, questions)
    return State(dict(digests), shapes, kept, questions.written() if questions else ())


@dataclass
class _Looks:
    """All looks that the rules make: those that stand, and the new ones."""

    rules: Iterable[Rule]
    project: Project
    known: Mapping[str, Kept]
    """Those that would find the same again."""
    questions: Questions | None
    begins: dict[str, Kept] = field(default_factory=dict)
    """The files that rules begin in which go file by file."""
    _names: set[str] = field(default_factory=set)

    def new(self) -> Iterator[list[Look]]:
        """In the order in which they should begin: work starts while the next ones are found.

        Those that follow calls come together, others by rule.
        """
        following = [rule for rule in self.rules if rule.follows_calls]
        yield self._new(following)
        for rule in sorted(self.rules, key=_turn):
            if rule not in following:
                yield self._new([rule])

    def _new(self, rules: Iterable[Rule]) -> list[Look]:
        looks = [look for rule in rules for look in self._of(rule)]
        self._names.update(look.name for look in looks)
        return [look for look in looks if look.name not in self.known]

    def standing(self) -> dict[str, Kept]:
        """Those of the known ones that are made still; asked when all the new ones were."""
        names = self._names | self.begins.keys()
        return {name: kept for name, kept in self.known.items() if name in names}

    def _of(self, rule: Rule) -> list[Look]:
        if not _by_file(rule):
            return [Look(rule)]
        begins = self.begins[f"{rule.id} ?"] = self._begins(rule)
        return [Look(rule, path) for path in begins.paths]

    def _begins(self, rule: Rule) -> Kept:
        """Where it begins, as known before or as told now."""
        check, known = rule.check_project, self.known.get(f"{rule.id} ?")
        if known is not None or not isinstance(check, FileByFile):
            return known or Kept()
        view = self.project.watched()
        paths = tuple(check.starts(view))
        asked_here = self.questions.asked_in(view.trace) if self.questions else ()
        return Kept((), (), tuple(sorted(view.trace.opened)), asked_here, paths)


def _by_file(rule: Rule) -> bool:
    return isinstance(rule.check_project, FileByFile)


def _turn(rule: Rule) -> int:
    """Long ones begin first; rules that look at all files at once fill what time is left."""
    if rule.id in _COST_MOST:
        return _COST_MOST.index(rule.id)
    return len(_COST_MOST) + (not _by_file(rule))


def _order(project: Project) -> dict[str, int]:
    return {path: place for place, path in enumerate(sorted(project.files))}


def _in_one_group(looks: Looks, project: Project, noted: bool) -> Iterator[Looked]:
    yield together(chain.from_iterable(looks), project, noted)


def groups(
    looks: Looks, lies_at: Mapping[str, int], home: int | None
) -> Iterator[tuple[list[Look], int | None]]:
    """Looks that follow calls share one graph; others of one rule some of what they find out.

    Looks at a file go to where it lies, if that is known, those at all files to `home`.
    """
    for alike in looks:
        by_place: dict[int | None, list[Look]] = {}
        for look in alike:
            by_place.setdefault(lies_at.get(look.path, home), []).append(look)
        for place, there in by_place.items():
            rest, most = iter(there), _LOOKS_A_GROUP
            if place is None:
                most = min(most, -(-len(there) // _GROUPS_A_RULE))
            while group := list(islice(rest, most if there[0].path else None)):
                yield group, place


def together(looks: Iterable[Look], project: Project, noted: bool) -> Looked:
    """What the looks find."""
    with ticking():
        results = [(look.name, *_look(look, project)) for look in looks]
    if not noted:
        return {name: kept for name, _, kept in results}, ()
    questions = Questions(_order(project))
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


def _look(look: Look, project: Project) -> tuple[Trace, Kept]:
    view, check = project.watched(), look.rule.check_project
    said = Report()
    if isinstance(check, FileByFile):
        said.take(look.rule, check.check(view, look.path), view.opened, look.path)
    elif check is not None:
        said.take(look.rule, check(view), view.opened)
    kept = Kept(tuple(said.findings), tuple(said.exempted), notes=tuple(said.notes))
    return view.trace, kept
