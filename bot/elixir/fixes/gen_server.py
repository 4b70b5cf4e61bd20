"""What codemods ask of a GenServer's callbacks: what they return, how they are annotated, where
new ones go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.edit import Edit, indentation
from bot.elixir.fixes.places import lead_start, leads, line_start
from bot.elixir.module import Clause, Function, Module
from bot.elixir.nodes import text

_BRANCHING = ("case", "cond", "if", "unless", "with")


@dataclass(frozen=True, eq=False)
class Return:
    """One expression a clause can end in."""

    node: Node
    tag: str
    """First atom of a tuple, or the atom itself, without colon; empty where it is not written
    out.
    """
    rest: tuple[Node, ...] = ()
    """The tuple's elements after the tag."""

    @property
    def state(self) -> Node | None:
        """The server state of an `{:ok, state}` or `{:noreply, state}`; `None` for any other
        shape.
        """
        return self.rest[0] if self.tag in ("ok", "noreply") and len(self.rest) == 1 else None


def returns(clause: Clause) -> list[Return]:
    """What the clause can return, looked up through `case`, `cond`, `if`, `unless` and `with`."""
    if clause.body is None or clause.parts("rescue_block") or clause.parts("catch_block"):
        return [Return(clause.node, "")]
    return list(_ends(clause.statements(), clause.node))


def _ends(statements: list[Node], where: Node) -> Iterator[Return]:
    if not statements:
        yield Return(where, "")
        return
    last = statements[-1]
    word = nodes.text_of(last, "target") if last.type == "call" else ""
    block = nodes.do_block(last)
    if word in _BRANCHING and block is not None:
        yield from _branches(last, word, block)
    else:
        yield _leaf(last)


def _branches(call: Node, word: str, block: Node) -> Iterator[Return]:
    other = next((c for c in block.named_children if c.type == "else_block"), None)
    if word in ("case", "cond"):
        for stab in nodes.clauses(block):
            yield from _ends(nodes.statements(nodes.clause_body(stab)), stab)
        return
    yield from _ends(nodes.statements(block), call)
    if word == "with" and other is not None:
        for stab in nodes.clauses(other):
            yield from _ends(nodes.statements(nodes.clause_body(stab)), stab)
    else:
        yield from _ends(nodes.statements(other), call)


def _leaf(node: Node) -> Return:
    if node.type == "atom":
        return Return(node, text(node).removeprefix(":"))
    if node.type == "tuple" and node.named_children and node.named_children[0].type == "atom":
        first, *rest = [c for c in node.named_children if c.type != "comment"]
        return Return(node, text(first).removeprefix(":"), tuple(rest))
    return Return(node, "")


def is_gen_server(module: Module) -> bool:
    """Whether the module itself is a GenServer's callback module with an `init/1`."""
    return module.implements("GenServer") and ("init", 1) in module.functions


def traps_exits(module: Module) -> bool:
    """Whether any function sets `:trap_exit`."""
    return any(
        call.full in ("Process.flag", ":erlang.process_flag") and "trap_exit" in text(call.node)
        for clause in module.all_clauses()
        for call in clause.calls
    )


def impl_line(clause: Clause) -> str:
    """The `@impl` attribute new callbacks take, as the module writes it; empty if it writes
    none.
    """
    for lead in leads(clause.node):
        if text(lead).startswith("@impl"):
            return text(lead)
    value = clause.function.module.attributes.get("impl")
    return f"@impl {text(value)}" if value is not None else ""


def own_impl(clause: Clause) -> bool:
    """Whether an `@impl` stands right above this clause."""
    return any(text(lead).startswith("@impl") for lead in leads(clause.node))


_CALLBACKS = frozenset(
    {
        ("init", 1), ("handle_call", 3), ("handle_cast", 2), ("handle_info", 2),
        ("handle_continue", 2), ("terminate", 2), ("code_change", 3), ("format_status", 2),
    }
)  # fmt: skip


def doc_line(module: Module) -> str:
    """`@doc false` where most callbacks of the module have it above them; else empty."""
    written = [f.clauses[0] for key, f in module.functions.items() if key in _CALLBACKS]
    hidden = [c for c in written if any(text(lead) == "@doc false" for lead in leads(c.node))]
    return "@doc false" if len(hidden) * 2 > len(written) else ""


def callback_text(clause: Clause, body: str) -> str:
    """A definition (unindented) with the attributes that the module's callbacks have, moved to the
    depth of `clause`.
    """
    data = clause.function.module.source.data
    indent = indentation(data, clause.node.start_byte)
    attributes = filter(None, (doc_line(clause.function.module), impl_line(clause)))
    whole = "\n".join([*attributes, body])
    return "\n".join(indent + line if line.strip() else "" for line in whole.split("\n"))


def insert_before(function: Function, anchor: Clause, body: str) -> Edit:
    """A new clause in front of all clauses of `function`; `anchor` sets depth and `@impl`."""
    source = function.module.source
    at = line_start(source.data, lead_start(function.clauses[0].node))
    return Edit(source.path, at, at, callback_text(anchor, body) + "\n\n")


def insert_after(clause: Clause, anchor: Clause, body: str) -> Edit:
    """A new definition behind a clause, with a blank line on both sides."""
    source, node = clause.function.module.source, clause.node
    below = node.next_named_sibling
    close = below is not None and below.start_point.row == node.end_point.row + 1
    text_ = "\n\n" + callback_text(anchor, body) + ("\n" if close else "")
    return Edit(source.path, node.end_byte, node.end_byte, text_)


def is_catch_all(clause: Clause) -> bool:
    """Whether the first parameter takes every message: a bare variable, and no guard."""
    return clause.guard is None and bool(clause.params) and clause.params[0].type == "identifier"


def adjacent(function: Function) -> bool:
    """Whether no other definition stands between the function's clauses."""
    first, last = function.clauses[0].node.start_byte, function.clauses[-1].node.start_byte
    others = (c for c in function.module.all_clauses() if c.function is not function)
    return not any(first < c.node.start_byte < last for c in others)


WIDTH = 98
"""Columns after which the formatter breaks a line."""


def with_continue(ending: Return, clause: Clause, term: str, state: str | None = None) -> Edit:
    """Turn an `{:ok, state}` into one that continues with `term`; `state` replaces the state's
    text.

    A line that would become too long gets the state bound to a variable first.
    """
    source = clause.function.module.source
    assert ending.state is not None
    written = state if state is not None else text(ending.state).replace("\r\n", "\n")
    whole = text(ending.node).replace("\r\n", "\n")
    at = ending.state.start_byte - ending.node.start_byte
    before = ending.node.text[:at].decode() if ending.node.text else ""
    after = whole[len(before) + len(text(ending.state).replace("\r\n", "\n")) :]
    made = f"{before}{written}, {{:continue, {term}}}{after}"
    column = source.column(ending.node.start_byte) - 1
    widest = max(len(line) + (0 if n else column) for n, line in enumerate(made.split("\n")))
    if (
        widest > WIDTH
        and _own_statement(ending.node, clause)
        and "state" not in nodes.identifiers(clause.body or clause.node)
    ):
        indent = indentation(source.data, ending.node.start_byte)
        gap = "\n\n" if "\n" in written else "\n"
        made = f"state = {written}{gap}{indent}{{:ok, state, {{:continue, {term}}}}}"
    return Edit(source.path, ending.node.start_byte, ending.node.end_byte, made)


def _own_statement(node: Node, clause: Clause) -> bool:
    return (
        clause.body is not None
        and clause.body.type == "do_block"
        and clause.statements()[-1].id == node.id
    )
