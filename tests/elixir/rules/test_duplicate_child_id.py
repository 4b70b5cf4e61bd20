"""Equal ids: which are known, and which children are in one list at once."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "duplicate-child-id"


def said(children: str, desk: str = "use GenServer") -> list[str]:
    code = f"""\
defmodule Shop.Desk do
  {desk}
  def init(s), do: {{:ok, s}}
end

defmodule Shop.Tree do
  use Supervisor
  defp desk(n), do: {{Shop.Desk, n}}
  def init(x) do
    children = {children}
    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""
    return outcome(RULE, {"lib/a.ex": code})


@pytest.mark.parametrize(
    ("children", "words"),
    [
        ("[Shop.Desk, Shop.Desk]", ["error"]),
        ("[Shop.Desk, {Shop.Desk, 2}, {Shop.Desk, 3}]", ["error", "error"]),
        ("[Shop.Desk] ++ [Shop.Desk]", ["error"]),
        ("[Shop.Desk, Supervisor.child_spec(Shop.Desk, id: :b)]", []),
        ("[Supervisor.child_spec(Shop.Desk, id: :b), Supervisor.child_spec(A, id: :b)]", ["error"]),
        ("[Supervisor.child_spec(Shop.Desk, id: x), Supervisor.child_spec(A, id: x)]", []),
        ("[%{id: {A, 1}, start: {A, :go, []}}, %{id: {A, 1}, start: {B, :go, []}}]", ["error"]),
        ('[%{id: "a#{x}", start: {A, :go, []}}, %{id: "a#{x}", start: {B, :go, []}}]', []),
        ("[{Task, fn -> 1 end}, {Task, fn -> 2 end}]", ["error"]),
        ("[{Registry, keys: :unique, name: A}, {Registry, keys: :unique, name: A}]", ["error"]),
        ("[{Registry, keys: :unique, name: x.a}, {Registry, keys: :unique, name: x.b}]", []),
        ("[{Foreign, 1}, {Foreign, 2}]", []),
        ("[worker(Foreign, [1]), worker(Foreign, [2])]", ["error"]),
        ("[worker(Foreign, [1]), worker(Foreign, [2], id: :b)]", []),
        ("[desk(1), desk(2)]", []),
        ("if x, do: [Shop.Desk], else: [Shop.Desk]", ["~either-or"]),
        ("[Shop.Desk] ++ if(x, do: [Shop.Desk], else: [])", ["~either-or"]),
        ("case x do\n      1 -> [Shop.Desk]\n      _ -> [Shop.Desk]\n    end", ["~either-or"]),
        ("[Shop.Desk, Shop.Desk", []),
    ],
)
def test_lists(children: str, words: list[str]) -> None:
    assert said(children) == words


@pytest.mark.parametrize(
    ("desk", "words"),
    [
        ("use GenServer, restart: :transient", ["error"]),
        ("use GenServer, id: :desk", []),
        ("use GenServer\n  def child_spec(n), do: %{id: n}", []),
        ("use Shop.Server", []),
        ("@behaviour GenServer", []),
    ],
)
def test_default_id(desk: str, words: list[str]) -> None:
    assert said("[{Shop.Desk, 1}, {Shop.Desk, 2}]", desk) == words


def test_clauses_of_one_function_are_either_or() -> None:
    code = """\
defmodule Shop.Tree do
  use Supervisor
  def init(x), do: Supervisor.init(children(x), strategy: :one_for_one)
  defp children(:a), do: [{Task, fn -> 1 end}]
  defp children(_), do: [{Task, fn -> 2 end}]
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~either-or"]
