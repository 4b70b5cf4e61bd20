"""What an application's `elixir:` requirement says of the language a fix may use."""

from __future__ import annotations

import re

from bot.elixir.mixfile import App
from bot.elixir.module import Module
from bot.elixir.project import Project

_VERSION = re.compile(r"(~>|>=|>|==)?\s*(\d+)\.(\d+)")
_CONTINUE = (1, 7)


def allows_older(app: App, version: tuple[int, int]) -> bool:
    """Whether the application promises to run on an Elixir before that one."""
    lowest = [(int(a), int(b)) for _, a, b in _VERSION.findall(app.requirement)]
    return bool(lowest) and min(lowest) < version


def continue_decision(project: Project, module: Module) -> str:
    """What to ask before a server of the application continues; empty where others do already, or
    where no Elixir is promised that cannot.
    """
    app = project.app_of(module.source.path)
    if app is None or not allows_older(app, _CONTINUE):
        return ""
    continuing = (
        facts.path
        for facts in project.facts
        if facts.role == "lib" and ("handle_continue", 2) in facts.functions
    )
    if any(project.app_of(path) == app for path in continuing):
        return ""
    return (
        f'`{app.name}` says `elixir: "{app.requirement}"`. `{{:continue, term}}` needs Elixir 1.7 '
        "and OTP 21: on an older one the server would not start. Should the requirement be raised?"
    )
