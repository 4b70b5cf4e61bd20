"""ETS tables: where they are created, and what is done to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project

READS = frozenset({":ets.lookup", ":ets.member", ":ets.lookup_element"})
INSERTS = frozenset({":ets.insert", ":ets.insert_new"})
WRITES = INSERTS | {":ets.update_counter", ":ets.update_element"}
REMOVES = frozenset(
    f":ets.{name}"
    for name in (
        "delete", "delete_all_objects", "delete_object", "match_delete", "select_delete", "take",
        "give_away",
    )
)  # fmt: skip
"""Calls after which a table, or what one owner holds of it, is smaller."""

_TABLE_LAST = frozenset({":ets.foldl", ":ets.foldr"})
_LIBRARY = frozenset(
    "Access Application Atom Enum Kernel Keyword List Map Module Process String Tuple".split()
)
"""Modules whose functions give something else each time: no names."""
_BESIDES = frozenset({"priv", "examples", "example"})
"""Folders of code that is no part of the application."""
_MOST_STEPS = 5


@dataclass(frozen=True, eq=False)
class Operation:
    """One call of an `:ets` function."""

    call: Call
    clause: Clause

    @property
    def module(self) -> Module:
        return self.clause.function.module

    @cached_property
    def operand(self) -> Node | None:
        """The table as written."""
        at = 2 if self.call.full in _TABLE_LAST else 0
        return self.call.args[at] if len(self.call.args) > at else None

    @cached_property
    def table(self) -> str:
        """What names the table; empty where only run time knows."""
        node = self.operand
        return identity(Expression(node, self.clause)) if node is not None else ""


@dataclass(frozen=True, eq=False)
class Table:
    """One `:ets.new`."""

    call: Call
    clause: Clause
    name: str
    """What names it, as in `Operation.table`; empty for a table without a name."""
    options: frozenset[str]
    """Atoms in its options."""

    @property
    def module(self) -> Module:
        return self.clause.function.module

    @property
    def access(self) -> str:
        """`:public`, `:private` or, as by default, `:protected`."""
        return next((o for o in (":public", ":private") if o in self.options), ":protected")


def modules_with_tables(project: Project) -> Iterator[Module]:
    """The modules of `lib` that call `:ets`, each file opened only if it speaks of it; examples
    and what lies in `priv` aside.
    """
    for path in project.lib_holding(b":ets."):
        if _BESIDES.isdisjoint(path.split("/")):
            yield from project.modules_in(path)


def operations(module: Module) -> list[Operation]:
    """Everything the module does to tables, in source order of its clauses."""
    return [
        Operation(call, clause)
        for clause in module.clauses_with(b":ets.")
        for call in clause.calls
        if call.module == ":ets" and not call.captured and not call.in_quote
    ]


def created(module: Module) -> list[Table]:
    """The tables the module creates."""
    return [
        Table(op.call, op.clause, op.table if named else "", options)
        for op in operations(module)
        if op.call.full == ":ets.new"
        for options in [_options(op)]
        for named in [":named_table" in options]
    ]


def _options(operation: Operation) -> frozenset[str]:
    """Atoms in the options, and in what the variables among them were set to."""
    args = operation.call.args
    if len(args) < 2:
        return frozenset()
    found = [operation.module.value(args[1])]
    for variable in nodes.of_type(args[1], "identifier"):
        value = value_of(Expression(variable, operation.clause))
        found += [operation.module.value(value.node)] if value is not None else []
    atoms = (n for node in found for n in nodes.of_type(node, "atom"))
    return frozenset(text(n) for n in atoms)


def identity(expression: Expression, steps: int = 0) -> str:
    """What an expression names wherever it is written; empty where only run time knows.

    An atom or module, through attributes, variables and the module's own functions; a name that a
    function makes of its arguments is known by that function.
    """
    node, clause = expression.node, expression.clause
    module = clause.function.module
    if steps > _MOST_STEPS:
        return ""
    if nodes.operator(node) == "@":
        value = module.value(node)
        return "" if value is node else identity(expression.at(value), steps + 1)
    if node.type in ("alias", "atom") or _own_name(node):
        return module.scope.resolve(node)
    if node.type == "identifier":
        assigned = value_of(expression)
        if assigned is not None:
            return identity(assigned, steps + 1)
        return _of_maker(module.local(text(node), 0), steps) if _free(node, clause) else ""
    call = resolve(node, module) if node.type == "call" else None
    if call is None or call.module in _LIBRARY or call.module[:1] in ("", ":"):
        return ""
    if call.module == module.name:
        return _of_maker(module.local(call.name, call.arity), steps)
    return f"{call.module}.{call.name}/{call.arity}()"


def _own_name(node: Node) -> bool:
    return node.type in ("identifier", "dot") and text(node).startswith("__MODULE__")


def _of_maker(maker: Function | None, steps: int) -> str:
    if maker is None:
        return ""
    last = [clause.statements()[-1:] for clause in maker.clauses]
    fixed = ""
    if len(last) == 1 and last[0]:
        fixed = identity(Expression(last[0][0], maker.clauses[0]), steps + 1)
    return fixed or f"{maker.module.name}.{maker.label}()"


def _free(node: Node, clause: Clause) -> bool:
    return all(text(node) not in nodes.identifiers(param) for param in clause.params)
