"""Waits in a callback that keep no server of the application from its messages."""

from __future__ import annotations

import re

from bot.elixir.blocking import Blocking
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.outline import Module
from bot.elixir.project import Project

_OF_A_DATABASE = re.compile(
    rb"Repo\w*\.|\brepo\b|Ecto|SQL|Postg|[qQ]uery|\bapply\b|\bdefdelegate\b"
)


def not_its_own(waits: Blocking, module: Module) -> str:
    """The exemption for where the wait stands, whatever it waits for; empty where there is none."""
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    return "other-process" if waits.call.runs_in else ""


def is_no_database(waits: Blocking, project: Project) -> bool:
    """Whether what looks like an Ecto repository is a function that the project itself writes, in a
    module that uses nothing and never speaks of a database.
    """
    call = waits.call
    facts = project.modules.get(call.module) if waits.kind == "database" else None
    if facts is None or facts.uses or not project.defines(facts, call.name):
        return False
    return not _OF_A_DATABASE.search(project.module(facts.name).node.text or b"")
