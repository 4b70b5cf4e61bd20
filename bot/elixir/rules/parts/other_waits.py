"""Waits in a callback that keep no server of the application from its messages."""

from __future__ import annotations

from bot.elixir.blocking import Blocking
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.outline import Module
from bot.elixir.project import Project


def not_its_own(waits: Blocking, module: Module) -> str:
    """The exemption for where the wait stands, whatever it waits for; empty where there is none."""
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    return "other-process" if waits.call.runs_in else ""


def is_no_database(waits: Blocking, project: Project) -> bool:
    """Whether what looks like an Ecto repository is a module of the project that uses nothing."""
    facts = project.modules.get(waits.call.module) if waits.kind == "database" else None
    return facts is not None and not facts.uses
