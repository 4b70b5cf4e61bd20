"""Searches of whole tables: which match names no key, and who waits for it."""

from __future__ import annotations

import pytest

from bot.elixir.rules.ets_full_scan import RULE as WHOLE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "ets-full-scan"


def carts(search: str, add: str = "{id, user}", more: str = "", options: str = "") -> list[str]:
    code = f"""\
defmodule Shop.Carts do
  use GenServer
  @table :carts
  def init(_), do: {{:ok, :ets.new(@table, [:named_table, :public{options}])}}
  def open(id, user), do: :ets.insert(@table, {add})
  {search if search.startswith("def") else f"def of(user), do: {search}"}
  {more}
end
"""
    return outcome(RULE, {"lib/carts.ex": code})


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (":ets.match_object(@table, {:_, user})", ["info"]),
        ("@table |> :ets.match({:_, user})", ["info"]),
        (':ets.match(@table, {:"$1", user})', ["info"]),
        (':ets.match(@table, {{:_, :"$1"}, user})', ["info"]),
        (':ets.select(@table, [{{:"$1", user}, [], [:"$1"]}])', ["info"]),
        (':ets.select(@table, [{{:_, :"$1"}, [{:>, :"$1", user}], [true]}])', ["info"]),
        ("@table |> :ets.tab2list() |> Enum.find(&(&1 == user))", ["info"]),
        ("Enum.any?(:ets.tab2list(@table), user)", ["info"]),
        # by key
        (":ets.match_object(@table, {user, :_})", []),
        (":ets.match(@table, {{user, :_}, :_})", []),
        (':ets.select(@table, [{{user, :"$1"}, [], [:"$1"]}])', []),
        # all rows are wanted, or those of one kind
        ("@table |> :ets.tab2list() |> Enum.filter(user)", []),
        (":ets.match_object(@table, {:_, :paid})", []),
        (':ets.select(@table, [{{:"$1", :_}, [{:is_atom, :"$1"}], [:"$1"]}])', []),
        (":ets.tab2list(@table)", []),
        (':ets.match(@table, {:"$1", :_})', []),
        (':ets.select(@table, [{{:"$1", :_}, [], [:"$1"]}])', []),
        ("@table |> :ets.tab2list() |> Enum.map(user)", []),
        # so many at a time, or what only run time knows
        (":ets.match_object(@table, {:_, user}, 100)", []),
        (":ets.select(@table, user)", []),
        (":ets.match_object(@table, user)", []),
        (":ets.match_object(:other, {:_, user})", []),
    ],
)
def test_matches(search: str, said: list[str]) -> None:
    assert carts(search) == said


FIND = ":ets.match_object(@table, {:_, user})"


def test_a_table_of_fixed_rows_is_small() -> None:
    assert carts(FIND, add="{:last, user}") == []


def test_a_table_with_its_key_elsewhere_is_left_alone() -> None:
    assert carts(FIND, options=", keypos: 2") == []
    assert carts(FIND, options=", {:keypos, 2}") == []


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        ("def handle_call(user, _from, s), do: {:reply, of(user), s}", ["info"]),
        ("def handle_info(user, s), do: {:noreply, of(user), s}", ["~by-the-clock"]),
        ("def init(user), do: {:ok, of(user)}", []),
        ("", []),
    ],
)
def test_who_waits(caller: str, said: list[str]) -> None:
    assert carts(f"defp of(user), do: {FIND}", more=caller) == said


def test_the_clause_that_searches_is_the_evidence() -> None:
    more = "def handle_call({:drop, _}, _, s), do: {:reply, s, s}\n  "
    more += f"def handle_call({{:find, user}}, _, s), do: {{:reply, {FIND}, s}}"
    code = f"""\
defmodule Shop.Carts do
  use GenServer
  @table :carts
  def init(_), do: {{:ok, :ets.new(@table, [:named_table, :public])}}
  def open(id, user), do: :ets.insert(@table, {{id, user}})
  {more}
end
"""
    (finding,) = analysed(WHOLE, code).findings
    assert [e.line for e in finding.evidence] == [7, 7]
