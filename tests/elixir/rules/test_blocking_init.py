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
        ("use GenServer", "starts no other child meanwhile"),
        ("use GenServer, restart: :temporary", "starts no other child meanwhile"),
        ("use Supervisor", "no `handle_continue/2`"),
    ],
)
def test_who_waits_for_init(uses: str, waiting: str) -> None:
    (finding,) = analysed(RULE, server("Shop.Repo.all(x)", uses=uses)).findings
    assert waiting in finding.evidence[-1].note


RATES = """\
defmodule Shop.Rates do
  use GenServer
  def start_link(x), do: GenServer.start_link(__MODULE__, x)
  def init(x), do: {:ok, Shop.Repo.all(x)}
end
"""
LIST, DEMAND, HAND = "no other child meanwhile", "asks that one for a child", "this starts it"


@pytest.mark.parametrize(
    ("body", "waiting", "severity", "fix"),
    [
        ("Supervisor.init([Shop.Rates], strategy: :one_for_one)", LIST, "warning", "automatic"),
        ("children = [{Shop.Rates, x}]\n    children", LIST, "warning", "automatic"),
        ("DynamicSupervisor.start_child(Sup, {Shop.Rates, x})", DEMAND, "warning", "automatic"),
        ("{:ok, pid} = Shop.Rates.start_link(x)\n    pid", HAND, "info", "assisted"),
        ("{:ok, pid} = GenServer.start(Shop.Rates, x)\n    pid", HAND, "info", "assisted"),
        ("for m <- [Shop.Rates, Shop.Other], do: m.start_link(x)", HAND, "info", "assisted"),
        ("Enum.each([Shop.Rates], fn m -> m.start_link(x) end)", HAND, "info", "assisted"),
        ("%{start: {Shop.Rates, :start_link, [x]}}", LIST, "warning", "automatic"),
        (
            "_ = Shop.Rates.start_link(x)\n    DynamicSupervisor.start_child(Sup, Shop.Rates)",
            DEMAND, "warning", "automatic",
        ),
        ("x", LIST, "warning", "automatic"),
    ],
)  # fmt: skip
def test_who_starts_it_waits(body: str, waiting: str, severity: str, fix: str) -> None:
    other = f"defmodule Shop.Starts do\n  def go(x) do\n    {body}\n  end\nend\n"
    (finding,) = analysed(RULE, {"lib/rates.ex": RATES, "lib/starts.ex": other}).findings
    assert waiting in " ".join(e.note for e in finding.evidence)
    assert (finding.severity, finding.fix) == (severity, fix)


DESK = """\
defmodule Shop.Desk do
  use GenServer
  def start_link(x), do: GenServer.start_link(__MODULE__, x)
  def init(x) do
    {START}
    {:ok, x}
  end
end
"""


@pytest.mark.parametrize(
    ("start", "above", "severity", "waits"),
    [
        (
            "Shop.Rates.start_link(x)",
            "Supervisor.init([Shop.Desk], strategy: :one_for_one)",
            "warning",
            ["and so the supervisor that starts it"],
        ),
        (
            "Shop.Rates.start_link(x)",
            "DynamicSupervisor.start_child(Sup, {Shop.Desk, x})",
            "warning",
            ["and so the supervisor that starts it"],
        ),
        (
            "Shop.Rates.start_link(x)",
            "{:ok, pid} = Shop.Desk.start_link(x)\n    pid",
            "info",
            ["and so whoever starts that one"],
        ),
        ("Shop.Rates.start_link(x)", "x", "info", ["and so whoever starts that one"]),
        (
            "Task.start(fn -> Shop.Rates.start_link(x) end)",
            "Supervisor.init([Shop.Desk], strategy: :one_for_one)",
            "info",
            [],
        ),
    ],
)
def test_a_start_within_a_start_holds_up_both(
    start: str, above: str, severity: str, waits: list[str]
) -> None:
    files = {
        "lib/rates.ex": RATES,
        "lib/desk.ex": DESK.replace("{START}", start),
        "lib/starts.ex": f"defmodule Shop.Starts do\n  def go(x) do\n    {above}\n  end\nend\n",
    }
    (finding,) = analysed(RULE, files).findings
    further = [e.note.split(", ", 2)[2] for e in finding.evidence if "waits too" in e.note]
    assert (finding.severity, further) == (severity, waits)


def test_a_supervisor_that_starts_it_on_demand_beside_its_own_children() -> None:
    other = """\
defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([{other}], strategy: :one_for_one)
  def open(x), do: DynamicSupervisor.start_child(Shop.Rooms, {{Shop.Rates, x}})
end
"""
    for child, waiting in (("Shop.Other", DEMAND), ("spec(x)", LIST)):
        files = {"lib/rates.ex": RATES, "lib/tree.ex": other.format(other=child)}
        (finding,) = analysed(RULE, files).findings
        assert waiting in finding.evidence[-1].note


def test_a_wrapper_may_be_the_child() -> None:
    other = "defmodule Shop.Door do\n  def start_link(x), do: Shop.Rates.start_link(x)\nend\n"
    (finding,) = analysed(RULE, {"lib/rates.ex": RATES, "lib/door.ex": other}).findings
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("fill", "read", "told"),
    [
        (":ets.insert(@table, rows)", ":ets.lookup(@table, 1)", True),
        ("fill(rows)", ":ets.tab2list(@table)", True),
        ("Shop.Store.put(rows)", "Shop.Store.get()", True),
        (":persistent_term.put(:rates, rows)", ":persistent_term.get(:rates)", True),
        ("Application.put_env(:shop, :rates, rows)", "Application.get_env(:shop, :rates)", True),
        (":persistent_term.put(:rates, rows)", ":persistent_term.get(:others)", False),
        (":ets.insert(x, rows)", ":ets.lookup(x, 1)", False),
        (":ets.new(@table, [:named_table])", ":ets.lookup(@table, 1)", False),
        ("rows", ":ets.lookup(@table, 1)", False),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_others_read_must_be_there(fill: str, read: str, told: bool, elsewhere: bool) -> None:
    reads = f"@table :rates\n  def read(x), do: {{x, {read}}}"
    code = f"""\
defmodule Shop.Rates do
  use GenServer
  @table :rates
  def init(x) do
    rows = Shop.Repo.all(x)
    {fill}
    {{:ok, x}}
  end
  {"" if elsewhere else reads.partition(chr(10))[2]}
  defp fill(rows), do: :ets.insert(@table, rows)
end

defmodule Shop.Store do
  def put(rows), do: :ets.insert(:kept, rows)
  def get, do: :ets.tab2list(:kept)
end
"""
    reader = f"defmodule Shop.Reader do\n  {reads if elsewhere else ''}\nend\n"
    (finding,) = analysed(RULE, {"lib/rates.ex": code, "lib/reader.ex": reader}).findings
    assert any("read without asking" in e.note for e in finding.evidence) == told
    assert finding.severity == ("info" if told else "warning")
    assert (finding.fix == "advice") == told


def test_a_wait_without_a_limit_is_no_lighter_for_what_it_fills() -> None:
    more = "def read(x), do: {x, :ets.tab2list(:rates)}"
    body = ":ets.insert(:rates, :rpc.call(x, A, :b, []))"
    (finding,) = analysed(RULE, server(body, more)).findings
    assert (finding.severity, finding.fix) == ("warning", "advice")


def test_what_only_the_server_reads_is_no_barrier_yet_nothing_to_move_unasked() -> None:
    more = "def handle_call(:all, _, x), do: {:reply, :ets.tab2list(:rates), x}"
    body = "rows = Shop.Repo.all(x)\n    :ets.insert(:rates, rows)"
    (finding,) = analysed(RULE, server(body, more)).findings
    assert (finding.severity, finding.fix) == ("warning", "assisted")


@pytest.mark.parametrize(
    ("end", "severity"), [("{:stop, :late}", "info"), ("{:ok, arg}", "warning")]
)
def test_a_sleep_before_it_gives_up(end: str, severity: str) -> None:
    code = f"""\
defmodule Shop.Line do
  use GenServer
  def init(arg) do
    case Shop.Far.open(arg) do
      {{:ok, line}} -> {{:ok, line}}
      _ ->
        Process.sleep(1_000)
        {end}
    end
  end
end
"""
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == severity
