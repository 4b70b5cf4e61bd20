"""What is known of each module for project rules and the supervision tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from bot.elixir import children, nodes
from bot.elixir.calls import Call
from bot.elixir.child_specs import spec_options, started_module
from bot.elixir.children import ChildListFacts
from bot.elixir.loose import outermost, own_calls
from bot.elixir.mentions import mentions
from bot.elixir.nodes import text
from bot.elixir.outline import Function, Module
from bot.elixir.source import Role, Source

_CALLS_OF_INTEREST = re.compile(rb"s(?:tart(?:_link|_child|_monitor)?|end(?:_after)?)\b")
"""Without a boundary in front, where a fixed first letter is faster to look for."""
_SENDS = frozenset({"Kernel.send", "Process.send", "Process.send_after", ":erlang.send"})
_STARTERS = frozenset({"start_link", "start", "start_child", "start_monitor"})


TELLING = frozenset({"init", "handle_call", "handle_continue", "start_link", "child_spec"})
"""Functions by which a module shows what it is. A new function of another name changes nothing for
those who look at facts alone."""


@dataclass(frozen=True)
class StartFacts:
    """A call that starts a process: `Foo.start_link(...)`, `GenServer.start_link(Foo, ...)`."""

    call: str
    """As resolved: `GenServer.start_link`, `Shop.Cart.start_link`, ..."""
    target: str
    """Module that is started; empty where it is not static."""
    path: str
    start: int
    end: int
    module: str
    function: str
    role: Role
    result_used: bool


@dataclass(frozen=True)
class SendFacts:
    """`send` to a process named by another module."""

    target: str
    path: str
    start: int
    end: int
    module: str
    function: str


@dataclass(frozen=True)
class ModuleFacts:
    """One module of the project."""

    name: str
    path: str
    role: Role
    start: int
    end: int
    line: int
    uses: tuple[str, ...]
    use_options: dict[str, dict[str, str]]
    """Source text of `use X, key: value` options, by used module."""
    behaviours: tuple[str, ...]
    functions: tuple[tuple[str, int], ...]
    """Name and arity of those that others can call."""
    names: tuple[str, ...] = ()
    """Modules and atoms used as registered names in its own start functions."""
    starts: tuple[StartFacts, ...] = ()
    sends: tuple[SendFacts, ...] = ()
    child_lists: tuple[ChildListFacts, ...] = ()
    mentions: frozenset[str] = field(default_factory=frozenset)
    """Modules that appear where a child specification could be written."""
    spec: dict[str, str] = field(default_factory=dict)
    """`id`, `restart` and `type` of its own `child_spec/1`, as far as they are literal."""

    def has(self, name: str, arity: int | None = None) -> bool:
        """Whether it defines a `TELLING` function for others; raises `KeyError` for another one,
        for which `Project.defines` is to be asked.
        """
        if name not in TELLING:
            raise KeyError(name)
        return any(n == name and arity in (None, a) for n, a in self.functions)

    def implements(self, behaviour: str) -> bool:
        """Whether it uses or declares the behaviour."""
        return behaviour in self.uses or behaviour in self.behaviours


def facts_of(module: Module) -> ModuleFacts:
    """The facts of one module; only functions that hold a word of interest are looked into.

    Of tests only names and functions are kept: what they start is no part of the application.
    """
    if module.source.role == "test":
        return outline_facts(module)
    starts, sends = _calls(module)
    return replace(
        outline_facts(module),
        names=tuple(_registered_names(module)),
        starts=tuple(starts),
        sends=tuple(sends),
        mentions=mentions(module),
    )


def outline_facts(module: Module) -> ModuleFacts:
    """The facts a supervision tree is made of, without starts, sends, mentions and names."""
    source = module.source
    return ModuleFacts(
        name=module.name,
        path=source.path,
        role=source.role,
        start=module.node.start_byte,
        end=module.node.end_byte,
        line=module.node.start_point.row + 1,
        uses=tuple(u.name for u in module.uses),
        use_options={u.name: {k: text(v) for k, v in u.options.items()} for u in module.uses},
        behaviours=tuple(module.behaviours),
        functions=tuple(key for key, function in module.functions.items() if function.public),
        child_lists=tuple(children.child_lists(module)) if source.role != "test" else (),
        spec=_own_spec(module),
    )


def _calls(module: Module) -> tuple[list[StartFacts], list[SendFacts]]:
    starts: list[StartFacts] = []
    sends: list[SendFacts] = []
    for function, call in _scoped_calls(module):
        label = function.label if function else ""
        if call.name in _STARTERS and call.module and not call.captured and not call.in_quote:
            starts.append(_start(call, label))
        elif call.full in _SENDS and call.args and not call.captured and not call.in_quote:
            target = _named_process(call, module)
            if target:
                sends.append(
                    SendFacts(
                        target,
                        module.source.path,
                        call.start,
                        call.node.end_byte,
                        module.name,
                        label,
                    )
                )
    return starts, sends


def _scoped_calls(module: Module) -> Iterator[tuple[Function | None, Call]]:
    source, start, end = module.source, module.node.start_byte, module.node.end_byte
    if not source.matches(_CALLS_OF_INTEREST, start, end):
        return
    for clause in module.all_clauses():
        body = clause.body if clause.matches(_CALLS_OF_INTEREST) else None
        if body and source.matches(_CALLS_OF_INTEREST, body.start_byte, body.end_byte):
            for call in clause.calls:
                yield clause.function, call
    for node in outermost(module):
        if source.matches(_CALLS_OF_INTEREST, node.start_byte, node.end_byte):
            for call in own_calls(node, module):
                yield None, call


def _start(call: Call, label: str) -> StartFacts:
    target = call.module
    if call.name == "start_child" and len(call.args) > 1:
        target = started_module(call.args[1], call.owner.scope)
    elif call.module in (
        "GenServer",
        "GenStage",
        ":gen_server",
        ":gen_statem",
        "Supervisor",
        "DynamicSupervisor",
    ):
        position = 1 if call.module.startswith(":") and call.arity == 4 else 0
        target = _alias(call, position)
    elif call.module in ("Agent", "Task", "Registry", "Task.Supervisor", "PartitionSupervisor"):
        target = ""
    parent = call.statement.parent
    used = parent is not None and parent.type not in ("do_block", "body", "block")
    last = not used and call.statement in nodes.statements(parent)[-1:]
    return StartFacts(
        call.full, target, call.owner.source.path, call.start, call.node.end_byte, call.owner.name,
        label,
        call.owner.source.role, used or last,
    )  # fmt: skip


def _alias(call: Call, position: int) -> str:
    if len(call.args) <= position:
        return ""
    node = call.args[position]
    if node.type == "alias" or text(node).startswith("__MODULE__"):
        return call.owner.scope.resolve(node)
    return ""


def _named_process(call: Call, module: Module) -> str:
    node: Node | None = call.args[0]
    if node is not None and node.type == "call":
        inner = nodes.arguments(node)
        looks_up = nodes.text_of(node, "target") in ("Process.whereis", "GenServer.whereis")
        node = inner[0] if looks_up and inner else None
    return _static_name(node, module)


def _static_name(node: Node | None, module: Module) -> str:
    """A module or atom written as a process name, also through `@attribute`; else empty."""
    if node is not None and nodes.operator(node) == "@":
        node = module.attributes.get(nodes.text_of(node, "operand"))
    if node is None or not (node.type in ("alias", "atom") or text(node).startswith("__MODULE__")):
        return ""
    return "" if text(node) in (":global", ":via") else module.scope.resolve(node)


def _registered_names(module: Module) -> Iterator[str]:
    for function in module.functions.values():
        if function.name not in ("start_link", "start", "init", "child_spec"):
            continue
        for clause in function.clauses:
            for call in clause.calls if clause.mentions(b"name:") else ():
                name = _static_name(call.keywords().get("name"), module)
                if name:
                    yield name


def _own_spec(module: Module) -> dict[str, str]:
    function = module.functions.get(("child_spec", 1))
    if function is None or len(function.clauses) != 1:
        return {}
    last = function.clauses[0].statements()[-1:]
    options = spec_options(last[0]) if last else {}
    return {k: text(v) for k, v in options.items() if k in ("id", "restart", "type")}


def facts_of_file(source: Source, modules: list[Module]) -> tuple[ModuleFacts, ...]:
    """Facts of all modules of a file."""
    return tuple(facts_of(module) for module in modules)
