"""GitHub's filter patterns for branches, tags and paths; no regex, so no input is slow."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_LENGTH = 1024
ANYTHING, NOT_SLASH = "anything", "not slash"


@dataclass(frozen=True)
class Token:
    accepts: str | frozenset[str]
    """ANYTHING, NOT_SLASH, or the set of characters."""
    repeats: bool = False
    optional: bool = False
    skips: int = 0
    """How many further tokens may be left out together with this one."""

    def takes(self, character: str) -> bool:
        if self.accepts == ANYTHING:
            return True
        return character != "/" if self.accepts == NOT_SLASH else character in self.accepts


class PatternError(ValueError):
    """A filter pattern that means nothing."""


SETS = re.compile(r"\[([A-Za-z0-9_.-]+)\]")


@functools.lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> tuple[Token, ...]:
    """Tokens of `*`, `**`, `?`, `+`, `[]`, `\\` and plain characters."""
    if not pattern or len(pattern) > MAX_LENGTH:
        raise PatternError(f"A pattern has 1 to {MAX_LENGTH} characters")
    tokens: list[Token] = []
    at = 0
    while at < len(pattern):
        at = _token(pattern, at, tokens)
    return tuple(tokens)


def _token(pattern: str, at: int, tokens: list[Token]) -> int:
    """Appends what stands at `at`; gives where to go on."""
    here = pattern[at]
    if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
        tokens += [
            Token(ANYTHING, repeats=True, optional=True, skips=1),
            Token(frozenset("/")),
        ]
        return at + 3
    if here == "*":
        double = pattern.startswith("**", at)
        tokens.append(Token(ANYTHING if double else NOT_SLASH, repeats=True, optional=True))
        return at + 1 + double
    if here in "?+":
        _quantify(pattern, here, tokens)
        return at + 1
    if here == "[":
        found = SETS.match(pattern, at)
        if found is None:
            raise PatternError(f"The brackets in {pattern!r} hold no set of characters")
        tokens.append(Token(_set(found[1])))
        return found.end()
    if here == "\\" and at + 1 < len(pattern):
        at += 1
    tokens.append(Token(frozenset(pattern[at])))
    return at + 1


def _quantify(pattern: str, sign: str, tokens: list[Token]) -> None:
    if not tokens or tokens[-1].repeats or tokens[-1].optional:
        raise PatternError(f"{sign!r} in {pattern!r} follows nothing it could apply to")
    before = tokens.pop()
    tokens.append(Token(before.accepts, repeats=sign == "+", optional=sign == "?"))


def _set(inside: str) -> frozenset[str]:
    characters: set[str] = set()
    for found in re.finditer(r"(.)-(.)|.", inside):
        if found[1]:
            characters |= {chr(c) for c in range(ord(found[1]), ord(found[2]) + 1)}
        else:
            characters.add(found.group())
    return frozenset(characters)


def fits(pattern: str, text: str) -> bool:
    """Whether the whole of `text` is covered, in time linear in both."""
    tokens = compile_pattern(pattern)
    states = _closure({0}, tokens)
    for character in text:
        after: set[int] = set()
        for state in states:
            if state < len(tokens) and tokens[state].takes(character):
                after.add(state + 1)
                if tokens[state].repeats:
                    after.add(state)
        states = _closure(after, tokens)
        if not states:
            return False
    return len(tokens) in states


def _closure(states: Iterable[int], tokens: Sequence[Token]) -> set[int]:
    reached: set[int] = set()
    todo = list(states)
    while todo:
        state = todo.pop()
        if state in reached:
            continue
        reached.add(state)
        if state < len(tokens) and tokens[state].optional:
            todo.append(state + 1 + tokens[state].skips)
    return reached


def selects(patterns: Iterable[str], text: str) -> bool:
    """The last pattern that fits decides; `!` in front takes away."""
    chosen = False
    for pattern in patterns:
        negative = pattern.startswith("!")
        if fits(pattern[1:] if negative else pattern, text):
            chosen = not negative
    return chosen
