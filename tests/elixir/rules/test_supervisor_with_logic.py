"""Work where a tree is started: what blocks a boot, and what raises in a supervisor."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "supervisor-with-logic"


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("Shop.Repo.all(Shop.Item)", ["warning"]),
        ("Process.sleep(1_000)", ["warning"]),
        ("load()", ["warning"]),
        ("GenServer.call(Shop.Stock, :all)", ["info"]),
        ("GenServer.call(Shop.Stock, :all, :infinity)", ["warning"]),
        ("Application.fetch_env!(:shop, :mode)", []),
        ('File.mkdir_p!("tmp")', []),
        ('case System.cmd("scan", []) do\n {_, 0} -> 1\n _ -> raise "no"\n end', ["~requirement"]),
        (
            'case System.cmd("scan", []) do\n {_, 0} -> 1\n _ -> System.halt(1)\n end',
            ["~requirement"],
        ),
        ('case System.cmd("scan", []) do\n {_, 0} -> 1\n _ -> 2\n end', ["info"]),
        ('case System.cmd("scan", [raise("no")]) do\n _ -> 2\n end', ["info"]),
        ('System.cmd("scan", [])\n    raise "no"', ["info"]),
        ('case Shop.Repo.all(x) do\n [] -> raise "no"\n _ -> 1\n end', ["warning"]),
        ("Task.start(fn -> load() end)", []),
        ("Task.start(fn -> Shop.Repo.all(Shop.Item) end)", ["~other-process"]),
        ("hook = fn -> Shop.Repo.all(Shop.Item) end\n    hook", []),
        ("# Shop.Repo.all(Shop.Item)", []),
    ],
)
def test_application(work: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Application do
  use Application
  def start(_type, _args) do
    {work}
    Supervisor.start_link([], strategy: :one_for_one)
  end
  defp load, do: Shop.Repo.all(Shop.Item)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said


@pytest.mark.parametrize(
    ("use", "work", "said"),
    [
        ("Supervisor", "File.read!(x)", ["info"]),
        ("DynamicSupervisor", "File.mkdir_p!(x)", ["info"]),
        ("Supervisor", "File.read(x)", []),
        ("GenServer", "File.read!(x)", []),
        ("Supervisor", "fn -> File.read!(x) end", []),
    ],
)
def test_supervisor(use: str, work: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Tree do
  use {use}
  def init(x) do
    {work}
    :ignore
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said
