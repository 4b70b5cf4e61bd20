"""Why few different atoms are made where one is interpolated."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.rules.parts.bounded_text import Trail, few
from bot.elixir.rules.parts.outside import outside

_MATCH_VARIABLE = re.compile(r""":(["'])\$#\{.*\}\1""", re.DOTALL)


def fewness(node: Node, values: list[Node], clause: Clause, project: Project) -> str:
    """Why few different atoms can be made there: an exemption, or empty."""
    if _MATCH_VARIABLE.fullmatch(text(node)):
        return "match-variable"
    counted = [few(value, clause, Trail(project)) for value in values]
    if all(counted):
        return "bounded"
    rest = [value for value, said in zip(values, counted, strict=True) if not said]
    return "" if "count" not in counted or any(_open(v, clause) for v in rest) else "numbered"


def _open(value: Node, clause: Clause) -> bool:
    """Whether anybody who calls the function decides about the value."""
    if clause.function.kind == "def":
        given = {name for param in clause.params for name in nodes.identifiers(param)}
        if given & nodes.identifiers(value):
            return True
    return bool(outside(value, clause, direct=False))
