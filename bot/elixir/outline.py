"""Modules, functions and clauses of a file, found by a shallow walk over module bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.scope import Scope

if TYPE_CHECKING:
    from bot.elixir.calls import Call
    from bot.elixir.source import Source

DEFINITIONS = frozenset({"def", "defp", "defmacro", "defmacrop", "defdelegate", "defguard", "defguardp"})
CONTAINERS = frozenset({"defmodule", "defimpl", "defprotocol"})


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
    head: Node
    params: list[Node]
    guard: Node | None
    body: Node | None
    """The do block, or the expression after `do:`; `None` for a bodiless head."""

    @cached_property
    def calls(self) -> list[Call]:
        """Calls in the body, in source order; those in nested functions included."""
        from bot.elixir.calls import calls_in

        return calls_in(self.body, self.function.module) if self.body is not None else []

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

    def use(self, name: str) -> Use | None:
        """The first `use` of that module."""
        return next((u for u in self.uses if u.name == name), None)

    def implements(self, behaviour: str) -> bool:
        """Whether the module uses or declares the behaviour."""
        return behaviour in self.behaviours or self.use(behaviour) is not None

    def local(self, name: str, arity: int) -> Function | None:
        """The own function a local call of that arity reaches, default arguments counted."""
        exact = self.functions.get((name, arity))
        if exact is not None:
            return exact
        for function in self.functions.values():
            if function.name == name and function.min_arity <= arity <= function.arity:
                return function
        return None

    def named(self, name: str) -> list[Function]:
        """Own functions of that name, any arity."""
        return [f for f in self.functions.values() if f.name == name]

    def all_clauses(self) -> Iterator[Clause]:
        for function in self.functions.values():
            yield from function.clauses

    def own_lines(self) -> int:
        """Lines of the module without those of its nested modules."""
        total = self.node.end_point.row - self.node.start_point.row + 1
        return total - sum(m.node.end_point.row - m.node.start_point.row + 1 for m in self.nested)


def modules_of(source: Source) -> list[Module]:
    """All modules of a file, outer before nested."""
    found: list[Module] = []
    scope = Scope(module="")
    _walk(source, source.root, None, scope, found)
    return found


def _walk(source: Source, block: Node, parent: Module | None, scope: Scope, found: list[Module]) -> None:
    for child in block.named_children:
        if child.type == "call":
            _statement(source, child, parent, scope, found)
        elif child.type == "unary_operator" and parent is not None:
            _attribute(child, parent)


def _statement(
    source: Source, call: Node, parent: Module | None, scope: Scope, found: list[Module]
) -> None:
    target = call.child_by_field_name("target")
    word = text(target) if target is not None and target.type == "identifier" else ""
    if word in CONTAINERS:
        _container(source, call, word, parent, scope, found)
    elif word in ("alias", "import", "require"):
        scope.directive(word, call)
    elif parent is None:
        block = nodes.do_block(call)
        if block is not None:
            _walk(source, block, parent, scope, found)
    elif word in DEFINITIONS:
        _definition(call, word, parent)
    elif word == "use":
        _use(call, parent)
    else:
        parent.loose.append(call)
        if word in ("if", "unless", "for", "describe") and (block := nodes.do_block(call)):
            _walk(source, block, parent, scope, found)


def _container(
    source: Source, call: Node, word: str, parent: Module | None, scope: Scope, found: list[Module]
) -> None:
    args = nodes.arguments(call)
    if not args:
        return
    name = _module_name(args, word, parent, scope)
    inner = Scope(module=name, outer=scope)
    module = Module(source, name, call, nodes.do_block(call), parent, word, inner)
    if parent is not None:
        parent.nested.append(module)
        if word == "defmodule" and args[0].type == "alias":
            first = text(args[0]).split(".")[0]
            scope.aliases.setdefault(first, f"{parent.name}.{first}")
    found.append(module)
    if module.body is not None:
        _walk(source, module.body, module, inner, found)


def _module_name(args: list[Node], word: str, parent: Module | None, scope: Scope) -> str:
    if word == "defimpl":
        target = nodes.keyword_pairs(args[-1]).get("for") if len(args) > 1 else None
        protocol = scope.resolve(args[0])
        return f"{protocol}.{scope.resolve(target) if target is not None else scope.module}"
    written = text(args[0])
    if written.startswith("__MODULE__"):
        return scope.resolve(args[0])
    if written.startswith("Elixir."):
        return written.removeprefix("Elixir.")
    return f"{parent.name}.{written}" if parent is not None and args[0].type == "alias" else written


def _use(call: Node, module: Module) -> None:
    args = nodes.arguments(call)
    if args:
        name = module.scope.resolve(args[0])
        module.uses.append(Use(name, call, nodes.call_keywords(call) if len(args) > 1 else {}))


def _attribute(node: Node, module: Module) -> None:
    operand = node.child_by_field_name("operand")
    if nodes.operator(node) != "@" or operand is None or operand.type != "call":
        return
    name, args = nodes.text_of(operand, "target"), nodes.arguments(operand)
    if not args:
        return
    if name == "behaviour":
        module.behaviours.append(module.scope.resolve(args[0]))
    module.attributes.setdefault(name, args[0])


def _definition(call: Node, kind: str, module: Module) -> None:
    args = nodes.arguments(call)
    if not args:
        return
    head, guard = args[0], None
    if nodes.operator(head) == "when":
        guard = head.child_by_field_name("right")
        head = head.child_by_field_name("left") or head
    if head.type == "call":
        name, params = nodes.text_of(head, "target"), nodes.arguments(head)
    elif head.type == "identifier":
        name, params = text(head), []
    else:
        return
    body = nodes.do_block(call)
    if body is None and len(args) > 1:
        body = nodes.keyword_pairs(args[-1]).get("do")
    optional = sum(nodes.operator(p) == "\\\\" for p in params)
    key = (name, len(params))
    function = module.functions.get(key)
    if function is None:
        function = Function(module, name, len(params), len(params) - optional, kind)
        module.functions[key] = function
    function.min_arity = min(function.min_arity, len(params) - optional)
    function.clauses.append(Clause(function, call, head, params, guard, body))
