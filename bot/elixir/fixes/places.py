"""Finding code again by names and text, and cutting it out without leaving a trace in the
layout.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.edit import Edit
from bot.elixir.module import Clause, Function, Module
from bot.elixir.nodes import text
from bot.elixir.project import Project


def normal(node: Node | None) -> str:
    """The node's text with every run of white space as one space; empty for none."""
    return " ".join(text(node).split()) if node is not None else ""


def variables(node: Node) -> list[str]:
    """Identifiers that can be variables, in source order: no field, no function that is called."""
    return [text(n) for n in grammar.captures("(identifier) @n", node) if not _names_no_value(n)]


def _names_no_value(identifier: Node) -> bool:
    parent = identifier.parent
    if parent is None or parent.type not in ("dot", "call"):
        return False
    named = parent.child_by_field_name("right" if parent.type == "dot" else "target")
    return named is not None and named.id == identifier.id


def find_module(project: Project, name: str) -> Module | None:
    """The module's syntax; `None` where it is gone."""
    return project.module(name) if name in project.modules else None


def clause_at(module: Module, byte: int) -> Clause | None:
    """The clause that holds a byte offset."""
    for clause in module.all_clauses():
        if clause.node.start_byte <= byte < clause.node.end_byte:
            return clause
    return None


def head_text(clause: Clause) -> str:
    """A clause's head with its guard, white space normalised."""
    guard = f" when {normal(clause.guard)}" if clause.guard is not None else ""
    return normal(clause.head) + guard


def clause_like(function: Function | None, head: str) -> Clause | None:
    """The only clause whose head reads `head` (white space aside); `None` if none or several."""
    found = [c for c in function.clauses if head_text(c) == head] if function else []
    return found[0] if len(found) == 1 else None


def statement_like(clause: Clause, code: str) -> Node | None:
    """The only top-level statement of the clause that reads `code`; `None` if none or several."""
    found = [s for s in clause.statements() if normal(s) == code]
    return found[0] if len(found) == 1 else None


def statement_of(clause: Clause, byte: int) -> Node | None:
    """The top-level statement of the clause that holds a byte offset."""
    for statement in clause.statements():
        if statement.start_byte <= byte < statement.end_byte:
            return statement
    return None


def line_start(data: bytes, offset: int) -> int:
    """Offset of the first byte of the line."""
    return data.rfind(b"\n", 0, offset) + 1


def line_end(data: bytes, offset: int) -> int:
    """Offset after the line's break, or the end of the file."""
    found = data.find(b"\n", offset)
    return found + 1 if found != -1 else len(data)


def alone(data: bytes, node: Node) -> bool:
    """Whether nothing but white space shares the node's first and last lines."""
    before = data[line_start(data, node.start_byte) : node.start_byte]
    after = data[node.end_byte : line_end(data, node.end_byte)]
    return not before.strip() and not after.strip()


def leads(node: Node) -> Iterator[Node]:
    """Attributes (`@impl`, `@doc`, ...) and comments that belong to a definition, nearest first."""
    below, current = node, node.prev_named_sibling
    while current is not None and current.end_point.row + 1 >= below.start_point.row:
        if current.type != "comment" and not _annotates(current):
            return
        if current.type == "comment" and _trails(current):
            return
        yield current
        below, current = current, current.prev_named_sibling


def _annotates(node: Node) -> bool:
    operand = node.child_by_field_name("operand")
    if nodes.operator(node) != "@" or operand is None or operand.type != "call":
        return False
    return nodes.text_of(operand, "target") in ("impl", "doc", "spec", "deprecated", "since")


def _trails(comment: Node) -> bool:
    before = comment.prev_named_sibling
    return before is not None and before.end_point.row == comment.start_point.row


def lead_start(node: Node) -> int:
    """Offset at which a definition begins, its attributes and comments included."""
    return min([node.start_byte, *(lead.start_byte for lead in leads(node))])


def cut(path: str, data: bytes, start: int, end: int) -> Edit:
    """Delete the whole lines from offset `start` to offset `end`, and one of two blank lines
    that meet.
    """
    begin, stop = line_start(data, start), line_end(data, end)
    above = data[line_start(data, begin - 1) : begin].strip() if begin else b""
    below = data[stop : line_end(data, stop)]
    opens = not above or above.endswith((b" do", b"->")) or above.startswith(b"@impl")
    if opens and stop < len(data) and not below.strip():
        stop = line_end(data, stop)
    elif not above and begin and below.strip() in (b"end", b"else"):
        begin = line_start(data, begin - 1)
    return Edit(path, begin, stop, "")


def dedent(code: str, indent: str) -> str:
    """Code whose later lines start with `indent` (the first has none), with that taken off."""
    return "\n".join(line.removeprefix(indent) for line in code.replace("\r\n", "\n").split("\n"))


def movable(node: Node) -> bool:
    """Whether the code means the same at another indentation: no literal but a heredoc spans
    lines.
    """
    literals = grammar.captures("[(string) (charlist) (sigil) (quoted_atom)] @n", node)
    spanning = [n for n in literals if n.start_point.row != n.end_point.row]
    return all('"""' in text(n)[:5] or "'''" in text(n)[:5] for n in spanning)
