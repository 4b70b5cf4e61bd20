"""What a started process has to do, as far as the function it is given shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module

_SENDS = frozenset({"Kernel.send", "Process.send", ":erlang.send"})
_STOPS = frozenset(f"{m}.stop" for m in ("GenServer", "Supervisor", "DynamicSupervisor", "Agent"))
_EXITS = frozenset({"Process.exit", ":erlang.exit"})
_TIES = frozenset(f"{m}.{name}" for m in ("Process", ":erlang") for name in ("monitor", "link"))
_SLEEPS = frozenset({"Process.sleep", ":timer.sleep"})
_LETS_GO = frozenset({":telemetry.detach"})
_WORDS = frozenset(
    "for receive try if unless case cond with inspect to_string self node is_pid".split()
)
"""Of Kernel: what gives an order to work and is none."""
_KERNEL = ("", "Kernel")
_PROCESSES = frozenset({"Process", ":erlang", "Kernel"})


def unknown(start: Call, clause: Clause) -> str:
    """What nobody does for a process that is only started."""
    tied = any(c.full in _TIES and not nodes.contains(start.node, c.node) for c in clause.calls)
    alone = "" if tied else "it is started with no link and no monitor; "
    return f"{alone}no supervisor restarts it or shuts it down in order"


def only_logs(start: Call) -> bool:
    """Whether each of the job's statements writes to the log."""
    body = _body(start)
    return bool(body) and all(_writes_log(statement, start.owner) for statement in body)


def cannot_crash(start: Call) -> bool:
    """Whether the job is one `try` that takes whatever is raised, so that no crash of it is lost
    to anybody.
    """
    body = _body(start)
    if len(body) != 1 or not nodes.is_call_to(body[0], "try"):
        return False
    block = nodes.do_block(body[0])
    rescues = [p for p in block.named_children if p.type == "rescue_block"] if block else []
    return any(
        pattern.type == "identifier"
        for rescue in rescues
        for stab in nodes.clauses(rescue)
        for pattern in nodes.clause_patterns(stab)
    )


def only_sends(start: Call) -> bool:
    """Whether the job does no more than to send what is there to processes."""
    found = list(_work(start, lambda call: call.full in _SENDS or call.full == "Enum.each"))
    sends = any(call is not None and call.full in _SENDS for call in found)
    return sends and all(call is not None for call in found)


def only_waits_and_tells(start: Call) -> bool:
    """Whether the job does no more than to pause for a limited time, to send what is there, and to
    take a handler of events away.
    """
    function = _function(start)
    if function is None or any(
        nodes.is_call_to(n, "receive") for n in nodes.of_type(function, "call")
    ):
        return False
    found = list(_work(start, lambda c: c.full in _SENDS or c.full in _LETS_GO or _is_pause(c)))
    return bool(found) and all(call is not None for call in found)


def _is_pause(call: Call) -> bool:
    return call.full in _SLEEPS and bool(call.args) and text(call.args[0]) != ":infinity"


def only_ends_a_process(start: Call) -> bool:
    """Whether the job is to end another process, and to wait for its end for a limited time; or no
    more than to stop it.
    """
    if lone_stop(start) is not None:
        return True
    found = list(_work(start, lambda call: _handles_processes(call)))
    if any(call is None for call in found):
        return False
    ends = [c for c in found if c is not None and (c.full in _STOPS or _ends_another(c))]
    return bool(ends) and all(c.full in _EXITS or _bounded(c, start) for c in ends)


def lone_stop(start: Call) -> Call | None:
    """The stop of another process that is all of the job."""
    body = _body(start)
    call = resolve(body[0], start.owner) if len(body) == 1 and body[0].type == "call" else None
    return call if call is not None and call.full in _STOPS else None


def is_endless(stop: Call) -> bool:
    """Whether a stop waits for as long as the process takes, as it does unless it is told."""
    return stop.arity < 3 or text(stop.args[-1]) == ":infinity"


def _handles_processes(call: Call) -> bool:
    return call.full in _STOPS or call.module in _PROCESSES


def _ends_another(call: Call) -> bool:
    return call.full in _EXITS and call.arity == 2 and not text(call.args[0]).startswith("self")


def _bounded(call: Call, start: Call) -> bool:
    """Whether a `stop` has a timeout, and its exit when that has passed is caught."""
    timed = call.arity > 2 and text(call.args[-1]) != ":infinity"
    return timed and bool(nodes.of_type(start.node, "catch_block"))


def _function(start: Call) -> Node | None:
    return next((a for a in start.args if a.type == "anonymous_function"), None)


def _body(start: Call) -> list[Node]:
    function = _function(start)
    stabs = nodes.clauses(function)
    return nodes.statements(nodes.clause_body(stabs[0])) if len(stabs) == 1 else []


def _work(start: Call, expected: Callable[[Call], bool]) -> Iterator[Call | None]:
    """The expected calls of the job's function, and `None` for each that does anything else."""
    function = _function(start)
    if function is None:
        yield None
        return
    logs = [n for n in nodes.of_type(function, "call") if _writes_log(n, start.owner)]
    for node in nodes.of_type(function, "call"):
        call = resolve(node, start.owner)
        if any(nodes.contains(log, node) for log in logs) or _is_field(node):
            continue
        if call is not None and call.module in _KERNEL and call.local and call.name in _WORDS:
            continue
        yield call if call is not None and expected(call) else None


def _is_field(node: Node) -> bool:
    """Whether it is `value.field`, which the grammar takes for a call."""
    target = node.child_by_field_name("target")
    return (
        target is not None
        and target.type == "dot"
        and node.named_child_count == 1
        and not (text(node).endswith(")"))
    )


def _writes_log(node: Node, module: Module) -> bool:
    """Whether it is a call of `Logger`, or of an own function that does no more."""
    call = resolve(node, module) if node.type == "call" else None
    if call is None or call.module == "Logger":
        return call is not None
    if call.module != module.name:
        return False
    own = module.local(call.name, call.arity)
    return own is not None and all(
        _is_logger(statement, module) for c in own.clauses for statement in c.statements()
    )


def _is_logger(node: Node, module: Module) -> bool:
    call = resolve(node, module) if node.type == "call" else None
    return call is not None and call.module == "Logger"
