"""Which options a model may give to which mix task.

What an option or a path may look like is for the workspace to judge, as it is for every caller.
This list is narrower: it leaves out what makes the same call end differently the next time, such
as durations or what an earlier run left behind, so that an agent can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import ToolRetry


@dataclass(frozen=True)
class MixTask:
    """A task as a model may run it."""

    always: tuple[str, ...] = ()
    """Given in any case, before the model's own arguments."""
    options: tuple[str, ...] = ()
    """Names; one that ends in `=` takes a value."""
    operands: str = ""
    """What may stand without an option, in words."""
    needs_operand: bool = False

    def described(self) -> str:
        """The arguments, for the model to read."""
        operands = f"{self.operands} (required)" if self.needs_operand else self.operands
        return ", ".join(filter(None, (operands, *self.options))) or "none"


MIX_TASKS: Mapping[str, MixTask] = {
    "test": MixTask(
        always=("--seed", "0"),
        options=("--only=", "--include=", "--exclude=", "--max-failures=", "--trace"),
        operands="test files, path:line or folders",
    ),
    "compile": MixTask(always=("--force",), options=("--warnings-as-errors",)),
    "format": MixTask(options=("--check-formatted",), operands="files", needs_operand=True),
    "credo": MixTask(
        always=("--strict", "--format", "oneline"), options=("--all",), operands="files"
    ),
    "xref": MixTask(
        options=("--format=", "--label=", "--source=", "--sink=", "--only-direct", "--only-nodes"),
        operands="graph, or callers and a module",
        needs_operand=True,
    ),
}
"""Every task an agent can be given."""


def mix_arguments(task: str, args: Sequence[str]) -> tuple[str, ...]:
    """The arguments to run `task` with; raises `ToolRetry` that says which are allowed."""
    known = MIX_TASKS[task]
    for arg in args:
        name, equals, _ = arg.partition("=")
        if arg.startswith("-") and not {name + equals, name + "="} & set(known.options):
            raise _refused(task, f"{arg!r} is not allowed")
    if known.needs_operand and all(arg.startswith("-") for arg in args):
        raise _refused(task, f"name {known.operands}")
    return (*known.always, *args)


def _refused(task: str, what: str) -> ToolRetry:
    return ToolRetry(f"mix {task}: {what}", hint=f"allowed: {MIX_TASKS[task].described()}")
