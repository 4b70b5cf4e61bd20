"""Servers started by hand: who owns them decides."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "process-outside-supervisor"
STOCK = """\
defmodule Shop.Stock do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {:ok, arg}
end
"""
MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop{more}]
  def application, do: [{mod}]
end
"""


def said(code: str, mod: str = "mod: {Shop.Application, []}", more: str = "") -> list[str]:
    mix = MIX.replace("{mod}", mod).replace("{more}", more)
    return outcome(RULE, {"mix.exs": mix, "lib/stock.ex": STOCK, "lib/a.ex": code})


def function(body: str) -> str:
    return f"defmodule Shop.A do\n  def go(x) do\n    {body}\n    x\n  end\nend\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Shop.Stock.start_link(x)", ["warning"]),
        ("GenServer.start(Shop.Stock, x)", ["warning"]),
        ("{:ok, pid} = Shop.Stock.start_link(x)\n    GenServer.stop(pid)", ["~short-lived"]),
        ("if is_nil(Process.whereis(Shop.Stock)), do: Shop.Stock.start_link(x)", ["~lazy"]),
        ("DynamicSupervisor.start_child(Shop.Sup, {Shop.Stock, x})", []),
        ("Other.Library.start_link(x)", []),
        ("Shop.Stock.start(x)", []),
        ("Agent.start_link(fn -> x end)", ["info"]),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert said(function(body)) == words


def test_library_without_an_application_leaves_it_to_its_user() -> None:
    body = function("Shop.Stock.start_link(x)")
    assert said(body, mod="", more=", package: []") == ["~library"]
    assert said(body, mod="") == ["warning"]


def test_owner_process_is_a_remark() -> None:
    code = """\
defmodule Shop.A do
  use GenServer
  def init(x) do
    {:ok, stock} = Shop.Stock.start_link(x)
    {:ok, stock}
  end
end
"""
    assert said(code) == ["info"]


def test_module_in_a_child_list_is_a_remark() -> None:
    supervisor = """\
defmodule Shop.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([Shop.Stock], strategy: :one_for_one)
end
"""
    assert said(supervisor + function("Shop.Stock.start_link(x)")) == ["info"]


def test_wrapper_of_another_start_is_its_callers_business() -> None:
    assert (
        said("defmodule Shop.A do\n  def start_link(x), do: Shop.Stock.start_link(x)\nend\n") == []
    )


def test_tests_and_tasks_may_start_what_they_need() -> None:
    code = function("Shop.Stock.start_link(x)")
    files = {"lib/stock.ex": STOCK, "test/a_test.exs": code, "priv/seed.exs": code}
    assert outcome(RULE, files) == []
