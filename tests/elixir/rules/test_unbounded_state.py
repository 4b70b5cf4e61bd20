"""State that only grows: what adds, and everything that could remove."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "unbounded-state"


def log(
    write: str = "%{s | items: [item | s.items]}",
    more: str = "",
    name: str = "name: __MODULE__",
    head: str = "def handle_cast({:add, id, item}, s)",
) -> list[str]:
    code = f"""\
defmodule Shop.Log do
  use GenServer
  def start_link(_), do: GenServer.start_link(__MODULE__, [], {name})
  def init(_), do: {{:ok, %{{items: [], count: 0}}}}
  {head}, do: {{:noreply, {write}}}
  {more}
end
"""
    return outcome(RULE, {"lib/log.ex": code})


@pytest.mark.parametrize(
    ("write", "said"),
    [
        ("%{s | items: [item | s.items]}", ["warning"]),
        ("[item | s]", ["warning"]),
        ("%{s | items: Map.put(s.items, id, item)}", ["info"]),
        ("%{s | items: s.items |> Map.put(id, item)}", ["info"]),
        ("Map.update(s, id, [item], &[item | &1])", ["info"]),
        ("put_in(s.items[id], item)", ["info"]),
        ("%{s | items: MapSet.put(s.items, item)}", ["info"]),
        # replaced, fixed keys, or cut at once
        ("%{s | items: item}", []),
        ("%{s | items: [item]}", []),
        ("Map.put(s, :items, item)", []),
        ("Map.put(s, :items, [item | []])", []),
        ("%{s | items: Enum.take([item | s.items], 10)}", []),
        ("%{s | items: [item | s.items] |> Enum.take(10)}", []),
        ("%{s | count: s.count + id}", []),
        # as many counters as there are kinds
        ("Map.update(s, id, 1, &(&1 + 1))", []),
    ],
)
def test_what_adds(write: str, said: list[str]) -> None:
    assert log(write) == said


@pytest.mark.parametrize(
    "more",
    [
        "def handle_info(:flush, s), do: {:noreply, %{s | items: []}}",
        "def handle_info(:flush, s), do: {:noreply, Map.put(s, :items, [])}",
        "def handle_info(:flush, s), do: {:noreply, put_in(s.items, [])}",
        "def handle_info({:drop, i}, s), do: {:noreply, %{s | items: List.delete(s.items, i)}}",
        "def handle_info({:drop, i}, s), do: {:noreply, %{s | items: s.items -- [i]}}",
        "def handle_info(:one, %{items: [_ | rest]} = s), do: {:noreply, %{s | items: rest}}",
        "def handle_info(:cut, s), do: {:noreply, update_in(s.items, &tl/1)}",
        "def handle_info(:cut, s), do: {:noreply, Shop.Cut.run(s)}",
        "def handle_info(:cut, s), do: {:noreply, %{s | items: Shop.Cut.run(s.items)}}",
        "def handle_info(:done, s), do: {:stop, :normal, s}",
    ],
)
def test_what_removes(more: str) -> None:
    assert log(more=more) == ["~cut"]


@pytest.mark.parametrize(
    "more",
    [
        "def handle_info(:tick, s), do: {:noreply, %{s | count: 0}}",
        "def handle_call(:all, _from, s), do: {:reply, s.items, s}",
        "def handle_call(:count, _from, %{items: items} = s), do: {:reply, length(items), s}",
        "def handle_call(:old, _from, s), do: {:reply, List.delete(s.others, 1), s}",
    ],
)
def test_what_removes_nothing(more: str) -> None:
    assert log(more=more) == ["warning"]


def test_a_new_state_takes_the_place_of_the_old() -> None:
    reset = "def handle_info(:reset, _), do: {:noreply, %{}}"
    assert log("Map.put(s, id, item)") == ["info"]
    assert log("Map.put(s, id, item)", more=reset) == ["~cut"]


@pytest.mark.parametrize("name", ["[]", "name: via(1)", "name: n"])
def test_only_servers_that_live_as_long_as_the_system(name: str) -> None:
    assert log(name=name) == []


def test_keys_of_which_there_are_few() -> None:
    head = "def handle_cast({:add, id, item}, s) when is_atom(id)"
    assert log("Map.put(s, id, item)", head=head) == []
    assert log("Map.put(s, id, item)", head=head.replace("is_atom", "is_binary")) == ["info"]


def test_what_is_not_kept_in_the_state() -> None:
    elsewhere = (
        "s}\n  def handle_call({:put, id, i}, _, s), do: {:reply, Map.put(s.items, id, i), s"
    )
    assert log(elsewhere) == []


@pytest.mark.parametrize(
    ("client", "caller", "said"),
    [
        ("def put(id, i), do: GenServer.cast(__MODULE__, {:add, id, i})", "put(:page, x)", []),
        ("def put(id, i), do: GenServer.cast(__MODULE__, {:add, id, i})", "put(x, 1)", ["info"]),
        ("def put(i), do: GenServer.cast(__MODULE__, {:add, :last, i})", "put(x)", []),
        ("def put(i), do: GenServer.cast(__MODULE__, {:other, :last, i})", "put(x)", ["info"]),
    ],
)
def test_keys_that_client_functions_give(client: str, caller: str, said: list[str]) -> None:
    more = f"{client}\nend\ndefmodule Shop.Page do\n  def show(x), do: Shop.Log.{caller}"
    assert log("Map.put(s, id, item)", more=more) == said


def test_other_messages_add_too() -> None:
    assert log(head="def handle_info({:event, item}, s)") == ["warning"]


def agent(update: str, more: str = "") -> list[str]:
    code = f"""\
defmodule Shop.Seen do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{{}} end, name: __MODULE__)
  def add(id, item), do: Agent.update(__MODULE__, {update})
  {more}
end
"""
    return outcome(RULE, {"lib/seen.ex": code})


def test_agents() -> None:
    assert agent("fn s -> Map.put(s, id, item) end") == ["info"]
    assert agent("&Map.put(&1, id, item)") == ["info"]
    assert agent("fn s -> Map.put(s, :last, item) end") == []
    clear = "def clear, do: Agent.update(__MODULE__, fn _ -> %{} end)"
    assert agent("fn s -> Map.put(s, id, item) end", clear) == ["~cut"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", ["info"]),
        ("def handle_info(:read, s), do: {:noreply, %{s | items: read()}}", ["~cut"]),
        ("def handle_info(:read, s), do: {:noreply, %{s | count: read()}}", ["info"]),
    ],
)
def test_what_is_named_first_is_the_field_it_goes_into(more: str, said: list[str]) -> None:
    head = "def handle_cast({:add, id, item}, %{items: items} = s)"
    write = "(\nmore = Map.put(items, id, item)\n%{s | items: more}\n)"
    assert log(write, more, head=head) == said


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("Agent.update(Shop.Seen, fn _ -> %{} end)", ["~cut"]),
        ("Agent.get(Shop.Seen, & &1)", ["info"]),
        ("Agent.update(Shop.Other, fn _ -> %{} end)", ["info"]),
    ],
)
def test_another_module_may_change_an_agents_state(function: str, said: list[str]) -> None:
    seen = """\
defmodule Shop.Seen do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{} end, name: __MODULE__)
  def visit(user, page), do: Agent.update(__MODULE__, fn seen -> Map.put(seen, user, page) end)
end
"""
    other = f"defmodule Shop.Night do\n  def clear, do: {function}\nend\n"
    assert outcome(RULE, {"lib/seen.ex": seen, "lib/night.ex": other}) == said


@pytest.mark.parametrize(
    ("field", "said"), [("items", ["~cut"]), ("others", ["info"])], ids=["the-same", "another"]
)
def test_what_is_piped_into_a_call_is_the_map_and_not_its_key(field: str, said: list[str]) -> None:
    write = "(\nitems = items |> Map.put(item.id, id)\n%{s | items: items}\n)"
    head = "def handle_cast({:add, id, item}, %{items: items} = s)"
    more = f"def handle_info(i, s), do: {{:noreply, %{{s | {field}: Map.delete(s.{field}, i)}}}}"
    assert log(write, more, head=head) == said
