"""Who starts a server: a list of children, somebody on demand, or plain code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir import nodes
from bot.elixir.callers import last_part
from bot.elixir.calls import Call
from bot.elixir.facts import ModuleFacts, StartFacts
from bot.elixir.module import Clause, Module
from bot.elixir.process_names import may_name
from bot.elixir.project import Project
from bot.elixir.supervision import is_supervisor

_DYNAMIC = ("start_link", "start")
RAW_STARTS = frozenset(
    f"{module}.{name}"
    for module in (
        "GenServer",
        "GenStage",
        "Agent",
        ":gen_server",
        ":gen_statem",
        "GenStateMachine",
    )
    for name in ("start", "start_link")
)
"""Calls that start a server by its callback module, or an agent."""
_BY_A_VARIABLE = re.compile(rb"(?<![:\w.])[a-z_]\w*\.start(?:_link)?\(")


@dataclass(frozen=True)
class Starters:
    """How the project starts one of its servers, as far as `lib` shows it."""

    listed: bool = False
    """It stands in a list of children, or where a child specification could be."""
    on_demand: bool = False
    """`start_child` starts it."""
    by_hand: tuple[tuple[str, int, int], ...] = ()
    """Path and byte range of each plain call that starts it."""

    @property
    def only_by_hand(self) -> bool:
        """Whether no supervisor of the project has it as a child."""
        return bool(self.by_hand) and not self.listed and not self.on_demand


def starts_a_server(start: StartFacts, project: Project) -> bool:
    """Whether a call starts one of the project's own servers, or an agent."""
    if start.call in RAW_STARTS:
        return True
    target = project.modules.get(start.target)
    if target is None or start.call.rpartition(".")[0] != start.target or is_supervisor(target):
        return False
    name = start.call.rpartition(".")[2]
    return any(s.call in RAW_STARTS and s.function.partition("/")[0] == name for s in target.starts)


def is_linked(start: StartFacts, project: Project) -> bool:
    """Whether what a call starts is linked to its caller, as far as the started function shows."""
    name = start.call.rpartition(".")[2]
    target = project.modules.get(start.target) if start.call not in RAW_STARTS else None
    behind = [
        s.call
        for s in (target.starts if target is not None else ())
        if s.call in RAW_STARTS and s.function.partition("/")[0] == name
    ]
    return any(call.endswith("start_link") for call in behind or [start.call])


def is_restarted(facts: ModuleFacts, project: Project) -> bool:
    """Whether a supervisor starts the module, and starts it again when it crashed."""
    said = [facts.spec.get("restart"), *(o.get("restart") for o in facts.use_options.values())]
    return facts.name in project.child_modules and ":temporary" not in said


def is_nameless(module: Module, project: Project) -> bool:
    """Whether the project is seen to start a server, and nowhere gives it a name."""
    starts = project.once("starts by module", _by_module).get(module.name, [])
    found = [_call_of(start, project) for start in starts]
    return bool(found) and not any(call is None or may_name(call) for call in found)


def _by_module(project: Project) -> dict[str, list[StartFacts]]:
    found: dict[str, list[StartFacts]] = {}
    for facts in project.facts:
        for start in facts.starts if facts.role == "lib" else ():
            if start.call in RAW_STARTS:
                found.setdefault(start.target, []).append(start)
    return found


def _call_of(start: StartFacts, project: Project) -> Call | None:
    module = project.module_at(start.path, start.start)
    clause = module.clause_at(start.start) if module is not None else None
    calls = clause.calls if clause is not None else ()
    return next((call for call in calls if call.start == start.start), None)


def starters_of(facts: ModuleFacts, project: Project) -> Starters:
    """Who starts the server of a module."""
    others = [f for f in project.facts if f.role == "lib"]
    starts = [start for other in others for start in other.starts]
    hand = [s for s in starts if _is_plain(s, facts)]
    found = [(s.path, s.start, s.end) for s in hand if not s.function.startswith("start")]
    dynamic = list(_from_variables(facts, project))
    found += [(call.owner.source.path, call.start, call.node.end_byte) for call in dynamic]
    elsewhere = {call.owner.name for call in dynamic} | {facts.name}
    mentioned = (o for o in others if facts.name in o.mentions and o.name not in elsewhere)
    listed = (
        len(found) < len(hand) + len(dynamic)
        or any(not _only_on_demand(other, facts) for other in mentioned)
        or any(facts.name in _listed(other) for other in others)
    )
    return Starters(listed, any(_on_demand(s, facts) for s in starts), tuple(found))


def _listed(other: ModuleFacts) -> set[str]:
    return {child.module for listing in other.child_lists for child in listing.children}


def _is_plain(start: StartFacts, facts: ModuleFacts) -> bool:
    """Whether it starts the module, and is not what the module itself starts by."""
    owner, _, name = start.call.rpartition(".")
    if name not in _DYNAMIC or start.target != facts.name:
        return False
    own = start.module == facts.name and start.function.startswith(("start", "child_spec"))
    return not own and (owner == facts.name or start.call in RAW_STARTS)


def _on_demand(start: StartFacts, facts: ModuleFacts) -> bool:
    return start.target == facts.name and start.call.endswith("start_child")


def _only_on_demand(other: ModuleFacts, facts: ModuleFacts) -> bool:
    """Whether it is started on demand there, and stands in no list that can be seen whole."""
    return any(_on_demand(start, facts) for start in other.starts) and "" not in _listed(other)


def _from_variables(facts: ModuleFacts, project: Project) -> Iterator[Call]:
    """Calls that start whatever module a variable holds, beside a list that has this one."""
    last = last_part(facts.name)
    for path in project.once(_by_a_variable, _by_a_variable):
        if last in project.texts[path]:
            for module in project.modules_in(path):
                for clause in module.clauses_with(b".start_link(", b".start("):
                    if _lists(clause, facts.name):
                        yield from (call for call in clause.calls if _of_a_variable(call))


def _by_a_variable(project: Project) -> list[str]:
    """The paths of files that start what a variable holds; there are few."""
    speaking = project.lib_holding(b".start(", b".start_link(")
    return [path for path in speaking if project.texts[path].matches(_BY_A_VARIABLE)]


def _of_a_variable(call: Call) -> bool:
    return call.name in _DYNAMIC and not call.module and call.receiver.isidentifier()


def _lists(clause: Clause, name: str) -> bool:
    """Whether the module is an element of a list there."""
    scope = clause.function.module.scope
    lists = nodes.of_type(clause.node, "list")
    elements = (e for found in lists for e in found.named_children if e.type == "alias")
    return any(scope.resolve(element) == name for element in elements)
