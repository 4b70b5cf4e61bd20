"""Messages without a tag: what can be told, and nothing that cannot."""

from __future__ import annotations

import pytest

from bot.elixir.rules.untagged_message import RULE as RULE_OF_IT
from tests.elixir.rules.support import in_function, outcome
from tests.elixir.support import analysed

RULE = "untagged-message"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("send(x, 1)", ["info"]),
        ('send(x, "text")', ["info"]),
        ("send(x, [1, 2])", ["info"]),
        ("send(x, %{a: 1})", ["info"]),
        ('send(x, "a" <> y)', ["info"]),
        ("x |> send(Jason.encode!(1))", ["info"]),
        ("data = Jason.encode!(1)\nsend(x, data)", ["info"]),
        ("Process.send_after(x, 5, 10)", ["info"]),
        (":erlang.send_after(10, x, 5)", ["info"]),
        (":erlang.send_after(10, x, :tick)", []),
        ("send(x, :tick)", []),
        ("send(x, true)", []),
        ("send(x, {:tick, 1})", []),
        ("send(x, {make_ref(), 1})", []),
        ("send(x, %Shop.Tick{n: 1})", []),
        ("message = {:tick, 1}\nsend(x, message)", []),
        ("send(x, message)", []),
        ("send(x, Shop.Message.build(1))", []),
        ("Other.send(x, 1)", []),
    ],
)
def test_sends(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("(n, s) when is_integer(n)", ["info"]),
        ('("text", s)', ["info"]),
        ('("a" <> rest, s)', ["info"]),
        ("(<<1, rest::binary>>, s)", ["info"]),
        ("({:n, n}, s) when is_integer(n)", []),
        ("(m, s) when is_integer(s)", []),
        ("(m, s) when is_atom(m)", []),
        ("(%{event: e}, s)", []),
        ("(_other, s)", []),
    ],
)
def test_clauses(head: str, words: list[str]) -> None:
    code = f"""\
defmodule A do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_info{head}, do: {{:noreply, s}}
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == words


@pytest.mark.parametrize(
    ("message", "note"),
    [
        ("%{job | result: x}", ""),
        ("Map.put(job, :result, x)", ""),
        ("%{event: :done, result: x}", ""),
        ('%{topic: "jobs:#{x}", result: x}', ""),
        ("%{result: x, at: job}", "by its keys alone"),
        ("Map.put(%{at: job}, :result, x)", "like any other map"),
        ("%{%{at: job} | at: x}", "by its keys alone"),
        ('"done: #{x}"', "only the value itself"),
        ("Enum.map(x, & &1)", "like any other list"),
    ],
)
def test_what_is_known_of_what_is_sent(message: str, note: str) -> None:
    code = f"defmodule A do\n  def go(pid, job, x), do: send(pid, {message})\nend\n"
    notes = [found.evidence[0].note for found in analysed(RULE_OF_IT, code).findings]
    assert [note in said for said in notes] == [True] * bool(note)


@pytest.mark.parametrize(
    "head",
    ["(x, s) when not is_binary(x)", "([:price | _], s)", "([:price, _], s)", "([price: _], s)"],
)
def test_a_list_with_a_tag_or_another_type_is_no_bare_value(head: str) -> None:
    code = f"""\
defmodule A do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_info{head}, do: {{:noreply, s}}
end
"""
    assert not analysed(RULE_OF_IT, code).findings


@pytest.mark.parametrize(
    ("head", "any_message"),
    [
        ('("open:" <> rest, s)', False),
        ('("open", s)', False),
        ("(7, s)", False),
        ("(n, s) when is_integer(n)", True),
        ("(<<1, rest::binary>>, s)", True),
        ("([first | _], s)", True),
    ],
)
def test_it_says_what_the_clause_takes(head: str, any_message: bool) -> None:
    code = f"""\
defmodule A do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_info{head}, do: {{:noreply, s}}
end
"""
    (finding,) = analysed(RULE_OF_IT, code).findings
    assert ("any message" in finding.evidence[0].note) == any_message


@pytest.mark.parametrize(
    ("taker", "said"),
    [
        ("def on(%{kind: kind}) when kind in [:a, :b], do: kind", []),
        ('def on(%{kind: "a"} = all), do: all', []),
        ("def on(%{kind: kind}), do: kind", ["info"]),
        ("def on(%{kind: kind, n: n}) when n > 1, do: kind", ["info"]),
        ("def on(%{other: :a}), do: :ok", ["info"]),
        ("def on(%Shop.Kind{kind: :a}), do: :ok", ["info"]),
    ],
)
def test_a_key_whose_value_is_looked_at_is_the_tag(taker: str, said: list[str]) -> None:
    code = (
        f"defmodule A do\n  def go(pid, k, x), do: send(pid, %{{kind: k, at: x}})\n  {taker}\nend\n"
    )
    assert outcome(RULE, {"lib/a.ex": code}) == said
