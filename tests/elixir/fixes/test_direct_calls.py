"""Who calls a callback by himself."""

from __future__ import annotations

import pytest

from bot.elixir.fixes.direct_calls import called_directly
from tests.elixir.fixes.support import MIX_EXS, project_of

SERVER = """\
defmodule Shop.Rates do
  @moduledoc false
  use GenServer

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts)

  def init(opts), do: {:ok, opts}

  def base(rates), do: rates
end
"""


def direct(other: str, server: str = SERVER) -> bool:
    files = {"mix.exs": MIX_EXS, "lib/rates.ex": server, "test/rates_test.exs": other}
    project = project_of(files)
    return called_directly(project, project.module("Shop.Rates"), ("init", 1))


def suite(head: str, body: str) -> str:
    return (
        f"defmodule Shop.RatesTest do\n  use ExUnit.Case\n  {head}\n\n"
        f'  test "it starts" do\n    {body}\n  end\nend\n'
    )


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", "assert {:ok, _} = Shop.Rates.init([])"),
        ("alias Shop.Rates", "assert {:ok, _} = Rates.init([])"),
        ("alias Shop.{Mail, Rates}", "[] |> Rates.init()"),
        ("alias Shop.Rates, as: Prices", "assert {:ok, _} = Prices.init([])"),
        ("import Shop.Rates", "assert init([]) == {:ok, []}"),
        ("import Shop.{Mail, Rates}", "assert init([]) == {:ok, []}"),
        ("import Shop.Rates, only: [init: 1]", "assert init([]) == {:ok, []}"),
        ("", "import Shop.Rates\n    assert init([]) == {:ok, []}"),
        ("", "alias Shop.Rates, as: R\n    R.init([])"),
        ("@subject Shop.Rates", "@subject.init([])"),
        ("use Shop.Case", "Rates.init([])"),
        ("alias Shop.Rates", "Enum.map([1], &Rates.init/1)"),
    ],
)
def test_a_call_is_seen_by_whatever_name(head: str, body: str) -> None:
    assert direct(suite(head, body))


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("import Shop.Rates", "assert base(1) == 1"),
        ("import Shop.Rates, except: [init: 1]", "init([])"),
        ("import Shop.Rates, only: [base: 1]", "init([])"),
        ("import Shop.Rates", "init(1, 2)"),
        ("alias Other.Rates", "Rates.init([])"),
        ("alias Shop.Rates", "Rates.initialize([])"),
        ("alias Shop.Rates", "# not Rates.init([])\n    Rates.base(1)"),
    ],
)
def test_what_only_looks_like_one_is_none(head: str, body: str) -> None:
    assert not direct(suite(head, body))


def test_an_own_function_may_call_it_too() -> None:
    called = SERVER.replace("rates), do: rates", "rates), do: init(rates)")
    assert direct("", called)
    assert direct("", called.replace(": init(", ": __MODULE__.init("))


def test_an_example_in_the_documentation_is_run_by_a_doctest() -> None:
    example = '  @doc """\n      iex> init([])\n      {:ok, []}\n  """\n  def init('
    assert direct("", SERVER.replace("  def init(", example))
