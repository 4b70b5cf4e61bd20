"""Calls in statements outside of all functions: they run once, while their file is compiled."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.callers import could_call
from bot.elixir.definition import DEFINITIONS
from bot.elixir.nodes import text
from bot.elixir.outline import Function
from bot.elixir.project import Project

_GOES_ON = (
    "defmodule", "if", "unless", "case", "cond", "for", "with", "try", "unquote",
    "unquote_splicing",
)  # fmt: skip
"""What evaluates where it stands. Other macros may keep a block for later, as routes do."""
_INSERTS = ("unquote", "unquote_splicing")


def called_at_the_top(function: Function, project: Project) -> bool:
    """Whether a statement of a file or of a module body calls it; a script runs at any time."""
    if not function.public:
        return False
    word, own = function.name.encode(), function.module.name
    for path in could_call(own, function.name, project, project.of_role("lib")):
        if not path.endswith(".ex"):
            continue
        source = project.source(path)
        for at in source.places(word):
            name = source.root.descendant_for_byte_range(at, at + len(word))
            call = _call_by(name, function) if name is not None else None
            if call is not None and _runs_there(call):
                return True
    return False


def _call_by(name: Node, function: Function) -> Node | None:
    """The `Module.name(...)` of which this is the name."""
    dot = name.parent
    call = dot.parent if dot is not None and dot.type == "dot" else None
    if dot is None or call is None or call.type != "call" or text(name) != function.name:
        return None
    owner = nodes.text_of(dot, "left")
    around = call.parent
    piped = (
        around is not None
        and nodes.operator(around) == "|>"
        and around.child_by_field_name("right") == call
    )
    arity = len(nodes.arguments(call)) + piped
    named = f".{function.module.name}".endswith(f".{owner}")
    return call if named and function.min_arity <= arity <= function.arity else None


def _runs_there(call: Node) -> bool:
    """Whether it stands in no function and in no code that is kept, or is put into such code."""
    inserted = 0
    for around in nodes.ancestors(call):
        if nodes.is_call_to(around, *_INSERTS):
            inserted += 1
        elif nodes.is_call_to(around, "quote", *DEFINITIONS):
            if not inserted:
                return False
            inserted -= 1
        elif around.type == "call" and not inserted and not _evaluates(around):
            return False
    return True


def _evaluates(call: Node) -> bool:
    target = call.child_by_field_name("target")
    if target is not None and target.type == "dot":
        return nodes.do_block(call) is None
    kept = call.parent is not None and nodes.operator(call.parent) == "@"
    return kept or nodes.is_call_to(call, *_GOES_ON)
