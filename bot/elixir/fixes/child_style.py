"""Which form of child specification an application's Elixir understands."""

from __future__ import annotations

import re
from typing import Literal

from bot.elixir.fixes.child_list import root_list
from bot.elixir.fixes.requirement import allows_older
from bot.elixir.mixfile import App
from bot.elixir.project import Project

Style = Literal["modern", "old", "unknown"]
"""`{Mod, arg}` (since Elixir 1.5), `worker(Mod, [arg])`, or no telling."""

_OLD = re.compile(r"(Supervisor\.Spec\.)?(worker|supervisor)\(")
_FIRST = (1, 5)


def style(project: Project, app: App) -> Style:
    """The form for a new child of the root supervisor."""
    if not allows_older(app, _FIRST):
        return "modern"
    found = root_list(project, app)
    codes = [child.code for child in found.facts.children] if found is not None else []
    if any(not _OLD.match(code) for code in codes):
        return "modern"
    # A helper written without its module is imported where the list stands.
    imported = any(code.startswith(("worker(", "supervisor(")) for code in codes)
    return "old" if imported else "unknown"
