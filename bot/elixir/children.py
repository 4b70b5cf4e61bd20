"""Child specifications as they stand in source: literal lists, tuples, maps, `Supervisor.child_spec`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.scope import Scope

SUPERVISING = frozenset({"Supervisor.start_link", "Supervisor.init", "DynamicSupervisor.init", "Supervisor.Spec.supervise"})
_SUPERVISOR_MODULES = frozenset({"Supervisor", "DynamicSupervisor", "Task.Supervisor", "PartitionSupervisor", "ConsumerSupervisor"})


@dataclass(frozen=True)
class ChildFacts:
    """One child as written."""

    module: str
    """Resolved; empty where it is not static."""
    id: str
    restart: str
    """Empty: the module's own default."""
    name: str
    """Registered name given in the child's options, resolved; empty if none."""
    start: int
    end: int
    code: str


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


def child_lists(module: Module) -> Iterator[ChildListFacts]:
    """Every supervisor the module starts, with what is known of its children."""
    for clause in module.all_clauses():
        for call in clause.calls:
            if call.full in SUPERVISING and not call.in_quote:
                yield _list_facts(call, clause)


def _list_facts(call: Call, clause: Clause) -> ChildListFacts:
    module = clause.function.module
    dynamic = call.module == "DynamicSupervisor"
    argument = None if dynamic or not call.args else call.args[0]
    listing = literal_list(argument, clause) if argument is not None else None
    found = tuple(child(n, module.scope) for n in elements(listing)) if listing is not None else ()
    options = call.keywords() or _option_variable(call, clause)
    strategy = options.get("strategy")
    return ChildListFacts(
        call=call.full,
        strategy=text(strategy).removeprefix(":") if strategy is not None and strategy.type == "atom" else "",
        children=found,
        literal=dynamic or listing is not None,
        path=module.source.path,
        function=clause.function.label,
        start=call.start,
        end=call.node.end_byte,
        list_start=listing.start_byte if listing is not None else 0,
        list_end=listing.end_byte if listing is not None else 0,
    )


def _option_variable(call: Call, clause: Clause) -> dict[str, Node]:
    if len(call.args) < 2 or call.args[1].type != "identifier":
        return {}
    value = assigned(text(call.args[1]), clause)
    return nodes.keyword_pairs(value) if value is not None else {}


def literal_list(node: Node, clause: Clause) -> Node | None:
    """The list literal a children argument means: itself, or the one assignment of that variable."""
    if node.type == "list":
        return node
    if node.type != "identifier":
        return None
    value = assigned(text(node), clause)
    return value if value is not None and value.type == "list" else None


def assigned(name: str, clause: Clause) -> Node | None:
    """The value of the only `name = value` in the clause; `None` if there is none or several."""
    if clause.body is None:
        return None
    found = []
    for node in nodes.captures('(binary_operator left: (identifier) operator: "=") @n', clause.body):
        if nodes.text_of(node, "left") == name:
            found.append(node.child_by_field_name("right"))
    return found[0] if len(found) == 1 else None


def elements(listing: Node) -> list[Node]:
    """Elements of a list literal; a keyword tail is one node."""
    return [c for c in listing.named_children if c.type != "comment"]


def child(node: Node, scope: Scope) -> ChildFacts:
    """One element of a children list."""
    module = started_module(node, scope)
    options = _options(node)
    restart, name = options.get("restart"), options.get("name")
    given = options.get("id")
    return ChildFacts(
        module=module,
        id=scope.resolve(given) if given is not None else module or text(node)[:60],
        restart=text(restart).removeprefix(":") if restart is not None else "",
        name=scope.resolve(name) if name is not None and (name.type == "alias" or text(name) == "__MODULE__") else "",
        start=node.start_byte,
        end=node.end_byte,
        code=text(node),
    )


def _options(node: Node) -> dict[str, Node]:
    if node.type == "map":
        return nodes.keyword_pairs(next(iter(node.named_children), None))
    found: dict[str, Node] = {}
    if node.type == "call":
        found.update(nodes.call_keywords(node))
        args = nodes.arguments(node)
        node = args[0] if args else node
    if node.type == "tuple" and node.named_children:
        found = {**nodes.keyword_pairs(node.named_children[-1]), **found}
    return found


def started_module(node: Node, scope: Scope) -> str:
    """Module a child specification starts: `Mod`, `{Mod, arg}`, `%{start: {Mod, ...}}`, `Mod.child_spec(...)`."""
    if node.type == "alias" or text(node) == "__MODULE__":
        return scope.resolve(node)
    if node.type == "tuple" and node.named_children:
        first = node.named_children[0]
        return scope.resolve(first) if first.type in ("alias", "identifier") and _is_module(first) else ""
    if node.type == "map":
        start = _options(node).get("start")
        return started_module(start, scope) if start is not None else ""
    if node.type == "call":
        target = nodes.text_of(node, "target")
        args = nodes.arguments(node)
        if target in ("Supervisor.child_spec", "worker", "supervisor", "Supervisor.Spec.worker") and args:
            return started_module(args[0], scope)
        if target.endswith(".child_spec"):
            return scope.resolve_name(target.removesuffix(".child_spec"))
    return ""


def _is_module(node: Node) -> bool:
    return node.type == "alias" or text(node).startswith("__MODULE__")


def mentions(module: Module) -> Iterator[str]:
    """Modules written where a child specification could be: in a list or tuple, or given to `child_spec`."""
    if module.body is None:
        return
    pattern = "[(list (alias) @n) (tuple . (alias) @n) (arguments . (alias) @n) (pair value: (alias) @n)]"
    for node in nodes.captures(pattern, module.body):
        yield module.scope.resolve(node)
    for node in nodes.captures("(call target: (dot left: (alias) @n right: (identifier) @f))", module.body):
        right = node.parent.child_by_field_name("right") if node.parent is not None else None
        if right is not None and text(right) == "child_spec":
            yield module.scope.resolve(node)
    if b"__MODULE__" in module.source.data:
        for node in nodes.captures("[(list (identifier) @n) (tuple . (identifier) @n)]", module.body):
            if text(node) == "__MODULE__":
                yield module.name


def child_kind(module: str) -> str:
    """`supervisor` for the supervisors of the standard library, `worker` otherwise."""
    return "supervisor" if module in _SUPERVISOR_MODULES else "worker"
