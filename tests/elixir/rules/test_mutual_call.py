"""Servers that wait for each other: for certain, perhaps, or not at all."""

from __future__ import annotations

import pytest

from bot.elixir.rules.mutual_call import RULE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

SERVER = """\
defmodule Shop.NAME do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def ask, do: GenServer.call(__MODULE__, :ask)
  def tell, do: GenServer.cast(__MODULE__, :tell)
  def init(arg), do: {:ok, arg}
  BODY
end
"""
TICK = "def handle_info(:tick, s), do: {:noreply, [CALL | s]}"
ANSWER = "def handle_call(:ask, _from, s), do: {:reply, CALL, s}"
OTHER = "def handle_call({:ask, _}, _from, s), do: {:reply, CALL, s}"


def files(one: str, other: str) -> dict[str, str]:
    return {
        "lib/a.ex": SERVER.replace("NAME", "A").replace("BODY", one),
        "lib/b.ex": SERVER.replace("NAME", "B").replace("BODY", other),
    }


def calling(shape: str, call: str) -> str:
    return shape.replace("CALL", call)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (calling(TICK, "Shop.B.ask()"), calling(ANSWER, "Shop.A.ask()"), ["error"]),
        (calling(ANSWER, "Shop.B.ask()"), calling(TICK, "Shop.A.ask()"), ["error"]),
        (calling(TICK, "Shop.B.ask()"), calling(TICK, "Shop.A.ask()"), ["warning"]),
        (calling(TICK, "Shop.B.ask()"), calling(OTHER, "Shop.A.ask()"), ["warning"]),
        (calling(TICK, "Shop.B.ask()"), calling(TICK, "Shop.A.tell()"), []),
        (calling(TICK, "Shop.B.ask()"), calling(TICK, "Task.start(&Shop.A.ask/0)"), []),
        (calling(TICK, "Shop.B.ask()"), "def get, do: Shop.A.ask()", []),
        (calling(TICK, "Shop.B.ask()"), calling(TICK, ":ok"), []),
        (calling(TICK, "GenServer.call(Shop.B, s)"), calling(ANSWER, "Shop.A.ask()"), ["warning"]),
    ],
)
def test_pairs(one: str, other: str, words: list[str]) -> None:
    assert outcome(RULE.id, files(one, other)) == words


def test_what_closes_the_circle_is_evidence() -> None:
    both = files(calling(ANSWER, "Shop.B.ask()"), calling(ANSWER, "Shop.A.ask()"))
    (finding,) = analysed(RULE, both).findings
    assert (finding.path, finding.module, finding.severity) == ("lib/a.ex", "Shop.A", "error")
    assert [e.note for e in finding.evidence] == [
        "`handle_call/3` calls `Shop.B.ask`",
        "here `Shop.A` waits for `Shop.B`",
        "`handle_call/3` calls `Shop.A.ask`",
        "in the clause that takes that very request, `Shop.B` waits for `Shop.A`",
    ]


def test_a_server_may_be_asked_by_many() -> None:
    third = SERVER.replace("NAME", "C").replace("BODY", calling(TICK, "Shop.A.ask()"))
    one_way = files(calling(TICK, "Shop.B.ask()"), calling(ANSWER, "s"))
    assert outcome(RULE.id, {**one_way, "lib/c.ex": third}) == []


def test_a_server_known_by_its_module_takes_what_it_has_a_clause_for() -> None:
    def one(clause: str) -> list[str]:
        both = files(
            calling(TICK, "GenServer.call(Shop.B, :list)"), f"{clause}\n{calling(TICK, 'A.ask()')}"
        )
        named, nameless = ", name: __MODULE__", ""
        code = both["lib/b.ex"].replace(named, nameless).replace("A.ask", "Shop.A.ask")
        return outcome(RULE.id, {**both, "lib/b.ex": code})

    assert one("def handle_call(:list, _from, s), do: {:reply, s, s}") == ["warning"]
    assert one("def handle_call({:rpc, x}, _from, s), do: {:reply, x, s}") == []
