"""`send(self(), ...)` in init becomes a continue."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.elixir.fixes.base import Proposal
from bot.elixir.fixes.self_send_to_continue import CODEMOD
from tests.elixir.fixes.server_support import declined, propose, rewritten
from tests.elixir.fixes.support import MIX_EXS, surveyed

SERVER = '''\
defmodule Shop.Rates do
  @moduledoc """
  Rates, by currency.
  """
  use GenServer

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @impl true
  def init(opts) do
    send(self(), :load)
    {:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}}}
  end

  @impl true
  # The list is short.
  def handle_info(:load, state) do
    {:noreply, %{state | rates: %{usd: 1.1}}}
  end

  def handle_info(:clear, state) do
    {:noreply, %{state | rates: %{}}}
  end
end
'''


def files(code: str = SERVER, **more: str) -> dict[str, str]:
    return {"mix.exs": MIX_EXS, "lib/a.ex": code, **more}


def test_the_handler_becomes_handle_continue_and_its_siblings_keep_their_annotation() -> None:
    assert rewritten(CODEMOD, files()) == snapshot('''\
defmodule Shop.Rates do
  @moduledoc """
  Rates, by currency.
  """
  use GenServer

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @impl true
  def init(opts) do
    {:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}}, {:continue, :load}}
  end

  @impl true
  # The list is short.
  def handle_continue(:load, state) do
    {:noreply, %{state | rates: %{usd: 1.1}}}
  end

  @impl true
  def handle_info(:clear, state) do
    {:noreply, %{state | rates: %{}}}
  end
end
''')


def test_the_only_handler_is_renamed_in_place_and_the_new_default_is_said() -> None:
    rest = (
        "\n\n  @impl true\n  def handle_call(:all, _from, state), do: {:reply, state, state}\nend\n"
    )
    code = SERVER[: SERVER.index("  def handle_info(:clear")].rstrip() + rest
    assert "def handle_continue(:load, state) do" in rewritten(CODEMOD, files(code))
    found = propose(CODEMOD, files(code))
    assert isinstance(found, Proposal)
    assert any("default of `use GenServer`" in note for note in found.notes)


@pytest.mark.parametrize(
    "other",
    [
        "Process.send_after(self(), :load, 1_000)",
        ":timer.send_interval(1_000, :load)",
        "send(Shop.Rates, :load)",
        "handle_info(:load, 1)",
    ],
)
def test_the_handler_stays_when_the_message_comes_from_elsewhere_too(other: str) -> None:
    elsewhere = f"defmodule Shop.Clock do\n  def tick, do: {other}\nend\n"
    after = rewritten(CODEMOD, {**files(), "lib/b.ex": elsewhere})
    assert "def handle_continue(:load, state), do: handle_info(:load, state)" in after
    assert "def handle_info(:load, state) do" in after


def test_a_periodic_tick_keeps_its_clause() -> None:
    code = SERVER.replace(
        "    {:noreply, %{state | rates: %{usd: 1.1}}}",
        "    Process.send_after(self(), :load, 9)\n    {:noreply, state}",
    )
    assert "do: handle_info(:load, state)" in rewritten(CODEMOD, files(code))


def test_variables_of_the_message_travel_in_the_continue() -> None:
    code = SERVER.replace("send(self(), :load)", "self() |> send({:load, opts})").replace(
        "handle_info(:load,", "handle_info({:load, _opts},"
    )
    after = rewritten(CODEMOD, files(code))
    assert "rates: %{}}, {:continue, {:load, opts}}}" in after
    assert "def handle_continue({:load, _opts}, state) do" in after


def test_every_branch_of_init_continues_but_stop_and_ignore() -> None:
    code = SERVER.replace(
        "    {:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}}}\n",
        "    case opts do\n      [] -> {:ok, %{rates: %{}}}\n      [:off] -> :ignore\n      _ -> "
        "{:stop, :bad}\n    end\n",
    )
    after = rewritten(CODEMOD, files(code))
    assert "[] -> {:ok, %{rates: %{}}, {:continue, :load}}" in after
    assert "[:off] -> :ignore\n      _ -> {:stop, :bad}\n" in after


def test_a_clause_of_its_own_for_each_init_clause() -> None:
    code = SERVER.replace(
        "  def init(opts) do", "  def init(:off), do: {:ok, %{rates: %{}}}\n\n  def init(opts) do"
    )
    after = rewritten(CODEMOD, files(code))
    assert "def init(:off), do: {:ok, %{rates: %{}}}\n" in after


def test_crlf_stays() -> None:
    after = rewritten(CODEMOD, files(SERVER.replace("\n", "\r\n")))
    assert after.count("\n") == after.count("\r\n")
    assert "def handle_continue(:load, state) do\r\n" in after


def test_comments_stay_where_they_say_something() -> None:
    code = SERVER.replace(
        "    send(self(), :load)\n",
        "    # Not now: start-up must not wait.\n    send(self(), :load) # soon\n",
    )
    after = rewritten(CODEMOD, files(code))
    assert "    # Not now: start-up must not wait.\n    # soon\n    {:ok" in after


def test_a_line_that_gets_too_long_binds_the_state() -> None:
    long = "{:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}, limit: 1_000_000}}"
    code = SERVER.replace("{:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}}}", long)
    assert "    {:ok, state, {:continue, :load}}\n" in rewritten(CODEMOD, files(code))


def test_an_existing_catch_all_continue_comes_last() -> None:
    code = SERVER.replace(
        "  @impl true\n  # The",
        "  @impl true\n  def handle_continue(:warm, state), do: {:noreply, state}\n\n  @impl "
        "true\n  # The",
    )
    after = rewritten(CODEMOD, files(code))
    assert after.index("handle_continue(:load") < after.index("handle_continue(:warm")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("send(self(), :load)", "_ = List.wrap(send(self(), :load))", "inside another"),
        ("  # The list is short.\n  def handle_info(:load", "  def other(:load", "handle_info"),
        (
            "    {:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}}}",
            "    build(opts)",
            "not written out",
        ),
        (
            "{:ok, %{base: Keyword.get(opts, :base, :eur), rates: %{}}}",
            "{:ok, base: :eur}",
            "timeout",
        ),
        (
            "send(self(), :load)",
            "send(self(), {:load, opts})\n    opts = [:x | opts]",
            "bound anew",
        ),
        ("send(self(), :load)", "send(self(), {:load, now(opts)})", "computed by a call"),
        ("send(self(), :load)", "send(self(), :load); log()", "shares its line"),
    ],
)
def test_declines(old: str, new: str, reason: str) -> None:
    code = SERVER.replace(old, new)
    if reason == "handle_info":
        code = code[: code.index("  def handle_info(:clear")] + "end\n"
    assert reason in declined(CODEMOD, files(code))


@pytest.mark.parametrize(
    "caller", ["assert {:ok, _} = Rates.init([])", "{:ok, s} = Shop.Rates.init(1)"]
)
def test_declines_where_init_is_called_directly(caller: str) -> None:
    other = f"defmodule Shop.RatesTest do\n  def run, do: ({caller})\nend\n"
    assert "called directly" in declined(CODEMOD, {**files(), "test/rates_test.exs": other})


def notes(code: str, **more: str) -> str:
    found = propose(CODEMOD, files(code, **more))
    assert isinstance(found, Proposal), found.reason
    return " ".join(found.notes)


def test_a_clause_that_takes_the_state_apart_moves_as_it_is() -> None:
    code = SERVER.replace("handle_info(:load, state)", "handle_info(:load, %{base: _} = state)")
    after = rewritten(CODEMOD, files(code))
    assert "def handle_continue(:load, %{base: _} = state) do" in after
    assert "handle_info(:load" not in after
    assert "stays" not in notes(code)


def test_a_clause_that_sends_its_message_again_stays() -> None:
    again = "    Process.send_after(self(), message, 9)\n    {:noreply, %{state | rates: %{usd"
    code = SERVER.replace("info(:load, state)", "info(message = {:load, wait}, state)").replace(
        "    {:noreply, %{state | rates: %{usd", again
    )
    code = code.replace("(self(), :load)", "(self(), {:load, opts * 9})")
    after = rewritten(CODEMOD, files(code))
    assert "handle_continue({:load, _} = message, state), do: handle_info(message," in after
    assert "may send it again" in notes(code)
    unused = code.replace(", message, 9", ", :clear, wait")
    assert "def handle_continue(message = {:load" in rewritten(CODEMOD, files(unused))


def test_a_guard_comes_along() -> None:
    code = SERVER.replace("handle_info(:load, state) do", "handle_info(:load, s) when s != 1 do")
    code = code.replace("%{state | rates: %{usd", "%{s | rates: %{usd")
    assert "def handle_continue(:load, s) when s != 1 do" in rewritten(CODEMOD, files(code))


LAST = """\
  def handle_info(other, state) do
    {:noreply, %{state | rates: other}}
  end
end
"""


@pytest.mark.parametrize(
    ("state", "moves"),
    [
        ("%{base: _} = state", True),
        ("%{limit: _} = state", False),
        ("%{base: :eur} = state", False),
        ("state = %Shop.State{}", False),
    ],
)
def test_a_clause_behind_it_takes_what_does_not_match(state: str, moves: bool) -> None:
    code = SERVER.replace("handle_info(:load, state)", f"handle_info(:load, {state})")
    code = code.removesuffix("end\n") + "\n" + LAST
    after = rewritten(CODEMOD, files(code))
    assert ("def handle_info(:load" not in after) == moves
    assert ("another clause takes the message where this one does not" in notes(code)) != moves


def test_the_note_names_the_place_that_keeps_the_handler() -> None:
    elsewhere = "defmodule Shop.Clock do\n  def tick, do: send(Shop.Rates, :load)\nend\n"
    said = notes(SERVER, **{"lib/b.ex": elsewhere})
    assert "clause stays and is called: `:load` is also written at lib/b.ex:2." in said


def test_a_comment_sends_nothing() -> None:
    code = SERVER.replace("# The list is short.", "# :load comes from init.")
    assert "def handle_info(:load" not in rewritten(CODEMOD, files(code))


def test_a_clause_that_takes_other_messages_too_is_called() -> None:
    code = SERVER.replace("handle_info(:load, state)", "handle_info(_any, state)")
    assert "do: handle_info(:load, state)" in rewritten(CODEMOD, files(code))
    assert "it takes other messages, too" in notes(code)


@pytest.mark.parametrize(
    ("sent", "clause", "pattern", "called"),
    [
        ("{:load, opts * 1000}", "{:load, wait}", "{:load, wait}", "{:load, wait}"),
        ("{:load, opts * 1000}", "{:load, _}", "{:load, _} = message", "message"),
        ("{:load, 1, opts + 1}", "{:load, _, 2}", "{:load, 1, _} = message", "message"),
        ('{:load, "#{opts}"}', '{:load, "a" <> _}', "{:load, _} = message", "message"),
        ("{:load, opts}", "{:load, _}", "{:load, opts}", "{:load, opts}"),
        ("@load", "@load", "message", "message"),
    ],
)
def test_the_continue_takes_what_the_message_is(
    sent: str, clause: str, pattern: str, called: str
) -> None:
    code = SERVER.replace(":load)", f"{sent})", 1).replace("info(:load,", f"info({clause},")
    code = code.replace("  use GenServer\n", "  use GenServer\n\n  @load :load\n")
    elsewhere = "defmodule Shop.Clock do\n  def tick, do: send(Shop.Rates, {:load, 1})\nend\n"
    after = rewritten(CODEMOD, files(code, **{"lib/b.ex": elsewhere}))
    assert f"def handle_continue({pattern}, state), do: handle_info({called}, state)" in after
    assert f"{{:continue, {sent}}}" in after


def test_a_message_that_is_not_written_out_takes_no_other_continue() -> None:
    code = SERVER.replace("(self(), :load)", "(self(), @load)", 1).replace(
        "  @impl true\n  # The",
        "  def handle_continue(:warm, state), do: {:noreply, state}\n\n  @impl true\n  # The",
    )
    code = code.replace("  use GenServer\n", "  use GenServer\n\n  @load :load\n")
    assert "not written out" in declined(CODEMOD, files(code))


def test_a_comment_above_the_annotation_comes_along_alone() -> None:
    code = SERVER.replace(
        "  @impl true\n  # The list is short.\n", "  # The list is short.\n  @impl true\n"
    )
    after = rewritten(CODEMOD, files(code))
    assert "  @impl true\n  # The list is short.\n  def handle_continue(:load" in after
    assert "  @impl true\n  def handle_info(:clear" in after
    assert after.count("@impl true") == 3


def test_a_new_callback_is_as_hidden_as_the_others() -> None:
    code = SERVER.replace("@impl true", "@doc false")
    after = rewritten(CODEMOD, files(code))
    assert "  @doc false\n  # The list is short.\n  def handle_continue(:load" in after
    assert "  @doc false\n  def handle_info(:clear" in after
    both = rewritten(CODEMOD, files(SERVER.replace("@impl true", "@doc false\n  @impl true")))
    assert "  @doc false\n  @impl true\n  # The list is short.\n  def handle_continue" in both
    one = rewritten(CODEMOD, files(SERVER.replace("@impl true", "@doc false\n  @impl true", 1)))
    assert one.count("@doc false") == 1


def test_a_send_on_some_ways_only_is_no_finding() -> None:
    code = SERVER.replace("send(self(), :load)", "if opts != [], do: send(self(), :load)")
    analysis, _ = surveyed(files(code))
    assert not [f for f in analysis.findings if f.rule in CODEMOD.rules]
