"""Modules, functions and clauses as objects."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.definition import Definition, read_definition
from bot.elixir.scope import Scope
from bot.elixir.source import Source

if TYPE_CHECKING:
    from bot.elixir.calls import Call


@dataclass(eq=False)
class Use:
    """A `use Name, key: value` line."""

    name: str
    node: Node
    options: dict[str, Node]


@dataclass(eq=False)
class Clause:
    """One clause of a function."""

    function: Function
    node: Node

    @cached_property
    def _definition(self) -> Definition:
        return read_definition(self.node)

    @property
    def head(self) -> Node:
        return self._definition.head

    @property
    def params(self) -> list[Node]:
        return self._definition.params

    @property
    def guard(self) -> Node | None:
        return self._definition.guard

    @property
    def body(self) -> Node | None:
        """The do block, or the expression after `do:`; `None` for a bodiless head."""
        return self._definition.body

    @cached_property
    def calls(self) -> list[Call]:
        """Calls in the body, in source order; those in nested functions included."""
        from bot.elixir.calls import calls_in

        if self.body is None:
            return []
        return calls_in(self.body, self.function.module, whole=True)

    def bindings(self, sign: str) -> list[Node]:
        """Every `left = right`, or `left <- right`, in source order, those of the head included."""
        return self._bindings[sign]

    def body_bindings(self, sign: str) -> list[Node]:
        """Those in the body."""
        body = self.body
        return [n for n in self._bindings[sign] if nodes.contains(body, n)] if body else []

    @cached_property
    def _bindings(self) -> dict[str, list[Node]]:
        found = nodes.of_type(self.node, "binary_operator")
        return {sign: [n for n in found if nodes.operator(n) == sign] for sign in ("=", "<-")}

    @cached_property
    def own_calls(self) -> list[tuple[Call, Function]]:
        """Calls of the module's own functions that run at once, in the same process."""
        from bot.elixir.reach import own_calls

        return list(own_calls(self))

    def mentions(self, *words: bytes) -> bool:
        """Whether its source holds one of the words outside comments."""
        source = self.function.module.source
        return source.mentions(words, self.node.start_byte, self.node.end_byte)

    def matches(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether a match of the pattern begins in its source outside comments."""
        source = self.function.module.source
        return source.matches(pattern, self.node.start_byte, self.node.end_byte)

    def statements(self) -> list[Node]:
        """The body's statements, without rescue/catch/after parts."""
        return nodes.statements(self.body)

    def parts(self, kind: str) -> list[Node]:
        """`rescue_block`, `catch_block`, `after_block` or `else_block` directly in the body."""
        if self.body is None or self.body.type != "do_block":
            return []
        return [c for c in self.body.named_children if c.type == kind]


@dataclass(eq=False)
class Function:
    """All clauses of one name and arity; `min_arity` is lower where there are default arguments."""

    module: Module
    name: str
    arity: int
    min_arity: int
    kind: str
    clauses: list[Clause] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.name}/{self.arity}"

    @property
    def public(self) -> bool:
        return self.kind in ("def", "defmacro", "defdelegate")

    @property
    def calls(self) -> list[Call]:
        return [call for clause in self.clauses for call in clause.calls]


@dataclass(eq=False)
class Module:
    """A module with its directives and functions. Nested modules are modules of their own."""

    source: Source
    name: str
    node: Node
    body: Node | None
    parent: Module | None
    kind: str
    scope: Scope
    uses: list[Use] = field(default_factory=list)
    behaviours: list[str] = field(default_factory=list)
    functions: dict[tuple[str, int], Function] = field(default_factory=dict)
    attributes: dict[str, Node] = field(default_factory=dict)
    """First value of each `@name value`."""
    nested: list[Module] = field(default_factory=list)
    loose: list[Node] = field(default_factory=list)
    """Other statements of the module body (struct definitions, macro calls, ...)."""
    memo: dict[object, Any] = field(default_factory=dict, repr=False)
    """What several rules ask `bot.elixir.reach` for, computed once."""

    def use(self, name: str) -> Use | None:
        """The first `use` of that module."""
        return next((u for u in self.uses if u.name == name), None)

    def implements(self, behaviour: str) -> bool:
        """Whether the module uses or declares the behaviour."""
        return behaviour in self.behaviours or self.use(behaviour) is not None

    def value(self, node: Node) -> Node:
        """The first value of `@name`; any other node stands for itself."""
        if nodes.operator(node) != "@":
            return node
        return self.attributes.get(nodes.text_of(node, "operand"), node)

    def local(self, name: str, arity: int) -> Function | None:
        """The own function a local call of that arity reaches, default arguments counted."""
        exact = self.functions.get((name, arity))
        if exact is not None:
            return exact
        for function in self._by_name.get(name, ()):
            if function.min_arity <= arity <= function.arity:
                return function
        return None

    @cached_property
    def _by_name(self) -> dict[str, list[Function]]:
        found: dict[str, list[Function]] = {}
        for function in self.functions.values():
            found.setdefault(function.name, []).append(function)
        return found

    def clauses_with(self, *words: bytes) -> list[Clause]:
        """Clauses whose source holds one of the words: a cheap sieve before calls are looked at."""
        places = self.source.places(*words)
        at, end = (bisect_left(places, b) for b in (self.node.start_byte, self.node.end_byte))
        holding: set[Clause] = set()
        while at < end:
            clause = self.clause_at(places[at])
            if clause is not None:
                holding.add(clause)
                at = bisect_left(places, clause.node.end_byte, at + 1)
            else:
                at += 1
        return [clause for clause in self.all_clauses() if clause in holding] if holding else []

    def named(self, name: str) -> list[Function]:
        """Own functions of that name, any arity."""
        return list(self._by_name.get(name, ()))

    def all_clauses(self) -> Iterator[Clause]:
        for function in self.functions.values():
            yield from function.clauses

    def clause_at(self, byte: int) -> Clause | None:
        """The clause that holds a byte."""
        starts, clauses = self._in_order
        at = bisect_right(starts, byte) - 1
        found = clauses[at] if at >= 0 else None
        return found if found is not None and byte < found.node.end_byte else None

    @cached_property
    def _in_order(self) -> tuple[list[int], list[Clause]]:
        """Where the clauses start, and they; none lies within another."""
        clauses = sorted(self.all_clauses(), key=lambda clause: clause.node.start_byte)
        return [clause.node.start_byte for clause in clauses], clauses

    def release(self) -> None:
        """Drop what refers back to the module, so that its syntax tree goes with the last name.

        Without this a tree of tens of megabytes waits for the cycle collector.
        """
        for function in self.functions.values():
            function.clauses.clear()
        self.functions.clear()
        self.nested.clear()
        self.memo.clear()
        for kept in ("_by_name", "_in_order"):
            self.__dict__.pop(kept, None)

    def own_lines(self) -> int:
        """Lines of the module without those of its nested modules."""
        total = self.node.end_point.row - self.node.start_point.row + 1
        return total - sum(m.node.end_point.row - m.node.start_point.row + 1 for m in self.nested)
