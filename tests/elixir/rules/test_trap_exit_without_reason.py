"""Exits trapped: a link, an exit clause or an orderly end is a reason."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "trap-exit-without-reason"


def server(more: str = "", call: str = ":ok", use: str = "use GenServer") -> list[str]:
    code = f"""\
defmodule Shop.Desk do
  {use}
  def start_link(x), do: GenServer.start_link(__MODULE__, x)
  def init(state) do
    Process.flag(:trap_exit, true)
    {{:ok, state}}
  end
  def handle_cast({{:go, x}}, state) do
    {call}
    {{:noreply, [x | state]}}
  end
  {more}
end
"""
    return outcome(RULE, {"lib/desk.ex": code})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("", ["info"]),
        ("def handle_info(_, state), do: {:noreply, state}", ["info"]),
        ("def handle_info({:EXIT, _, _}, state), do: {:noreply, state}", []),
        ("def flush do\n receive do\n {:EXIT, _, _} -> :ok\n end\n end", []),
        ("def terminate(_, _), do: :ok", []),
        ("defdelegate terminate(reason, state), to: Shop.Other", []),
    ],
)
def test_reasons(more: str, words: list[str]) -> None:
    assert server(more) == words


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Shop.Price.read(x)", ["info"]),
        ("Task.Supervisor.async_nolink(Shop.Tasks, fn -> x end)", ["info"]),
        ("Shop.Repo.update_all(x, [])", ["~work-under-way"]),
        ("Task.Supervisor.async_nolink(Shop.Tasks, fn -> Shop.Repo.all(x) end)", ["info"]),
        ("DynamicSupervisor.start_child(Shop.Sup, x)", ["info"]),
        ("spawn_link(fn -> x end)", ["~may-link"]),
        ("Process.link(x)", ["~may-link"]),
        ("Shop.Socket.connect(x)", ["~may-link"]),
        ("Port.open({:spawn, x}, [])", ["~may-link"]),
        ("System.cmd(x, [])", ["~may-link"]),
        ("x.(1)", ["~work-under-way"]),
        ("state.job.(x)", ["~work-under-way"]),
        ("add = &(&1 + 1)\n    add.(x)", ["info"]),
        ("add = fn n -> n + 1 end\n    add.(x)", ["info"]),
        ("state.job", ["info"]),
    ],
)
def test_links(call: str, words: list[str]) -> None:
    assert server(call=call) == words


def test_only_servers_are_asked() -> None:
    code = "defmodule Shop.A do\n  def go, do: Process.flag(:trap_exit, true)\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == []
    assert server(use="use GenServer\n  use Shop.Closing") == ["~brought-along"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Shop.Repo.insert!(row)", ["~work-under-way"]),
        ("Shop.Ledger.add(row)", ["~work-under-way"]),
        ("Map.put(row, :kept, true)", ["info"]),
        ("Task.start(fn -> Shop.Repo.insert!(row) end)", ["info"]),
    ],
)
def test_work_that_another_module_does(body: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.Desk do
  use GenServer
  def init(state) do
    Process.flag(:trap_exit, true)
    {{:ok, state}}
  end
  def handle_cast({{:add, row}}, state), do: {{:noreply, add(row, state)}}
  defp add(row, state), do: [Shop.Rows.keep(row) | state]
end

defmodule Shop.Rows do
  def keep(row), do: put(row)
  defp put(row), do: {body}
end

defmodule Shop.Ledger do
  def add(row), do: Req.post!(row)
end
"""
    assert outcome(RULE, {"lib/desk.ex": code}) == words
