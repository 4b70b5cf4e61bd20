"""What the mix.exs files of a project say of its releases."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Span
from bot.elixir.source import Source

_MIX = re.compile(rb":mix\b|\bmix: ")
_APPLICATIONS = ("applications", "extra_applications", "included_applications", "")
"""What lists applications; a list under no key may be what a function gives for one of these."""
_OLD = re.compile(r"~>\s*1\.[0-8]\.\d")
"""Requirements of an Elixir before 1.9, which was the first to make releases."""
_MAKES = re.compile(rb"\breleases: ")
_RELEASES = (b"releases", b"distillery", b"exrm", b"relx", b"edeliver", b"bottler")


def ships_mix(project: Project) -> Span | None:
    """Where a mix.exs lists `:mix` as an application to start."""
    for app in project.apps:
        path = app.mix_file
        if not project.texts[path].matches(_MIX):
            continue
        source = project.source(path)
        for listing in nodes.of_type(source.root, "list"):
            if _lists_mix(listing) and (_key(listing) in _APPLICATIONS or _given(listing, source)):
                return Span.of(source, listing)
    return None


def _given(listing: Node, source: Source) -> bool:
    """Whether it is what a function gives that stands for the applications: `do: [:mix]`."""
    around = (a for a in nodes.ancestors(listing) if nodes.is_call_to(a, "def", "defp"))
    function = next(around, None)
    if function is None or _key(listing) != "do":
        return False
    name = text(nodes.arguments(function)[0]).removesuffix("()")
    return any(
        nodes.text_of(pair, "key").strip().rstrip(":") in _APPLICATIONS[:-1]
        and nodes.text_of(pair, "value").removesuffix("()") == name
        for pair in nodes.of_type(source.root, "pair")
    )


def _lists_mix(listing: Node) -> bool:
    """Whether it names `:mix`, alone or with how it is started: `mix: :load`."""
    return any(text(item) == ":mix" for item in listing.named_children) or (
        _key(listing) != "" and "mix" in nodes.keyword_pairs(listing)
    )


def _key(value: Node) -> str:
    parent = value.parent
    named = parent is not None and parent.type == "pair"
    return nodes.text_of(parent, "key").strip().rstrip(":") if named and parent else ""


def released_at(module: Module, project: Project) -> Span | None:
    """Where its mix.exs, or that of the umbrella, says what releases are made of its application.

    Of a library, which has no callback module, nothing is run by itself.
    """
    app = project.app_of(module.source.path)
    if app is None or not app.callback:
        return None
    for path in dict.fromkeys((app.mix_file, "mix.exs")):
        if path in project.texts and project.texts[path].matches(_MAKES):
            source = project.source(path)
            for pair in nodes.of_type(source.root, "pair"):
                if nodes.text_of(pair, "key").strip() == "releases:":
                    return Span.of(source, pair)
    return None


def before_releases(module: Module, project: Project) -> bool:
    """Whether its mix.exs asks for an Elixir that makes no releases, and names no tool for them."""
    app = project.app_of(module.source.path)
    if app is None or not _OLD.fullmatch(app.requirement):
        return False
    mix = project.texts[app.mix_file]
    return not any(word in mix for word in _RELEASES)


def is_example(module: Module, project: Project) -> bool:
    """Whether its mix project lies in a folder for examples of another one."""
    app = project.app_of(module.source.path)
    folders = app.path.split("/")[:-1] if app is not None else []
    return bool({"example", "examples"} & set(folders)) or (
        app is not None and app.path in ("example", "examples")
    )
