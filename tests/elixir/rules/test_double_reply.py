"""Two answers to one caller, on one way and to the same `from`."""

from __future__ import annotations

import pytest

from bot.elixir.rules.double_reply import RULE as WHOLE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "double-reply"


def said(head: str, body: str) -> list[str]:
    code = f"""\
defmodule Shop.Desk do
  use GenServer
  alias GenServer, as: Server
  def init(s), do: {{:ok, s}}
  def handle_call({head}) do
    {body}
  end
end
"""
    return outcome(RULE, {"lib/a.ex": code})


@pytest.mark.parametrize(
    ("head", "body", "words"),
    [
        (":x, from, s", "GenServer.reply(from, 1)\n{:reply, 2, s}", ["error"]),
        (":x, from, s", "Server.reply(from, 1)\n{:reply, 2, s}", ["error"]),
        (":x, {_, _} = from, s", "from |> GenServer.reply(1)\n{:reply, 2, s}", ["error"]),
        (":x, from, s", "GenServer.reply(from, 1)\n{:stop, :normal, 2, s}", ["error"]),
        (":x, from, s", "if s, do: GenServer.reply(from, 1)\n{:reply, 2, s}", ["error"]),
        (":x, from, s", "spawn(fn -> GenServer.reply(from, 1) end)\n{:reply, 2, s}", ["error"]),
        (":x, from, s", "GenServer.reply(from, 1)\nGenServer.reply(from, 2)\n{:noreply, s}",
         ["error"]),
        (":x, from, s", "GenServer.reply(from, 1)\n{:noreply, s}", []),
        (":x, from, s", "GenServer.reply(from, 1)\n{:stop, :normal, s}", []),
        (":x, from, s", "GenServer.reply(s.from, 1)\n{:reply, from, s}", []),
        (":x, _from, {from, s}", "GenServer.reply(from, 1)\n{:reply, 2, s}", []),
        (":x, from, s", "each(s, fn from -> GenServer.reply(from, 1) end)\n{:reply, 2, s}", []),
        (":x, from, s", "for {from, _} <- s, do: GenServer.reply(from, 1)\n{:reply, from, s}", []),
        (":x, from, s", "from = f(from)\nGenServer.reply(from, 1)\n{:reply, 2, s}", []),
        (":x, {pid, _}, s", "GenServer.reply(pid, 1)\n{:reply, 2, s}", []),
        (":x, from, s", "x = &GenServer.reply(from, &1)\n{:noreply, x, s}", []),
        (":x, from, s", "if s do\n GenServer.reply(from, 1)\n {:noreply, s}\n else\n"
         " {:reply, 2, s}\n end", []),
        (":x, from, s", "if s, do: GenServer.reply(from, 1), else: GenServer.reply(from, 2)\n"
         "{:noreply, s}", []),
        (":x, from, s", "try do\n GenServer.reply(from, f())\n {:noreply, s}\n rescue\n"
         " e -> {:reply, e, s}\n end", []),
        (":x, from, s", "if s do\n GenServer.reply(from, 1)\n throw(:x)\n end\n{:reply, 2, s}",
         ["~leaves-there"]),
    ],
)  # fmt: skip
def test_ways(head: str, body: str, words: list[str]) -> None:
    assert said(head, body) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("answer(1, from)\n{:reply, 2, s}", ["error"]),
        ("from |> answer_first()\n{:reply, 2, s}", ["error"]),
        ("answer(1, s)\n{:reply, from, s}", []),
        ("keep(from)\n{:reply, 2, s}", []),
        ("answer(1, from)\n{:noreply, s}", []),
        ("if answer(1, from), do: {:noreply, s}, else: {:reply, 2, s}", []),
        ("case answer(1, from) do\n :ok -> {:noreply, s}\n n -> {:reply, n, s}\n end", []),
    ],
)
def test_own_functions_can_answer_too(body: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.Desk do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_call(:x, from, s) do
    {body}
  end
  defp answer(n, caller), do: if(n > 0, do: GenServer.reply(caller, n))
  defp answer_first(caller), do: GenServer.reply(caller, 1)
  defp keep(caller), do: Process.put(:caller, caller)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == words


def test_a_module_that_is_no_server_may_reply_as_it_likes() -> None:
    code = """\
defmodule A do
  def handle_call(:x, from, s) do
    GenServer.reply(from, 1)
    {:reply, 2, s}
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == []


@pytest.mark.parametrize(
    ("reply", "sure"),
    [("GenServer.reply(from, 1)", True), ("if s, do: GenServer.reply(from, 1)", False)],
)
def test_an_answer_on_one_way_only_is_said_to_be_possible(reply: str, sure: bool) -> None:
    code = (
        "defmodule A do\n  use GenServer\n  def init(s), do: {:ok, s}\n"
        f"  def handle_call(:x, from, s) do\n    {reply}\n    {{:reply, 2, s}}\n  end\nend\n"
    )
    (finding,) = analysed(WHOLE, code).findings
    assert finding.message.startswith(f"the caller {'is' if sure else 'can be'} answered here")
