"""Calls made by hand: a pid that is sent away, then a `receive`."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "cast-as-call"
WAIT = "receive do\n {:answer, n} -> n\n end"


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ("send(x, {:ask, self()})", ["warning"]),
        ("me = self()\nsend(x, {:ask, me})", ["warning"]),
        ("x |> send({self(), make_ref(), :ask})", ["warning"]),
        ("GenServer.cast(x, {:ask, self()})", ["warning"]),
        ("send(x, :ask)", []),
        ("send(self(), {:ask, self()})", []),
        ("spawn(fn -> send(x, {:ask, self()}) end)", []),
        ("Process.monitor(x)\nsend(x, {:ask, self()})", ["~watched"]),
        ("pid = spawn_link(x)\nsend(pid, {:ask, self()})", ["~own-process"]),
        ("{:ok, pid} = Shop.B.start_link(x)\nsend(pid, {:ask, self()})", ["~own-process"]),
        ('send(x, {self(), {:command, "ls"}})', ["~protocol"]),
    ],
)
def test_requests(ask: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(f"{ask}\n{WAIT}")) == words


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        ("receive do\n n -> n\n after\n 100 -> nil\n end", ["info"]),
        ("receive do\n {:DOWN, _, _, _, _} -> nil\n n -> n\n end", ["~watched"]),
        ("receive do\n after\n 100 -> nil\n end", []),
        ("receive_all()", []),
        ("fn -> receive do\n n -> n\n end\n end", []),
    ],
)
def test_waits(wait: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(f"send(x, {{:ask, self()}})\n{wait}")) == words


def test_an_answer_is_no_request() -> None:
    body = "receive do\n {:ask, from} -> send(from, {:answer, self()})\n end"
    assert outcome(RULE, in_function(body)) == []


def test_tests_and_commands_ask_as_they_like() -> None:
    body = f"send(x, {{:ask, self()}})\n{WAIT}"
    code = in_function(body)["lib/a.ex"]
    assert outcome(RULE, {"test/a_test.exs": code}) == []
    assert outcome(RULE, {"lib/a.ex": code.replace("Shop.A", "Mix.Tasks.Ask")}) == ["~test-support"]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("# for testing purposes only", ["~test-support"]),
        ("# only for integration tests\n  @doc false", ["~test-support"]),
        ("# tested by hand", ["warning"]),
    ],
)
def test_a_function_that_is_said_to_be_for_tests(comment: str, words: list[str]) -> None:
    code = f"defmodule Shop.A do\n  {comment}\n  def go(x) do\n    send(x, {{:ask, self()}})\n"
    assert outcome(RULE, {"lib/a.ex": f"{code}    {WAIT}\n  end\nend\n"}) == words


@pytest.mark.parametrize(
    ("start", "sent", "taken", "word"),
    [
        ("spawn_link(__MODULE__, :work, [x])", "{:ask, ref, self()}", "{^ref, n}", "info"),
        (":proc_lib.spawn_link(__MODULE__, :work, [x])", "{ref, self()}", "{^ref, n}", "info"),
        ("spawn(__MODULE__, :work, [x])", "{:ask, ref, self()}", "{^ref, n}", "warning"),
        ("spawn_link(Shop.Other, :work, [x])", "{:ask, ref, self()}", "{^ref, n}", "warning"),
        ("spawn_link(__MODULE__, :work, [x])", "{:ask, self()}", "{^ref, n}", "warning"),
        ("spawn_link(__MODULE__, :work, [x])", "{:ask, ref, self()}", "{ref, n}", "warning"),
    ],
)
def test_who_asks_may_be_linked_to_who_is_asked(
    start: str, sent: str, taken: str, word: str
) -> None:
    code = f"""\
defmodule Shop.A do
  def begin(x), do: {start}

  def ask(pid) do
    ref = make_ref()
    send(pid, {sent})
    receive do
      {taken} -> n
    end
  end
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == [word]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"if x do\n send(x, {{:ask, self()}})\n else\n {WAIT}\n end", []),
        (f"if x do\n send(x, {{:ask, self()}})\n end\n {WAIT}", ["warning"]),
        (f"if x do\n send(x, {{:ask, self()}})\n {WAIT}\n else\n 1\n end", ["warning"]),
        (f"cond do\n x == 1 -> send(x, {{:ask, self()}})\n true -> {WAIT}\n end", []),
        (f"case x do\n 1 -> send(x, {{:ask, self()}})\n _ -> 1\n end\n{WAIT}", ["warning"]),
        ("if x == 1, do: send(x, {:ask, self()}), else: (receive do\n :a -> 1\n end)", []),
        (
            f"try do\n send(x, {{:ask, self()}})\n rescue\n _ -> 1\n else\n _ -> {WAIT}\n end",
            ["warning"],
        ),
        ("send(x, {:ask, self()})\nreceive do\n :stop -> 1\n after\n 0 -> 2\n end", []),
    ],
)
def test_only_a_wait_that_comes_after_the_question(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words
