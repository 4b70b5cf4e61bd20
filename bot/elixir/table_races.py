"""A row that is read and then written by the same function: what the write makes of what was read.

Another process can write the row in between. Whether that matters depends on the write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.tables import READS, Operation

Kind = Literal["update", "claim", "take", "fill"]

_DECIDES = ("case", "if", "unless", "cond", "with")
_NO = frozenset({"false", ":error", ":exists", ":taken", ":already_exists", ":already_started"})


@dataclass(frozen=True, eq=False)
class Race:
    """A read and a later write of one row."""

    read: Operation
    write: Operation
    kind: Kind
    """`update`: a new value made of the old one; `claim`: refused where the row is there, else
    written; `take`: read, deleted and given back; `fill`: written where nothing was found.
    """


def races(found: list[Operation]) -> Iterator[Race]:
    """The first race of each read among the operations of one clause."""
    for read in (o for o in found if o.call.full in READS):
        for write in found:
            if _same_row(read, write):
                kind = _kind(read, write)
                if kind is not None:
                    yield Race(read, write, kind)
                    break


def _same_row(read: Operation, write: Operation) -> bool:
    inside = nodes.contains(write.call.node, read.call.node)
    if (write.call.start < read.call.start and not inside) or read.clause is not write.clause:
        return False
    one, other = read.operand, write.operand
    if one is None or other is None or len(read.call.args) < 2:
        return False
    same_table = text(one) == text(other) or (read.table != "" and read.table == write.table)
    return same_table and _bare(read.call.args[1]) in _keys(write)


def _bare(node: Node) -> str:
    return "".join(text(node).split())


def _keys(write: Operation) -> set[str]:
    """Keys as written of the rows it writes; the first element of a row, unless the table says
    otherwise.
    """
    args = write.call.args
    if len(args) < 2:
        return set()
    if write.call.full in (":ets.delete", ":ets.update_element"):
        return {_bare(args[1])}
    if write.call.full != ":ets.insert":
        return set()
    return {_bare(row.named_children[0]) for row in _rows(args[1])}


def _rows(node: Node) -> list[Node]:
    rows = node.named_children if node.type == "list" else [node]
    return [r for r in rows if r.type == "tuple" and r.named_children]


def _kind(read: Operation, write: Operation) -> Kind | None:
    known = _names_read(read, write)
    if write.call.full == ":ets.delete":
        return "take" if _given_back(read, write, known) else None
    if nodes.contains(write.call.node, read.call.node) or _written(write) & known:
        return "update"
    decision = _decision(read, write)
    if decision is None:
        return None
    others = [
        result
        for branch in _branches(decision)
        if not nodes.contains(branch, write.call.node)
        for result in _last(branch)
    ]
    own = [r for b in _branches(decision) if nodes.contains(b, write.call.node) for r in _last(b)]
    if any(map(_refuses, others)) and not any(map(_refuses, own)):
        return "claim"
    return None if known else "fill"


def _written(write: Operation) -> set[str]:
    """Variables in what is written beside the key."""
    args = write.call.args
    if write.call.full == ":ets.update_element":
        return {name for arg in args[2:] for name in nodes.identifiers(arg)}
    rows = _rows(args[1])
    return {
        name
        for row in rows
        for value in row.named_children[1:]
        for name in nodes.identifiers(value)
    }


def _names_read(read: Operation, write: Operation) -> set[str]:
    """Variables that hold what was read, or something made of it, where the write stands."""
    body = read.clause.body
    if body is None:
        return set()
    names: set[str] = set()
    for node in nodes.of_type(body, "binary_operator", "call"):
        if node.start_byte > write.call.start or node.end_byte < read.call.start:
            continue
        if nodes.operator(node) in ("=", "<-"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None or nodes.contains(right, write.call.node):
                continue
            if nodes.contains(right, read.call.node) or nodes.identifiers(right) & names:
                names |= _bound(left)
        elif nodes.is_call_to(node, "case") and _looks_at(node, read, names):
            for branch in _branches(node):
                if branch.type == "stab_clause" and nodes.contains(branch, write.call.node):
                    names |= {n for p in nodes.clause_patterns(branch) for n in _bound(p)}
    return {name for name in names if not name.startswith("_")}


def _bound(pattern: Node) -> set[str]:
    """Variables a pattern sets; a pinned one keeps what it was."""
    if nodes.operator(pattern) == "^":
        return set()
    if pattern.type == "identifier":
        return {text(pattern)}
    return {name for child in pattern.named_children for name in _bound(child)}


def _looks_at(decision: Node, read: Operation, names: set[str]) -> bool:
    """Whether a branching call decides by what was read."""
    return any(
        nodes.contains(subject, read.call.node) or nodes.identifiers(subject) & names
        for subject in _subjects(decision)
    )


def _subjects(decision: Node) -> list[Node]:
    parent = decision.parent
    found = [a for a in nodes.arguments(decision) if a.type != "keywords"]
    if parent is not None and nodes.operator(parent) == "|>":
        left = parent.child_by_field_name("left")
        found += [left] if left is not None and left.id != decision.id else []
    if nodes.is_call_to(decision, "cond"):
        block = nodes.do_block(decision)
        found += [p for stab in nodes.clauses(block) for p in nodes.clause_patterns(stab)]
    return found


def _decision(read: Operation, write: Operation) -> Node | None:
    """The innermost branching around the write that decides by what was read."""
    names = _names_read(read, write)
    for node in nodes.ancestors(write.call.node):
        if node.id == read.clause.node.id:
            return None
        if nodes.is_call_to(node, *_DECIDES) and _looks_at(node, read, names):
            return node
    return None


def _branches(decision: Node) -> list[Node]:
    """The `pattern -> body` clauses or the blocks a branching can go on with."""
    short = nodes.call_keywords(decision)
    found = [short[word] for word in ("do", "else") if word in short]
    block = nodes.do_block(decision)
    if block is None:
        return found
    for part in [block, *(c for c in block.named_children if c.type == "else_block")]:
        # The do block holds the else block too: its statements stand for it.
        found += nodes.clauses(part) or nodes.statements(part)[-1:]
    return found


def _last(branch: Node) -> list[Node]:
    body = nodes.clause_body(branch) if branch.type == "stab_clause" else branch
    return nodes.statements(body)[-1:]


def _refuses(result: Node) -> bool:
    if result.type == "tuple" and result.named_children:
        return text(result.named_children[0]) in _NO
    return text(result) in _NO or nodes.is_call_to(result, "raise", "throw")


def _given_back(read: Operation, write: Operation, names: set[str]) -> bool:
    """Whether what was read is the result, with nothing but the read deciding on the delete."""
    block = write.call.statement.parent
    decision = next(
        (a for a in _around(write.call.node, read.clause) if nodes.is_call_to(a, *_DECIDES)), None
    )
    if block is None or (decision is not None and not _looks_at(decision, read, set())):
        return False
    last = next((n for n in reversed(block.named_children) if n.type != "comment"), block)
    return last.id != write.call.statement.id and bool(nodes.identifiers(last) & names)


def _around(node: Node, clause: Clause) -> Iterator[Node]:
    for ancestor in nodes.ancestors(node):
        if ancestor.id == clause.node.id:
            return
        yield ancestor
