"""Regular expressions that search in time proportional to the text, whatever the pattern.

Python's own engine backtracks: on a long line of `a`s the pattern `(a+)+$` never comes back, and
even `.*x` takes quadratic time. Patterns come from pipelines and models, texts from anybody. So a
pattern becomes an automaton whose states are made as the text needs them. What only backtracking
can do (back references, look-around, possessive repeats) is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from bot.core.regex_program import (
    EDGE,
    LAST_NEWLINE,
    OTHER,
    Instruction,
    PatternError,
    compile_program,
    kind,
)

MAX_EFFORT = 1_000_000
"""Instructions looked at while making states for one text; less than a second."""
MAX_MEMORY = 200_000
"""Size of the states a pattern remembers; beyond, it forgets all and goes on."""
_FINAL = "\n\n"
"""The newline that ends a text, as a character of its own: `$` matches before it."""


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; raises `PatternError`."""
    return compiled(pattern).search(text)


@lru_cache(maxsize=32)
def compiled(pattern: str) -> Pattern:
    """The pattern, ready to search; raises `PatternError` when it cannot be used."""
    return Pattern(compile_program(pattern))


@dataclass(eq=False)
class _State:
    """Where a search can be, and what stood before."""

    at: frozenset[int]
    before: int
    moves: dict[str, _State | None] = field(default_factory=dict)
    """By the next character; None means found."""


class Pattern:
    """A compiled pattern. Keeps the states it made, since the next text likely needs them too."""

    def __init__(self, program: tuple[Instruction, ...]) -> None:
        self._program = program
        self._looks = any(step.condition for step in program)
        self._forget()

    def search(self, text: str) -> bool:
        """Whether it is found anywhere in the text; raises `PatternError` when too costly."""
        state, effort = self._start, 0
        characters = chain(text[:-1], (_FINAL,)) if text.endswith("\n") else text
        for character in characters:
            try:
                following = state.moves[character]
            except KeyError:
                following, cost = self._move(state, character)
                effort += cost
                if effort > MAX_EFFORT:
                    raise PatternError("the pattern is too costly on this text") from None
            if following is None:
                return True
            state = following
        return self._reach(state, EDGE) is None

    def _move(self, state: _State, character: str) -> tuple[_State | None, int]:
        """Where the character leads, and what finding that out cost."""
        reached = self._reach(state, LAST_NEWLINE if character == _FINAL else kind(character))
        if reached is None:
            state.moves[character] = None
            return None, 1
        following = self._following(reached, character[0])
        self._remembered += len(following.at) + 1
        if self._remembered > MAX_MEMORY:
            self._forget()
        state.moves[character] = following
        return following, len(reached)

    def _following(self, reached: set[int], character: str) -> _State:
        program = self._program
        at = frozenset(
            step + 1 for step in reached if (test := program[step].test) and test(character)
        )
        before = kind(character) if self._looks else OTHER
        return self._states.setdefault((at, before), _State(at, before))

    def _reach(self, state: _State, after: int) -> set[int] | None:
        """Every instruction that can be reached without reading; None when that is a match."""
        reached: set[int] = set()
        waiting = [0, *state.at]
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            step = self._program[number]
            if step.condition is not None:
                if step.condition(state.before, after):
                    waiting.append(number + 1)
            elif step.targets:
                waiting.extend(step.targets)
            elif step.test is None:
                return None
        return reached

    def _forget(self) -> None:
        self._start = _State(frozenset(), EDGE if self._looks else OTHER)
        self._states = {(self._start.at, self._start.before): self._start}
        self._remembered = 0
