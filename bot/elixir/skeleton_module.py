"""What the skeleton says of one module, read from its syntax."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.module import Function, Module, Use
from bot.elixir.skeleton_clip import clip, listed
from bot.elixir.skeleton_heads import head_of
from bot.elixir.skeleton_shapes import messages_of, shapes_of

_ATTRIBUTE = re.compile(rb"@(spec|impl|callback|macrocallback)\b")
_MAX_RETURN, _MAX_CALLBACK, _MAX_OPTIONS = 70, 120, 60
_MAX_FUNCTIONS, _MAX_NAMES = 150, 60

_OTP_CALLBACKS = {
    "GenServer": frozenset(
        "init/1 handle_call/3 handle_cast/2 handle_info/2 handle_continue/2 terminate/2 "
        "code_change/3 format_status/1 format_status/2".split()
    ),
    "Supervisor": frozenset({"init/1"}),
    "DynamicSupervisor": frozenset({"init/1"}),
    "Application": frozenset({"start/2", "stop/1", "prep_stop/1", "config_change/3"}),
}
"""Callbacks that are such even where nobody wrote `@impl`."""


@dataclass(frozen=True)
class FunctionSheet:
    """One public function or macro."""

    head: str
    returns: str


@dataclass(frozen=True)
class ModuleSheet:
    """One module without its bodies."""

    name: str
    kind: str
    lines: int
    uses: tuple[str, ...]
    behaviours: tuple[str, ...]
    shapes: tuple[str, ...]
    """Its data: struct, schema, exception, tables."""
    callbacks: tuple[str, ...]
    """Those it asks of others."""
    functions: tuple[FunctionSheet, ...]
    implemented: tuple[str, ...]
    """Callbacks it carries out, as `name/arity`."""
    messages: tuple[str, ...]
    """`call pattern, pattern`: what its processes are sent."""
    private: int


@dataclass
class _Attributes:
    """Specs by function, callback declarations, and where `@impl` stands."""

    returns: dict[tuple[str, int], list[str]]
    callbacks: list[str]
    impl: list[int]


def module_sheet(module: Module) -> ModuleSheet:
    """The sheet of one module."""
    attributes = _attributes(module)
    implemented = _implemented(module, attributes)
    public = [f for f in module.functions.values() if f.kind[-1] != "p"]
    own = [f for f in public if f.label not in implemented]
    return ModuleSheet(
        name=clip(module.name, 120),
        kind=module.kind,
        lines=module.own_lines(),
        uses=tuple(listed(map(_use, module.uses), _MAX_NAMES)),
        behaviours=tuple(listed((clip(b, 80) for b in module.behaviours), _MAX_NAMES)),
        shapes=tuple(shapes_of(module)),
        callbacks=tuple(listed(attributes.callbacks, _MAX_FUNCTIONS)),
        functions=_functions(own, attributes),
        implemented=tuple(
            listed((clip(f.label, 60) for f in public if f.label in implemented), _MAX_NAMES)
        ),
        messages=tuple(messages_of(module)),
        private=len(module.functions) - len(public),
    )


def _use(use: Use) -> str:
    args = nodes.arguments(use.node)
    options = clip(args[1].text or b"", _MAX_OPTIONS) if len(args) > 1 else ""
    return clip(use.name, 80) + (f", {options}" if options else "")


def _functions(functions: list[Function], attributes: _Attributes) -> tuple[FunctionSheet, ...]:
    shown = [
        FunctionSheet(head_of(f), " | ".join(attributes.returns.get((f.name, f.arity), ())[:2]))
        for f in functions[:_MAX_FUNCTIONS]
    ]
    if len(functions) > _MAX_FUNCTIONS:
        shown.append(FunctionSheet(listed(map(str, functions), _MAX_FUNCTIONS)[-1], ""))
    return tuple(shown)


def _attributes(module: Module) -> _Attributes:
    found = _Attributes({}, [], [])
    data = module.source.data
    for child in module.body.named_children if module.body is not None else ():
        if child.type != "unary_operator":
            continue
        seen = _ATTRIBUTE.match(data, child.start_byte)
        if seen is None:
            continue
        if seen[1] == b"impl":
            found.impl.append(child.start_byte)
        elif seen[1] == b"spec":
            _spec(child, found)
        else:
            found.callbacks.append(clip(data[seen.end() : child.end_byte], _MAX_CALLBACK))
    return found


def _spec(node: Node, found: _Attributes) -> None:
    operand = node.child_by_field_name("operand")
    args = nodes.arguments(operand) if operand is not None else []
    typed = args[0] if args else None
    if typed is not None and nodes.operator(typed) == "when":
        typed = typed.child_by_field_name("left")
    if typed is None or nodes.operator(typed) != "::":
        return
    head, returned = typed.child_by_field_name("left"), typed.child_by_field_name("right")
    if head is None or returned is None or head.type != "call":
        return
    key = (nodes.text_of(head, "target"), len(nodes.arguments(head)))
    returns = found.returns.setdefault(key, [])
    text = clip(returned.text or b"", _MAX_RETURN)
    if text not in returns:
        returns.append(text)


def _implemented(module: Module, attributes: _Attributes) -> set[str]:
    """Labels of functions below an `@impl`, and the callbacks OTP is known to ask for."""
    first = sorted(
        (c.node.start_byte, f.label) for f in module.functions.values() for c in f.clauses
    )
    starts = [start for start, _ in first]
    marked = {
        first[at][1] for line in attributes.impl if (at := bisect_right(starts, line)) < len(first)
    }
    for behaviour, labels in _OTP_CALLBACKS.items():
        if module.implements(behaviour):
            marked |= labels
    return marked
