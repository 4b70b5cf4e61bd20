"""`if Process.alive?(pid)`, then a call: between the two the process can end."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.awaiting import AWAITS
from bot.elixir.calls import Call, calls_in
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.own_links import linked_start
from bot.elixir.rules.parts.standing import above

_ALIVE = "Process.alive?"
_LOOKS_UP = frozenset({"Process.whereis", "GenServer.whereis"})
_EXITS = frozenset(
    f"{module}.{name}"
    for module, names in {
        "GenServer": ("call", "stop"),
        "GenStage": ("call", "stop"),
        "Agent": ("get", "update", "get_and_update", "stop"),
        "Supervisor": ("stop", "which_children", "count_children", "start_child"),
        "DynamicSupervisor": ("stop", "which_children", "count_children", "start_child"),
        "GenStateMachine": ("call", "stop"),
        ":gen_server": ("call", "stop"),
        ":gen_statem": ("call", "stop"),
        ":sys": ("get_state", "get_status", "suspend", "replace_state"),
    }.items()
    for name in names
)
"""Calls that exit in the caller when the process is gone."""
_HARMLESS = frozenset(
    {
        "Kernel.send", "Process.send", "Process.exit", "GenServer.cast", "Agent.cast",
        ":erlang.send",
    }
)  # fmt: skip
"""Calls that do nothing to a pid that is gone."""
_UNLINKED = frozenset(
    {
        "Task.Supervisor.async_nolink", "Task.Supervisor.start_child", "Task.start",
        "Kernel.spawn", ":erlang.spawn",
    }
)  # fmt: skip
"""Starts of processes whose exit reaches nobody as an exit."""


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every look at a process that only then is asked something."""
    for clause in module.clauses_with(b"alive?", b"whereis"):
        for look in clause.calls:
            if look.captured or look.in_quote or not look.args:
                continue
            if look.full == _ALIVE or look.full in _LOOKS_UP:
                yield from _judge(look, clause)


def _judge(look: Call, clause: Clause) -> Iterator[Site | Exempt]:
    branch = _branch(look)
    names = _names(look)
    if branch is None or not names:
        return
    module = clause.function.module
    acts = [c for n in nodes.statements(branch) for c in calls_in(n, module) if _on(c, names)]
    act = next((c for c in acts if c.full in _EXITS), None)
    if act is None and look.full == _ALIVE and _nothing_else(branch, acts):
        act = next((c for c in acts if c.full in _HARMLESS), None)
    if act is None or act.runs_in != look.runs_in:
        return
    span = Span.of(module, look.node)
    exemption = _exemption(look, act, clause)
    yield Exempt(span, exemption) if exemption else _site(look, act, clause)


def _branch(look: Call) -> Node | None:
    """The code that only runs when the process was found."""
    condition = _condition(look)
    taker = condition.parent
    if taker is not None and taker.type == "arguments":
        taker = taker.parent
        if taker is None or not nodes.is_call_to(taker, "if", "with"):
            return None
        if nodes.is_call_to(taker, "if") and nodes.arguments(taker)[0].id != condition.id:
            return None
        return nodes.do_block(taker) or nodes.call_keywords(taker).get("do")
    guarded = condition.child_by_field_name("right")
    return guarded if nodes.operator(condition) in ("and", "&&") else None


def _condition(look: Call) -> Node:
    """The look with what it is joined to by `and`, bound to or matched with."""
    node = look.statement
    parent = node.parent
    while parent is not None and (
        parent.type == "block" or nodes.operator(parent) in ("and", "&&", "=", "<-")
    ):
        node, parent = parent, parent.parent
    return node


def _nothing_else(branch: Node, acts: list[Call]) -> bool:
    """Whether the look decides about this one call alone, not also about an answer."""
    taker = branch.parent
    if taker is not None and taker.type in ("pair", "keywords"):
        taker = next((a for a in nodes.ancestors(branch) if a.type == "call"), None)
    if taker is not None and nodes.is_call_to(taker, "with"):
        return False
    block = nodes.do_block(taker) if taker is not None and taker.type == "call" else None
    has_else = block is not None and any(c.type == "else_block" for c in block.named_children)
    if has_else or (taker is not None and "else" in nodes.call_keywords(taker)):
        return False
    done = nodes.statements(branch)
    return len(done) == 1 and any(act.statement.id == done[0].id for act in acts)


def _names(look: Call) -> set[str]:
    """What the process is called afterwards: the variable looked at, or bound by the look."""
    if look.full == _ALIVE:
        return {text(look.args[0])}
    found = {text(look.args[0])}
    for match in operations(_condition(look), "="):
        left, right = match.child_by_field_name("left"), match.child_by_field_name("right")
        if left is not None and right is not None and nodes.contains(right, look.node):
            found.add(text(left))
    for match in operations(_condition(look), "<-"):
        right = match.child_by_field_name("right")
        if right is not None and nodes.contains(right, look.node):
            found |= nodes.identifiers(match)
    return found - {"nil", "true"}


def _on(call: Call, names: set[str]) -> bool:
    known = call.full in _EXITS or call.full in _HARMLESS
    return known and bool(call.args) and text(call.args[0]) in names


def _exemption(look: Call, act: Call, clause: Clause) -> str:
    module = clause.function.module
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    if clause.parts("catch_block"):
        return "exits-caught"
    for around in nodes.ancestors(act.node):
        block = nodes.do_block(around) if nodes.is_call_to(around, "try") else None
        if block is not None and any(c.type == "catch_block" for c in block.named_children):
            return "exits-caught"
    return "own-job" if act.full in _EXITS and _is_all_of_a_job(look, clause) else ""


def _is_all_of_a_job(look: Call, clause: Clause) -> bool:
    """Whether the look decides about all that an unlinked process does, which nobody awaits."""
    if look.runs_in not in _UNLINKED or any(c.full in AWAITS for c in clause.calls):
        return False
    job = next((a for a in above(look) if a.type == "anonymous_function"), None)
    bodies = [nodes.statements(nodes.clause_body(stab)) for stab in nodes.clauses(job)]
    return len(bodies) == 1 and len(bodies[0]) == 1


def _site(look: Call, act: Call, clause: Clause) -> Site:
    span, done = Span.of(look.owner, look.node), Span.of(look.owner, act.node)
    if act.full in _EXITS:
        gone = Because(done, "this exits when the process is gone by now")
        link = linked_start(look, clause)
        return Site(
            span,
            f"`{look.name}`, then `{act.full}`: the process can end between the two",
            because=(gone,) if link is None else (gone, _only_normally(link)),
            confidence=None if link is None else "low",
            data={"look": look.full, "act": act.full},
        )
    return Site(
        span,
        f"`Process.alive?` guards `{act.full}`, which needs no guard",
        because=(
            Because(done, "this does no harm to a process that is gone"),
            Because(span, "the look adds work, and it raises for a pid of another node"),
        ),
        confidence="medium",
        data={"look": look.full, "act": act.full},
    )


def _only_normally(link: Call) -> Because:
    note = "a link to it is made here: unless that is undone, its crash would end this server too"
    return Because(Span.of(link.owner, link.node), note)


RULE = Rule(
    id="alive-check",
    title="Alive a moment ago",
    category="messaging",
    stage=4,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "Code looks whether a process is there (`Process.alive?/1`, `whereis`), and then calls it "
        "or sends to it."
    ),
    harm=(
        "What was true at the look need not be at the call: a process that ends in between makes "
        "the caller exit with `:noproc` all the same, rarely and under load. `Process.alive?/1` "
        "also raises for a pid of another node. Before a `send`, a cast or an exit signal to a pid "
        "the look is not needed at all."
    ),
    remedy=(
        "Call, and handle the exit (`catch :exit, {:noproc, _}`) where the absence is to be "
        "expected. To learn of an end, monitor. To end a child, ask its supervisor."
    ),
    triggers=(b"alive?", b"whereis"),
    check=check,
    bad=(
        Sample("""\
defmodule Shop.Till do
  def close(pid) do
    if Process.alive?(pid) do
      GenServer.call(pid, :close)
    else
      :ok
    end
  end
end
"""),
        Sample("""\
defmodule Shop.Desk do
  def stop(name) do
    if pid = Process.whereis(name), do: GenServer.stop(pid)
  end
end
"""),
        Sample("""\
defmodule Shop.Bell do
  def ring(pid), do: Process.alive?(pid) && send(pid, :ring)
end
"""),
    ),
    good=(
        Sample("""\
defmodule Shop.Till do
  def close(pid) do
    GenServer.call(pid, :close)
  catch
    :exit, {:noproc, _} -> :ok
  end

  def open?(pid), do: Process.alive?(pid)
end
"""),
        Sample("""\
defmodule Shop.Bell do
  def ring(name) do
    if pid = Process.whereis(name), do: send(pid, :ring)
  end

  def ensure(pid) do
    if Process.alive?(pid), do: {:ok, pid}, else: Shop.Bell.start_link([])
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "exits-caught",
            "the exit of the call is caught, so the look only saves work",
            Sample("""\
defmodule Shop.Till do
  def close(pid) do
    if Process.alive?(pid), do: GenServer.call(pid, :close)
  catch
    :exit, _reason -> :ok
  end
end
"""),
        ),
        Exemption(
            "own-job",
            "the look and the call are all that an unlinked process does, which nobody awaits: an "
            "exit ends that process alone",
            Sample("""\
defmodule Shop.Till do
  def close_soon(pid) do
    Task.Supervisor.start_child(Shop.Tasks, fn ->
      if Process.alive?(pid), do: GenServer.stop(pid)
    end)
  end
end
"""),
        ),
        Exemption(
            "test-support",
            "a helper for tests looks at processes that nothing else ends",
            Sample("""\
defmodule Shop.Testing.Stop do
  def stop(pid), do: if(Process.alive?(pid), do: GenServer.stop(pid))
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself",
            Sample(
                """\
defmodule IEx.Stop do
  def stop(pid), do: if(Process.alive?(pid), do: GenServer.stop(pid))
end
""",
                path="lib/iex/lib/iex/stop.ex",
            ),
        ),
    ),
)
