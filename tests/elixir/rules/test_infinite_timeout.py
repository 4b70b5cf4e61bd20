"""Endless waits: which arguments are timeouts, and whose process waits."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "infinite-timeout"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("GenServer.call(x, :go, :infinity)", ["info"]),
        ("x |> GenServer.call(:go, :infinity)", ["info"]),
        ("x |> Task.await(:infinity)", ["info"]),
        ("GenServer.call(x, :infinity)", []),
        ("GenServer.call(x, {:ttl, :infinity}, 5_000)", []),
        ("Process.sleep(:infinity)", []),
        ("Task.async_stream(x, & &1, timeout: :infinity)", []),
        ("GenServer.stop(x, :normal, :infinity)", []),
        ("GenServer.call(x, :go, :infinity) # the user can cancel", ["~stated-reason"]),
        ("# far above the call\n    y = x\n    y\n    GenServer.call(y, :go, :infinity)", ["info"]),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize("value", [":infinity", "5_000"])
def test_attribute_is_looked_up(value: str) -> None:
    code = f"defmodule A do\n  @wait {value}\n  def go(p), do: GenServer.call(p, :x, @wait)\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == (["info"] if value == ":infinity" else [])


@pytest.mark.parametrize(
    ("work", "said"), [("wait(p)", ["warning"]), ("Task.async(fn -> wait(p) end)", ["info"])]
)
def test_server_that_waits_is_a_warning(work: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_cast({{:go, p}}, s) do
    {work}
    {{:noreply, s}}
  end
  defp wait(p), do: GenServer.call(p, :x, :infinity)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == said
