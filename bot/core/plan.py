"""The five-stage plan: what is to be done, where, in which order, and how it is checked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.core.finding import FixKind
from bot.core.model import Record

STAGE_TITLES = {
    1: "Critical fixes (stop the bleeding)",
    2: "State persistence",
    3: "Architectural decomposition",
    4: "Testing and communication",
    5: "Integration and rollout",
}

Level = Literal["low", "medium", "high"]


class FileRange(Record):
    """Lines of one file an action concerns, quoted so that drift is noticed."""

    path: str
    line: int
    end_line: int
    code: str


class Change(Record):
    """The text of one file before and after an action; `before` is empty for a new file."""

    path: str
    before: str
    after: str


UNTRIED = "The patch was not tried: nothing was compiled and no test was run with it."


class Action(Record):
    """One unit of work: one commit, or a patch a person decides on."""

    id: str
    """Stable between runs on the same code, e.g. `1-supervise-spawn-3f2a9c`."""
    stage: int
    title: str
    fix: FixKind
    rule: str
    finding_ids: tuple[str, ...]
    codemod: str = ""
    """Name of the codemod in `bot.elixir.fixes`, empty for advice."""
    params: dict[str, str] = Field(default_factory=dict)
    files: tuple[FileRange, ...]
    problem: str
    invariant: str = ""
    """What an automatic fix guarantees to keep."""
    before: str = ""
    after: str = ""
    """Elixir that parses: the changed place before and after."""
    example: str = ""
    """Advice: a good sample of the rule, the shape to aim for."""
    diff: str = ""
    """Unified diff, previewed in memory at the plan's commit; empty for advice."""
    decision: str = ""
    """Assisted: the question a person must decide before the patch is applied."""
    steps: tuple[str, ...]
    how_to_test: str
    test_code: str = ""
    done_when: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    effort: Level = "low"
    risk: Level = "low"

    @property
    def untried(self) -> str:
        """What there is to know of a patch before its question is answered; empty without one."""
        return UNTRIED if self.fix == "assisted" and self.diff else ""


class Expectation(Record):
    """One verification command and what it must show."""

    argv: tuple[str, ...]
    expect: str
    exit_code: int = 0


class CoverageRow(Record):
    """One site of a pattern: planned, or exempted or suppressed with the reason."""

    rule: str
    path: str
    line: int
    status: Literal["planned", "exempted", "suppressed"]
    detail: str
    """Action id, or the exemption and its reason, or what the comment in the code says."""


class StagePlan(Record):
    """One of the five documents."""

    number: int
    title: str
    summary: str
    problem: str
    risk: Level
    effort: str
    actions: tuple[Action, ...]
    verification: tuple[Expectation, ...]
    rollback: tuple[str, ...]
    not_applicable: str = ""
    """Why there is nothing to do in this stage; empty otherwise."""


class Plan(Record):
    """A plan for one commit of one repository."""

    schema_version: Literal[1] = 1
    id: str
    """`local-<n>` on a laptop, the issue's number on GitHub."""
    goal: str
    commit: str
    """Commit or, for a pack, `pack:<sha256>`."""
    path: str = ""
    """The analysed directory below the repository's top; empty for the top."""
    app: str
    stages: tuple[StagePlan, ...]
    coverage: tuple[CoverageRow, ...]
    tree_today: str
    """Mermaid."""
    tree_planned: str
    """Mermaid."""
    notes: tuple[str, ...] = ()

    def actions(self) -> tuple[Action, ...]:
        """All actions by stage, each after those it depends on.

        Raises `ValueError` for a circle.
        """
        known = {action.id: action for stage in self.stages for action in stage.actions}
        done: dict[str, Action] = {}

        def place(action: Action, above: tuple[str, ...]) -> None:
            if action.id in above:
                raise ValueError(f"actions depend on each other: {above!r}")
            if action.id in done:
                return
            for needed in action.depends_on:
                if needed in known:
                    place(known[needed], (*above, action.id))
            done.setdefault(action.id, action)

        for action in known.values():
            place(action, ())
        return tuple(done.values())

    def action(self, action_id: str) -> Action:
        """The action with this id, or the only one whose id starts with it; raises `KeyError`."""
        exact = [a for a in self.actions() if a.id == action_id]
        found = exact or [a for a in self.actions() if a.id.startswith(action_id)]
        if len(found) != 1:
            raise KeyError(action_id)
        return found[0]
