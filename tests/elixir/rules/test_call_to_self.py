"""Servers that wait for themselves: by pid, by name, through other functions and modules."""

from __future__ import annotations

import pytest

from bot.elixir.rules.call_to_self import RULE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

SERVER = """\
defmodule Shop.Stock do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, NAME)
  def all(server \\\\ __MODULE__), do: GenServer.call(server, :all)
  def put(server, item), do: GenServer.cast(server, {:put, item})
  def init(arg), do: {:ok, arg}
  def handle_call(:all, _from, items), do: {:reply, items, items}
  def handle_info(:tick, items) do
    BODY
    {:noreply, items}
  end
  defp name, do: __MODULE__
  defp helper(items), do: [items | all()]
end
"""


def said(body: str, name: str = "name: __MODULE__", more: str = "") -> list[str]:
    code = SERVER.replace("BODY", body).replace("NAME", name)
    return outcome(RULE.id, {"lib/stock.ex": code, "lib/more.ex": more})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("GenServer.call(self(), :all)", ["error"]),
        ("GenServer.call(__MODULE__, :all)", ["error"]),
        ("GenServer.call(Process.whereis(__MODULE__), :all)", ["error"]),
        ("GenServer.call(name(), :all)", ["error"]),
        ("me = self()\n    GenServer.call(me, :all)", ["error"]),
        (":gen_server.call(self(), :all)", ["error"]),
        ("all()", ["error"]),
        ("all(self())", ["error"]),
        ("self() |> all()", ["error"]),
        ("Enum.map([self()], fn _ -> all() end)", ["error"]),
        ("helper(items)", ["error"]),
        ("task = Task.async(fn -> all() end)\n    Task.await(task)", ["error"]),
        ("all(Shop.Other)", []),
        ("all(items.server)", []),
        ("GenServer.call({__MODULE__, :far@host}, :all)", []),
        ("GenServer.call({:via, Registry, {Shop.Names, 1}}, :all)", []),
        ("put(self(), 1)", []),
        ("GenServer.cast(__MODULE__, :all)", []),
        ("Task.async(fn -> all() end)", []),
        ("task = Task.async(fn -> all(self()) end)\n    Task.await(task)", []),
        ("spawn(fn -> all() end)", []),
        ("later = fn -> all() end\n    send(self(), later)", []),
        ("quote do: all()", []),
        ("# GenServer.call(self(), :all)", []),
        ("Logger.info(\"GenServer.call(self(), :all)\")", []),
    ],
)  # fmt: skip
def test_sites(body: str, words: list[str]) -> None:
    assert said(body) == words


def test_a_name_that_the_starter_chooses_is_less_certain() -> None:
    assert said("all()", name="name: arg[:name]") == ["warning"]
    assert said("all(self())", name="name: arg[:name]") == ["error"]


def test_clients_and_other_servers_may_call() -> None:
    other = (
        "defmodule Shop.Night do\n  use GenServer\n  def init(s), do: {:ok, s}\n"
        "  def handle_info(:tick, s), do: {:noreply, [Shop.Stock.all() | s]}\nend\n"
    )
    assert said(":ok", more=other) == []


def test_the_way_through_another_module_is_evidence() -> None:
    more = "defmodule Shop.Out do\n  def print, do: IO.inspect(Shop.Stock.all())\nend\n"
    files = {
        "lib/stock.ex": SERVER.replace("BODY", "Shop.Out.print()").replace(
            "NAME", "name: __MODULE__"
        ),
        "lib/out.ex": more,
    }
    (finding,) = analysed(RULE, files).findings
    assert (finding.code.strip(), finding.function) == ("Shop.Out.print()", "handle_info/2")
    assert [e.note for e in finding.evidence] == [
        "`handle_info/2` calls `Shop.Out.print`",
        "`Shop.Out.print` calls `Shop.Stock.all`",
        "`Shop.Stock` is this server's own name: it would have to answer while it waits",
    ]


def test_what_two_callbacks_reach_is_found_once() -> None:
    more = "  def handle_cast(:a, items) do\n    helper(items)"
    more = f"helper(items)\n    {{:noreply, items}}\n  end\n{more}"
    assert said(more) == ["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Agent.update(A, fn _ -> Agent.get(A, & &1) end)", ["error"]),
        ("Agent.update(A, fn _ -> Agent.get(B, & &1) end)", []),
        ("Agent.update(a, fn _ -> Agent.get(b, & &1) end)", []),
        ("Agent.update(A, fn _ -> Agent.cast(A, & &1) end)", []),
        ("Agent.update(A, & &1)\n    Agent.get(A, & &1)", []),
        ("Agent.update(A, fn _ -> r() end)\n  end\n  def r do\n    Agent.get(A, & &1)", ["error"]),
    ],
)  # fmt: skip
def test_agents(body: str, words: list[str]) -> None:
    code = f"defmodule Shop.A do\n  def go(a, b) do\n    {body}\n  end\nend\n"
    assert outcome(RULE.id, {"lib/a.ex": code}) == words


def test_broken_code_is_no_crash() -> None:
    code = SERVER.replace("NAME", "name: __MODULE__").replace("BODY", "all(self()")
    for cut in range(0, len(code), 7):
        outcome(RULE.id, {"lib/stock.ex": code[:cut]})


HANDLER = """\
defmodule Shop.Watch do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)

  def init(arg) do
    attach()
    {:ok, arg}
  end

  def handle_call({:seen, what}, _from, seen), do: {:reply, :ok, [what | seen]}

  def handle_info(:again, seen) do
    attach()
    {:noreply, seen}
  end

  def handle_event(event, _measures, _meta, _config) do
    GenServer.call(__MODULE__, {:seen, event})
  end

  defp attach, do: HOW
end
"""


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (":telemetry.attach(:a, [:shop], &handle_event/4, nil)", []),
        (":telemetry.attach_many(:a, [[:shop]], &__MODULE__.handle_event/4, nil)", []),
        (":timer.apply_after(9, fn -> GenServer.call(__MODULE__, :all) end)", []),
        (":telemetry.span([:a], %{}, fn -> GenServer.call(__MODULE__, :all) end)", ["error"]),
        (":timer.tc(fn -> GenServer.call(__MODULE__, :all) end)", ["error"]),
    ],
)
def test_a_handler_that_is_handed_over_runs_where_the_event_is(how: str, words: list[str]) -> None:
    assert outcome(RULE.id, {"lib/watch.ex": HANDLER.replace("HOW", how)}) == words


def test_a_state_machine_runs_its_events_itself() -> None:
    machine = """\
defmodule Shop.Till do
  @behaviour :gen_statem
  def start_link(arg), do: :gen_statem.start_link({:local, __MODULE__}, __MODULE__, arg, [])
  def callback_mode, do: :handle_event_function
  def init(arg), do: {:ok, :open, arg}
  def handle_event(:info, :tick, :open, _data), do: :gen_statem.call(__MODULE__, :sum)
end
"""
    assert outcome(RULE.id, {"lib/till.ex": machine}) != []


@pytest.mark.parametrize(("name", "waits"), [("name: __MODULE__", "waits"), ("[]", "may wait")])
def test_a_name_that_may_be_its_own(name: str, waits: str) -> None:
    code = SERVER.replace("BODY", "GenServer.call(__MODULE__, :all)").replace("NAME", name)
    (finding,) = analysed(RULE, {"lib/stock.ex": code}).findings
    assert finding.message.startswith(f"`handle_info/2` {waits} for its own server")
    assert ("where this server is" in finding.evidence[-1].note) == (waits == "may wait")


AGENT = """\
defmodule Shop.Rates do
  use Agent
  @name Shop.Rates
  def start_link(arg), do: START
  def refresh, do: Agent.update(@name, fn _ -> load(:again) end)
  def get(key), do: Agent.get(@name, &Map.get(&1, key))
  def first, do: load(:first)
  def load(arg), do: %{tax: arg, sum: sum()}
  defp sum, do: SUM
end
"""


@pytest.mark.parametrize(
    ("start", "count"),
    [
        ("Agent.start_link(__MODULE__, :load, [arg], name: @name)", 2),
        ("Agent.start_link(&first/0, name: @name)", 2),
        ("Agent.start_link(&__MODULE__.first/0, name: @name)", 2),
        ("Agent.start_link(fn -> load(arg) end, name: @name)", 2),
        ("Agent.start_link(__MODULE__, :load, [arg], name: Shop.Other)", 1),
        ("Agent.start_link(__MODULE__, :load, [arg])", 1),
        ("Agent.start_link(Shop.Other, :load, [arg], name: @name)", 1),
        ("Agent.start_link(fn -> arg end, name: @name)", 1),
    ],
)
def test_the_first_function_of_an_agent(start: str, count: int) -> None:
    code = AGENT.replace("START", start).replace("SUM", "get(:sum)")
    findings = analysed(RULE, code).findings
    assert len(findings) == count
    for finding in findings:
        assert "can wait" in finding.message
        notes = [e.note for e in finding.evidence]
        assert notes[0] == "the agent `Shop.Rates` runs this function"
        assert notes[-1] == "this asks that agent"


def test_an_agent_that_knows_itself() -> None:
    asks = "if Process.whereis(@name) == self(), do: 0, else: get(:sum)"
    assert analysed(RULE, AGENT.replace("START", "arg").replace("SUM", asks)).findings == ()


DESK = """
defmodule Shop.Desk do
  def find("all", fun), do: fun.(Shop.Stock.all())
  def find(<<key::binary-size(4)>>, fun), do: fun.(key)
  def look(key), do: find(key, & &1)
end
defmodule Shop.Keys do
  def of(items), do: hd(items)
end
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('Shop.Desk.find("all", & &1)', ["error"]),
        ('Shop.Desk.look("all")', ["error"]),
        ("Shop.Desk.look(items.key)", ["error"]),
        ("Shop.Desk.look(items)", ["error"]),
        ('Shop.Desk.find("none", & &1)', []),
        ('Shop.Desk.look("none")', []),
        ("Shop.Desk.look(Shop.Keys.of(items))", []),
        ("[key, _] = Shop.Keys.of(items)\nShop.Desk.find(key, & &1)", []),
    ],
)
def test_a_clause_for_one_text_is_for_that_text(body: str, words: list[str]) -> None:
    assert said(body, more=DESK) == words


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("def handle_call({:rpc, x}, _from, s), do: {:reply, x, s}", []),
        ("def handle_call(:list, _from, s), do: {:reply, s, s}", ["warning"]),
        ("def handle_call(other, _from, s), do: {:reply, other, s}", ["warning"]),
        ("", ["warning"]),
    ],
)
def test_a_server_known_by_its_module_takes_what_it_has_a_clause_for(
    clause: str, words: list[str]
) -> None:
    code = f"""
    defmodule Shop.Hub do
      use GenServer
      def list(name), do: GenServer.call(name, :list)
      def init(s), do: {{:ok, s}}
    end
    defmodule Shop.Peer do
      use GenServer
      def init(s), do: {{:ok, s}}
      {clause}
      def handle_info(:tick, s), do: {{:noreply, [Shop.Hub.list(Shop.Peer) | s]}}
    end
    """
    assert outcome(RULE.id, {"lib/a.ex": code}) == words
