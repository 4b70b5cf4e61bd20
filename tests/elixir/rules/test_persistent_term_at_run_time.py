"""Persistent terms: what leads to a write, and whether it changes anything."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "persistent-term-at-run-time"


def term(body: str, caller: str) -> list[str]:
    code = f"""\
defmodule Shop.Term do
  use GenServer
  {caller}
  defp change(v), do: {body}
end
"""
    return outcome(RULE, {"lib/term.ex": code})


PUT = ":persistent_term.put(:prices, v)"
CAST = "def handle_cast(v, s), do: {:noreply, change(v), s}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (PUT, ["info"]),
        ("v |> then(&:persistent_term.put(:prices, &1))", ["info"]),
        (":persistent_term.erase(:prices)", ["~clean-up"]),
        (":persistent_term.get(:prices)", []),
        (":persistent_term.put(:open, true)", ["~one-word"]),
        (":persistent_term.put(:open, :yes)", ["~one-word"]),
        (":persistent_term.put(:open, 12)", ["~one-word"]),
        (":persistent_term.put(:open, {:yes, 1})", ["info"]),
        (":persistent_term.get(:prices, nil) == v || " + PUT, ["~looked-first"]),
        ("quote(do: " + PUT + ")", []),
    ],
)
def test_writes(body: str, said: list[str]) -> None:
    assert term(body, CAST) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hash(v)", ["~one-word"]),
        ("v == 1", ["~one-word"]),
        ("if(v, do: :on, else: :off)", ["~one-word"]),
        ("if(v, do: :on, else: v)", ["info"]),
        ("size(v)", ["~one-word"]),
        ("Shop.Sizes.of(v)", ["~one-word"]),
        ("Shop.Sizes.all(v)", ["info"]),
        ("Shop.Other.of(v)", ["info"]),
        ("@limit", ["~one-word"]),
        ("again(v)", ["info"]),
        ("div(System.system_time(), 60)", ["~one-word"]),
        ("Integer.mod(v, 7) |> abs()", ["~one-word"]),
        ("List.last(v)", ["info"]),
        ("Shop.Sizes.maybe(v)", ["info"]),
    ],
)
def test_numbers_and_atoms_cost_no_scan(value: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Term do
  use GenServer
  @limit 10
  def handle_cast(v, s), do: {{:noreply, :persistent_term.put(:x, {value}), s}}
  defp hash(v), do: :erlang.phash2(v)
  @spec size([term()]) :: non_neg_integer()
  defp size(v), do: Shop.Other.size(v)
  defp again(v), do: again(v)
end

defmodule Shop.Sizes do
  @spec of(term()) :: :small | :large
  def of(v), do: Shop.Other.size(v)
  @spec maybe(term()) :: {{:ok, term()}} | integer()
  def maybe(v), do: Shop.Other.size(v)
  @spec all(term()) :: [atom()]
  def all(v), do: Shop.Other.size(v)
end
"""
    assert outcome(RULE, {"lib/term.ex": code}) == said


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        ("def handle_info(v, s), do: {:noreply, change(v), s}", ["info"]),
        ("def handle_call(v, _, s), do: {:reply, change(v), s}", ["info"]),
        ("def init(v), do: {:ok, change(v)}", []),
        ("def handle_continue(v, s), do: {:noreply, change(v), s}", []),
        ("def terminate(v, _), do: change(v)", []),
        ("def start_link(v), do: change(v)", []),
        ("def set(v), do: change(v)", []),
        (
            "def handle_cast(v, s) do\n:persistent_term.get(:prices) != v && change(v)\ns\nend",
            ["~looked-first"],
        ),
    ],
)
def test_what_leads_there(caller: str, said: list[str]) -> None:
    assert term(PUT, caller) == said


@pytest.mark.parametrize(
    ("uses", "head", "said"),
    [
        ("use ShopWeb, :controller", "def update(v, _)", ["warning"]),
        ("use ShopWeb, :controller", "def update(v)", []),
        ("use ShopWeb, :live_view", "def handle_event(v, _, _)", ["warning"]),
        ("use ShopWeb, :live_view", "def render(v)", []),
        ("use ShopWeb, :channel", "def handle_in(v, _, _)", ["warning"]),
        ("@behaviour Plug", "def call(v, _)", ["warning"]),
        ("use Oban.Worker", "def perform(v)", ["warning"]),
        ("", "def call(v, _)", []),
    ],
)
def test_requests(uses: str, head: str, said: list[str]) -> None:
    code = f"defmodule ShopWeb.Page do\n  {uses}\n  {head}, do: {PUT}\nend\n"
    assert outcome(RULE, {"lib/page.ex": code}) == said


@pytest.mark.parametrize(
    ("key", "before", "words"),
    [
        ("{:till, pid}", "Process.monitor(pid)", "~own-key"),
        ("pid", "ref = Process.monitor(pid)\nPort.monitor(ref)", "~own-key"),
        (":till", "Process.monitor(pid)", "info"),
        ("{:till, pid}", "Process.link(pid)", "info"),
        ("{:till, pid}", "Process.monitor(s)", "info"),
    ],
)
def test_keys_of_processes(key: str, before: str, words: str) -> None:
    head = f"def handle_cast({{:open, pid, v}}, s) do\n{before}"
    assert term("v", f"{head}\n:persistent_term.put({key}, [v])\n{{:noreply, s}}\nend") == [words]


@pytest.mark.parametrize(
    ("head", "update", "more", "words"),
    [
        ("%{user: nil} = s", "user: v", "", "~once"),
        ("%{user: u} = s", "user: v", "", "info"),
        ("%{user: u} = s) when is_nil(u", "user: v", "", "~once"),
        ("%{user: u} = s) when not is_nil(u", "user: v", "", "info"),
        ("%{user: u} = s) when not is_known(u", "user: v", "", "~once"),
        ("%{user: u} = s) when is_known(u", "user: v", "", "info"),
        ("%{user: u} = s) when u == nil", "user: v", "", "~once"),
        ("%{open: false} = s", "open: true", "", "~once"),
        ("%{user: nil} = s", "cart: v", "", "info"),
        ("%{user: nil} = s", "user: nil", "", "info"),
        ("%{user: nil} = s", "user: v", "def leave(s), do: %{s | user: nil}", "info"),
    ],
)
def test_what_runs_once_in_a_life(head: str, update: str, more: str, words: str) -> None:
    close = "" if "==" in head else ")"
    clause = f"def handle_cast({{:in, v}}, {head}{close} do\nchange([v])\n"
    code = f"{clause}{{:noreply, %{{s | {update}}}}}\nend\n{more}"
    assert term(":persistent_term.put(:user, v)", code) == [words]


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ("{:yes, 1}", "is scanned for the old one"),
        ("v", "is scanned for the old one, unless that is an atom or a small number"),
    ],
)
def test_what_the_scan_depends_on(value: str, note: str) -> None:
    code = f"""\
defmodule Shop.Term do
  use GenServer
  def handle_cast(v, s) do
    :persistent_term.put(:prices, {value})
    {{:noreply, s}}
  end
end
"""
    (finding,) = analysed(rule(RULE), code).findings
    assert finding.evidence[0].note.endswith(note)
