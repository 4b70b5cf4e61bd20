"""The text of a supervised start in place of a raw one: plain calls, pipes and captures."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.calls import Call
from bot.elixir.edit import Edit, indentation
from bot.elixir.fixes.base import Declined
from bot.elixir.fixes.layout import call_text, column, line_length, shifted, trailing
from bot.elixir.fixes.locate import Place
from bot.elixir.fixes.spacing import around, clause_of, spread
from bot.elixir.fixes.value_use import ValueUse, use_of
from bot.elixir.project import Project

TASK_STARTS = frozenset({"Task.start"})
"""Starts that return `{:ok, pid}` already."""


@dataclass(frozen=True, eq=False)
class _Site:
    """What is replaced, and with what room."""

    place: Place
    node: Node
    """The whole expression: call, pipe or capture."""
    supervisor: str
    target: str
    limit: int

    @property
    def data(self) -> bytes:
        return self.place.data

    @property
    def indent(self) -> str:
        return indentation(self.data, self.node.start_byte)


def rewrite(project: Project, place: Place, supervisor: str) -> list[Edit] | Declined:
    """Edits that start the job under `supervisor` and keep what its callers see."""
    node = _expression(place.call)
    if node is None:
        return Declined("the call's value goes on through a pipe")
    limit = line_length(project, place.path)
    site = _Site(
        place, node, _written(place, supervisor), _written(place, "Task.Supervisor"), limit
    )
    use = use_of(node, place.module)
    if place.call.full in TASK_STARTS or use.kind == "dropped":
        before = column(place.data, node.start_byte) + trailing(place.data, node.end_byte)
        text = _replacement(site, before)
        return text if isinstance(text, Declined) else _placed(site, node, text)
    return _adapted(site, use)


def _adapted(site: _Site, use: ValueUse) -> list[Edit] | Declined:
    """The pid taken out of `{:ok, pid}` where it is used."""
    if use.kind == "inside" or site.place.call.captured:
        return Declined("the pid is used inside a larger expression; a person must adapt it")
    name = use.name or _fresh("pid", site.place.clause.node)
    if use.kind == "keyword-body":
        return _keyword_body(site, use.node, name)
    text = _replacement(site, len(site.indent) + 2)
    if isinstance(text, Declined):
        return text
    matched = _match(site, name, text, use)
    if use.kind == "tail" or use.value_used:
        gap = "\n\n" if "\n" in matched else "\n"
        matched = f"{matched}{gap}{site.indent}{name}"
    return _placed(site, use.node, matched)


def _match(site: _Site, name: str, text: str, use: ValueUse) -> str:
    """`{:ok, pid} = start`, on two lines where the start does not fit behind it."""
    head = f"{{:ok, {name}}} ="
    if use.kind == "bound":
        left = nodes.text(use.node).partition("=")[2]
        if left.startswith("\n") or left.startswith("\r\n"):
            between = left[: len(left) - len(left.lstrip())].replace("\r", "")
            return f"{head}{between}{text}"
    first = text.partition("\n")[0]
    wide = len(site.indent) + len(head) + 1 + len(first) > site.limit
    if "\n" in text or wide:
        return f"{head}\n{site.indent}  {shifted(text, '  ')}"
    return f"{head} {text}"


def _placed(site: _Site, node: Node, code: str) -> list[Edit]:
    """The code in place of a node, with the line breaks it brings about."""
    path, code = site.place.path, code.replace("\r\n", "\n")
    edits: list[Edit] = []
    if "\n" in code and node.start_point.row == node.end_point.row:
        stab = clause_of(node)
        if stab is not None:
            return spread(path, site.data, stab, node, code)
        if len(nodes.parse(code.encode()).root_node.named_children) == 1 or "\n\n" in code:
            edits = around(path, site.data, node)
    return [Edit(path, node.start_byte, node.end_byte, code), *edits]


def _keyword_body(site: _Site, keywords: Node, name: str) -> list[Edit] | Declined:
    """`def f(x), do: start` as a do block that returns the pid."""
    definition = keywords.parent.parent if keywords.parent is not None else None
    before = keywords.prev_named_sibling
    if definition is None or before is None:
        return Declined("the definition has an unusual shape")
    text = _replacement(site, len(site.indent) + 4)
    if isinstance(text, Declined):
        return text
    gap = indentation(site.data, definition.start_byte)
    inner = f"{gap}  "
    wide = len(inner) + len(f"{{:ok, {name}}} = ") + len(text.partition("\n")[0]) > site.limit
    if "\n" in text or wide:
        body = f"{{:ok, {name}}} =\n{inner}  {shifted(text, '  ')}\n"
    else:
        body = f"{{:ok, {name}}} = {text}"
    code = f" do\n{inner}{body}\n{inner}{name}\n{gap}end"
    path = site.place.path
    spacing = around(path, site.data, definition)
    return [Edit(path, before.end_byte, definition.end_byte, code), *spacing]


def _expression(call: Call) -> Node | None:
    """The whole expression of the call; `None` where a pipe carries its raw pid on."""
    if call.captured:
        node = call.node
        while node.parent is not None and nodes.operator(node) != "&":
            node = node.parent
        return node
    if call.next_in_pipe is not None and call.full not in TASK_STARTS:
        return None
    if not call.piped:
        return call.node
    return call.node.parent


def _replacement(site: _Site, taken: int) -> str | Declined:
    """The new expression for a line on which `taken` columns hold other code."""
    call = site.place.call
    target = f"{site.target}.start_child"
    if call.captured:
        holes = ", ".join(f"&{i}" for i in range(1, call.arity + 1))
        return f"&{target}({site.supervisor}, {holes})"
    if call.piped:
        return _piped(site, target, site.limit - taken)
    room = site.limit - taken
    plain = _plain(site, target)
    if len(plain.partition("\n")[0]) <= room or b"\n" in (call.node.text or b""):
        return plain
    args = [site.supervisor, *(nodes.text(a) for a in nodes.arguments(call.node))]
    return call_text(target, args, site.indent, room)


def _plain(site: _Site, target: str) -> str:
    """The call with another target and the supervisor as first argument; the rest as it was."""
    node = site.place.call.node
    old = node.child_by_field_name("target")
    assert old is not None
    rest = nodes.text(node).encode()[old.end_byte - node.start_byte :].decode()
    if not rest.startswith("("):
        return f"{target} {site.supervisor},{rest}"
    inside = rest[1:]
    if inside.lstrip(" \t\r").startswith("\n"):
        gap = inside[: len(inside) - len(inside.lstrip())]
        return f"{target}({gap.replace(chr(13), '')}{site.supervisor},{inside}"
    return f"{target}({site.supervisor}, {inside}"


def _piped(site: _Site, target: str, room: int) -> str | Declined:
    """`job |> spawn()` with the job as an argument; at the end of a longer pipe by `then/2`."""
    call, pipe = site.place.call, site.node
    left = pipe.child_by_field_name("left")
    if left is None:
        return Declined("the pipe has an unusual shape")
    rest = [nodes.text(a) for a in nodes.arguments(call.node)]
    if grammar.captures("(comment) @n", pipe):
        return Declined("the pipe holds comments that would lose their place")
    if nodes.operator(left) == "|>":
        if any("&" in part for part in rest):
            return Declined("a capture stands inside the piped call")
        args = ", ".join([site.supervisor, "&1", *rest])
        middle = nodes.text(pipe).encode()[: call.start - pipe.start_byte].decode()
        return f"{middle}then(&{target}({args}))"
    return call_text(target, [site.supervisor, nodes.text(left), *rest], site.indent, room)


def _written(place: Place, name: str) -> str:
    """A module's name so that no alias of the place changes its meaning."""
    inner = any(c.name == "alias" and c.local for c in place.clause.calls)
    if name.startswith(":") or (not inner and place.module.scope.resolve_name(name) == name):
        return name
    return f"Elixir.{name}"


def _fresh(name: str, node: Node) -> str:
    taken = nodes.identifiers(node)
    while name in taken:
        name = f"job_{name}"
    return name
