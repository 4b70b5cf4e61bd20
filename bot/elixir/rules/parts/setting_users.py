"""Who else uses a setting that a test changes: code that reads it, tests that change it too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from bot.elixir.calls import Call
from bot.elixir.named_calls import calls_named
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Span
from bot.elixir.rules.parts.doors import holds_tests, visits
from bot.elixir.rules.parts.test_life import is_loaded, is_made_first
from bot.elixir.settings import READ_WORDS, WRITE_WORDS, WRITES, Setting, read, written
from bot.elixir.source import role_of

_MOST_READERS = 4
"""Places that read a setting of which the way to the tests is looked for."""


@dataclass(frozen=True, eq=False)
class Use:
    """A module that uses the setting, by reading it, changing it, or calling who reads it."""

    module: Module
    evidence: tuple[Because, ...]
    call: Call | None = None
    """The call that changes it."""
    sure: bool = True
    """Whether its call is seen to lead to the read."""
    always: bool = True
    """Whether no branch of a decision stands between its call and the read."""
    known: bool = True
    """Whether the use is seen; else somebody unseen can call what reads the setting."""

    @property
    def tests(self) -> bool:
        return self.known and self.module.source.role == "test"


def changes_of(setting: Setting, project: Project, own: str) -> list[Use]:
    """Tests of the same application, outside the file `own`, that change the setting too."""
    names = {full.rpartition(".")[2] for full in WRITES}
    return [
        Use(module, (Because(Span.of(module, call.node), f"`{module.name}` changes it too"),), call)
        for module in _speaking_of(setting, project, own, WRITE_WORDS)
        if module.source.role == "test" and _in_one_run(module, project, own)
        for call in calls_named(module, names)
        if written(call) == setting
    ]


def finding_it(reads: list[Use], changes: list[Use]) -> list[Use]:
    """Uses of tests that find what was left; who writes it before each of its tests does not."""
    anew = {use.module.name for use in changes if use.call and is_made_first(use.call)}
    return [use for use in (*reads, *changes) if use.tests and use.module.name not in anew]


def reads_of(setting: Setting, project: Project, own: str) -> Iterator[Use] | None:
    """How tests outside the file `own` come to read it, looked for one by one; `None` where nothing
    there reads it.
    """
    found = list(islice(_reads(setting, project, own), _MOST_READERS))
    if not found:
        return None
    return (use for clause, call in found for use in _uses(clause, call, project, own))


def _reads(setting: Setting, project: Project, own: str) -> Iterator[tuple[Clause, Call]]:
    for module in _speaking_of(setting, project, own, READ_WORDS):
        for clause in module.clauses_with(*READ_WORDS):
            for call in clause.calls:
                if read(call) == setting:
                    yield clause, call


def _uses(clause: Clause, call: Call, project: Project, own: str) -> Iterator[Use]:
    module = clause.function.module
    note = f"`{clause.function.label}` of `{module.name}` reads it"
    reads = Because(Span.of(module, call.node), note)
    if holds_tests(module):
        if _in_one_run(module, project, own):
            yield Use(module, (reads,))
        return
    for visit in visits(clause, call, project, own):
        if visit.call is None:
            yield Use(visit.module, (reads,), known=False)
        elif _in_one_run(visit.module, project, own):
            span = Span.of(visit.module, visit.call.node)
            how = "comes" if visit.sure and visit.always else "may come"
            comes = Because(span, f"`{visit.module.name}` {how} to it by this call")
            sure, always = visit.sure, visit.always
            yield Use(visit.module, (reads, comes), sure=sure, always=always)


def _in_one_run(tests: Module, project: Project, own: str) -> bool:
    """Whether they run together with those of `own`: each application of an umbrella runs its
    tests by itself, and only those in files of tests.
    """
    if not is_loaded(tests.source.path, project):
        return False
    return project.app_of(tests.source.path) == project.app_of(own)


def _speaking_of(
    setting: Setting, project: Project, own: str, words: Iterable[bytes]
) -> Iterator[Module]:
    for path in project.texts.holding(setting.word):
        data, role = project.texts[path], role_of(path)
        if path != own and role in ("lib", "test") and any(word in data for word in words):
            yield from project.modules_in(path)
