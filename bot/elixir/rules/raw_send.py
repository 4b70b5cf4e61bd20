"""A message sent straight to another module's server, past its client functions."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.facts import ModuleFacts, SendFacts
from bot.elixir.outline import Clause
from bot.elixir.process_names import process_name
from bot.elixir.project import Project
from bot.elixir.reach import is_callback
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_CLIENT_CALLS = frozenset(
    f"{module}.{name}"
    for module in (
        "GenServer",
        "GenStage",
        "Agent",
        "GenStateMachine",
        ":gen_server",
        ":gen_statem",
    )
    for name in ("call", "cast", "get", "update", "get_and_update")
)


def check(project: Project) -> Iterator[Site | Exempt]:
    """Every `send` to the registered name of a server that another module of the project owns."""
    owners = project.calls.owners
    for facts in project.facts:
        if facts.role == "lib":
            for sent in facts.sends:
                target = owners.get(sent.target)
                if target is not None and target.name != facts.name:
                    yield _judge(sent, facts, target, project)


def _judge(
    sent: SendFacts, facts: ModuleFacts, target: ModuleFacts, project: Project
) -> Site | Exempt:
    span = Span(sent.path, sent.start, sent.end)
    if facts.name.startswith(f"{target.name}.") or target.name.startswith(f"{facts.name}."):
        return Exempt(span, "same-component")
    client = _client_function(target, project)
    if client is None:
        return Exempt(span, "no-client-api")
    return Site(
        span,
        f"a message is sent to `{target.name}` past its client functions",
        because=(
            Because(span, "the message's shape is known here too, past the functions for that"),
            Because(client, f"`{target.name}` offers client functions like this one"),
        ),
        data={"target": target.name},
    )


def _client_function(target: ModuleFacts, project: Project) -> Span | None:
    module = project.module(target.name)
    for clause in module.clauses_with(
        b"GenServer.", b"Agent.", b"GenStage.", b"GenStateMachine.", b":gen_"
    ):
        asks = (c for c in clause.calls if c.full in _CLIENT_CALLS)
        for_others = clause.function.public and not is_callback(clause.function)
        if for_others and any(_asks(call, clause, target) for call in asks):
            return Span.of(module, clause.node)
    return None


def _asks(call: Call, clause: Clause, target: ModuleFacts) -> bool:
    """Whether it asks the server by its name, or a process that the caller names."""
    name = process_name(call.args[0], clause) if call.args else ""
    return name in ("", target.name, *target.names)


RULE = Rule(
    id="raw-send",
    title="Messages past a server's client functions",
    category="messaging",
    stage=4,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "`send` is used on the registered name of a server that another module owns, "
        "although that module has client functions."
    ),
    harm=(
        "The message format leaks out of its module: a change of the server breaks senders "
        "that the "
        "compiler cannot find, and an unknown message ends in a catch-all or in a crash."
    ),
    remedy=(
        "Add a client function to the owner and call it. Keep the semantics: `send` to a missing "
        "name raises, `GenServer.cast/2` does not."
    ),
    triggers=(b"send",),
    follows_calls=True,
    check_project=check,
    bad=(
        Sample(
            """\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def take(item), do: GenServer.call(__MODULE__, {:take, item})
  def init(opts), do: {:ok, opts}
  def handle_call({:take, _}, _from, state), do: {:reply, :ok, state}
  def handle_info(:recount, state), do: {:noreply, state}
end

defmodule Shop.Night do
  def run, do: send(Shop.Stock, :recount)
end
""",
            path="lib/stock.ex",
        ),
        Sample(
            """\
defmodule Shop.Jobs do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def add(job), do: GenServer.cast(__MODULE__, {:add, job})
  def init(opts), do: {:ok, opts}
  def handle_cast({:add, _}, state), do: {:noreply, state}
  def handle_info({:retry, _}, state), do: {:noreply, state}
end

defmodule Shop.Hook do
  alias Shop.Jobs
  def failed(job), do: Process.send_after(Process.whereis(Jobs), {:retry, job}, 1_000)
end
""",
            path="lib/jobs.ex",
        ),
    ),
    good=(
        Sample("""\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def recount, do: GenServer.cast(__MODULE__, :recount)
  def init(opts), do: {:ok, opts}
  def handle_cast(:recount, state), do: {:noreply, state}
end

defmodule Shop.Night do
  def run, do: Shop.Stock.recount()
end
"""),
        Sample("""\
defmodule Shop.Reply do
  def answer(pid, ref, value), do: send(pid, {ref, value})
  def wake, do: send(self(), :wake)
end
"""),
    ),
    exemptions=(
        Exemption(
            "same-component",
            "sender and receiver are one component: the one is nested in the other",
            Sample(
                files={
                    "lib/stock.ex": """\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def take(item), do: GenServer.call(__MODULE__, {:take, item})
  def init(opts), do: {:ok, opts}
end
""",
                    "lib/stock/timer.ex": """\
defmodule Shop.Stock.Timer do
  def ring, do: send(Shop.Stock, :ring)
end
""",
                }
            ),
        ),
        Exemption(
            "no-client-api",
            "the server has no client functions: messages are its interface",
            Sample(
                files={
                    "lib/sink.ex": """\
defmodule Shop.Sink do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts}
  def handle_info({:metric, _, _}, state), do: {:noreply, state}
end
""",
                    "lib/web.ex": """\
defmodule Shop.Web do
  def hit(path), do: send(Shop.Sink, {:metric, path, 1})
end
""",
                }
            ),
        ),
    ),
)
