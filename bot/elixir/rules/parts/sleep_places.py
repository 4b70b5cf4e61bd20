"""Where in its test a sleep stands, where that tells that no single event is waited for."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in
from bot.elixir.expressions import operations
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.rules.parts.absence import next_statements
from bot.elixir.rules.parts.standing import above

_ALL = 100
_TESTS = ("test", "property", "feature", "scenario")
_EACH = ("Enum.each", "Enum.map", "for")
_CHECKED = ("assert", "refute", "eventually", "assert_eventually", "wait_until")
_LINKED = ("spawn_link", "spawn_monitor", "start_link", "async")
_CHECKED_LATER = (b"verify", b"expect", b"Bypass")
_MOCKS = frozenset(
    {"expect", "expect_once", "expects", "verify", "verify!", "verify_on_exit", "verify_on_exit!"}
)
"""What makes a test check at its end: calls of mocks that have to come until then."""


def place_of(call: Call) -> str:
    """`again`, `late`, `interval` or `last`, as `sleep_reasons` speaks of them; or empty."""
    if _looks_again(call):
        return "again"
    if _lets_a_task_run(call):
        return "late"
    if next_statements(call, 1):
        return ""
    if _spaces_rounds(call):
        return "interval"
    return "last" if _ends_the_test(call) else ""


def _looks_again(call: Call) -> bool:
    """Whether a branch sleeps and then does once more what was done before the branch."""
    again = next_statements(call, 1)
    branch = next((a for a in above(call) if nodes.is_call_to(a, "if", "unless", "case")), None)
    block = call.statement.parent
    if not again or branch is None or block is None or again[0].type != "call":
        return False
    inner = [a for a in above(call) if a.type == "anonymous_function"]
    test = next((a for a in above(call) if nodes.is_call_to(a, *_TESTS)), None)
    if test is None or any(nodes.contains(branch, function) for function in inner):
        return False
    before = [o for o in operations(test, "=") if o.end_byte <= branch.start_byte]
    return any(nodes.text_of(o, "right") == text(again[0]) for o in before)


def _lets_a_task_run(call: Call) -> bool:
    """Whether a task was started right before, and is awaited after something that comes next."""
    before = call.statement.prev_named_sibling
    left = before.child_by_field_name("left") if before is not None else None
    if before is None or left is None or nodes.operator(before) != "=":
        return False
    if not any(c.full == "Task.async" for c in calls_in(before, call.owner)):
        return False
    later = next_statements(call, _ALL)
    awaits = [
        place
        for place, statement in enumerate(later)
        for c in calls_in(statement, call.owner)
        if c.full == "Task.await" and c.args and text(c.args[0]) == text(left)
    ]
    return bool(awaits) and awaits[0] > 0 and not text(later[0]).startswith(_CHECKED)


def _spaces_rounds(call: Call) -> bool:
    """Whether it comes last in a loop's body, after a check of that round."""
    before = call.statement.prev_named_sibling
    loop = next((a for a in above(call) if a.type == "call" and _is_loop(a)), None)
    if before is None or loop is None or not text(before).startswith(_CHECKED):
        return False
    around = call.statement.parent
    while around is not None and around.type in ("body", "stab_clause", "do_block"):
        around = around.parent
    return around is not None and (
        around.id == loop.id
        or (around.type == "anonymous_function" and any(a.id == around.id for a in _given(loop)))
    )


def _is_loop(call: Node) -> bool:
    return nodes.text_of(call, "target") in _EACH


def _given(loop: Node) -> list[Node]:
    return nodes.arguments(loop)


def _ends_the_test(call: Call) -> bool:
    """Whether it is the last of several statements of a test that checks nothing at its end."""
    block = call.statement.parent
    test = block.parent if block is not None else None
    if test is None or not nodes.is_call_to(test, *_TESTS) or len(nodes.statements(block)) < 2:
        return False
    linked = (c for c in calls_in(test, call.owner) if c.name in _LINKED)
    if any("assert" in text(c.node) for c in linked):
        return False  # The end of that process is the event.
    return not _checks_later(call.owner)


def _checks_later(module: Module) -> bool:
    """Whether the file speaks of mocks that have to be called, and not only of what it expects."""
    if module.source.places(b":verify_on_exit", b"Bypass"):
        return True
    return bool(module.source.places(*_CHECKED_LATER)) and any(
        nodes.text_of(node, "target").rpartition(".")[2] in _MOCKS
        for node in nodes.of_type(module.source.root, "call")
    )
