"""`send(self(), ...)` in a GenServer's init: work that should come first, queued behind whatever
is there.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir import nodes
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.first_message import why_first
from bot.elixir.self_sends import SelfSend, self_sends

_BRANCHES = ("if", "unless", "case", "cond", "with")


def starts(project: Project) -> Iterator[str]:
    """Files with an `init/1` that may send something to itself."""
    for path in project.lib_holding(b"GenServer"):
        data = project.texts[path]
        if b"self" in data and b"send" in data and b"init(" in data:
            yield path


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """The first message each `init/1` clause of a GenServer sends to itself; only it can become
    the continue.
    """
    for module in project.modules_in(path):
        init = module.functions.get(("init", 1))
        if init is not None and module.implements("GenServer"):
            for clause in init.clauses:
                for sent in self_sends(clause)[:1]:
                    yield _judge(sent, clause, project)


def _judge(sent: SelfSend, clause: Clause, project: Project) -> Site | Exempt:
    span = Span.of(clause.function.module, sent.call.statement)
    if _continue_taken(clause):
        return Exempt(span, "other-return")
    if any(call.name == "receive" for call in clause.calls):
        return Exempt(span, "received-in-init")
    if _conditional(sent, clause):
        return Exempt(span, "conditional")
    first = why_first(sent, clause, project)
    if first:
        return Exempt(span, first)
    top_level = any(s.id == sent.call.statement.id for s in clause.statements())
    message = " ".join(text(sent.message).split())
    return Site(
        span,
        f"`init/1` sends `{message}` to itself: messages that are already queued are handled "
        f"before it",
        because=(Because(span, _what_comes_first(clause.function.module)),),
        confidence=None if _answers(clause.function.module) else "medium",
        fix=None if top_level else "advice",
        data={"message": message},
    )


def _answers(module: Module) -> bool:
    return ("handle_call", 3) in module.functions


def _what_comes_first(module: Module) -> str:
    if _answers(module):
        return "a call that arrives before this line is run is answered before this is handled"
    return "a message that arrives before this line is run is handled before this one"


def _conditional(sent: SelfSend, clause: Clause) -> bool:
    """Whether only some ways through `init/1` send the message."""
    return any(
        nodes.is_call_to(above, *_BRANCHES) or nodes.operator(above) in ("&&", "||", "and", "or")
        for above in nodes.ancestors(sent.call.node)
        if nodes.contains(clause.node, above)
    )


def _continue_taken(clause: Clause) -> bool:
    """Whether an `{:ok, state, x}` is written in the clause: continue, timeout and `:hibernate`
    exclude each other.
    """
    found = nodes.of_type(clause.body, "tuple") if clause.body is not None else []
    return any(n.named_child_count == 3 and text(n.named_children[0]) == ":ok" for n in found)


def _server(init: str) -> Sample:
    lines = "\n".join(f"    {line}" for line in init.split("\n"))
    return Sample(
        "defmodule Rates do\n  use GenServer\n\n  def init(source) do\n" + lines + "\n  end\n\n"
        "  def handle_call(:rates, _from, state), do: {:reply, state.rates, state}\n"
        "  def handle_info(:load, state), do: {:noreply, %{state | rates: [1]}}\nend\n"
    )


RULE = Rule(
    id="self-send-in-init",
    title="Message to oneself in init",
    category="messaging",
    stage=4,
    severity="info",
    confidence="high",
    fix="automatic",
    explanation="A GenServer puts off work by sending a message to itself in `init/1`.",
    harm=(
        "The message goes to the end of the mailbox. A server that others know already, by its "
        "name, can have requests there by then; they are answered before the work is done. It "
        "happens rarely, and mostly after a restart under load."
    ),
    remedy=(
        "Return `{:ok, state, {:continue, term}}` and do the work in `handle_continue/2`, which "
        "runs before any "
        "message."
    ),
    triggers=(b"self",),
    check_project=FileByFile(starts, check),
    bad=(
        _server("send(self(), :load)\n{:ok, %{source: source, rates: []}}"),
        _server("Process.send(self(), :load, [])\n{:ok, %{source: source, rates: []}}"),
        _server("self() |> send(:load)\n\nif source, do: {:ok, %{rates: []}}, else: :ignore"),
    ),
    good=(
        _server("{:ok, %{source: source, rates: []}, {:continue, :load}}"),
        _server("Process.send_after(self(), :load, 1_000)\n{:ok, %{source: source, rates: []}}"),
        _server("send(source, {:ready, self()})\n{:ok, %{source: source, rates: []}}"),
        Sample("""\
defmodule Loop do
  def init(arg) do
    send(self(), :go)
    {:ok, arg}
  end
end
"""),
    ),
    exemptions=(
        Exemption(
            "other-return",
            "`init/1` already returns a continue, a timeout or `:hibernate`; there can be only one",
            _server("send(self(), :load)\n{:ok, %{source: source}, {:continue, :connect}}"),
        ),
        Exemption(
            "conditional",
            "only some ways through `init/1` send the message: it tells of an outcome, and no "
            "continue that always follows can take its place",
            _server(
                "case attach(source) do\n  :ok ->\n    {:ok, source}\n\n  {:error, :ignore} ->\n"
                "    send(self(), {:gone, :normal})\n    {:ok, source}\nend"
            ),
        ),
        Exemption(
            "only-message",
            "the server takes no other message, or only such as come of this one: nothing can come "
            "before it",
            Sample("""\
defmodule Shop.Clock do
  use GenServer

  def init(state) do
    send(self(), :tick)
    {:ok, state}
  end

  def handle_info(:tick, state) do
    Process.send_after(self(), :tick, 1_000)
    {:noreply, state + 1}
  end
end
"""),
        ),
        Exemption(
            "unknown-yet",
            "it is started without a name, and `init/1` gives its pid to nobody: nobody can have "
            "sent it anything before",
            Sample("""\
defmodule Shop.Clock do
  use GenServer
  def start_link(state), do: GenServer.start_link(__MODULE__, state)

  def init(state) do
    send(self(), :load)
    {:ok, state}
  end

  def handle_call(:time, _from, state), do: {:reply, state, state}
  def handle_info(:load, state), do: {:noreply, state + 1}
end
"""),
        ),
        Exemption(
            "brought-by-it",
            "the server takes no requests, and its other messages come from what the work itself "
            "opens",
            Sample("""\
defmodule Shop.Feed do
  use GenServer

  def init(state) do
    send(self(), :open)
    {:ok, state}
  end

  def handle_info(:open, state), do: {:noreply, Shop.Wire.connect(state)}
  def handle_info({:news, text}, state), do: {:noreply, Shop.Wire.take(state, text)}
end
"""),
        ),
        Exemption(
            "nothing-done",
            "what takes the message gives the state back as it was and does nothing: whatever "
            "comes before it makes no difference",
            Sample("""\
defmodule Shop.Clock do
  use GenServer

  def init(state) do
    send(self(), :startup)
    {:ok, state}
  end

  def handle_call(:all, _from, state), do: {:reply, state, state}
  def handle_info(:startup, state), do: {:noreply, state}
end
"""),
        ),
        Exemption(
            "received-in-init",
            "`init/1` receives messages itself, perhaps this one",
            _server("send(self(), :load)\n\nreceive do\n  :load -> {:ok, %{source: source}}\nend"),
        ),
    ),
)  # fmt: skip
