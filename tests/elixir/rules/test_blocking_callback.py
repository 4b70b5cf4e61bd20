"""Callbacks that wait while others wait for them."""

from __future__ import annotations

import pytest

from bot.elixir.rules.blocking_callback import RULE
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

INFO = "def handle_info(:go, s) do\n    {body}\n    {{:noreply, s}}\n  end"
CALL = "def handle_call(:go, _, s) do\n    {body}\n    {{:reply, 1, s}}\n  end"
OTHER_CALL = "def handle_call(:get, _, s), do: {:reply, s, s}"
OTHER_CAST = "def handle_cast(:set, s), do: {:noreply, s}"


def server(callback: str, body: str, more: str = "", uses: str = "use GenServer") -> str:
    return f"defmodule A do\n  {uses}\n  {callback.format(body=body)}\n  {more}\nend\n"


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ("Shop.Repo.all(s)", "warning"),
        ("Req.get!(s)", "warning"),
        ("Process.sleep(1_000)", "warning"),
        (":global.set_lock(s)", "warning"),
        ("Task.await(s, :infinity)", "warning"),
        ("GenServer.call(s, :a, timeout: :infinity)", "warning"),
        (":inet.gethostbyname(s)", "warning"),
        ("Process.sleep(50)", "info"),
        (":global.set_lock(s, [], 0)", "info"),
        ("GenServer.call(s, :a)", "info"),
        (":gen_tcp.recv(s, 0)", "info"),
        ("Task.await(s)", "info"),
    ],
)
def test_weight_in_a_call(body: str, severity: str) -> None:
    (finding,) = analysed(RULE, server(CALL, body)).findings
    assert (finding.severity, finding.data["callback"]) == (severity, "handle_call/3")


@pytest.mark.parametrize(
    ("more", "severities", "exempt"),
    [
        (OTHER_CALL, ["warning"], []),
        (OTHER_CAST, ["info"], []),
        ("", [], ["no-clients"]),
    ],
)
def test_it_matters_who_waits(more: str, severities: list[str], exempt: list[str]) -> None:
    analysis = analysed(RULE, server(INFO, "Shop.Repo.all(s)", more))
    assert [f.severity for f in analysis.findings] == severities
    assert [e.exemption for e in analysis.exempted] == exempt


def test_a_state_machine_that_answers_calls() -> None:
    event = (
        "def handle_event({{:call, f}}, :go, _, d) do\n    {body}\n    {{:keep_state, d, f}}\n  end"
    )
    (finding,) = analysed(
        RULE, server(event, "Shop.Repo.all(d)", uses="@behaviour :gen_statem")
    ).findings
    assert finding.severity == "warning"


def test_a_live_view_is_no_server() -> None:
    event = "def handle_event(_, _, s) do\n    {body}\n    s\n  end"
    assert (
        analysed(RULE, server(event, "Shop.Repo.all(s)", uses="use Phoenix.LiveView")).findings
        == ()
    )


def test_work_of_the_caller_is_not_the_servers() -> None:
    client = "def all(s), do: Shop.Repo.all(s)"
    assert analysed(RULE, server(CALL, ":ok", client)).findings == ()


def test_a_function_shared_with_continue_counts_for_the_call() -> None:
    more = (
        "def handle_continue(_, s), do: {:noreply, load(s)}\n  defp load(s), do: Shop.Repo.all(s)"
    )
    (finding,) = analysed(RULE, server(CALL, "load(s)", more)).findings
    assert finding.data["callback"] == "handle_call/3"


def test_one_finding_for_each_clause() -> None:
    more = "def handle_call(:more, _, s), do: {:reply, Req.get!(s), s}"
    body = "Shop.Repo.all(s)\n    Shop.Repo.one(s)"
    assert len(analysed(RULE, server(CALL, body, more)).findings) == 2


@pytest.mark.parametrize(("kind", "said"), [(":internal", "~continue"), (":info", "warning")])
def test_internal_events_are_a_state_machines_continue(kind: str, said: str) -> None:
    code = f"""\
defmodule Rates do
  @behaviour :gen_statem
  def init(url), do: {{:ok, :idle, url, [{{:next_event, :internal, :load}}]}}
  def handle_event({kind}, :load, :idle, url), do: load(url)
  def handle_event({{:call, from}}, :rate, _state, rate), do: reply(from, rate)
  defp load(url), do: {{:next_state, :ready, Req.get!(url)}}
end
"""
    assert outcome("blocking-callback", {"lib/rates.ex": code}) == [said]
