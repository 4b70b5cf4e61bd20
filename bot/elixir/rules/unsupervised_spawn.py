"""Raw `spawn`: a process nobody supervises."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

SPAWNS = frozenset(
    {f"{module}.spawn{kind}" for module in ("Kernel", ":erlang") for kind in ("", "_link", "_monitor")}
    | {":erlang.spawn_opt", "Process.spawn", ":proc_lib.spawn", ":proc_lib.spawn_link"}
)


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every raw spawn in a function of the module."""
    for clause in module.all_clauses():
        for call in clause.calls:
            if call.full in SPAWNS and not call.in_quote:
                yield _judge(call, clause)


def _judge(call: Call, clause: Clause) -> Site | Exempt:
    span = Span.of(clause.function.module, call.node)
    if _linked_and_monitored(call, clause):
        return Exempt(span, "linked-and-monitored")
    if clause.function.name in ("start_link", "start_monitor") and call.name.endswith("_link"):
        return Exempt(span, "start-link")
    linked = "_link" in call.name
    return Site(
        span,
        f"`{call.name}/{call.arity}` starts a process that no supervisor knows",
        because=(
            Because(
                span,
                "linked to its caller, but not restarted, not shut down in order, not listed in the tree"
                if linked
                else "nobody learns of its crash, restarts it or shuts it down in order",
            ),
        ),
        confidence="medium" if linked else None,
        fix="assisted" if call.name != "spawn" or call.module == ":proc_lib" else None,
        data={"call": call.full, "arity": str(call.arity)},
    )


def _linked_and_monitored(call: Call, clause: Clause) -> bool:
    if call.name.endswith("_monitor"):
        return _receives_down(clause)
    monitors = any(c.full in ("Process.monitor", ":erlang.monitor") for c in clause.calls)
    return monitors and (call.name.endswith("_link") or _receives_down(clause))


def _receives_down(clause: Clause) -> bool:
    return any(c.name == "receive" and b":DOWN" in (c.node.text or b"") for c in clause.calls)


RULE = Rule(
    id="unsupervised-spawn",
    title="Raw spawn",
    category="unsupervised-process",
    stage=1,
    severity="warning",
    confidence="high",
    fix="automatic",
    explanation="A process is started by `spawn`, `spawn_link` or a relative of theirs, outside any supervisor.",
    harm=(
        "A crash is seen by nobody: there is no restart, no report with the job's context and no orderly stop. "
        "The process is in no tree, so it can neither be counted nor limited."
    ),
    remedy=(
        "Start one-off work with `Task.Supervisor.start_child/2`; give long-running work a module with a child "
        "spec and put it under a supervisor."
    ),
    triggers=(b"spawn",),
    check=check,
    bad=(
        Sample("defmodule Mailer do\n  def notify(user) do\n    spawn(fn -> deliver(user) end)\n    :ok\n  end\n\n  defp deliver(user), do: user\nend\n"),
        Sample("defmodule Importer do\n  def run(rows), do: :erlang.spawn(__MODULE__, :load, [rows])\n\n  def load(rows), do: rows\nend\n"),
    ),
    good=(
        Sample("defmodule Mailer do\n  def notify(user) do\n    Task.Supervisor.start_child(Mailer.Tasks, fn -> deliver(user) end)\n  end\n\n  defp deliver(user), do: user\nend\n"),
        Sample("defmodule Monsters do\n  def spawn(kind), do: {:monster, kind}\n  def wave(kinds), do: Enum.map(kinds, fn kind -> spawn(kind) end)\nend\n"),
    ),
    exemptions=(
        Exemption(
            "linked-and-monitored",
            "the caller monitors the process and handles its end itself",
            Sample("defmodule Probe do\n  def run(fun) do\n    {pid, ref} = spawn_monitor(fun)\n\n    receive do\n      {:DOWN, ^ref, :process, ^pid, reason} -> reason\n    end\n  end\nend\n"),
        ),
        Exemption(
            "start-link",
            "a `start_link` function of a special process: the supervisor that calls it is linked to it",
            Sample("defmodule Loop do\n  def start_link(arg), do: {:ok, :proc_lib.spawn_link(__MODULE__, :init, [arg])}\n  def init(arg), do: arg\nend\n"),
        ),
    ),
)  # fmt: skip
