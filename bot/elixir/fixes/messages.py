"""Messages and the patterns that take them: which clause a message reaches, and who else sends
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Function
from bot.elixir.nodes import text
from bot.elixir.project import Project


def tag(node: Node) -> tuple[str, int] | None:
    """First atom and size of a message or a pattern (`:load` has size 0); `None` where it is not
    written out.
    """
    if nodes.operator(node) == "=":
        sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        return next((t for side in sides if side is not None and (t := tag(side))), None)
    if node.type == "atom":
        return text(node), 0
    parts = [c for c in node.named_children if c.type != "comment"] if node.type == "tuple" else []
    return (text(parts[0]), len(parts)) if parts and parts[0].type == "atom" else None


def may_take(function: Function | None, message: Node) -> bool:
    """Whether some clause's first parameter matches messages with the same tag, or any message."""
    return function is not None and any(
        tag(c.params[0]) in (None, tag(message)) for c in function.clauses
    )


def mentioned_elsewhere(project: Project, word: str, path: str, own: Iterable[Node]) -> str:
    """Where an atom is written in the project, as `path:line`, but within the nodes `own` of file
    `path` and in comments; empty if nowhere.
    """
    spans = [(n.start_byte, n.end_byte) for n in own]
    pattern = re.compile(rb"(?<![\w:])" + re.escape(word.encode()) + rb"(?![\w?!@])")
    for name, data in project.files.items():
        for found in pattern.finditer(data):
            at = found.start()
            if name == path and any(start <= at < end for start, end in spans):
                continue
            if not project.source(name).in_comment(at):
                return f"{name}:{project.source(name).line(at)}"
    return ""
