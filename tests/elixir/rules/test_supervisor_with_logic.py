"""Work where a tree is started: what blocks a boot, and what raises in a supervisor."""

from __future__ import annotations

import pytest

from bot.elixir.rules.supervisor_with_logic import RULE as RULE_OF_IT
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

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


WAITS = "the whole boot waits for it"
ALONE = ", and no supervisor is there to try again where it fails"


@pytest.mark.parametrize(
    ("work", "more", "note"),
    [
        ("Shop.Repo.all(x)", "", f"{WAITS}{ALONE}"),
        ("Req.get(x)", "", f"{WAITS}{ALONE}"),
        ("Process.sleep(x)", "", WAITS),
        ("Process.sleep(1_000)", "", f"{WAITS}: 1000 ms"),
        (":timer.sleep(:timer.seconds(30))", "", f"{WAITS}: 30000 ms"),
        (":timer.sleep(@pause)", "@pause :timer.hours(1)", f"{WAITS}: 3600000 ms"),
        (
            "wait(3)",
            "defp wait(0), do: :gone\n  defp wait(n) do\n    Process.sleep(500)\n    wait(n - 1)\n"
            "  end",
            f"{WAITS}, each time round: 500 ms, up to 3 times",
        ),
        (
            "wait(x, _tries = 20)",
            "defp wait(_, 0), do: :gone\n  defp wait(x, n) do\n    Process.sleep(50)\n"
            "    if x, do: wait(x, n - 1)\n  end",
            f"{WAITS}, each time round: 50 ms, up to 20 times",
        ),
        (
            "wait(3)",
            'defp wait(0), do: raise("gone")\n  defp wait(n) do\n    Process.sleep(n)\n'
            "    wait(n - 1)\n  end",
            f"{WAITS}, each time round: up to 3 times; if that is in vain, the application does "
            "not start",
        ),
        (
            "wait(x)",
            "defp wait(n) do\n    Process.sleep(500)\n    wait(n)\n  end",
            f"{WAITS}, each time round: 500 ms",
        ),
    ],
)
def test_how_the_boot_waits(work: str, more: str, note: str) -> None:
    code = f"""\
defmodule Shop.Application do
  use Application
  {more if more.startswith("@") else ""}
  def start(_type, x) do
    {work}
    Supervisor.start_link([], strategy: :one_for_one)
  end
  {more if not more.startswith("@") else ""}
end
"""
    (finding,) = analysed(RULE_OF_IT, code).findings
    told = [e.note for e in finding.evidence if "whole boot" in e.note]
    assert told == [note]


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        ('catch\n      _, _ -> raise "epmd is needed"', "~requirement"),
        ('rescue\n      _ -> raise "epmd is needed"', "~requirement"),
        ('rescue\n      ErlangError -> raise "epmd is needed"', "info"),
        ("catch\n      _, _ -> :ok", "info"),
    ],
)
def test_a_program_that_must_run(handler: str, said: str) -> None:
    code = f"""\
defmodule Shop.Application do
  use Application
  def start(_, _) do
    try do
      {{_, 0}} = System.cmd("epmd", ["-daemon"])
    {handler}
    end
    Supervisor.start_link([], strategy: :one_for_one)
  end
end
"""
    assert outcome("supervisor-with-logic", {"lib/application.ex": code}) == [said]
