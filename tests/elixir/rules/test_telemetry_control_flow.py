"""Telemetry handlers: those that send are looked at, those that count are not."""

from __future__ import annotations

import pytest

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
