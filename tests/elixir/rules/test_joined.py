"""A process that one call of a function starts, ends and waits for."""

from __future__ import annotations

import pytest

from bot.elixir.rules.base import Rule
from bot.elixir.rules.receive_loop import RULE as LOOP
from bot.elixir.rules.unsupervised_spawn import RULE as SPAWN
from tests.elixir.support import analysed

HELPER = """\
defmodule A do
  def ask do
    {start}
    answer = IO.gets("?")
    {sent}
    {taken}
    {after}
  end

  defp dots(from) do
    receive do
      {{:done, to}} -> send(to, {{:done, self()}})
      {{:look, to}} -> dots(to)
    after
      100 -> dots(from)
    end
  end
end
"""
WHOLE = {
    "start": "pid = spawn_link(fn -> dots(0) end)",
    "sent": "send(pid, {:done, self()})",
    "taken": "receive do: ({:done, ^pid} -> :ok)",
    "after": "answer",
}


@pytest.mark.parametrize(
    ("changed", "joined"),
    [
        ({}, True),
        ({"taken": "receive do\n {:done, ^pid} -> :ok\n end"}, True),
        ({"taken": "receive do\n {:done, ^pid} -> :ok\n after\n 100 -> :ok\n end"}, False),
        ({"taken": "receive do\n {:done, ^pid} -> :ok\n :stop -> :ok\n end"}, False),
        ({"taken": "receive do: ({:done, _} -> :ok)"}, False),
        ({"taken": ":ok"}, False),
        ({"sent": "send(pid, {:look, self()})"}, False),
        ({"sent": ":ok"}, False),
        ({"sent": "if answer, do: send(pid, {:done, self()})"}, False),
        ({"after": "pid"}, False),
        ({"after": "keep(pid)"}, False),
    ],
)
@pytest.mark.parametrize("rule", [LOOP, SPAWN], ids=lambda rule: rule.id)
def test_a_helper_of_one_call(rule: Rule, changed: dict[str, str], joined: bool) -> None:
    assert spared(rule, changed) is joined


@pytest.mark.parametrize(("rule", "joined"), [(LOOP, True), (SPAWN, False)])
def test_without_a_link_it_is_no_server_yet_can_be_left_behind(rule: Rule, joined: bool) -> None:
    assert spared(rule, {"start": "pid = spawn(fn -> dots(0) end)"}) is joined


def spared(rule: Rule, changed: dict[str, str]) -> bool:
    """Whether the rule lets the one helper be, by this exemption."""
    analysis = analysed(rule, HELPER.format(**{**WHOLE, **changed}))
    assert len(analysis.findings) + len(analysis.exempted) == 1
    return [e.exemption for e in analysis.exempted] == ["joined"]
