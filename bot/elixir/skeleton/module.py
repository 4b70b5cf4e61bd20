"""What the skeleton says of one module, read from its syntax."""

from __future__ import annotations

from dataclasses import dataclass

from bot.elixir import nodes
from bot.elixir.module import Function, Module, Use
from bot.elixir.references import mentioned
from bot.elixir.skeleton.attributes import Attributes, attributes_of
from bot.elixir.skeleton.clip import clip
from bot.elixir.skeleton.heads import head_of
from bot.elixir.skeleton.messages import messages_of, starts_of
from bot.elixir.skeleton.shapes import shapes_of

_MAX_MODULE, _MAX_OPTIONS, _MAX_RETURNS = 120, 60, 2
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
_PROCESSES = frozenset(
    "Agent Application DynamicSupervisor GenServer GenStage Supervisor Task "
    ":gen_server :gen_statem :gen_event :supervisor".split()
)


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
    purpose: str
    lines: int
    uses: tuple[str, ...]
    behaviours: tuple[str, ...]
    shapes: tuple[str, ...]
    """Its data: struct, schema, exception, state, tables."""
    types: tuple[str, ...]
    callbacks: tuple[str, ...]
    """Those it asks of others."""
    functions: tuple[FunctionSheet, ...]
    implemented: tuple[str, ...]
    """Callbacks it carries out, as `name/arity`."""
    messages: tuple[tuple[str, tuple[str, ...]], ...]
    """What its process is sent: patterns by callback."""
    starts: tuple[tuple[str, str], ...]
    """(supervisor, child) started at run time."""
    names: frozenset[str]
    """Full names of the modules it mentions in code."""
    private: int


def is_process(sheet: ModuleSheet) -> bool:
    """Whether the module is what a process runs, or what starts some."""
    used = (use.partition(",")[0] for use in sheet.uses)
    return bool(sheet.starts or _PROCESSES.intersection((*used, *sheet.behaviours)))


def module_sheet(module: Module) -> ModuleSheet:
    """The sheet of one module."""
    attributes = attributes_of(module)
    expected = attributes.marked.union(
        *(labels for name, labels in _OTP_CALLBACKS.items() if module.implements(name))
    )
    public = [f for f in module.functions.values() if not f.kind.endswith("p")]
    return ModuleSheet(
        name=clip(module.name, _MAX_MODULE),
        kind=module.kind,
        purpose=attributes.purpose,
        lines=module.own_lines(),
        uses=tuple(map(_use, module.uses)),
        behaviours=tuple(clip(b, _MAX_MODULE) for b in module.behaviours),
        shapes=tuple(shapes_of(module)),
        types=tuple(attributes.types),
        callbacks=tuple(attributes.callbacks),
        functions=tuple(_function(f, attributes) for f in public if f.label not in expected),
        implemented=tuple(clip(f.label, _MAX_MODULE) for f in public if f.label in expected),
        messages=tuple(messages_of(module)),
        starts=tuple(starts_of(module)),
        names=mentioned(module),
        private=len(module.functions) - len(public),
    )


def _use(use: Use) -> str:
    args = nodes.arguments(use.node)
    options = f", {clip(args[1].text, _MAX_OPTIONS)}" if len(args) > 1 else ""
    return clip(use.name, _MAX_MODULE) + options


def _function(function: Function, attributes: Attributes) -> FunctionSheet:
    returns = dict.fromkeys(attributes.returns.get((function.name, function.arity), ()))
    return FunctionSheet(head_of(function), " | ".join(list(returns)[:_MAX_RETURNS]))
