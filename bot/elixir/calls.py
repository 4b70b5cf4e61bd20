"""Calls with their meaning: which function of which module, pipes and captures counted in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.call_nodes import calls_and_captures
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.scope import Scope
from bot.elixir.source import falls_in
from bot.elixir.written import Written, arity_of, written

KERNEL = frozenset(
    "spawn spawn_link spawn_monitor send self exit throw raise reraise make_ref node apply".split()
)
"""Kernel functions rules ask for; other bare names stay unresolved."""

STARTS_PROCESS = frozenset(
    {
        "Kernel.spawn", "Kernel.spawn_link", "Kernel.spawn_monitor", ":erlang.spawn",
        ":erlang.spawn_link",
        ":erlang.spawn_monitor", ":erlang.spawn_opt", ":proc_lib.spawn", ":proc_lib.spawn_link",
        "Task.start", "Task.start_link", "Task.async", "Task.async_stream",
        "Task.Supervisor.start_child",
        "Task.Supervisor.async", "Task.Supervisor.async_nolink", "Task.Supervisor.async_stream",
        "Task.Supervisor.async_stream_nolink", "Process.spawn", "Agent.start", "Agent.start_link",
        "Agent.get",
        "Agent.update", "Agent.get_and_update", "Agent.cast", "Node.spawn", "Node.spawn_link",
        "Node.spawn_monitor",
        ":rpc.call", ":rpc.cast", ":erpc.call", ":erpc.cast",
    }
)  # fmt: skip
"""Calls whose function argument runs in another process."""


@dataclass(eq=False)
class Call:
    """One call (or `&Mod.fun/1` capture)."""

    node: Node
    module: str
    """Resolved module: `Task.Supervisor`, `:ets`, `Kernel`, the own module for a local function.

    Empty where only run time knows (a variable, a macro, an unlisted Kernel function).
    """
    name: str
    owner: Module
    receiver: str = ""
    """Text before the dot as written."""
    outside_functions: bool = False
    """Known to stand in no function value, so that nobody need look around it."""
    told: Written | None = None
    """How it is written; where none is told it is read from the node, once somebody asks: of most
    calls all want to know the name only."""

    @property
    def written(self) -> Written:
        if self.told is None:
            self.told = written(self.node)
        return self.told

    @property
    def args(self) -> list[Node]:
        """With the piped value in first place; keywords are one trailing node."""
        return self.written.args

    @property
    def arity(self) -> int:
        return self.written.arity

    @property
    def captured(self) -> bool:
        return self.written.captured

    @property
    def piped(self) -> bool:
        return self.written.piped

    @property
    def full(self) -> str:
        """`Module.name`, or `name` alone where the module is unknown."""
        return f"{self.module}.{self.name}" if self.module else self.name

    @property
    def start(self) -> int:
        return self.node.start_byte

    @property
    def local(self) -> bool:
        """Whether it is written without a module."""
        return not self.receiver

    def keywords(self) -> dict[str, Node]:
        """Keyword arguments in last place."""
        if self.args and self.args[-1].type in ("keywords", "list"):
            return nodes.keyword_pairs(self.args[-1])
        return {}

    @cached_property
    def statement(self) -> Node:
        """The outermost pipe chain this call is part of."""
        node = self.node
        parent = node.parent
        while parent is not None and nodes.operator(parent) == "|>":
            node, parent = parent, parent.parent
        return node

    @cached_property
    def in_quote(self) -> bool:
        """Whether it stands in a `quote` block: code for elsewhere."""
        from bot.elixir.place import in_quote

        quotes = self.owner.source.places(b"quote")
        return bool(quotes) and quotes[0] < self.start and in_quote(self.node, self.owner)

    @cached_property
    def runs_in(self) -> str:
        """The process-starting call whose function argument holds this call; empty if none does."""
        from bot.elixir.place import runs_in

        return "" if self.outside_functions else runs_in(self.node, self.owner)

    @cached_property
    def deferred(self) -> bool:
        """Whether it stands in a function value of which nobody knows when and where it runs."""
        from bot.elixir.place import deferred

        return not self.outside_functions and deferred(self.node, self.owner)

    @cached_property
    def next_in_pipe(self) -> Node | None:
        """The call this one's value is piped into."""
        parent = self.node.parent
        if parent is None or nodes.operator(parent) != "|>":
            return None
        if self._is_left(parent):
            return parent.child_by_field_name("right")
        above = parent.parent
        if above is not None and nodes.operator(above) == "|>":
            return above.child_by_field_name("right")
        return None

    def _is_left(self, parent: Node) -> bool:
        left = parent.child_by_field_name("left")
        return left is not None and left.id == self.node.id


def calls_in(node: Node, module: Module, *, whole: bool = False) -> list[Call]:
    """Calls within a node, in source order; the aliases and imports inside it are honoured.

    `whole`: the node is a function's body, so that no function value is around it.
    """
    found, slashes, functions = calls_and_captures(node)
    scope = module.scope
    inner = []
    if falls_in(module.source.places(b"alias", b"import"), node.start_byte, node.end_byte):
        inner = [c for c in found if nodes.is_call_to(c, "alias", "import")]
    if inner:
        scope = Scope(module=module.name, outer=module.scope)
        for directive in inner:
            scope.directive(nodes.text_of(directive, "target"), directive)
    resolved = [resolve(call, module, scope) for call in found]
    captures = [capture for n in slashes if (capture := _local_capture(n, module, scope))]
    calls = [c for c in resolved if c is not None] + captures
    if captures:
        calls.sort(key=lambda c: c.start)
    if whole:
        _tell_places(calls, functions)
    return calls


def _tell_places(calls: list[Call], functions: list[Node]) -> None:
    """Say which calls stand in none of the functions; both are in source order."""
    ahead = [(f.start_byte, f.end_byte) for f in reversed(functions)]
    end = 0
    for call in calls:
        start = call.start
        while ahead and ahead[-1][0] <= start:
            end = max(end, ahead.pop()[1])
        call.outside_functions = start >= end


def resolve(node: Node, module: Module, scope: Scope | None = None) -> Call | None:
    """The meaning of one call node; `None` for calls of anonymous functions."""
    scope = scope or module.scope
    target = node.child_by_field_name("target")
    if target is None:
        return None
    if target.type == "identifier":
        call = Call(node, "", text(target), module)
        call.module = _local_module(call, scope)
        return call
    if target.type != "dot":
        return None
    left, right = target.child_by_field_name("left"), target.child_by_field_name("right")
    if left is None or right is None:
        return None
    known = left.type in ("alias", "atom") or (
        left.type in ("identifier", "dot") and text(left).startswith("__MODULE__")
    )
    owner = scope.resolve(left) if known else ""
    return Call(node, owner, text(right), module, text(left))


def _local_module(call: Call, scope: Scope) -> str:
    """Asks for the arity only where the name is one of several modules."""
    name, module = call.name, call.owner
    if module.named(name) and module.local(name, call.arity) is not None:
        return module.name
    imported = scope.importer(name, call.arity) if scope.picks(name) else ""
    if imported:
        return imported
    if name in KERNEL and not scope.hides_kernel(name, call.arity):
        return "Kernel"
    return ""


def _local_capture(node: Node, module: Module, scope: Scope) -> Call | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return None
    told = Written([], arity_of(right), captured=True)
    call = Call(left, "", text(left), module, told=told)
    call.module = _local_module(call, scope)
    return call
