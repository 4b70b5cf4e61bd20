"""A process started by hand: as a child specification that starts the same, and its place."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.child_specs import ChildFacts
from bot.elixir.edit import Edit
from bot.elixir.facts import ModuleFacts
from bot.elixir.fixes.base import Declined
from bot.elixir.fixes.jobs import CallGraph
from bot.elixir.fixes.locate import Place
from bot.elixir.nodes import text
from bot.elixir.project import Project

_WITH_CHILD_SPEC = ("GenServer", "Agent", "Supervisor", "Task", "GenStage", "DynamicSupervisor")
_RAW = ("GenServer", "GenStage", "Agent", ":gen_server", ":gen_statem", "GenStateMachine")


def specification(place: Place, target: ModuleFacts) -> str | Declined:
    """The child entry that makes the call's start: `Mod`, `{Mod, arg}` or a map."""
    call = place.call
    if call.piped or call.captured:
        return Declined("the start stands in a pipe or a capture")
    args = nodes.arguments(call.node)
    if any(nodes.identifiers(arg) - {"__MODULE__"} for arg in args):
        return Declined("its arguments are computed where it is started")
    written = [_standalone(arg, place) for arg in args]
    if call.module in _RAW:
        return _map(target.name, call.module, written)
    own = target.has("child_spec", 1) or any(target.implements(m) for m in _WITH_CHILD_SPEC)
    if own and len(written) == 1:
        return target.name if written[0] == "[]" else f"{{{target.name}, {written[0]}}}"
    return _map(target.name, target.name, written)


def _map(name: str, module: str, args: list[str]) -> str:
    return f"%{{id: {name}, start: {{{module}, :start_link, [{', '.join(args)}]}}}}"


def _standalone(arg: Node, place: Place) -> str:
    """An argument's code with its module names written in full."""
    code, base = text(arg).encode(), arg.start_byte
    names = [arg] if arg.type == "alias" else grammar.captures("(alias) @n", arg)
    for node in sorted(names, key=lambda n: -n.start_byte):
        full = place.module.scope.resolve(node).encode()
        code = code[: node.start_byte - base] + full + code[node.end_byte - base :]
    plain = code.decode().replace("__MODULE__", place.module.name)
    return f"[{plain}]" if arg.type == "keywords" else plain


def position(
    project: Project, target: str, children: tuple[ChildFacts, ...], default: int
) -> int | Declined:
    """Index for a new child: behind what it uses, before what uses it; else `default`."""
    graph = CallGraph(project)
    needed = _mentions(target, graph)
    uses = [i for i, child in enumerate(children) if {child.module, child.name} & needed - {""}]
    users = [i for i, c in enumerate(children) if c.module and target in _mentions(c.module, graph)]
    first_user = min(users, default=len(children))
    if uses and uses[-1] >= first_user:
        before, after = children[first_user], children[uses[-1]]
        return Declined(
            f"`{before.id}` uses `{target}`, which uses `{after.id}`: no place suits all"
        )
    if uses:
        return max(uses[-1] + 1, min(default, first_user))
    return min(default, first_user)


def _mentions(name: str, graph: CallGraph) -> set[str]:
    """Modules a module's code names, helpers it calls included."""
    module = graph.module(name)
    if module is None:
        return set()
    own = list(module.functions.values())
    calls = [call for function in own for call in function.calls]
    found = {name}
    for function in [*own, *graph.functions(calls)]:
        for clause in function.clauses:
            aliases = grammar.captures("(alias) @n", clause.node)
            found.update(function.module.scope.resolve(n) for n in aliases)
    return found - {name}


def removable(place: Place) -> Node | None:
    """The statement that does nothing but start the process; `None` where its value matters."""
    statement = place.call.node
    parent = statement.parent
    if parent is not None and nodes.operator(parent) == "=":
        left = parent.child_by_field_name("left")
        if left is None or not _ignores(left):
            return None
        statement = parent
    body = place.clause.statements()
    last = bool(body) and body[-1].id == statement.id
    return statement if any(s.id == statement.id for s in body) and not last else None


def _ignores(pattern: Node) -> bool:
    """`_`, `_pid`, `{:ok, _}`, `{:ok, _pid}`."""
    return all(name.startswith("_") for name in nodes.identifiers(pattern)) and pattern.type in (
        "identifier",
        "tuple",
    )


def removal(place: Place, statement: Node) -> tuple[Edit, tuple[str, ...]]:
    """The edit that takes a statement out, and the comment lines right above it that go along."""
    data, first, comments = place.data, statement, list[str]()
    above = statement.prev_named_sibling
    while above is not None and above.type == "comment":
        before = above.prev_named_sibling
        own_line = before is None or before.end_point.row < above.start_point.row
        if first.start_point.row - above.end_point.row != 1 or not own_line:
            break
        comments.insert(0, text(above).rstrip())
        first, above = above, before
    start = data.rfind(b"\n", 0, first.start_byte) + 1
    end = data.find(b"\n", statement.end_byte) + 1
    rest = data[end:]
    line = rest[: rest.find(b"\n") + 1]
    if not line.strip():
        end += len(line)
    return Edit(place.path, start, end, ""), tuple(comments)
