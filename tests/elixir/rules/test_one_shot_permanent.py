"""One job for ever: what is seen to end, and what may well go on."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "one-shot-permanent"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("%{id: 1, start: {Task, :start_link, [fn -> IO.puts(x) end]}}", ["warning"]),
        (
            "%{id: 1, start: {Task, :start_link, [fn -> IO.puts(x) end]}, restart: :permanent}",
            ["warning"],
        ),
        ("%{id: 1, start: {Task, :start_link, [fn -> IO.puts(x) end]}, restart: :transient}", []),
        ("%{id: 1, start: {Task, :start_link, [fn -> Other.serve(x) end]}}", []),
        ("%{id: 1, start: {Task, :start_link, [fn -> x.() end]}}", []),
        ("%{id: 1, start: {Task, :start_link, [Shop.B, :run, []]}}", []),
        (
            "Supervisor.child_spec({Task, fn -> IO.puts(x) end}, restart: :permanent)",
            ["warning"],
        ),
        ("Supervisor.child_spec({Task, fn -> IO.puts(x) end}, id: 1)", []),
        ("{Task, fn -> IO.puts(x) end}", []),
        ("%{id: 1, start: {Task, :start_link, [fn -> Process.sleep(:infinity) end]}}", []),
        ("%{id: 1, start: {Task, :start_link, [fn -> receive do _ -> 1 end end]}}", []),
        ("%{id: 1, start: {Task, :start_link, [fn ->", []),
    ],
)
def test_tasks(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("def run(x), do: step(x)\n  defp step(x), do: IO.puts(x)", ["warning"]),
        ("def run(x), do: step(x)\n  defp step(x), do: run(x)", []),
        ("def run(x) do\n    IO.puts(x)\n    run(x)\n  end", []),
        ("def run(x), do: Enum.each([1, x], &IO.puts/1)", ["warning"]),
        ("def run(x), do: Enum.each(x, &IO.puts/1)", []),
        ("def run(x), do: Stream.run(x)", []),
    ],
)
def test_loops(run: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.T do
  use Task, restart: :permanent
  def start_link(x), do: Task.start_link(__MODULE__, :run, [x])
  {run}
end
"""
    assert outcome(RULE, {"lib/t.ex": code}) == said


@pytest.mark.parametrize(
    ("use", "last", "said"),
    [
        ("use GenServer", "{:stop, :normal, s}", ["warning"]),
        ("use GenServer", "{:stop, {:shutdown, :done}, s}", ["warning"]),
        ("use GenServer", "if s, do: {:stop, :normal, s}, else: {:noreply, s}", []),
        ("use GenServer", "{:stop, :failed, s}", []),
        ("use GenServer", "{:noreply, s}", []),
        ("use GenServer, restart: :transient", "{:stop, :normal, s}", []),
    ],
)
def test_servers(use: str, last: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.S do
  {use}
  def init(s), do: {{:ok, s, {{:continue, :go}}}}
  def handle_continue(:go, s), do: {last}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.S], strategy: :one_for_one)
end
"""
    assert outcome(RULE, {"lib/s.ex": code}) == said


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", ["warning"]),
        ("def child_spec(x), do: %{id: x, start: {__MODULE__, :go, [x]}, restart: :temporary}", []),
    ],
)
def test_a_specification_of_its_own_decides(spec: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.S do
  use GenServer
  {spec}
  def init(s), do: {{:ok, s, {{:continue, :go}}}}
  def handle_continue(:go, s), do: {{:stop, :normal, s}}
end

defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.S], strategy: :one_for_one)
end
"""
    assert outcome(RULE, {"lib/s.ex": code}) == said
