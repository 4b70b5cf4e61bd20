"""What a function can return, as far as its last expressions show."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Clause

_BRANCHING = ("case", "cond", "if", "unless", "with", "try", "receive")


def results(clause: Clause) -> Iterator[Node]:
    """The expressions whose value the clause returns; branches are followed, calls are not."""
    yield from _tails(clause.body)
    for kind in ("rescue_block", "catch_block", "else_block"):
        for block in clause.parts(kind):
            yield from _branches(block)


def _tails(block: Node | None) -> Iterator[Node]:
    body = nodes.statements(block)
    if not body:
        return
    last = body[-1]
    if last.type == "call" and nodes.is_call_to(last, *_BRANCHING):
        yield from _of_branching(last)
    else:
        yield last


def _of_branching(call: Node) -> Iterator[Node]:
    block = nodes.do_block(call)
    if block is None:
        for key, value in nodes.call_keywords(call).items():
            if key in ("do", "else"):
                yield from _tails(value)
        return
    yield from _branches(block)
    for part in block.named_children:
        if part.type in ("rescue_block", "catch_block", "else_block"):
            yield from _branches(part)


def _branches(block: Node) -> Iterator[Node]:
    stabs = nodes.clauses(block)
    if not stabs:
        yield from _tails(block)
    for stab in stabs:
        yield from _tails(nodes.clause_body(stab))
