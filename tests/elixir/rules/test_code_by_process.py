"""Servers that keep nothing: only where all that they do is seen to be computing."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "code-by-process"


def said(body: str, params: str = "{:a, x}, _from, state", more: str = "") -> list[str]:
    code = f"""\
defmodule Shop.A do
  use GenServer
  def init(arg), do: {{:ok, arg}}
  def handle_call({params}) do
    {body}
  end
  {more}
end
"""
    other = (
        "defmodule Shop.Calc do\n  def twice(x), do: x * 2\n  def now, do: DateTime.utc_now()\nend"
    )
    return outcome(RULE, {"lib/a.ex": code, "lib/calc.ex": other})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{:reply, x + 1, state}", ["warning"]),
        ("y = Enum.sum(x)\n{:reply, y, state}", ["warning"]),
        ("if x > 1, do: {:reply, 1, state}, else: {:reply, 2, state}", ["warning"]),
        ("{:reply, Shop.Calc.twice(x), state}", ["warning"]),
        ("{:reply, x.price, state}", ["warning"]),
        ("{:reply, Enum.map(x, &(&1 + 1)), state}", ["warning"]),
        ("{:reply, Shop.Calc.now(), state}", ["~outside-resource"]),
        ("{:reply, x.(1), state}", ["~outside-resource"]),
        ("{:reply, x.run(1), state}", ["~outside-resource"]),
        ("{:reply, Other.run(x), state}", ["~outside-resource"]),
        ("{:reply, Repo.get(X, x), state}", ["~outside-resource"]),
        ("Process.sleep(x)\n{:reply, 1, state}", ["~outside-resource"]),
        ("send(x, :y)\n{:reply, 1, state}", ["~outside-resource"]),
        ("imported(x)\n{:reply, 1, state}", ["~outside-resource"]),
        ("{:reply, state, state}", []),
        ("{:reply, x, [x | state]}", []),
        ("{:reply, x, nil}", []),
        ("{:stop, :normal, x, state}", []),
        ("reply(x, state)", []),
        ("state = x\n{:reply, 1, state}", []),
    ],
)
def test_requests(body: str, words: list[str]) -> None:
    assert said(body) == words


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("x, _, nil", ["warning"]),
        ("x, _, %{}", ["warning"]),
        ("x, _, %{rate: r}", []),
        ("x, _, [state]", []),
        ("x, _, state) when x > state.most and is_integer(x", []),
    ],
)
def test_state_as_it_is_taken(params: str, words: list[str]) -> None:
    state = "state" if "state)" in params else params.rpartition(", ")[2]
    assert said(f"{{:reply, x, {state}}}", params) == words


def test_one_request_that_keeps_something_is_enough() -> None:
    more = "def handle_cast({:b, x}, state), do: {:noreply, [x | state]}"
    assert said("{:reply, x, state}", more=more) == []


def test_messages_need_a_process() -> None:
    more = "def handle_info(_, state), do: {:noreply, state}"
    assert said("{:reply, x, state}", more=more) == ["~takes-messages"]
