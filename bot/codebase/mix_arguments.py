"""The mix tasks tools may run, and what they may ask of each.

The sandbox confines what a task does. This list keeps callers from what loads code, reads another
configuration, writes elsewhere, or makes a failure look like a success.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import Refused

_ANY = re.compile(r"(?![-/])(?!(?:.*/)?\.\.(?:/|$)).{1,200}")
"""Neither an option nor a path that leaves."""
_COUNT = re.compile(r"\d{1,6}")
_WORD = re.compile(r"[a-z][a-z_-]{0,40}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,199}")
_PLACE = re.compile(r"(?P<path>.+?)(?P<lines>(?::\d{1,7})*)")
_LONGEST = 5_000
"""Operands; more do not fit on a command line."""


@dataclass(frozen=True)
class Task:
    """What one task takes."""

    flags: frozenset[str] = frozenset()
    options: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """Options that take a value, and what it looks like."""
    paths: bool = False
    """Takes files, folders and globs."""
    names: bool = False
    """Takes words and modules."""


TASKS: Mapping[str, Task] = {
    "compile": Task(frozenset({"--force", "--warnings-as-errors", "--all-warnings"})),
    "format": Task(frozenset({"--check-formatted"}), paths=True),
    "credo": Task(
        frozenset({"--strict", "--all", "--verbose"}),
        {
            "--format": re.compile("json|oneline|flycheck|sarif"),
            "--only": _ANY,
            "--ignore": _ANY,
            "--min-priority": _WORD,
        },
        paths=True,
    ),
    "test": Task(
        frozenset({"--trace", "--stale", "--failed", "--warnings-as-errors", "--force"}),
        {
            **dict.fromkeys(("--only", "--include", "--exclude"), _ANY),
            **dict.fromkeys(("--seed", "--max-failures", "--max-cases", "--slowest"), _COUNT),
            "--timeout": _COUNT,
        },
        paths=True,
    ),
    "xref": Task(
        frozenset({"--only-direct", "--only-nodes", "--include-siblings"}),
        {
            "--format": re.compile("stats|cycles|pretty|plain"),
            "--min-cycle-size": _COUNT,
            **dict.fromkeys(("--label", "--source", "--sink", "--exclude"), _ANY),
        },
        names=True,
        paths=True,
    ),
}
"""By name; no other task is run."""


def checked_arguments(
    task: str, args: Sequence[str], expand: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    """The command line after `mix`; `expand` gives the files of a path or glob, or refuses it.

    Raises `Refused` for a task or an argument that is not on the list.
    """
    known = TASKS.get(task)
    if known is None:
        raise Refused(f"mix {task!r} is not on the list", hint=f"allowed: {', '.join(TASKS)}")
    options: list[str] = []
    operands: list[str] = []
    given = iter(args)
    for arg in given:
        if not arg.isprintable() or not arg:
            raise Refused(f"mix {task}: {arg!r} is no argument")
        if arg.startswith("-"):
            options += _option(task, known, arg, given)
        else:
            operands += _operand(task, known, arg, expand)
    if len(operands) > _LONGEST:
        raise Refused(f"mix {task}: {len(operands):,} files are too many", hint="name fewer")
    return (task, *options, *operands)


def _option(task: str, known: Task, arg: str, given: Iterator[str]) -> tuple[str, ...]:
    if arg in known.flags:
        return (arg,)
    name, equals, value = arg.partition("=")
    shape = known.options.get(name)
    if shape is None:
        allowed = ", ".join(sorted((*known.flags, *known.options)))
        raise Refused(f"mix {task} does not take {arg!r} here", hint=f"allowed: {allowed}")
    value = value if equals else next(given, "")
    if not shape.fullmatch(value) or not value.isprintable():
        raise Refused(f"mix {task} {name}: {value!r} is no value for it")
    return (name, value)


def _operand(
    task: str, known: Task, arg: str, expand: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    if known.names and _NAME.fullmatch(arg) and "/" not in arg:
        return (arg,)
    place = _PLACE.fullmatch(arg)
    if not known.paths or place is None:
        raise Refused(f"mix {task} takes no {arg!r}")
    paths = expand(place["path"])
    if any(path.startswith("-") for path in paths):
        raise Refused(f"mix {task}: a name that begins with a hyphen reads as an option")
    return tuple(f"{path}{place['lines']}" for path in paths)
