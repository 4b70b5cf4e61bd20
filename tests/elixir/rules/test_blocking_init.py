"""Slow or remote work in `init/1`."""

from __future__ import annotations

import pytest

from bot.elixir.rules.blocking_init import RULE
from tests.elixir.support import analysed


def server(body: str, more: str = "", uses: str = "use GenServer") -> str:
    init = f"def init(x) do\n    {body}\n    {{:ok, x}}\n  end"
    return f"defmodule A do\n  {uses}\n  {init}\n  {more}\nend\n"


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ("Shop.Repo.all(x)", "warning"),
        ("x |> Shop.Repo.one!()", "warning"),
        ("Postgrex.query(x, x, [])", "warning"),
        ("HTTPoison.get!(x)", "warning"),
        (":httpc.request(x)", "warning"),
        ("System.cmd(x, [])", "warning"),
        ("Process.sleep(10)", "warning"),
        ("Enum.each(x, fn _ -> :timer.sleep(1) end)", "warning"),
        ("GenServer.call(x, :all, :infinity)", "warning"),
        (":rpc.call(x, A, :b, [])", "warning"),
        ("GenServer.call(x, :all)", "info"),
        ("Node.connect(x)", "info"),
        (":gen_tcp.connect(x, 0, [])", "warning"),
        ("Task.await(x)", "info"),
    ],
)
def test_weight(body: str, severity: str) -> None:
    (finding,) = analysed(RULE, server(body)).findings
    assert finding.severity == severity


@pytest.mark.parametrize(
    "body",
    [
        "Shop.RepoNames.all(x)",
        "Shop.Repo.Names.all(x)",
        "x.repo.all(x)",
        "Shop.Repo.config()",
        "Shop.Repo.start_link(x)",
        "Process.sleep(:infinity)",
        "Task.yield(x, 0)",
        "GenServer.cast(x, :all)",
        "Request.get(x)",
        "_ = fn -> Shop.Repo.all(x) end",
        "# Shop.Repo.all(x)",
        ":gen_tcp.connect({:local, x}, 0, [])",
    ],
)
def test_names_are_anchored(body: str) -> None:
    assert analysed(RULE, server(body)).findings == ()


def test_a_plain_query_in_a_plain_init_is_automatic() -> None:
    (finding,) = analysed(RULE, server("Shop.Repo.all(x)")).findings
    assert finding.fix == "automatic"
    assert finding.data == {"call": "Shop.Repo.all", "kind": "database"}


@pytest.mark.parametrize(
    "code",
    [
        server("load(x)", "defp load(x), do: Shop.Repo.all(x)"),
        server("Shop.Repo.all(x)", "def init(:none), do: :ignore"),
        server("Shop.Repo.all(x)", "def init(:bad), do: {:stop, :bad}"),
        server("Shop.Repo.all(x)", uses="use Supervisor"),
        server("GenServer.call(x, :a)"),
    ],
)
def test_what_may_change_the_meaning_is_assisted(code: str) -> None:
    assert {f.fix for f in analysed(RULE, code).findings} == {"assisted"}


def test_one_finding_for_a_clause_with_the_rest_as_evidence() -> None:
    (finding,) = analysed(RULE, server("Shop.Repo.all(x)\n    Process.sleep(9)")).findings
    assert finding.data["kind"] == "sleep"
    assert (
        finding.evidence[-1].note == "the same clause of `init/1` also blocks on a database query"
    )


def test_the_way_is_evidence() -> None:
    code = server("load(x)", "defp load(x), do: fetch(x)\n  defp fetch(x), do: Req.get!(x)")
    (finding,) = analysed(RULE, code).findings
    assert [e.note for e in finding.evidence[:2]] == [
        "`init/1` calls `load`",
        "`load` calls `fetch`",
    ]


def test_init_of_a_plug_is_no_server() -> None:
    assert analysed(RULE, server("Shop.Repo.all(x)", uses="@behaviour Plug")).findings == ()


@pytest.mark.parametrize(
    ("uses", "waiting"),
    [
        ("use GenServer", "every child after this one"),
        ("use GenServer, restart: :temporary", "everybody who asks that one for a child"),
    ],
)
def test_who_waits_for_init(uses: str, waiting: str) -> None:
    (finding,) = analysed(RULE, server("Shop.Repo.all(x)", uses=uses)).findings
    assert waiting in finding.evidence[-1].note
