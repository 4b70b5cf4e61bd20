"""Children that are certainly started together: they stand in one list literal."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir.child_specs import ChildFacts
from bot.elixir.children import ChildListFacts
from bot.elixir.project import Project


def together(
    project: Project, listing: ChildListFacts, child: ChildFacts, other: ChildFacts
) -> bool:
    """Whether both are elements of the same list as written, whatever is added to it."""
    if listing.path not in project.texts:
        return False
    lists = [_list_of(project.source(listing.path).root, c) for c in (child, other)]
    return lists[0] is not None and lists[1] is not None and lists[0].id == lists[1].id


def _list_of(root: Node, child: ChildFacts) -> Node | None:
    node = root.descendant_for_byte_range(child.start, child.end)
    while node is not None:
        above = node.parent
        if node.start_byte <= child.start and above is not None and above.type == "list":
            return above if node.end_byte >= child.end else None
        node = above
    return None
