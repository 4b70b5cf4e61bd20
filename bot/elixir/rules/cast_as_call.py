"""A request made by hand: a message with `self()` in it, and a `receive` for the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.branching import on_other_ways
from bot.elixir.calls import STARTS_PROCESS, Call
from bot.elixir.context import is_command_line, is_platform, is_test_support
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span
from bot.elixir.rules.parts.standing import comments_on
from bot.elixir.trapping import is_self
from bot.elixir.waiting import only_flushes, time_limit

_SENDS = frozenset(
    {"Kernel.send", "Process.send", ":erlang.send", "GenServer.cast", ":gen_server.cast"}
)
_WATCHES = frozenset(
    {"Process.monitor", ":erlang.monitor", "Process.link", ":erlang.link", "Process.alive?"}
)
_LINKS = frozenset({"Kernel.spawn_link", ":erlang.spawn_link", ":proc_lib.spawn_link"})
_REFERENCES = ("make_ref()", "Kernel.make_ref()", ":erlang.make_ref()")
_PROTOCOLS = (":io_request", ":command", ":close", ":connect", ':"$gen_call"', ":system")
"""Messages of ports, devices and of OTP itself, for which there is no client function."""
_FOR_TESTS = re.compile(rb"\bfor\s+(?:\w+\s+)?test(?:s|ing)?\b", re.I)


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every function that sends its own pid away and then receives."""
    for clause in module.clauses_with(b"receive"):
        waits = [c for c in clause.calls if _receives(c)]
        asked = [c for c in clause.calls if waits and _hands_itself_over(c, clause)]
        for ask in asked[:1]:
            later = (w for w in waits if w.start > ask.start and not only_flushes(w))
            after = next((w for w in later if not on_other_ways(ask.node, w.node)), None)
            if after is not None:
                yield _judge(ask, after, clause)


def _receives(call: Call) -> bool:
    block = nodes.do_block(call.node)
    away = call.in_quote or call.runs_in or call.deferred
    return call.name == "receive" and call.local and bool(nodes.clauses(block)) and not away


def _hands_itself_over(call: Call, clause: Clause) -> bool:
    """Whether it sends another process a message that holds the sender's pid."""
    if call.full not in _SENDS or call.captured or call.in_quote or len(call.args) < 2:
        return False
    if call.runs_in or call.deferred or is_self(Expression(call.args[0], clause)):
        return False
    parts = nodes.of_type(call.args[1], "identifier", "call")
    return any(is_self(Expression(part, clause)) for part in parts)


def _judge(ask: Call, wait: Call, clause: Clause) -> Site | Exempt:
    module = clause.function.module
    span = Span.of(module, ask.node)
    exemption = _exemption(ask, wait, clause)
    if exemption:
        return Exempt(span, exemption)
    endless = time_limit(wait) is None
    return Site(
        span,
        "a request made by hand: a message with `self()`, then a `receive` for the answer",
        because=(
            Because(span, "this tells the other process where to answer"),
            Because(
                Span.of(module, wait.node),
                "this waits for the answer without an end: only a link would tell if the other ends"
                if endless
                else "where the other has ended, and no link tells of it, this waits its full time",
            ),
        ),
        severity=None if endless and not _may_be_linked(ask, wait, clause) else "info",
        data={"call": ask.full},
    )


def _may_be_linked(ask: Call, wait: Call, clause: Clause) -> bool:
    """Whether a fresh reference tells the answer, and the module starts processes of its own code
    with a link: these may be who asks.
    """
    module = clause.function.module
    fresh = [
        nodes.text_of(node, "left")
        for node in clause.bindings("=")
        if nodes.text_of(node, "right") in _REFERENCES
    ]
    sent = nodes.identifiers(ask.args[1])
    block = nodes.do_block(wait.node)
    pinned = {text(n) for n in nodes.of_type(block, "unary_operator")} if block else set()
    tagged = any(name in sent and f"^{name}" in pinned for name in fresh)
    return tagged and any(
        call.full in _LINKS and call.args and text(call.args[0]) == "__MODULE__"
        for starting in module.clauses_with(b"spawn_link")
        for call in starting.calls
    )


def _exemption(ask: Call, wait: Call, clause: Clause) -> str:
    module = clause.function.module
    if is_platform(module):
        return "platform"
    if is_test_support(module) or is_command_line(clause) or _is_for_tests(ask, clause):
        return "test-support"
    if any(word in _atoms(ask.args[1]) for word in _PROTOCOLS):
        return "protocol"
    if _watched(wait, clause):
        return "watched"
    if _started_here(ask, clause):
        return "own-process"
    return ""


def _is_for_tests(ask: Call, clause: Clause) -> bool:
    """Whether a comment on the function says that it is there for tests."""
    return any(map(_FOR_TESTS.search, comments_on(ask.node, clause)))


def _atoms(node: Node) -> set[str]:
    return {text(n) for n in nodes.of_type(node, "atom", "quoted_atom")}


def _watched(wait: Call, clause: Clause) -> bool:
    """Whether the function would see the end of the process it asks."""
    taken = {
        word
        for stab in nodes.clauses(nodes.do_block(wait.node))
        for pattern in nodes.clause_patterns(stab)
        for word in _atoms(pattern)
    }
    return any(c.full in _WATCHES for c in clause.calls) or not taken.isdisjoint({":DOWN", ":EXIT"})


def _started_here(ask: Call, clause: Clause) -> bool:
    """Whether the function itself has started the process it asks."""
    target = Expression(ask.args[0], clause)
    value = value_of(target) if target.node.type == "identifier" else None
    origin = value.node if value is not None else target.node
    started = {c.node.id for c in clause.calls if c.full in STARTS_PROCESS}
    return any(n.id in started for n in nodes.of_type(origin, "call")) or any(
        c.name in ("start_link", "start", "start_child", "open") and c.start < ask.start
        for c in clause.calls
    )


def _client(body: str) -> Sample:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return Sample(f"defmodule Shop.Stock do\n  def count(server, item) do\n{lines}  end\nend\n")


RULE = Rule(
    id="cast-as-call",
    title="Call made by hand",
    category="messaging",
    stage=4,
    severity="warning",
    confidence="medium",
    fix="advice",
    explanation=(
        "A function sends a message or a cast with its own pid, and then waits in a `receive` for "
        "the answer."
    ),
    harm=(
        "A call is more than two messages. Without a link this one does not notice when the other "
        "process is dead or dies before it answers, and an answer that comes too late stays in the "
        "mailbox, where the next such request can take it for its own."
    ),
    remedy=(
        "Use `GenServer.call/3`: it monitors the server, tags the request with a reference, has a "
        "timeout and drops late answers. Where a bare process must be asked, monitor it, and put "
        "the monitor's reference into the request and the answer."
    ),
    triggers=(b"receive",),
    check=check,
    bad=(
        _client("""\
send(server, {:count, item, self()})

receive do
  {:count, ^item, number} -> number
end
"""),
        _client("""\
me = self()
GenServer.cast(server, {:count, item, me})

receive do
  {:counted, number} -> number
after
  1_000 -> :timeout
end
"""),
    ),
    good=(
        _client("GenServer.call(server, {:count, item})"),
        _client("""\
send(server, {:count, item, self()})
:ok
"""),
        _client("""\
receive do
  {:count, from} -> send(from, {:counted, server, item})
end
"""),
    ),
    exemptions=(
        Exemption(
            "watched",
            "the function monitors the other process, or takes its `:DOWN` or `:EXIT`",
            _client("""\
ref = Process.monitor(server)
send(server, {:count, item, self(), ref})

receive do
  {^ref, number} -> number
  {:DOWN, ^ref, _, _, _} -> 0
end
"""),
        ),
        Exemption(
            "own-process",
            "it talks to a process that it has started itself",
            _client("""\
pid = spawn_link(server, :loop, [])
send(pid, {:count, item, self()})

receive do
  {:counted, number} -> number
end
"""),
        ),
        Exemption(
            "protocol",
            "a message of a port, a device or OTP itself, which knows no other way",
            _client("""\
send(server, {:io_request, self(), item, :getopts})

receive do
  {:io_reply, ^item, options} -> options
end
"""),
        ),
        Exemption(
            "test-support",
            "helpers for tests, and commands at a terminal",
            Sample("""\
defmodule Shop.Testing.Probe do
  def ask(pid) do
    send(pid, {:state, self()})

    receive do
      {:state, state} -> state
    end
  end
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself",
            Sample(
                """\
defmodule IEx.Probe do
  def ask(pid) do
    send(pid, {:state, self()})

    receive do
      {:state, state} -> state
    end
  end
end
""",
                path="lib/iex/lib/iex/probe.ex",
            ),
        ),
    ),
)
