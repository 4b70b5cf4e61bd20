"""Turns a regular expression into the instructions of an automaton."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

# The parser of Python's own syntax: what is accepted here means what it means to `re`. Type
# checkers do not agree on whether `re` has parts.
_parser: Any = import_module("re._parser")

MAX_PATTERN = 2_000
MAX_PROGRAM = 2_000
"""Instructions of one pattern; `a{100}` takes a hundred."""

EDGE, NEWLINE, LAST_NEWLINE, WORD, OTHER = range(5)
"""What stands before or after a position."""

Test = Callable[[str], bool]
Condition = Callable[[int, int], bool]


class PatternError(ValueError):
    """A pattern that is wrong, or needs what this engine does not do."""


@dataclass(frozen=True)
class Instruction:
    """One step of the automaton; at most one of its parts is set, none for a match."""

    test: Test | None = None
    """Reads one character and goes on to the next instruction."""
    condition: Condition | None = None
    """Looks at what stands before and after, and goes on."""
    targets: tuple[int, ...] = ()
    """Goes on to each of these."""


def compile_program(pattern: str) -> tuple[Instruction, ...]:
    """The instructions, the match last; raises `PatternError`."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"a pattern has at most {MAX_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            # Python warns of sets it may read differently one day.
            warnings.simplefilter("ignore")
            tree = _parser.parse(pattern)
        compiler = _Compiler()
        compiler.sequence(tree, tree.state.flags)
    except (re.error, OverflowError) as error:
        raise PatternError(str(error)) from error
    except RecursionError as error:
        raise PatternError("the pattern is nested too deeply") from error
    return (*compiler.program, Instruction())


class _Compiler:
    """Turns Python's parse tree into instructions."""

    def __init__(self) -> None:
        self.program: list[Instruction] = []
        self._visits = 0

    def sequence(self, items: Any, flags: int) -> None:
        """Instructions for one item after the other."""
        self._visits += 1
        if self._visits > MAX_PROGRAM:
            # Repeats of nothing add no instruction, yet take time.
            raise PatternError("the pattern is too large; write smaller repeats")
        for operation, argument in items:
            compile_ = getattr(self, f"_{str(operation).lower()}", None)
            if compile_ is None:
                name = str(operation).lower().replace("_", " ")
                raise PatternError(f"{_REFUSED.get(name, name)} are not supported")
            compile_(argument, flags)

    def _emit(self, step: Instruction) -> int:
        if len(self.program) >= MAX_PROGRAM:
            raise PatternError("the pattern is too large; write smaller repeats")
        self.program.append(step)
        return len(self.program) - 1

    def _literal(self, code: int, flags: int) -> None:
        self._emit(Instruction(test=_cased(frozenset(chr(code)).__contains__, flags)))

    def _not_literal(self, code: int, flags: int) -> None:
        same = _cased(frozenset(chr(code)).__contains__, flags)
        self._emit(Instruction(test=lambda c: not same(c)))

    def _any(self, _: None, flags: int) -> None:
        self._emit(Instruction(test=lambda c: bool(flags & re.DOTALL) or c != "\n"))

    def _in(self, members: list[Any], flags: int) -> None:
        negated = str(members[0][0]) == "NEGATE"
        tests = [_member(str(kind), value, flags) for kind, value in members[negated:]]
        inside = _cased(lambda c: any(test(c) for test in tests), flags)
        self._emit(Instruction(test=(lambda c: not inside(c)) if negated else inside))

    def _branch(self, argument: tuple[None, list[Any]], flags: int) -> None:
        ends = []
        *others, last = argument[1]
        for choice in others:
            split = self._emit(Instruction())
            self.sequence(choice, flags)
            ends.append(self._emit(Instruction()))
            self._aim(split, split + 1, len(self.program))
        self.sequence(last, flags)
        for end in ends:
            self._aim(end, len(self.program))

    def _subpattern(self, argument: tuple[Any, int, int, Any], flags: int) -> None:
        _, added, removed, inner = argument
        self.sequence(inner, (flags | added) & ~removed)

    def _max_repeat(self, argument: tuple[int, int, Any], flags: int) -> None:
        low, high, inner = int(argument[0]), argument[1], argument[2]
        for _ in range(low):
            self.sequence(inner, flags)
        if high == _parser.MAXREPEAT:
            start = self._emit(Instruction())
            self.sequence(inner, flags)
            self._aim(self._emit(Instruction()), start)
            self._aim(start, start + 1, len(self.program))
            return
        splits = []
        for _ in range(int(high) - low):
            splits.append(self._emit(Instruction()))
            self.sequence(inner, flags)
        for split in splits:
            self._aim(split, split + 1, len(self.program))

    # Greedy or not makes no difference to whether there is a match.
    _min_repeat = _max_repeat

    def _at(self, where: Any, flags: int) -> None:
        line = "_LINE" if flags & re.MULTILINE and str(where) in ("AT_BEGINNING", "AT_END") else ""
        self._emit(Instruction(condition=_CONDITIONS[str(where) + line]))

    def _aim(self, step: int, *targets: int) -> None:
        self.program[step] = Instruction(targets=targets)


_REFUSED = {
    "groupref": "back references",
    "groupref exists": "conditional groups",
    "assert": "look-ahead and look-behind",
    "assert not": "look-ahead and look-behind",
    "possessive repeat": "possessive repeats",
    "atomic group": "atomic groups",
}

_CONDITIONS: dict[str, Condition] = {
    "AT_BEGINNING": lambda before, after: before == EDGE,
    "AT_BEGINNING_STRING": lambda before, after: before == EDGE,
    "AT_BEGINNING_LINE": lambda before, after: before in (EDGE, NEWLINE),
    "AT_END": lambda before, after: after in (EDGE, LAST_NEWLINE),
    "AT_END_STRING": lambda before, after: after == EDGE,
    "AT_END_LINE": lambda before, after: after in (EDGE, NEWLINE, LAST_NEWLINE),
    "AT_BOUNDARY": lambda before, after: (before == WORD) != (after == WORD),
    "AT_NON_BOUNDARY": lambda before, after: (before == WORD) == (after == WORD),
}


def kind(character: str) -> int:
    """What a character is to its neighbours."""
    if character == "\n":
        return NEWLINE
    return WORD if character.isalnum() or character == "_" else OTHER


def _cased(test: Test, flags: int) -> Test:
    if not flags & re.IGNORECASE:
        return test
    return lambda c: test(c) or test(c.lower()) or test(c.upper())


def _member(kind: str, value: Any, flags: int) -> Test:
    if kind == "LITERAL":
        return frozenset(chr(value)).__contains__
    if kind == "RANGE":
        low, high = chr(value[0]), chr(value[1])
        return lambda c: low <= c <= high
    category = re.compile(_CATEGORIES[str(value)], flags & re.ASCII)
    return lambda c: category.match(c) is not None


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
