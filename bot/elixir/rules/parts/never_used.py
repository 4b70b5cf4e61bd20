"""Modules that no code of the project speaks of."""

from __future__ import annotations

import re

from bot.elixir.callers import last_part
from bot.elixir.outline import Module
from bot.elixir.project import Project

_FOR_TESTS = "config/test.exs"


def is_never_used(module: Module, project: Project) -> bool:
    """Whether nothing that ships names the module, neither code nor configuration.

    Of a library others may use it.
    """
    app = project.app_of(module.source.path)
    if app is None or not app.deployable:
        return False
    word = last_part(module.name)
    ships = project.lib | project.of_role("config") | project.of_role("mix")
    holding = set(project.texts.holding(word, among=ships)) - {module.source.path}
    named = any(project.texts[p].names(word) for p in holding if not p.endswith(_FOR_TESTS))
    return not named and not _is_named_beside(word, module)


def _is_named_beside(word: bytes, module: Module) -> bool:
    """Whether its own file names it outside of it."""
    data, node = module.source.data, module.node
    rest = data[: node.start_byte] + data[node.end_byte :]
    return re.search(rb"\b" + re.escape(word) + rb"\b", rest) is not None
