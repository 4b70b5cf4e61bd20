"""Where a piece of code stands: enclosing functions and closures, values a guard bounds."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import DEFINITIONS, Clause, Function, Module
from bot.elixir.rules.parts.raising import always_raises

_MAKES_VARIABLES = frozenset({"Macro.var", "Macro.unique_var", "Macro.generate_unique_arguments"})

_READS_CODE = (b"quote", b"Macro.", b"Code.")
"""Words of a module that makes code."""
_IN_NO_CONTEXT = ("nil", "Elixir", "__MODULE__")

_MADE_OF_EACH = ("Map.new", "MapSet.new", "Keyword.new")
"""Constructors that take what they iterate over, and a function for each of it."""


def above(call: Call) -> Iterator[Node]:
    """Ancestors of a call up to its module, nearest first."""
    for ancestor in nodes.ancestors(call.node):
        if ancestor.id == call.owner.node.id:
            return
        yield ancestor


def receivers_of_closures(call: Call) -> Iterator[str]:
    """What takes each anonymous function around a call, nearest first: a written name, or empty."""
    for ancestor in above(call):
        if ancestor.type != "anonymous_function":
            continue
        taker = ancestor.parent
        if taker is not None and taker.type == "arguments":
            taker = taker.parent
        yield nodes.text_of(taker, "target") if taker is not None and taker.type == "call" else ""


def definition_around(call: Call) -> Node | None:
    """The nearest `def` around a call in a loose statement: a module written inside a test."""
    return next((a for a in above(call) if nodes.is_call_to(a, *DEFINITIONS)), None)


def literal(node: Node) -> bool:
    """Whether a string, charlist, sigil, number or atom holds no interpolation."""
    if node.type not in ("string", "charlist", "sigil", "integer", "atom", "quoted_atom", "char"):
        return False
    return not any(c.type == "interpolation" for c in node.named_children)


def literal_listing(node: Node, module: Module) -> bool:
    """Whether a node is a list of literals, a sigil word list, or a module attribute."""
    if nodes.operator(node) == "@":
        return True
    if node.type == "sigil":
        return not any(c.type == "interpolation" for c in node.named_children)
    if node.type in ("list", "tuple"):
        return all(literal(c) or literal_listing(c, module) for c in node.named_children)
    return False


def bounded(name: str, at: Node, clause: Clause) -> bool:
    """Whether a variable can only hold a fixed set of values at `at`.

    By `in` with a list of literals in a guard or condition, or by iteration over one.
    """
    module = clause.function.module
    scopes = [a for a in nodes.ancestors(at) if clause.node.start_byte <= a.start_byte]
    if clause.guard is not None and _in_list(name, clause.guard, module):
        return True
    if any(_lets_only_few_by(name, s, clause) for s in clause.statements() if _before(s, at)):
        return True
    for scope in scopes:
        if scope.type == "stab_clause" and _stab_bounds(name, scope, module):
            return True
        if nodes.is_call_to(scope, "if", "case", "cond", "for", "with") and _condition_bounds(
            name, scope, at, module
        ):
            return True
    return False


def _before(statement: Node, at: Node) -> bool:
    return statement.end_byte <= at.start_byte and nodes.is_call_to(statement, "if", "unless")


def _lets_only_few_by(name: str, choice: Node, clause: Clause) -> bool:
    """Whether `if name not in [...] do raise ... end`, or the like, ends all but few values."""
    asked = next(iter(nodes.arguments(choice)), None)
    block = nodes.do_block(choice)
    sign = "in" if nodes.is_call_to(choice, "unless") else "not in"
    if asked is None or block is None or nodes.operator(asked) != sign:
        return False
    right = asked.child_by_field_name("right")
    if nodes.text_of(asked, "left") != name or right is None:
        return False
    last = nodes.statements(block)[-1:]
    later = (o for o in operations(clause.node, "=") if o.start_byte > choice.start_byte)
    bound_again = any(name in nodes.identifiers(o.named_children[0]) for o in later)
    few = literal_listing(right, clause.function.module) and not bound_again
    return few and any(always_raises(node, clause.function.module) for node in last)


def _in_list(name: str, node: Node, module: Module) -> bool:
    for found in operations(node, "in"):
        right = found.child_by_field_name("right")
        if nodes.text_of(found, "left") != name or right is None:
            continue
        # A list in a variable is what the caller allows: the value is one of it.
        if right.type == "identifier" or literal_listing(right, module):
            return True
    for found in operations(node, "=="):
        right = found.child_by_field_name("right")
        if nodes.text_of(found, "left") == name and right is not None and literal(right):
            return True
    return False


def _stab_bounds(name: str, stab: Node, module: Module) -> bool:
    left = stab.child_by_field_name("left")
    if left is None:
        return False
    if _in_list(name, left, module):
        return True
    if not any(text(p) == name for p in nodes.clause_patterns(stab)):
        return False
    closure = stab.parent
    call = closure.parent.parent if closure is not None and closure.parent is not None else None
    if (
        closure is None
        or closure.type != "anonymous_function"
        or call is None
        or call.type != "call"
    ):
        return False
    source = iterated(call)
    return source is not None and literal_listing(source, module)


def iterated(call: Node) -> Node | None:
    """What `Enum.map(x, ...)`, `x |> Enum.each(...)` and their like iterate over."""
    taker = nodes.text_of(call, "target")
    if not taker.startswith(("Enum.", "Stream.")) and taker not in _MADE_OF_EACH:
        return None
    parent = call.parent
    if parent is not None and nodes.operator(parent) == "|>":
        left = parent.child_by_field_name("left")
        if left is not None and left.id != call.id:
            return left
    args = nodes.arguments(call)
    return args[0] if args else None


def _condition_bounds(name: str, call: Node, at: Node, module: Module) -> bool:
    for argument in nodes.arguments(call):
        if nodes.contains(argument, at) and argument.type != "keywords":
            continue
        if _in_list(name, argument, module):
            return True
        if nodes.operator(argument) == "<-" and nodes.text_of(argument, "left") == name:
            right = argument.child_by_field_name("right")
            if right is not None and literal_listing(right, module):
                return True
    return False


def at_compile_time(node: Node, module: Module) -> bool:
    """Whether it stands in code that macros give back, or makes a variable for such code."""
    if _names_a_variable(node) and any(w in (module.node.text or b"") for w in _READS_CODE):
        return True
    for ancestor in nodes.ancestors(node):
        if ancestor.id == module.node.id:
            return False
        if nodes.is_call_to(ancestor, "quote", "unquote"):
            return True
        if ancestor.type == "call" and ancestor.id != node.id:
            call = resolve(ancestor, module)
            if call is not None and call.full in _MAKES_VARIABLES:
                return True
    return False


def _names_a_variable(node: Node) -> bool:
    """Whether it is the name in a variable of quoted code: `{name, [], nil}`."""
    around = node.parent
    while around is not None and nodes.operator(around) == "|>":
        node, around = around, around.parent
    parts = around.named_children if around is not None and around.type == "tuple" else []
    if len(parts) != 3 or parts[0].id != node.id:
        return False
    return parts[1].type == "list" and text(parts[2]) in _IN_NO_CONTEXT


def comments_on(node: Node, clause: Clause) -> Iterator[bytes]:
    """The comments right above the clause, attributes in between left aside, and those in it that
    stand on the line of the node or the one above.
    """
    before = clause.node.prev_named_sibling
    while before is not None and (before.type == "comment" or nodes.operator(before) == "@"):
        if before.type == "comment":
            yield before.text or b""
        before = before.prev_named_sibling
    for comment in nodes.of_type(clause.node, "comment"):
        if node.start_point.row - 1 <= comment.start_point.row <= node.end_point.row:
            yield comment.text or b""


def only_for_macros(function: Function) -> bool:
    """Whether it runs at compile time only: a macro, or a private one that only macros call."""
    if function.kind.startswith(("defmacro", "defguard")) or function.name.startswith("__"):
        return True
    if function.kind != "defp":
        return False
    return _only_for_macros(function, frozenset())


def _only_for_macros(function: Function, seen: frozenset[tuple[str, int]]) -> bool:
    if function.kind.startswith("defmacro") or function.name.startswith("__"):
        return True
    key = (function.name, function.arity)
    if function.kind != "defp" or key in seen:
        return function.kind == "defp"
    callers = callers_of(function)
    return bool(callers) and all(
        _only_for_macros(c, seen | {key}) for c in callers if c is not function
    )


def callers_of(function: Function) -> list[Function]:
    """Functions of the same module that call this one."""
    module = function.module
    callers = {
        clause.function: None
        for clause in module.clauses_with(function.name.encode())
        if any(
            call.module == module.name
            and call.name == function.name
            and module.local(call.name, call.arity) is function
            for call in clause.calls
        )
    }
    return list(callers)
