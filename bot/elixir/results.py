"""What a function can return, as far as its last expressions show."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir.module import Clause
from bot.elixir.ways import ways


def results(clause: Clause) -> Iterator[Node]:
    """The expressions whose value the clause returns; branches are followed, calls are not."""
    return (way.result for way in ways(clause))
