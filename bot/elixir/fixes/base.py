"""What a codemod is: it proposes an action for findings, applies it, and brings the test of it.

A codemod never guesses: where its invariant does not hold it declines with the reason, or
downgrades itself to an assisted patch with the question a person must decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.finding import Finding, FixKind
from bot.core.plan import Change, Level
from bot.core.verdict import Proof
from bot.elixir.project import Project

Params = Mapping[str, str]
Mutant = Callable[[Project, Params], tuple[Change, ...]]


@dataclass(frozen=True)
class Requirement:
    """An action that has to be done first, e.g. adding a Task.Supervisor; equal ones are one."""

    codemod: str
    params: tuple[tuple[str, str], ...]
    """Sorted pairs, so that requirements compare."""


@dataclass(frozen=True)
class Proposal:
    """A codemod's offer for one finding (or one requirement)."""

    title: str
    params: Params
    """Everything `apply` and `test` need; names of modules and functions, never byte offsets or
    lines: other actions may move the code before this one is applied."""
    fix: FixKind
    decision: str = ""
    """Assisted: what a person must decide."""
    requires: tuple[Requirement, ...] = ()
    notes: tuple[str, ...] = ()
    """What changes for callers, said in the commit message and the pull request."""


@dataclass(frozen=True)
class Declined:
    """Why the codemod does not apply here, one sentence."""

    reason: str


@dataclass(frozen=True)
class GeneratedTest:
    """An ExUnit file that must be red before the change and green after it."""

    path: str
    code: str
    proof: Proof
    red: str
    """Regular expression the failure before the change must match: the intended one."""
    note: str = ""
    """What is proved and what is not."""


@dataclass(frozen=True)
class Codemod:
    """One kind of fix; the texts are Markdown for people."""

    name: str
    rules: tuple[str, ...]
    """Rules whose findings it takes."""
    fix: FixKind
    summary: str
    invariant: str
    """What stays as it was, and under which conditions the fix is automatic."""
    steps: tuple[str, ...]
    how_to_test: str
    done_when: tuple[str, ...]
    propose: Callable[[Project, Finding], Proposal | Declined]
    apply: Callable[[Project, Params], tuple[Change, ...] | Declined]
    """The change against the project as it is now. Applied twice it declines: nothing is left."""
    test: Callable[[Project, Params], GeneratedTest | Declined]
    """The test for the project as it is before `apply`."""
    propose_requirement: Callable[[Project, Params], Proposal | Declined] | None = None
    """For codemods other codemods require."""
    effort: Level = "low"
    risk: Level = "low"
    mutants: Mapping[str, Mutant] = field(default_factory=dict)
    """Cosmetic fixes by name, on which the generated test must stay red; used by the test suite."""
