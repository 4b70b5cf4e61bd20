"""How values flow through an `init/1` clause: what a slow statement needs, feeds, and what may
stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.fixes import gen_server
from bot.elixir.fixes.base import Declined
from bot.elixir.fixes.effects import effect
from bot.elixir.fixes.gen_server import Return
from bot.elixir.fixes.places import movable, variables
from bot.elixir.module import Clause
from bot.elixir.nodes import text

Mode = Literal["effect", "fields", "whole"]


@dataclass(frozen=True, eq=False)
class Flow:
    """The statements that move to `handle_continue/2`, and what becomes of the state."""

    init: Clause
    mode: Mode
    """`effect`: the state does not depend on the work; `fields`: some of its fields do; `whole`:
    all of it.
    """
    moved: tuple[Node, ...]
    """Statements that leave `init/1`; in mode `whole` the last one too."""
    endings: tuple[Return, ...]
    carried: tuple[str, ...]
    """Variables of `init/1` the work needs; they travel in the continue's term."""
    fields: tuple[tuple[str, Node], ...] = ()
    """Key and value of each state field that waits for the work."""
    before: str = "nil"
    """Variable that holds the state until the work is done; `nil` where there is none."""

    @property
    def stops(self) -> bool:
        """Whether a `{:stop, reason}` moves along."""
        return self.mode == "whole" and any(e.tag == "stop" for e in self.endings)


def flow_of(init: Clause, slow: Node) -> Flow | Declined:
    """The flow around a slow top-level statement of an `init/1` clause."""
    statements = init.statements()
    endings = tuple(gen_server.returns(init))
    refusal = _return_refusal(endings)
    if refusal:
        return Declined(refusal)
    last = statements[-1]
    if slow.id == last.id:
        return _slow_ending(init, last, endings)
    return _slow_statement(init, slow, statements, endings)


def _return_refusal(endings: tuple[Return, ...]) -> str:
    if any(e.tag == "ignore" for e in endings):
        return "`init/1` can return `:ignore`, which `handle_continue/2` cannot"
    if any(e.tag == "ok" and (e.state is None or e.state.type == "keywords") for e in endings):
        return "`init/1` already returns a timeout, `:hibernate` or a continue"
    if any(e.tag not in ("ok", "stop") for e in endings) or not any(e.state for e in endings):
        return "what `init/1` returns is not written out as `{:ok, state}`"
    return ""


def _slow_ending(init: Clause, last: Node, endings: tuple[Return, ...]) -> Flow | Declined:
    state = endings[0].state
    if endings[0].node.id == last.id and state is not None:
        pairs, plain = _pairs(state)
        slow = tuple(
            (key, value) for key, value in pairs if effect(value, init.function.module) != "none"
        )
        if plain and slow:
            return _checked(init, "fields", (), endings, slow)
    return _checked(init, "whole", (last,), endings, ())


def _slow_statement(
    init: Clause, slow: Node, statements: list[Node], endings: tuple[Return, ...]
) -> Flow | Declined:
    module = init.function.module
    moved, bound = [slow], bound_names(slow)
    at = next(i for i, s in enumerate(statements) if s.id == slow.id)
    stay: list[Node] = []
    for statement in statements[at + 1 : -1]:
        if set(variables(statement)) & bound or effect(statement, module) == "waits":
            moved.append(statement)
            bound |= bound_names(statement)
        elif effect(statement, module) in ("none", "timer"):
            stay.append(statement)
        else:
            return Declined(
                "later statements of `init/1` have effects, which would come before the slow work"
            )
    last = statements[-1]
    if not set(variables(last)) & bound:
        return _checked(init, "effect", tuple(moved), endings, (), stay)
    state = endings[0].state

    def late_value(value: Node) -> bool:
        return bool(set(variables(value)) & bound) or effect(value, module) == "waits"

    if endings[0].node.id == last.id and state is not None:
        pairs, plain = _pairs(state)
        late = tuple((key, value) for key, value in pairs if late_value(value))
        if plain and late and not _others_use(state, late, bound):
            return _checked(init, "fields", tuple(moved), endings, late, stay)
    return _checked(init, "whole", (*moved, last), endings, (), stay)


def bound_names(statement: Node) -> set[str]:
    """Variables a statement binds (`a` and `b` in `{:ok, a} = b = ...`)."""
    if nodes.operator(statement) != "=":
        return set()
    left, right = statement.child_by_field_name("left"), statement.child_by_field_name("right")
    pinned = {
        text(n).lstrip("^ ")
        for n in grammar.captures('(unary_operator operator: "^") @n', statement)
    }
    names = nodes.identifiers(left) - pinned if left is not None else set()
    return names | (bound_names(right) if right is not None else set())


def _pairs(state: Node) -> tuple[list[tuple[str, Node]], bool]:
    """`key: value` pairs of a map or struct literal (or update), and whether it has no other
    kind of pair.
    """
    if state.type != "map":
        return [], False
    found: list[tuple[str, Node]] = []
    for keywords in grammar.captures("(keywords) @n", state):
        if keywords.parent is None or keywords.parent.parent is None:
            continue
        content = (
            keywords.parent if keywords.parent.type == "map_content" else keywords.parent.parent
        )
        if (
            content.parent is not None
            and content.type == "map_content"
            and content.parent.id == state.id
        ):
            found += nodes.keyword_pairs(keywords).items()
    arrows = [
        n
        for n in grammar.captures('(binary_operator operator: "=>") @n', state)
        if _directly(n, state)
    ]
    return found, not arrows


def _directly(node: Node, state: Node) -> bool:
    return any(
        a.id == state.id for a in (node.parent, node.parent.parent if node.parent else None) if a
    )


def _others_use(state: Node, late: tuple[tuple[str, Node], ...], bound: set[str]) -> bool:
    inside = [(v.start_byte, v.end_byte) for _, v in late]
    return any(
        text(n) in bound and not any(a <= n.start_byte < b for a, b in inside)
        for n in grammar.captures("(identifier) @n", state)
    )


def _checked(
    init: Clause,
    mode: Mode,
    moved: tuple[Node, ...],
    endings: tuple[Return, ...],
    fields: tuple[tuple[str, Node], ...],
    stay: list[Node] | None = None,
) -> Flow | Declined:
    away = (*moved, *(value for _, value in fields))
    module = init.function.module
    if any(effect(node, module) == "publishes" for node in away):
        return Declined(
            "the work creates, registers or publishes what processes started later may need"
        )
    if not all(movable(node) for node in away):
        return Declined("the work holds a text over several lines")
    carried = _carried(init, away)
    if any(bound_names(s) & set(carried) for s in stay or []):
        return Declined("a variable the work needs is bound anew before `init/1` returns")
    before = _state_before(init, mode, moved, endings)
    if before in carried:
        carried = tuple(name for name in carried if name != before)
    taken = {name for node in away for name in variables(node)} | set(carried)
    if before == "nil" and "state" in taken and mode != "whole":
        return Declined("`state` already names something else in `init/1`")
    return Flow(init, mode, moved, endings, carried, fields, before)


def _carried(init: Clause, away: tuple[Node, ...]) -> tuple[str, ...]:
    ids = {node.id for node in away}
    known = {name for p in init.params for name in nodes.identifiers(p)}
    for statement in init.statements():
        if statement.id in ids:
            break
        known |= bound_names(statement)
    used: list[str] = []
    for node in away:
        for name in variables(node):
            if name in known and name not in used and name != "__MODULE__":
                used.append(name)
    return tuple(used)


def _state_before(
    init: Clause, mode: Mode, moved: tuple[Node, ...], endings: tuple[Return, ...]
) -> str:
    """The variable that is the state until the work is done, where `init/1` has one."""
    state = endings[0].state
    if len(endings) != 1 or state is None:
        return "nil"
    if mode == "fields" and state.type == "map":
        left = grammar.captures('(binary_operator operator: "|") @n', state)
        name = nodes.text_of(left[0], "left") if left else ""
        return name if name.isidentifier() else "nil"
    if state.type != "identifier":
        return "nil"
    name = text(state)
    first = next((m.start_byte for m in moved), init.node.end_byte)
    earlier = {n for s in init.statements() if s.start_byte < first for n in bound_names(s)}
    return name if mode == "effect" or name in earlier else "nil"
