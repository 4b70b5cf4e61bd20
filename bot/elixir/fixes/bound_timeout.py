"""A wait without an end gets one: `:infinity` becomes a number, which a person must choose."""

from __future__ import annotations

from tree_sitter import Node

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir.edit import Edit
from bot.elixir.edit import apply as apply_edits
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.locate import Place, find, params_of, place_of
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.parts.endless_excuses import POSITIONS

DEFAULT = "5_000"
"""Milliseconds: what the waiting functions take when no timeout is given."""


def propose(project: Project, finding: Finding) -> Proposal | Declined:
    """Always assisted: only a person knows the longest time that still makes sense."""
    place = place_of(project, finding)
    if place is None:
        return Declined("the call stands in no function")
    node = _timeout(place)
    if isinstance(node, Declined):
        return node
    design = _by_design(place)
    if design:
        return Declined(design)
    label = f"{place.module.name}.{place.clause.function.label}"
    return Proposal(
        title=f"Give `{place.call.full}` in `{label}` an end",
        params=params_of(place),
        fix="assisted",
        decision=(
            f"How long may `{place.call.full}` take at most? The patch puts in {DEFAULT} ms, the "
            "default. "
            "A caller that waits longer then exits, while the other side may still do the work: "
            "is the work safe to repeat?"
        ),
    )


def _by_design(place: Place) -> str:
    """Why the wait has no end on purpose; empty where nothing says so."""
    if {("start_child", 2), ("which_children", 1)} <= set(place.module.functions):
        return "a supervisor waits as long as its child's `init` takes, as those of OTP do"
    return ""


def _timeout(place: Place) -> Node | Declined:
    """The `:infinity` to replace: the argument, or the attribute it names."""
    position = POSITIONS.get(place.call.full, -1)
    if position < 0 or len(place.call.args) <= position:
        return Declined("the call takes no timeout there")
    node = place.call.args[position]
    if text(node) == ":infinity":
        return node
    name = text(node).removeprefix("@")
    value = place.module.attributes.get(name)
    if value is None or text(value) != ":infinity":
        return Declined("the timeout is not `:infinity`")
    if place.data.count(f"@{name}".encode()) > 2:
        return Declined(f"`@{name}` is used elsewhere too: other waits would change with it")
    return value


def apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    """The call, or the attribute it uses, with a finite timeout."""
    place = find(project, params)
    if place is None:
        return Declined(f"`{params['code']}` no longer stands in `{params['function']}`")
    node = _timeout(place)
    if isinstance(node, Declined):
        return node
    return apply_edits(project.files, [Edit(place.path, node.start_byte, node.end_byte, DEFAULT)])


def test(project: Project, params: Params) -> GeneratedTest | Declined:
    """None: which delay is too long is what the person decides."""
    return Declined("the right limit is a person's decision, and so is the test of it")


CODEMOD = Codemod(
    name="bound_timeout",
    rules=("infinite-timeout",),
    fix="assisted",
    summary="Replaces `:infinity` in a waiting call by a number of milliseconds.",
    invariant=(
        "Nothing but the timeout changes. A callee that is slower now costs its caller an exit."
    ),
    steps=(
        "Measure how long the call takes at its slowest, and choose a limit above it.",
        "Decide what the caller does when the limit is reached: crash and restart, or report.",
    ),
    how_to_test="`:sys.suspend/1` the callee in a test: the caller gets its exit within the limit.",
    done_when=("The call has a finite timeout, or a comment says why it must wait for ever.",),
    propose=propose,
    apply=apply,
    test=test,
    risk="medium",
)
