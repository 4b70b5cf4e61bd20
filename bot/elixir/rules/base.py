"""What a rule is: its text, its samples, its exemptions and its check.

One file per rule, each with a `RULE`. A local rule sees one module at a time; a project rule sees
the facts of the whole project. Both yield `Site` for a finding and `Exempt` for a site of the
pattern that is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from bot.core.finding import Category, Confidence, FixKind, Severity
from bot.elixir.outline import Module
from bot.elixir.source import Role, Source

if TYPE_CHECKING:
    from bot.elixir.project import Project


@dataclass(frozen=True)
class Span:
    """A place: path and byte range."""

    path: str
    start: int
    end: int

    @classmethod
    def of(cls, where: Module | Source, node: Node) -> Span:
        source = where.source if isinstance(where, Module) else where
        return cls(source.path, node.start_byte, node.end_byte)


@dataclass(frozen=True)
class Because:
    """One place that makes the finding true, with one sentence on why."""

    span: Span
    note: str


@dataclass(frozen=True)
class Site:
    """A finding in the making; unset fields take the rule's values."""

    span: Span
    message: str
    because: tuple[Because, ...] = ()
    severity: Severity | None = None
    confidence: Confidence | None = None
    fix: FixKind | None = None
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exempt:
    """A site of the pattern that is no finding, by the named exemption."""

    span: Span
    exemption: str


@dataclass(frozen=True)
class Sample:
    """Elixir the tests run the rule on: one file, or several where `files` is given."""

    code: str = ""
    path: str = "lib/sample.ex"
    files: Mapping[str, str] = field(default_factory=dict)

    def tree(self) -> dict[str, str]:
        return dict(self.files) or {self.path: self.code}


@dataclass(frozen=True)
class Exemption:
    """A shape that looks like the anti-pattern and is none."""

    name: str
    reason: str
    sample: Sample


@dataclass(frozen=True)
class Limit:
    """A number the check compares with; the check takes it as a keyword argument of this name."""

    name: str
    value: int
    about: str
    """What is counted, for people."""
    least: int = 1


Check = Callable[[Module], Iterator[Site | Exempt]]
ProjectCheck = Callable[["Project"], Iterator[Site | Exempt]]


@dataclass(frozen=True)
class FileByFile:
    """A project check that begins in some files, and finds in each what does not depend on what it
    finds in the others: after a change only those are looked at again whose own look it could
    alter.
    """

    starts: Callable[[Project], Iterable[str]]
    """The paths it begins in."""
    check: Callable[[Project, str], Iterator[Site | Exempt]]

    def __call__(self, project: Project) -> Iterator[Site | Exempt]:
        """All that it finds."""
        for path in self.starts(project):
            yield from self.check(project, path)


@dataclass(frozen=True)
class Rule:
    """A rule's metadata and check; the texts are Markdown for people."""

    id: str
    title: str
    category: Category
    stage: int
    severity: Severity
    confidence: Confidence
    fix: FixKind
    explanation: str
    harm: str
    remedy: str
    bad: tuple[Sample, ...]
    good: tuple[Sample, ...]
    exemptions: tuple[Exemption, ...] = ()
    limits: tuple[Limit, ...] = ()
    triggers: tuple[bytes, ...] = ()
    """The check is skipped for files that hold none of these; empty: never skipped."""
    roles: tuple[Role, ...] = ("lib",)
    fix_needs_app: bool = False
    """The fix puts something under a supervisor: files of no Mix application only get advice."""
    follows_calls: bool = False
    """The project check asks `Project.calls`: all that do share one graph in one process."""
    check: Check | None = None
    check_project: ProjectCheck | None = None

    def limited(self, values: Mapping[str, int]) -> Rule:
        """The same rule with other limits, by their names; unknown ones are left out."""
        given = {x.name: values[x.name] for x in self.limits if x.name in values}
        if not given:
            return self
        return replace(
            self,
            limits=tuple(replace(x, value=given.get(x.name, x.value)) for x in self.limits),
            check=_bound(self.check, given),
            check_project=_bound(self.check_project, given),
        )

    def exemption(self, name: str) -> Exemption:
        """The declared exemption of that name; raises `KeyError`."""
        return next((e for e in self.exemptions if e.name == name), None) or _unknown(self.id, name)


def _bound(check: Any, given: Mapping[str, int]) -> Any:
    return partial(check, **given) if check is not None else None


def _unknown(rule: str, name: str) -> Exemption:
    raise KeyError(f"rule {rule!r} declares no exemption {name!r}")
