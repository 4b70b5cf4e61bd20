"""Telemetry handlers: those that send are looked at, those that count are not."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules import rule
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import outcome

RULE = "telemetry-control-flow"


def server(handler: str, event: str = "[:shop, :paid]", more: str = "") -> dict[str, str]:
    return {
        "lib/a.ex": f"""\
defmodule Shop.A do
  use GenServer
  def init(s) do
    me = self()
    :telemetry.attach("a", {event}, {handler}, me)
    {{:ok, s}}
  end
  def on(_, _, _, pid), do: send(pid, :paid)
  defp count(_, _, _, _), do: :counters.add(:c, 1, 1)
  {more}
end
"""
    }


INFO = "def handle_info(:paid, s), do: {:noreply, s}"


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        ("&__MODULE__.on/4", ["warning"]),
        ("&Shop.A.on/4", ["warning"]),
        ("&on/4", ["warning"]),
        ("fn _, _, _, _ -> send(me, :paid) end", ["warning"]),
        ("&count/4", ["~export"]),
        ("&Other.on/4", ["~export"]),
        ("handler", ["~export"]),
    ],
)
def test_handlers(handler: str, said: list[str]) -> None:
    assert outcome(RULE, server(handler, more=INFO)) == said


def test_nobody_waits() -> None:
    assert outcome(RULE, server("&on/4")) == ["~export"]


def test_events_of_a_library() -> None:
    assert outcome(RULE, server("&on/4", "[:syn, :joined]", INFO)) == ["~foreign-event"]


def test_tests_observe_by_telemetry() -> None:
    code = server("&on/4", more=INFO)["lib/a.ex"]
    assert outcome(RULE, {"test/a_test.exs": code}) == []


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("def handle_info({:gone, x}, s), do: {:noreply, [x | s]}", ["~export"]),
        ("def handle_info(:gone, s), do: {:noreply, s}\n  " + INFO, ["warning"]),
        ("def handle_info(message, s), do: {:noreply, [message | s]}", ["warning"]),
    ],
)
def test_only_a_clause_that_can_take_the_message_acts_on_it(info: str, said: list[str]) -> None:
    assert outcome(RULE, server("&on/4", more=info)) == said


def test_the_clause_that_takes_it_is_shown() -> None:
    more = "def handle_info(:gone, s), do: {:noreply, s}\n  " + INFO
    files = MemoryTree.of(server("&on/4", more=more))
    (found,) = survey(files, jobs=1, rules=(rule(RULE),)).analysis.findings
    assert found.evidence[1].code.strip().startswith("def handle_info(:paid")


def test_a_message_to_a_named_process_is_not_for_this_server() -> None:
    assert outcome(RULE, server("fn _, _, _, _ -> send(Shop.B, :paid) end", more=INFO)) == [
        "~export"
    ]


@pytest.mark.parametrize(("waited", "said"), [(":paid", ["warning"]), ("{:done, _}", ["~export"])])
def test_only_a_receive_that_can_take_the_message_waits_for_it(
    waited: str, said: list[str]
) -> None:
    code = f"""\
defmodule Shop.A do
  def run do
    me = self()
    :telemetry.attach("a", [:shop, :paid], fn _, _, _, _ -> send(me, :paid) end, nil)
    receive do
      {waited} -> :ok
    end
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said
