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


@pytest.mark.parametrize(
    ("client", "note"),
    [
        (
            "GenServer.call(pid, :go, :infinity)",
            "waits; this module's client functions wait without an end",
        ),
        ("GenServer.call(pid, :go)", "waits; this module's client functions exit after 5 seconds"),
        ("GenServer.call(pid, :go, limit)", "waits, up to the timeout of its call"),
        (":gen_statem.call(pid, :go)", "waits; this module's client functions wait without an end"),
        (
            "GenStateMachine.call(pid, :go)",
            "waits; this module's client functions wait without an end",
        ),
        ("GenStateMachine.call(pid, :go, 9)", "waits, up to the timeout of its call"),
        (
            "try do\n GenServer.call(pid, :go)\n catch\n :exit, _ -> nil\n end",
            "waits, up to the timeout of its call",
        ),
        ("GenServer.call(Shop.Desk, :go)", "waits, up to the timeout of its call"),
        ("pid", "waits, up to the timeout of its call"),
    ],
)
def test_how_long_callers_wait_is_what_the_clients_say(client: str, note: str) -> None:
    more = f"def go(pid, limit) do\n    {client}\n    limit\n  end\n  {OTHER_CALL}"
    (finding,) = analysed(RULE, server(CALL, "Shop.Repo.all(s)", more)).findings
    said = finding.evidence[-1].note.removeprefix("whoever calls this server meanwhile ")
    assert said == note


def test_clients_that_differ_say_nothing() -> None:
    more = "def a(p), do: GenServer.call(p, :go)\n  def b(p), do: GenServer.call(p, :go, :infinity)"
    (finding,) = analysed(RULE, server(CALL, "Shop.Repo.all(s)", more)).findings
    assert "up to the timeout" in finding.evidence[-1].note


@pytest.mark.parametrize(
    ("step", "said"), [("step", ["~continue"]), (":load", ["warning"]), (":rest", ["~continue"])]
)
def test_a_start_that_a_message_takes_up_again(step: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Desk do
  use GenServer
  def init(s), do: {{:ok, s, {{:continue, :load}}}}
  def handle_call(:get, _, s), do: {{:reply, s, s}}
  def handle_info({{:again, step}}, s), do: handle_continue({step}, {{s, step}})
  def handle_continue(:load, s), do: {{:noreply, Shop.Repo.all(s)}}
  def handle_continue(:rest, s), do: {{:noreply, s}}
end
"""
    assert outcome("blocking-callback", {"lib/desk.ex": code}) == said


@pytest.mark.parametrize(("given", "confidence"), [("kind", "low"), (":all", "medium")])
def test_a_clause_that_only_some_value_leads_to(given: str, confidence: str) -> None:
    more = "defp load(:all, s), do: Shop.Repo.all(s)\n  defp load(_, s), do: s"
    body = f"kind = Shop.kind(s)\n    load({given}, {{s, kind}})"
    (finding,) = analysed(RULE, server(CALL, body, more)).findings
    assert finding.confidence == confidence
    told = any("what that clause is for" in e.note for e in finding.evidence)
    assert told == (given == "kind")


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        ("Task.yield(t, 100)", ["~late-result"]),
        ("Task.yield(t)", ["info"]),
        ("Task.await(t, 9)", ["info"]),
    ],
)
def test_a_short_look_whose_result_may_come_later(wait: str, said: list[str]) -> None:
    more = "def handle_info({ref, x}, s) when is_reference(ref), do: {:noreply, [x | s]}"
    body = f"t = Task.async(fn -> s end)\n    {wait}"
    assert outcome("blocking-callback", {"lib/a.ex": server(CALL, body, more)}) == said


def test_a_wait_without_a_limit_is_told() -> None:
    (finding,) = analysed(RULE, server(CALL, ":gen_tcp.recv(s, 0)")).findings
    assert any("no time limit" in e.note for e in finding.evidence)
    (finding,) = analysed(RULE, server(CALL, ":gen_tcp.recv(s, 0, 500)")).findings
    assert not any("no time limit" in e.note for e in finding.evidence)


def test_a_callback_that_others_call_is_told_by_its_own_name() -> None:
    more = "def handle_call(:again, _, s), do: {:reply, handle_info(:go, s), s}"
    (finding,) = analysed(RULE, server(INFO, "Shop.Repo.all(s)", more)).findings
    assert finding.data["callback"] == "handle_info/2"
    assert len(finding.evidence) == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (":info", "~no-clients"),
        ("{:timeout, _}", "~no-clients"),
        ("_kind", "info"),
        (":cast", "info"),
        ("{:call, _}", "warning"),
    ],
)
def test_a_state_machine_that_nobody_asks(kind: str, said: str) -> None:
    code = f"""\
defmodule Shop.Door do
  @behaviour :gen_statem
  def init(url), do: {{:ok, :shut, url}}
  def handle_event({kind}, :open, :shut, url), do: {{:next_state, :open, Req.get!(url)}}
end
"""
    assert outcome("blocking-callback", {"lib/door.ex": code}) == [said]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Req.get!(s)\n    {:stop, :normal, s}", ["~last-work"]),
        ("if Req.get!(s), do: {:stop, :a, s}, else: {:stop, :b, s}", ["~last-work"]),
        ("if Req.get!(s), do: {:stop, :a, s}, else: {:noreply, s}", ["warning"]),
        ("load(s)\n    {:stop, :normal, s}", ["~last-work"]),
        ("case s do\n 1 -> {:noreply, load(s)}\n _ -> {:stop, :a, s}\n end", ["warning"]),
        ("close(s)", ["~last-work"]),
        ("close(s)\n    {:noreply, s}", ["warning"]),
        ("with false <- close(s), do: {:noreply, s}", ["~last-work"]),
        ("with {:stop, _, x} <- close(s), do: {:noreply, x}", ["warning"]),
        ("with false <- close(s) do\n s\n else\n _ -> {:noreply, s}\n end", ["warning"]),
    ],
)
def test_a_server_that_ends_has_nobody_to_serve(body: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Desk do
  use GenServer
  def init(s), do: {{:ok, s}}
  {OTHER_CALL}
  def handle_info(:go, s) do
    {body}
  end
  defp load(s), do: Req.get!(s)

  defp close(s) do
    Req.get!(s)
    {{:stop, :normal, s}}
  end
end
"""
    assert outcome("blocking-callback", {"lib/desk.ex": code}) == said


@pytest.mark.parametrize(
    ("wait", "more", "said"),
    [
        ("Task.await(t)", OTHER_CAST, ["~own-task"]),
        ("Task.await(t, :infinity)", OTHER_CAST, ["info"]),
        ("Task.await(t)", OTHER_CALL, ["info"]),
        ("GenServer.call(s, :all)", OTHER_CAST, ["info"]),
    ],
)
def test_a_task_that_nobody_else_waits_for(wait: str, more: str, said: list[str]) -> None:
    body = f"t = Task.async(fn -> s end)\n    {wait}"
    assert outcome("blocking-callback", {"lib/a.ex": server(INFO, body, more)}) == said


@pytest.mark.parametrize(
    ("body", "severity", "told"),
    [
        ("Logger.debug(Shop.Repo.all(s))", "info", True),
        ('Logger.debug("all", count: count(s))', "info", True),
        ("Logger.debug(fn -> count(s) end)", "info", True),
        ("Logger.error(count(s))", "warning", False),
        ("Logger.debug(count(s))\n    Shop.Repo.one(s)", "warning", False),
    ],
)
def test_what_only_a_log_of_that_level_needs(body: str, severity: str, told: bool) -> None:
    more = "defp count(s), do: Shop.Repo.all(s)"
    code = server(CALL, body, more, "use GenServer\n  require Logger")
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == severity
    assert any("where that level is logged" in e.note for e in finding.evidence) == told


@pytest.mark.parametrize(
    ("opened", "asked", "severity"),
    [
        ("Redix.start_link(x)", "Redix.command(s, [])", "info"),
        ("Postgrex.start_link(x)", "Postgrex.query(s, [])", "info"),
        ("open(x)", "Redix.command(s.conn, [])", "info"),
        ("Redix.start_link(x)", "Postgrex.query(s, [])", "warning"),
        ("Redix.start_link(x)", "Redix.command(Shop.Redis, [])", "warning"),
        ("Shop.open(x)", "Redix.command(s, [])", "warning"),
    ],
)
def test_the_owner_of_a_connection(opened: str, asked: str, severity: str) -> None:
    more = f"def init(x), do: {opened}\n  defp open(x), do: {{:ok, Redix.start_link(x)}}"
    (finding,) = analysed(RULE, server(CALL, asked, more)).findings
    assert finding.severity == severity


@pytest.mark.parametrize(
    ("time", "confidence"),
    [("5_000", "high"), ("@pause", "high"), ("delay", "medium"), ("Shop.pause(s)", "high")],
)
def test_a_pause_that_somebody_else_chooses(time: str, confidence: str) -> None:
    body = f"case Shop.retry(s) do\n      {{:retry, delay}} -> Process.sleep({time})\n    end"
    (finding,) = analysed(RULE, server(CALL, body, "@pause 2_000")).findings
    assert finding.confidence == confidence


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        ("[name: :a, worker_module: A]", ["~pool-worker"]),
        ("worker = if x, do: A, else: B\n    [worker_module: worker]", ["~pool-worker"]),
        ("[worker_module: B]", ["warning"]),
        ("[{:name, {:local, :a}}, {:worker_module, A}, {:size, 10}]", ["~pool-worker"]),
        ("[{:worker_module, B}, {:other, A}]", ["warning"]),
        ("{:worker_module, A, B}", ["warning"]),
        ("[module: A]", ["warning"]),
    ],
)
def test_workers_of_a_pool_have_one_caller(pool: str, words: list[str]) -> None:
    code = server(CALL, 'System.cmd("lp", [])')
    pools = f"defmodule Pools do\n  def all(x) do\n    {pool}\n  end\nend\n"
    assert outcome("blocking-callback", {"lib/a.ex": code, "lib/pools.ex": pools}) == words


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (":gen_tcp.connect(s, 80, [], 2_000)", "2000 ms"),
        (":gen_tcp.connect(s, 80, [], 9_000)", ""),
        (":gen_tcp.connect(s, 80, [])", ""),
        ("Process.sleep(200)", "200 ms"),
        ("for _ <- s, do: Process.sleep(200)", ""),
        ("Enum.each(s, fn _ -> Process.sleep(200) end)", ""),
        ("Process.sleep(200)\n    Process.sleep(4_900)", ""),
        ("again(s)", ""),
        ("retry(s)", ""),
        ("once(s)", "200 ms"),
    ],
)
def test_a_wait_is_as_long_as_it_says(body: str, limit: str) -> None:
    more = (
        "def ask(p), do: GenServer.call(p, :go)\n"
        "  defp once(_), do: Process.sleep(200)\n"
        "  defp retry(s), do: rest(s)\n"
        "  defp rest(s) do\n    Process.sleep(200)\n    retry(s)\n  end\n"
        "  defp again(s) do\n    Process.sleep(200)\n    again(s)\n  end"
    )
    (finding,) = analysed(RULE, server(CALL, body, more)).findings
    said = [e.note for e in finding.evidence if "whoever calls" in e.note]
    assert [note.removeprefix("whoever calls this server meanwhile waits") for note in said] == [
        f", up to {limit}" if limit else "; this module's client functions exit after 5 seconds"
    ]


ONE = """\
defmodule Shop.Once do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg{name})
  def run(pid), do: GenServer.call(pid, :run{limit})
  def init(arg), do: {{:ok, arg}}
  def handle_call(:run, _from, s), do: {{:reply, {work}, s}}
  def handle_call({more}, _from, s), do: {{:reply, :ignored, s}}
end
defmodule Shop.Desk do
  use Supervisor
  def a(pid), do: Shop.Once.run(pid)
  {asks}
end
"""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "~one-caller"),
        ({"name": ", name: __MODULE__"}, "warning"),
        ({"name": ", name: Keyword.get(arg, :name, __MODULE__)"}, "warning"),
        ({"name": ", arg"}, "warning"),
        (
            {"asks": "def init(_), do: Supervisor.init([Shop.Once], strategy: :one_for_one)"},
            "warning",
        ),
        ({"limit": ""}, "warning"),
        ({"more": ":other"}, "warning"),
        ({"asks": "def b(pid), do: Shop.Once.run(pid)"}, "warning"),
        ({"work": "Process.sleep(900)"}, "~gate"),
        ({"work": "Process.sleep(900)", "name": ", name: __MODULE__"}, "~gate"),
        ({"work": "Process.sleep(900)", "more": ":other"}, "warning"),
        ({"work": "Process.sleep(900)", "limit": ""}, "warning"),
    ],
)
def test_nobody_waits_besides_who_asks_for_this_work(changes: dict[str, str], said: str) -> None:
    usual = {"name": "", "limit": ", :infinity", "more": "_other", "asks": ""}
    usual["work"] = "Req.get!(s)"
    code = ONE.format(**{**usual, **changes})
    assert outcome("blocking-callback", {"lib/once.ex": code}) == [said]


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ("def all(x), do: :ets.tab2list(x)", "~own-repo"),
        ("use Ecto.Repo", "warning"),
        ("import Shop.Wraps\n  wrap(all: 1)", "warning"),
        ("use Shop.Store\n  def all(x), do: :ets.tab2list(x)", "warning"),
        ("def all(x), do: Shop.RepoMain.all(x)", "warning"),
        ("defdelegate all(x), to: Shop.Main", "warning"),
        ("def all(x), do: run(:all, x)\n  defp run(f, x), do: apply(x.repo, f, [x])", "warning"),
    ],
)
def test_a_repo_that_is_none(uses: str, said: str) -> None:
    repo = f"defmodule Shop.Repo do\n  {uses}\n  def own(x), do: x\nend\n"
    files = {"lib/repo.ex": repo, "lib/a.ex": server(CALL, "Shop.Repo.all(s)")}
    assert outcome("blocking-callback", files) == [said]


@pytest.mark.parametrize(
    ("ask", "more", "said"),
    [
        ("try do\n ASK\n catch\n :exit, _ -> :busy\n end", "", "info"),
        ("ASK", "", "warning"),
        ("try do\n ASK\n rescue\n _ -> :busy\n end", "", "warning"),
        ("try do\n ASK\n catch\n :exit, _ -> :busy\n end",
         "def handle_call(:state, _, s), do: {:reply, s, s}", "warning"),
        ("try do\n ASK\n catch\n :exit, _ -> :busy\n end",
         "def now(pid), do: GenServer.call(pid, {:draw, 1}, 100)", "warning"),
    ],
)  # fmt: skip
def test_who_asks_has_a_way_on_where_it_takes_too_long(ask: str, more: str, said: str) -> None:
    asked = ask.replace("ASK", "GenServer.call(pid, {:draw, what}, 30_000)")
    code = f"""\
defmodule Shop.Painter do
  use GenServer
  def draw(pid, what) do
    {asked}
  end
  def init(s), do: {{:ok, s}}
  def handle_call({{:draw, what}}, _from, s), do: {{:reply, System.cmd("paint", [what]), s}}
  {more}
end
"""
    assert outcome("blocking-callback", {"lib/painter.ex": code}) == [said]


@pytest.mark.parametrize(
    ("more", "elsewhere", "said"),
    [
        ("", "", "~no-clients"),
        ("def go, do: GenServer.cast(__MODULE__, :go)", "", "info"),
        ("def handle_call(:n, _, s), do: {:reply, s, s}", "", "warning"),
        (
            "def go, do: GenServer.cast(__MODULE__, :go)\n"
            "  def handle_info(:go, s), do: {:noreply, go() && s}",
            "",
            "info",
        ),
        ("def handle_cast(other, s), do: {:noreply, [other | s]}", "", "info"),
        ("def handle_cast(_other, s), do: {:noreply, s}", "", "~no-clients"),
        ("", "GenServer.cast(Shop.Filler, :go)", "info"),
        ("", "GenServer.cast(Shop.Filler, message)", "info"),
        ("", "GenServer.cast(pid, :go)", "info"),
        ("", "GenServer.cast(pid, :stop)", "~no-clients"),
        ("", "GenServer.cast(Shop.Other, :go)", "~no-clients"),
        ("", "GenServer.cast(__MODULE__, :go)", "~no-clients"),
    ],
)
def test_who_casts_to_itself_alone_has_no_clients(more: str, elsewhere: str, said: str) -> None:
    code = f"""\
defmodule Shop.Filler do
  use GenServer
  def init(s) do
    GenServer.cast(self(), :go)
    {{:ok, s}}
  end

  def handle_cast(:go, s) do
    rows = Shop.Repo.all(s, timeout: :infinity)
    GenServer.cast(__MODULE__, {{:store, rows}})
    {{:noreply, s}}
  end

  def handle_cast({{:store, _rows}}, s), do: {{:noreply, s}}
  {more}
end
"""
    other = f"defmodule Shop.Desk do\n  def act(pid, message) do\n    {elsewhere or ':ok'}\n"
    files = {"lib/filler.ex": code, "lib/desk.ex": f"{other}    {{pid, message}}\n  end\nend\n"}
    assert outcome("blocking-callback", files) == [said]


def test_a_server_that_never_casts_has_unseen_clients() -> None:
    callback = "def handle_cast(:go, s) do\n    {body}\n    {{:noreply, s}}\n  end"
    code = server(callback, "Shop.Repo.all(s)")
    assert outcome("blocking-callback", {"lib/a.ex": code}) == ["info"]


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        (":__fill_for_test", ["start", "fill"]),
        (":fill_for_tests", ["start", "fill"]),
        (":fill_now", ["fill"]),
        (":fill_latest", ["fill"]),
    ],
)
def test_the_way_that_is_told_is_not_one_for_tests(tag: str, path: list[str]) -> None:
    code = f"""\
defmodule Shop.Filler do
  use GenServer
  def init(s), do: {{:ok, s}}
  def handle_call(:all, _, s), do: {{:reply, s, s}}
  def handle_info({{{tag}, s}}, _), do: {{:noreply, fill(s)}}
  def handle_info(:go, s), do: {{:noreply, start(s)}}
  defp start(s), do: fill(s)
  defp fill(s), do: Shop.Repo.all(s)
end
"""
    (finding,) = analysed(RULE, {"lib/a.ex": code}).findings
    calls = [e.note.split("`")[3] for e in finding.evidence if "` calls `" in e.note]
    assert calls == path


def test_a_wait_that_only_tests_lead_to_is_told_as_it_is() -> None:
    code = server(
        "def handle_info(:go_for_test, s) do\n    {body}\n  end", "Repo.all(s)", OTHER_CALL
    )
    assert outcome("blocking-callback", {"lib/a.ex": code}) == ["warning"]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# asked synchronously: no part of the shop ever calls back to this server", "~"),
        ("# waits on purpose, so that nothing can be sold while the shop is counted", "~"),
        ("# a shop that is shut is skipped, while a missing one deliberately raises", "warning"),
        ("# TODO: this is deliberate for now, but should be a task some day", "warning"),
        ("# synchronous", "warning"),
        ("# what is on the shelf, by the name of the shop it is in", "warning"),
    ],
)
@pytest.mark.parametrize("place", ["entry", "call", "around", "function"])
def test_a_reason_on_the_way(place: str, comment: str, said: str) -> None:
    places = {
        name: comment if name == place else ""
        for name in ("entry", "call", "around", "function", "other")
    }
    code = """\
defmodule A do
  use GenServer
  def handle_call(:go, _, s) do
    {entry}
    all(s)
    {{:reply, 1, s}}
  end

  {function}
  defp all(s) do
    {around}
    found =
      Enum.map(s, fn one ->
        {call}
        Shop.Repo.all(one)
      end)

    {other}
    found
  end
end
"""
    words = ["~stated-reason" if said == "~" else said]
    assert outcome("blocking-callback", {"lib/a.ex": code.format(**places)}) == words


def test_a_reason_for_something_else_is_none() -> None:
    body = "Shop.Repo.all(s)\n    # done inline so that the caller sees what is counted\n    s"
    assert outcome("blocking-callback", {"lib/a.ex": server(CALL, body)}) == ["warning"]


@pytest.mark.parametrize(
    ("body", "endless"),
    [
        (":ssl.handshake(s)", True),
        (":ssl.handshake(s, verify: :verify_none)", True),
        (":ssl.handshake(s, [])", True),
        ("options = [verify: :verify_none]\n    :ssl.handshake(s, options)", True),
        (":ssl.handshake(s, 5_000)", False),
        ("limit = 5_000\n    :ssl.handshake(s, limit)", False),
        (":ssl.handshake(s, [], 5_000)", False),
        (":ssl.handshake(s, Shop.limit())", False),
    ],
)
def test_a_handshake_may_have_no_limit(body: str, endless: bool) -> None:
    (finding,) = analysed(RULE, server(CALL, body, OTHER_CALL)).findings
    notes = [e.note for e in finding.evidence]
    assert ("it has no time limit of its own" in notes) == endless
