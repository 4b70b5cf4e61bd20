"""Which arguments a model may give to which mix task.

The sandbox confines what a task does. This list keeps a model from options that load code, read
configuration from elsewhere or move what is built, and from those that make output unrepeatable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import ToolRetry

_PATH = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9_.][A-Za-z0-9_.@+/ -]*")
_TEST = re.compile(_PATH.pattern + r"(?::[0-9]{1,7})*")
_FILTER = re.compile(r"[a-z_][A-Za-z0-9_]*[?!]?(?::[A-Za-z0-9_.:@/ -]+)?")
_MODULE = re.compile(r"graph|callers|[A-Z][A-Za-z0-9_.]*")
_COUNT = re.compile(r"[0-9]{1,6}")
_WORD = re.compile(r"[a-z][a-z-]*")


@dataclass(frozen=True)
class MixTask:
    """A task, and the arguments it may get."""

    always: tuple[str, ...] = ()
    """Given in any case, before the model's."""
    flags: tuple[str, ...] = ()
    options: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """Options with a value, and what it looks like."""
    operands: str = ""
    """What stands without an option, in words; none may when empty."""
    operand: re.Pattern[str] = _PATH
    needs_operand: bool = False

    def described(self) -> str:
        """The arguments for the model to read."""
        named = (*self.flags, *(f"{option} VALUE" for option in self.options))
        operands = (f"{self.operands} (required)" if self.needs_operand else self.operands,)
        return ", ".join(filter(None, (*operands, *named)))


MIX_TASKS: Mapping[str, MixTask] = {
    "test": MixTask(
        always=("--seed", "0"),
        flags=("--trace", "--warnings-as-errors"),
        options={
            "--only": _FILTER,
            "--include": _FILTER,
            "--exclude": _FILTER,
            "--max-failures": _COUNT,
        },
        operands="test files, path:line or directories",
        operand=_TEST,
    ),
    "compile": MixTask(always=("--force",), flags=("--warnings-as-errors",)),
    "format": MixTask(flags=("--check-formatted",), operands="files", needs_operand=True),
    "credo": MixTask(
        always=("--strict", "--format", "oneline"), flags=("--all",), operands="files"
    ),
    "xref": MixTask(
        flags=("--only-direct", "--only-nodes"),
        options={
            "--format": re.compile("stats|cycles|pretty|plain"),
            "--label": _WORD,
            "--source": _PATH,
            "--sink": _PATH,
        },
        operands="graph, or callers and a module",
        operand=_MODULE,
        needs_operand=True,
    ),
}
"""Every task an agent can be given."""


def mix_arguments(task: str, args: Sequence[str]) -> tuple[str, ...]:
    """The arguments to run `task` with; raises `ToolRetry` that says which are allowed."""
    known = MIX_TASKS[task]
    options: list[str] = []
    operands: list[str] = []
    given = iter(args)
    for arg in given:
        name, _, value = arg.partition("=")
        if arg in known.flags:
            options.append(arg)
        elif name in known.options:
            value = value or next(given, "")
            if not known.options[name].fullmatch(value):
                raise _refused(task, f"{value!r} is no value for {name}")
            options += (name, value)
        elif known.operands and known.operand.fullmatch(arg):
            operands.append(arg)
        else:
            raise _refused(task, f"{arg!r} is not allowed")
    if known.needs_operand and not operands:
        raise _refused(task, f"it needs {known.operands}")
    return (*known.always, *options, *operands)


def _refused(task: str, what: str) -> ToolRetry:
    allowed = MIX_TASKS[task].described() or "no arguments"
    return ToolRetry(f"mix {task}: {what}", hint=f"allowed: {allowed}")
