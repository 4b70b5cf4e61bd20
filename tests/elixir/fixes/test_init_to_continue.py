"""Slow work leaves init."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.elixir.fixes.base import Declined, Proposal
from bot.elixir.fixes.init_to_continue import CODEMOD
from tests.elixir.fixes.server_support import declined, propose, rewritten
from tests.elixir.fixes.support import MIX_EXS, project_of

HEAD = """\
defmodule Shop.Rates do
  use GenServer

  @impl true
"""
CLOCK = (
    HEAD
    + """\
  def init(opts) do
    zone = Keyword.get(opts, :zone, "UTC")
    # Ask the system.
    {out, 0} = System.cmd("date", ["+%s"])
    seconds = String.trim(out)
    {:ok, %{zone: zone, seconds: seconds, calls: 0}}
  end
end
"""
)
INJECTED = (
    HEAD
    + """\
  def init(opts) do
    source = Keyword.fetch!(opts, :source)
    rates = GenServer.call(source, :rates)
    {:ok, %{source: source, rates: rates}}
  end
end
"""
)


def server(body: str, rest: str = "") -> dict[str, str]:
    lines = "".join(f"    {line}\n" if line else "\n" for line in body.split("\n"))
    return files(f"{HEAD}  def init(opts) do\n{lines}  end\n{rest}end\n")


def files(code: str) -> dict[str, str]:
    return {"mix.exs": MIX_EXS, "lib/a.ex": code}


def proposed(sources: dict[str, str]) -> Proposal:
    found = propose(CODEMOD, sources)
    assert isinstance(found, Proposal), found.reason
    return found


def test_the_statements_the_value_flows_through_move_and_the_fields_wait() -> None:
    assert rewritten(CODEMOD, files(CLOCK)) == snapshot("""\
defmodule Shop.Rates do
  use GenServer

  @impl true
  def init(opts) do
    zone = Keyword.get(opts, :zone, "UTC")
    {:ok, %{zone: zone, seconds: nil, calls: 0}, {:continue, :load}}
  end

  @impl true
  def handle_continue(:load, state) do
    # Ask the system.
    {out, 0} = System.cmd("date", ["+%s"])
    seconds = String.trim(out)
    {:noreply, %{state | seconds: seconds}}
  end
end
""")
    assert proposed(files(CLOCK)).fix == "automatic"


def test_a_slow_field_of_the_returned_state() -> None:
    after = rewritten(CODEMOD, server("{:ok, %{rows: Shop.Repo.all(Shop.Rate), opts: opts}}"))
    assert "    {:ok, %{rows: nil, opts: opts}, {:continue, :load}}\n" in after
    assert "    {:noreply, %{state | rows: Shop.Repo.all(Shop.Rate)}}\n" in after


def test_a_slow_state_in_a_one_line_init() -> None:
    code = HEAD + "  def init(path), do: {:ok, Req.get!(path)}\n  def other, do: 1\nend\n"
    assert rewritten(CODEMOD, files(code)) == snapshot("""\
defmodule Shop.Rates do
  use GenServer

  @impl true
  def init(path), do: {:ok, nil, {:continue, {:load, path}}}

  @impl true
  def handle_continue({:load, path}, _unloaded) do
    {:noreply, Req.get!(path)}
  end

  def other, do: 1
end
""")


def test_an_update_keeps_what_is_known_and_the_state_its_name() -> None:
    after = rewritten(
        CODEMOD,
        server(
            "data = %{rows: nil, opts: opts}\nrows = Shop.Repo.all(data.opts)\n"
            "{:ok, %{data | rows: rows}}"
        ),
    )
    assert "    {:ok, data, {:continue, :load}}\n" in after
    assert "handle_continue(:load, data) do\n    rows = Shop.Repo.all(data.opts)\n" in after
    assert "    {:noreply, %{data | rows: rows}}\n" in after


def test_a_stop_that_moves_is_a_question_for_a_person() -> None:
    sources = server(
        "case Shop.Repo.get(Shop.Rate, opts[:id]) do\n"
        "  nil -> {:stop, :missing}\n  row -> {:ok, %{row: row}}\nend"
    )
    found = proposed(sources)
    assert (found.fix, "restart loop" in found.decision) == ("assisted", True)
    after = rewritten(CODEMOD, sources)
    assert "nil -> {:stop, :missing, unloaded}\n" in after
    assert "row -> {:noreply, %{row: row}}\n" in after


def test_terminate_may_see_the_unloaded_state() -> None:
    rest = "\n  @impl true\n  def terminate(_reason, state), do: state.rows\n"
    found = proposed(server("rows = Shop.Repo.all(Shop.Rate)\n{:ok, %{rows: rows}}", rest))
    assert (found.fix, "terminate/2" in found.decision) == ("assisted", True)


@pytest.mark.parametrize(
    "body",
    [
        "Shop.Repo.insert!(%{id: 1})\n{:ok, opts}",
        'System.cmd("mkdir", ["/tmp/x"])\n{:ok, opts}',
        "rows = Shop.Warmer.run(Shop.Repo.all(Shop.Rate))\n{:ok, %{rows: rows}}",
        "rows = GenServer.call(Shop.Source, :rows)\n{:ok, %{rows: rows}}",
    ],
)
def test_work_others_may_rely_on_is_a_question_for_a_person(body: str) -> None:
    found = proposed(server(body))
    assert found.fix == "assisted"
    assert found.decision.endswith("?")


def test_existing_continues_keep_their_terms_and_come_after() -> None:
    rest = "\n  @impl true\n  def handle_continue(:load, state), do: {:noreply, state}\n"
    after = rewritten(CODEMOD, server("Process.sleep(10)\n{:ok, opts}", rest))
    assert after.index("handle_continue(:load_state, opts)") < after.index("handle_continue(:load,")


def test_one_clause_of_several() -> None:
    code = CLOCK.replace(
        "  def init(opts) do", "  def init(:off), do: {:ok, :off}\n\n  def init(opts) do"
    )
    after = rewritten(CODEMOD, files(code))
    assert "  def init(:off), do: {:ok, :off}\n" in after
    assert after.count("handle_continue") == 1


def test_two_slow_statements_move_together() -> None:
    body = "a = Shop.Repo.all(A)\nb = Shop.Repo.all(B)\n{:ok, %{a: a, b: b}}"
    sources = server(body)
    after = rewritten(CODEMOD, sources)
    assert "    {:ok, %{a: nil, b: nil}, {:continue, :load}}\n" in after
    assert after.index("a = Shop.Repo.all(A)") > after.index("handle_continue")


def test_a_heredoc_moves_with_its_statement() -> None:
    body = 'rows =\n  Shop.Repo.query("""\n  select 1\n  """)\n\n{:ok, %{rows: rows}}'
    after = rewritten(CODEMOD, server(body))
    assert (
        '    rows =\n      Shop.Repo.query("""\n      select 1\n      """)\n\n    {:noreply'
        in after
    )


def test_crlf_stays() -> None:
    after = rewritten(CODEMOD, files(CLOCK.replace("\n", "\r\n")))
    assert after.count("\n") == after.count("\r\n")


def test_modules_without_annotations_get_none() -> None:
    after = rewritten(CODEMOD, files(CLOCK.replace("  @impl true\n", "")))
    assert "@impl" not in after


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Process.sleep(9)\n\nif opts[:off] do\n  :ignore\nelse\n  {:ok, opts}\nend", ":ignore"),
        ("Process.sleep(9)\n{:ok, opts, 5_000}", "a timeout"),
        ("Process.sleep(9)\n{:ok, opts, :hibernate}", "a timeout"),
        ("Process.sleep(9)\n{:ok, opts, {:continue, :go}}", "a continue"),
        ("Process.sleep(9)\nbuild(opts)", "not written out"),
        (
            "t = :ets.new(:t, [])\nrows = Shop.Repo.all(t)\n:ets.insert(t, rows)\n{:ok, t}",
            "publishes",
        ),
        ("rows = Shop.Repo.all(X)\nPhoenix.PubSub.subscribe(P, rows)\n{:ok, rows}", "publishes"),
        ("Process.sleep(9)\n:ets.new(:t, [:named_table])\n{:ok, opts}", "later statements"),
        ("Process.sleep(9)\nShop.Other.go()\n{:ok, opts}", "later statements"),
        ("n = 1\nrows = Shop.Repo.all(n)\nn = 2\n{:ok, %{rows: rows, n: n}}", "bound anew"),
        ('rows = Shop.Repo.all("a\n  b")\n{:ok, %{rows: rows}}', "text over several lines"),
        ("state = 1\n{:ok, %{rows: Shop.Repo.all(state)}}", "already names"),
        ("Process.sleep(9); n = 1\n{:ok, opts}", "shares its line"),
    ],
)
def test_declines(body: str, reason: str) -> None:
    assert reason in declined(CODEMOD, server(body))


def test_declines_where_the_module_calls_init_itself() -> None:
    rest = (
        "\n  @impl true\n  def handle_cast(:reset, _state) do\n    {:ok, state} = init([])\n"
        "    {:noreply, state}\n  end\n"
    )
    assert "called directly" in declined(CODEMOD, server("Process.sleep(1)\n{:ok, opts}", rest))


def test_a_supervisor_has_no_continue() -> None:
    code = CLOCK.replace("use GenServer", "use Supervisor")
    assert "no GenServer" in declined(CODEMOD, files(code))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{:ok, %{rows: Shop.Repo.all(Shop.Rate)}}", "a database query"),
        ("Process.sleep(60_000)\n{:ok, opts[:x]}", "sit out a sleep"),
        ("Process.sleep(1)\n{:ok, String.length(opts)}", "cannot be made up"),
        ("Process.register(self(), :r)\nProcess.sleep(1)\n{:ok, opts[:x]}", "takes a name"),
    ],
)
def test_no_test_where_none_would_be_honest(body: str, reason: str) -> None:
    sources = server(body)
    found = CODEMOD.test(project_of(sources), proposed(sources).params)
    assert isinstance(found, Declined)
    assert reason in found.reason
