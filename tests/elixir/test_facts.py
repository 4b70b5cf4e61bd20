"""Facts of modules: processes started, messages sent, names registered."""

from __future__ import annotations

import pytest

from bot.elixir.facts import ModuleFacts, facts_of_file
from bot.elixir.outline import modules_of
from bot.elixir.source import Source


def facts(code: str, path: str = "lib/a.ex") -> ModuleFacts:
    source = Source(path, code.encode())
    return facts_of_file(source, modules_of(source))[0]


def module(body: str) -> str:
    return f"defmodule Shop.A do\n  alias Shop.Jobs\n  @name Shop.Desk\n{body}\nend\n"


@pytest.mark.parametrize(
    ("call", "started", "target"),
    [
        ("Jobs.start_link([])", "Shop.Jobs.start_link", "Shop.Jobs"),
        ("GenServer.start_link(Jobs, [])", "GenServer.start_link", "Shop.Jobs"),
        ("GenServer.start(__MODULE__, [])", "GenServer.start", "Shop.A"),
        (
            ":gen_server.start_link({:local, :x}, Jobs, [], [])",
            ":gen_server.start_link",
            "Shop.Jobs",
        ),
        (
            "DynamicSupervisor.start_child(Sup, {Jobs, 1})",
            "DynamicSupervisor.start_child",
            "Shop.Jobs",
        ),
        ("[] |> Jobs.start_link()", "Shop.Jobs.start_link", "Shop.Jobs"),
        ("Agent.start_link(fn -> 0 end)", "Agent.start_link", ""),
    ],
)
def test_starts(call: str, started: str, target: str) -> None:
    (start,) = facts(module(f"  def go do\n    {call}\n    :ok\n  end")).starts
    assert (start.call, start.target, start.function, start.result_used) == (
        started,
        target,
        "go/0",
        False,
    )


def test_result_used() -> None:
    assert facts(module("  def go, do: {:ok, _} = Jobs.start_link([])")).starts[0].result_used
    assert facts(module("  def go do\n    Jobs.start_link([])\n  end")).starts[0].result_used


def test_no_start() -> None:
    quoted = "  defmacro go, do: quote(do: Shop.Jobs.start_link([]))"
    captured = "  def go, do: &Jobs.start_link/1"
    documented = '  @doc "Jobs.start_link([])"\n  def go, do: :ok'
    for body in (quoted, captured, documented, "  def start_link(a), do: a"):
        assert facts(module(body)).starts == ()


@pytest.mark.parametrize(
    ("call", "target"),
    [
        ("send(Jobs, :x)", "Shop.Jobs"),
        ("send(@name, :x)", "Shop.Desk"),
        ("send(:desk, :x)", ":desk"),
        ("Process.send_after(Process.whereis(Jobs), :x, 10)", "Shop.Jobs"),
        ("Jobs |> send(:x)", "Shop.Jobs"),
    ],
)
def test_sends_to_names(call: str, target: str) -> None:
    assert [s.target for s in facts(module(f"  def go, do: {call}")).sends] == [target]


def test_sends_to_pids_are_not_kept() -> None:
    assert (
        facts(
            module("  def go(pid), do: {send(pid, 1), send(self(), 2), send({:global, 1}, 3)}")
        ).sends
        == ()
    )


def test_registered_names() -> None:
    body = "  def start_link(a), do: GenServer.start_link(__MODULE__, a, name: @name)"
    assert facts(module(body)).names == ("Shop.Desk",)
    other = "  def lookup(a), do: Registry.start_link(name: Jobs)"
    assert facts(module(other)).names == ()


def test_own_specification() -> None:
    body = "  def child_spec(a), do: %{id: :a, start: {__MODULE__, :go, [a]}, restart: :transient}"
    assert facts(module(body)).spec == {"id": ":a", "restart": ":transient"}


def test_tests_start_nothing_of_the_application() -> None:
    code = module("  def go, do: Jobs.start_link([])")
    found = facts(code, "test/a_test.exs")
    assert (found.role, found.starts, found.mentions) == ("test", (), frozenset())
    assert facts(code, "lib/load_test/a.ex").starts
