"""Functions of the project that its configuration calls, or that provide it, before anything of it
starts.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.callers import could_call, last_part
from bot.elixir.context import never_ships
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project

_AT_BOOT = ("runtime.exs", "releases.exs")
"""Configuration that a release reads; the rest is read where it is built."""
_PROVIDERS = ("Config.Provider", "Mix.Releases.Config.Provider")
_OF_A_PROVIDER = (("init", 1), ("load", 2))


def is_configuration(function: Function, project: Project) -> bool:
    """Whether the configuration calls it, or a release's start as a provider of it."""
    module, key = function.module, (function.name, function.arity)
    if key in _OF_A_PROVIDER and is_provider(module):
        return True
    return next(_calls(function, project), None) is not None


def is_provider(module: Module) -> bool:
    """Whether a release's start asks the module for configuration."""
    return any(map(module.implements, _PROVIDERS))


def shipped_configuration(function: Function, project: Project) -> bool:
    """Whether a release's start calls it as it reads its configuration."""
    return any(
        path.rpartition("/")[2] in _AT_BOOT and not never_ships(call)
        for path, call in _calls(function, project)
    )


def _calls(function: Function, project: Project) -> Iterator[tuple[str, Node]]:
    module = function.module.name
    last = last_part(module).decode()
    for path in could_call(module, function.name, project, project.of_role("config")):
        for call in nodes.of_type(project.source(path).root, "call"):
            target = call.child_by_field_name("target")
            if target is not None and target.type == "dot":
                owner = nodes.text_of(target, "left").rpartition(".")[2]
                if owner == last and nodes.text_of(target, "right") == function.name:
                    yield path, call
