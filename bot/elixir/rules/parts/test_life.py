"""Which part of a test module's life a call belongs to, before all tests or after each; and whether
it is run at all.
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project


def clean_up_of(module: Module) -> Callable[[Call], bool]:
    """Tells whether a call is made when a test has ended: in `on_exit`, or a function for it."""
    exits = [call.node for call in calls_named(module, ("on_exit",))]
    named = {name for node in exits for name in nodes.identifiers(node)}

    def cleans(call: Call) -> bool:
        clause = module.clause_at(call.start)
        if clause is not None and clause.function.name in named:
            return True
        around = nodes.ancestors(call.node)
        return any(a.type == "after_block" or a.id in {e.id for e in exits} for a in around)

    return cleans


def sets_up_the_file(call: Call) -> bool:
    """A change in the module's body: made while files are loaded, before any test of it runs."""
    above = [n for n in nodes.ancestors(call.node) if n.type in ("do_block", "call")]
    body = call.owner.body
    return body is not None and next((n.id for n in above), 0) == body.id


def is_made_first(call: Call) -> bool:
    """Whether each test of the module begins with it: it is a step of a `setup` of the module, in
    no branch and no function.
    """
    block = call.statement.parent
    if block is not None and nodes.operator(block) == "=":
        block = block.parent
    setup = block.parent if block is not None and block.type == "do_block" else None
    if setup is None or not nodes.is_call_to(setup, "setup", "setup_all"):
        return False
    body = call.owner.body
    return body is not None and setup.parent is not None and setup.parent.id == body.id


def runs_alone(path: str, project: Project) -> bool:
    """Whether the `test_helper.exs` above a file lets only one module run at a time."""
    above = (
        helper
        for helper in project.texts.holding(b"max_cases: 1", among=project.of_role("test"))
        if helper.endswith("test_helper.exs")
        and path.startswith(helper.removesuffix("test_helper.exs"))
    )
    return any(
        nodes.is_call_to(node, "ExUnit.start", "ExUnit.configure")
        and _is_one(nodes.call_keywords(node).get("max_cases"))
        for helper in above
        for node in nodes.of_type(project.source(helper).root, "call")
    )


def _is_one(node: Node | None) -> bool:
    return node is not None and text(node) == "1"


def is_loaded(path: str, project: Project) -> bool:
    """Whether `mix test` loads the file: by its name, unless there is a pattern of names."""
    return path.endswith("_test.exs") or bool(project.texts.holding(b"test_pattern"))


def names_global_mode(setup: Node) -> bool:
    """Whether a setup sets Mox's global mode."""
    atoms = (a for arg in nodes.arguments(setup) for a in nodes.of_type(arg, "atom"))
    return any(text(a) == ":set_mox_global" for a in atoms)
