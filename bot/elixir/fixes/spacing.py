"""The blank lines `mix format` wants once a one-line statement or clause has grown."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.edit import Edit, indentation
from bot.elixir.fixes.value_use import BLOCKS


def around(path: str, data: bytes, node: Node) -> list[Edit]:
    """Blank lines before and after a statement of a block, where its neighbours stand close."""
    if node.parent is None or node.parent.type not in BLOCKS:
        return []
    first = _with_comments(node)
    edits = []
    before, after = first.prev_named_sibling, _next(node)
    attribute = before is not None and nodes.operator(before) == "@"
    if before is not None and not attribute and first.start_point.row - before.end_point.row == 1:
        at = data.rfind(b"\n", 0, first.start_byte) + 1
        edits.append(Edit(path, at, at, "\n"))
    if after is not None and after.start_point.row - node.end_point.row == 1:
        at = data.find(b"\n", node.end_byte) + 1
        edits.append(Edit(path, at, at, "\n"))
    return edits


def _with_comments(node: Node) -> Node:
    """The first of the comment lines that stand right above a statement, or the statement."""
    above = node.prev_named_sibling
    while above is not None and above.type == "comment" and _own_line(above):
        if node.start_point.row - above.end_point.row != 1:
            break
        node, above = above, above.prev_named_sibling
    return node


def _own_line(comment: Node) -> bool:
    before = comment.prev_named_sibling
    return before is None or before.end_point.row < comment.start_point.row


def _next(node: Node) -> Node | None:
    after = node.next_named_sibling
    if (
        after is not None
        and after.type == "comment"
        and after.start_point.row == node.end_point.row
    ):
        after = after.next_named_sibling
    return after if after is not None and not after.type.endswith("_block") else None


def clause_of(node: Node) -> Node | None:
    """The `pattern -> node` clause on one line that is just this node; `None` if there is none."""
    body = node.parent
    stab = body.parent if body is not None and body.type == "body" else None
    if body is None or stab is None or stab.type != "stab_clause" or body.named_child_count != 1:
        return None
    return stab if stab.start_point.row == node.start_point.row else None


def spread(path: str, data: bytes, stab: Node, node: Node, code: str) -> list[Edit]:
    """Replace a one-line clause's body by several lines; its sibling clauses take the same shape.

    An anonymous function on one line gets its `end` on a line of its own.
    """
    container = stab.parent
    function = (
        container if container is not None and container.type == "anonymous_function" else None
    )
    row = function.start_byte if function is not None else stab.start_byte
    gap = indentation(data, row)
    lines = "\n".join(f"  {line}" if line.strip() else line for line in code.split("\n"))
    edits = [Edit(path, _behind_arrow(stab, node), node.end_byte, f"\n{gap}{lines}")]
    if function is not None:
        return [*edits, Edit(path, node.end_byte, function.end_byte - len(b"end"), f"\n{gap}")]
    return edits + [e for s in nodes.clauses(container) for e in _apart(path, data, s, stab)]


def _apart(path: str, data: bytes, stab: Node, grown: Node) -> list[Edit]:
    edits: list[Edit] = []
    body = nodes.clause_body(stab)
    if body is not None and stab.id != grown.id and body.start_point.row == stab.start_point.row:
        gap = indentation(data, stab.start_byte)
        edits.append(Edit(path, _behind_arrow(stab, body), body.start_byte, f"\n{gap}  "))
    first = _with_comments(stab)
    before = first.prev_named_sibling
    if before is not None and first.start_point.row - before.end_point.row == 1:
        at = data.rfind(b"\n", 0, first.start_byte) + 1
        edits.append(Edit(path, at, at, "\n"))
    return edits


def _behind_arrow(stab: Node, node: Node) -> int:
    before = (stab.text or b"")[: node.start_byte - stab.start_byte]
    return stab.start_byte + before.rindex(b"->") + 2
