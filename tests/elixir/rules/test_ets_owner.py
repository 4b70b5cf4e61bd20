"""Tables created on demand: by whom, and whether they outlive it."""

from __future__ import annotations

import pytest

from bot.elixir.rules.ets_owner import RULE as WHOLE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "ets-owner"


def cache(
    create: str = ":ets.new(:cache, [:named_table, :public])",
    check: str = ":ets.whereis(:cache) == :undefined",
    head: str = "def ensure",
    more: str = "def get(k), do: ensure() && :ets.lookup(:cache, k)",
) -> list[str]:
    code = f"""\
defmodule Shop.Cache do
  use GenServer
  {head} do
    if {check}, do: {create}
  end
  {more}
end
"""
    return outcome(RULE, {"lib/cache.ex": code})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ["warning"]),
        ({"head": "defp ensure"}, ["warning"]),
        ({"check": ":ets.info(:cache) == :undefined"}, ["warning"]),
        ({"create": ":ets.new(:cache, [:public])"}, []),
        # nobody on the way wants a row of it
        ({"more": "def upgrade, do: ensure()"}, []),
        # it is for one job
        ({"more": "def get(k), do: ensure() && :ets.lookup(:cache, k) && :ets.delete(:cache)"}, []),
        # in whose process it runs, those who use the macro say
        (
            {
                "more": "def get(k), do: ensure() && :ets.lookup(:cache, k)\n"
                "  defmacro __using__(_), do: quote(do: def(init(k), do: Shop.Cache.get(k)))"
            },
            [],
        ),
        # who calls it at start is no passer-by
        ({"check": "true"}, []),
        ({"more": "def init(_), do: {:ok, ensure()}"}, []),
        ({"more": "def start_link(_), do: ensure()"}, []),
        ({"more": "def handle_call(k, _, s), do: {:reply, ensure(), s}"}, []),
        ({"create": "Agent.start(fn -> :ets.new(:cache, [:named_table]) end)"}, []),
        (
            {"create": ":ets.new(:cache, [:named_table]) |> :ets.give_away(pid(), 1)"},
            ["~given-away"],
        ),
        ({"create": ":ets.new(:cache, [:named_table, {:heir, x(), 1}])"}, ["~given-away"]),
    ],
)
def test_owners(changed: dict[str, str], said: list[str]) -> None:
    assert cache(**changed) == said


def test_a_request_that_creates_its_table_needs_no_look() -> None:
    page = """\
defmodule ShopWeb.PageController do
  use ShopWeb, :controller
  def index(conn, _), do: Shop.Cache.ensure() && conn
end
"""
    table = """\
defmodule Shop.Cache do
  def ensure, do: :ets.new(:cache, [:named_table])
end
"""
    assert outcome(RULE, {"lib/cache.ex": table}) == []
    assert outcome(RULE, {"lib/cache.ex": table, "lib/page.ex": page}) == ["warning"]


def test_one_finding_for_the_tables_of_one_function() -> None:
    new = "if :ets.whereis(:a) == :undefined, do: :ets.new(:a, [:named_table])"
    code = (
        "defmodule Shop.Cache do\n  def get(k) do\n"
        f"    {new}\n    {new.replace(':a', ':b')}\n"
        "    {:ets.lookup(:a, k), :ets.lookup(:b, k)}\n  end\nend\n"
    )
    (finding,) = analysed(WHOLE, code).findings
    assert [e.line for e in finding.evidence] == [3, 2, 4]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("if Mix.env() != :prod do", ["info"]),
        ("unless Mix.env() == :prod do", ["info"]),
        ("if Mix.env() == :dev do", ["info"]),
        ("if Mix.env() == :prod do", ["warning"]),
        ("if Mix.env() != :test do", ["warning"]),
        ("if Shop.cached?() do", ["warning"]),
    ],
)
def test_what_does_not_ship_weighs_less(condition: str, said: list[str]) -> None:
    code = f"""\
{condition}
  defmodule Shop.Cache do
    def get(k) do
      if :ets.whereis(:a) == :undefined, do: :ets.new(:a, [:named_table])
      :ets.lookup(:a, k)
    end
  end
end
"""
    assert outcome(RULE, {"lib/cache.ex": code}) == said
