"""Child specifications as they stand in source, and the lists that supervisors are given.

A list is followed through variables, `++`, `if`/`case`, filters and the module's own functions.
What can be seen of it is shown; whether that is all of it is said by `literal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.child_specs import ChildFacts as ChildFacts
from bot.elixir.child_specs import child
from bot.elixir.expressions import Expression, assignments, branches, last_value, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module

SUPERVISING = frozenset(
    {
        "Supervisor.start_link",
        "Supervisor.init",
        "DynamicSupervisor.init",
        "ConsumerSupervisor.init",
        "Supervisor.Spec.supervise",
        "supervise",
    }
)
_DYNAMIC = ("DynamicSupervisor", "ConsumerSupervisor")
_KEEPS_ITEMS = frozenset(
    {
        "Enum.reject", "Enum.filter", "Enum.concat", "Enum.reverse", "Enum.uniq", "List.flatten",
        "Enum.to_list", "Enum.sort_by", "List.delete", "Kernel.++",
    }
)  # fmt: skip
_MAX_STEPS, _MAX_DEPTH = 500, 30


@dataclass(frozen=True)
class ChildListFacts:
    """The children handed to one `Supervisor.start_link` or `Supervisor.init`."""

    call: str
    strategy: str
    children: tuple[ChildFacts, ...]
    literal: bool
    """A plain list: every child can be seen and one can be added."""
    path: str
    function: str
    start: int
    end: int
    """Byte range of the supervising call."""
    list_start: int
    list_end: int
    """Byte range of the list literal; both 0 where there is none."""


_Item = tuple[Expression, Node]
"""What a child is, and the element that stands for it in its list."""


def child_lists(module: Module) -> Iterator[ChildListFacts]:
    """Every supervisor the module starts, with what is known of its children."""
    for clause in module.clauses_with(b"Supervisor", b"supervise("):
        for call in clause.calls:
            if (
                call.full in SUPERVISING
                and call.args
                and not _by_module(call)
                and not call.in_quote
            ):
                yield _list_facts(call, clause)


def _by_module(call: Call) -> bool:
    """`Supervisor.start_link(Mod, arg, ...)`: the children are those of `Mod.init/1`."""
    if call.full != "Supervisor.start_link":
        return False
    first = call.args[0]
    return call.arity == 3 or first.type == "alias" or text(first) == "__MODULE__"


def _list_facts(call: Call, clause: Clause) -> ChildListFacts:
    module = clause.function.module
    dynamic = call.module in _DYNAMIC
    seen = [] if dynamic else _distinct(_Reader().items(Expression(call.args[0], clause)))
    listing = None if dynamic else literal_list(call.args[0], clause)
    strategy = _options(call, clause).get("strategy")
    return ChildListFacts(
        call=call.full,
        strategy=text(strategy).removeprefix(":")
        if strategy is not None and strategy.type == "atom"
        else "",
        children=tuple(child(value, element) for value, element in seen),
        literal=dynamic or listing is not None,
        path=module.source.path,
        function=clause.function.label,
        start=call.start,
        end=call.node.end_byte,
        list_start=listing.start_byte if listing is not None else 0,
        list_end=listing.end_byte if listing is not None else 0,
    )


def _distinct(items: list[_Item]) -> list[_Item]:
    """Each element once: `if x, do: list ++ [A], else: list` shows the list on two ways."""
    first: dict[int, _Item] = {}
    for value, element in items:
        first.setdefault(element.start_byte, (value, element))
    return list(first.values())


def _options(call: Call, clause: Clause) -> dict[str, Node]:
    given = call.keywords() if len(call.args) > 1 or call.module in _DYNAMIC else {}
    if given or len(call.args) < 2 or call.args[1].type != "identifier":
        return given
    value = value_of(Expression(call.args[1], clause))
    return nodes.keyword_pairs(value.node) if value is not None else {}


def literal_list(node: Node, clause: Clause) -> Node | None:
    """The list literal an argument means: itself, or the one assignment of that variable."""
    value: Node | None = node
    if node.type == "identifier":
        found = assignments(text(node), clause)
        value = found[0] if len(found) == 1 else None
    if value is None or value.type != "list":
        return None
    return None if any(nodes.operator(e) == "|" for e in elements(value)) else value


def elements(listing: Node) -> list[Node]:
    """Elements of a list literal; a keyword tail is one node."""
    return [c for c in listing.named_children if c.type != "comment"]


class _Reader:
    """Follows one children argument; limited in depth and steps, as a list can call itself."""

    def __init__(self) -> None:
        self._steps = self._depth = 0

    def items(self, expression: Expression) -> list[_Item]:
        """The elements of a list-valued expression, as far as they can be seen."""
        self._steps += 1
        if self._steps > _MAX_STEPS or self._depth > _MAX_DEPTH:
            return []
        self._depth += 1
        found = self._items(expression)
        self._depth -= 1
        return found

    def _items(self, expression: Expression) -> list[_Item]:
        node = expression.node
        if node.type == "list":
            return self._of_literal(expression)
        if node.type == "identifier":
            value = value_of(expression)
            return self.items(value) if value is not None else self._of_call(expression)
        if nodes.operator(node) == "++":
            sides = [node.child_by_field_name(field) for field in ("left", "right")]
            return self._joined([expression.at(side) for side in sides if side is not None])
        if nodes.operator(node) == "|>":
            return self._of_pipe(expression)
        chosen = branches(expression)
        return self._joined(chosen) if chosen else self._of_call(expression)

    def _joined(self, parts: list[Expression]) -> list[_Item]:
        return [item for part in parts for item in self.items(part)]

    def _of_literal(self, expression: Expression) -> list[_Item]:
        items: list[_Item] = []
        for element in elements(expression.node):
            if nodes.operator(element) == "|":
                head, tail = (element.child_by_field_name(field) for field in ("left", "right"))
                items += [(expression.at(head), head)] if head is not None else []
                items += self.items(expression.at(tail)) if tail is not None else []
                continue
            chosen = [b for b in branches(expression.at(element)) if b.node.type != "nil"]
            items += [(value, element) for value in chosen[:1] or [expression.at(element)]]
        return items

    def _of_pipe(self, expression: Expression) -> list[_Item]:
        left, right = (expression.node.child_by_field_name(field) for field in ("left", "right"))
        if left is None or right is None:
            return []
        target = nodes.text_of(right, "target")
        if target not in _KEEPS_ITEMS:
            return self._of_call(expression.at(right))
        joins = target in ("Enum.concat", "Kernel.++")
        given = nodes.arguments(right) if joins else []
        return self._joined([expression.at(n) for n in (left, *given)])

    def _of_call(self, expression: Expression) -> list[_Item]:
        node = expression.node
        if node.type not in ("call", "identifier"):
            return []
        if nodes.text_of(node, "target") in _KEEPS_ITEMS:
            given = [
                n
                for n in nodes.arguments(node)
                if n.type in ("list", "identifier", "call", "binary_operator")
            ]
            return self._joined([expression.at(n) for n in given])
        return self._joined(last_value(expression))
