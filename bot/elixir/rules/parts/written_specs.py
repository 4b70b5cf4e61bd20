"""Child specifications wherever they are written: maps, overrides, options of `use`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.child_specs import SUPERVISORS, spec_options, started_module
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.place import in_quote
from bot.elixir.project import Project
from bot.elixir.supervision import is_supervisor

_BEHAVIOURS = (
    "GenServer", "GenStage", "Agent", "Task", "Supervisor", "DynamicSupervisor",
    "ConsumerSupervisor", "GenStateMachine",
)  # fmt: skip
_OVERRIDES = ("Supervisor.child_spec", "worker", "supervisor")


@dataclass(frozen=True, eq=False)
class WrittenSpec:
    """Options of one child specification, and the module that it starts."""

    where: Module
    node: Node
    target: str
    options: dict[str, Node]
    whole: bool
    """A map: what it does not say takes the supervisor's default, not the module's own."""
    function: str = ""
    """The function a map's `start` names."""

    def word(self, key: str) -> str:
        """The value of an option as written, through an attribute; empty if absent."""
        value = self.options.get(key)
        return text(self.where.value(value)) if value is not None else ""


def written_specs(project: Project, *words: bytes) -> Iterator[WrittenSpec]:
    """Specifications in the files of `lib` that hold one of the words; few files should."""
    for path in project.lib_holding(*words):
        for module in project.modules_in(path):
            yield from _of_uses(module)
            for clause in module.clauses_with(*words):
                yield from _in_clause(clause)


def _of_uses(module: Module) -> Iterator[WrittenSpec]:
    for use in module.uses:
        if use.name in _BEHAVIOURS and use.options:
            yield WrittenSpec(module, use.node, module.name, use.options, whole=False)


def _in_clause(clause: Clause) -> Iterator[WrittenSpec]:
    module = clause.function.module
    for node in nodes.of_type(clause.node, "map"):
        options = spec_options(node)
        start = options.get("start")
        if (
            start is not None
            and start.type == "tuple"
            and start.named_child_count > 1
            and not in_quote(node, module)
        ):
            named = text(start.named_children[1]).removeprefix(":")
            target = started_module(start, module.scope)
            yield WrittenSpec(module, node, target, options, whole=True, function=named)
    if clause.mentions(b"child_spec(", b"worker(", b"supervisor("):
        yield from _overrides(clause)


def _overrides(clause: Clause) -> Iterator[WrittenSpec]:
    for call in clause.calls:
        if call.full not in _OVERRIDES or not call.args or call.in_quote:
            continue
        target = started_module(call.args[0], call.owner.scope)
        if target:
            yield WrittenSpec(call.owner, call.node, target, call.keywords(), whole=False)


def supervises(name: str, project: Project) -> bool:
    """Whether a module is a supervisor, of the project or of the standard library."""
    facts = project.modules.get(name)
    return is_supervisor(facts) if facts is not None else name in SUPERVISORS
