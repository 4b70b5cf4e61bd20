"""Servers started by hand: who owns them decides."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.rules.process_outside_supervisor import RULE as RULE_OF_IT
from bot.elixir.tree import MemoryTree
from tests.elixir.rules.support import outcome
from tests.elixir.support import analysed

RULE = "process-outside-supervisor"
STOCK = """\
defmodule Shop.Stock do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg, name: __MODULE__)
  def init(arg), do: {:ok, arg}
end
"""
MIX = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop{more}]
  def application, do: [{mod}]
end
"""


def said(code: str, mod: str = "mod: {Shop.Application, []}", more: str = "") -> list[str]:
    mix = MIX.replace("{mod}", mod).replace("{more}", more)
    return outcome(RULE, {"mix.exs": mix, "lib/stock.ex": STOCK, "lib/a.ex": code})


def function(body: str) -> str:
    return f"defmodule Shop.A do\n  def go(x) do\n    {body}\n    x\n  end\nend\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Shop.Stock.start_link(x)", ["warning"]),
        ("GenServer.start(Shop.Stock, x)", ["warning"]),
        ("{:ok, pid} = Shop.Stock.start_link(x)\n    GenServer.stop(pid)", ["~short-lived"]),
        ("if is_nil(Process.whereis(Shop.Stock)), do: Shop.Stock.start_link(x)", ["~lazy"]),
        ("DynamicSupervisor.start_child(Shop.Sup, {Shop.Stock, x})", []),
        ("Other.Library.start_link(x)", []),
        ("Shop.Stock.start(x)", []),
        ("Agent.start_link(fn -> x end)", ["info"]),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert said(function(body)) == words


def test_library_without_an_application_leaves_it_to_its_user() -> None:
    body = function("Shop.Stock.start_link(x)")
    assert said(body, mod="", more=", package: []") == ["~library"]
    assert said(body, mod="") == ["warning"]


def test_owner_process_is_a_remark() -> None:
    code = """\
defmodule Shop.A do
  use GenServer
  def init(x) do
    {:ok, stock} = Shop.Stock.start_link(x)
    {:ok, stock}
  end
end
"""
    assert said(code) == ["info"]


def test_module_in_a_child_list_is_a_remark() -> None:
    supervisor = """\
defmodule Shop.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([Shop.Stock], strategy: :one_for_one)
end
"""
    assert said(supervisor + function("Shop.Stock.start_link(x)")) == ["info"]


def test_wrapper_of_another_start_is_its_callers_business() -> None:
    assert (
        said("defmodule Shop.A do\n  def start_link(x), do: Shop.Stock.start_link(x)\nend\n") == []
    )


def test_tests_and_tasks_may_start_what_they_need() -> None:
    code = function("Shop.Stock.start_link(x)")
    files = {"lib/stock.ex": STOCK, "test/a_test.exs": code, "priv/seed.exs": code}
    assert outcome(RULE, files) == []


DESK = """\
defmodule Shop.Desk do
  use GenServer
  {more}
  def init(x) do
    {{:ok, bell}} = {start}
    {{:ok, {{x, bell}}}}
  end
  def handle_cast(:close, s), do: {{:stop, {reason}, s}}
end
defmodule Shop.Bell do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(arg) do
    {begin}
    {{:ok, arg}}
  end
  def handle_info({{:DOWN, _, _, _, _}}, s), do: {down}
end
"""


def desk(**parts: str) -> list[tuple[str, list[str]]]:
    """Severity and evidence of what is told about a bell that a desk starts for itself."""
    filled = {
        "start": "Shop.Bell.start_link(x)", "reason": ":shutdown", "begin": ":ok", "more": "",
        "down": "{:noreply, s}",
        **parts,
    }  # fmt: skip
    findings = analysed(RULE_OF_IT, DESK.format(**filled)).findings
    return [(f.severity, [e.note for e in f.evidence]) for f in findings]


@pytest.mark.parametrize(
    "parts",
    [
        {"reason": ":normal"},
        {"more": "def stop(pid), do: GenServer.stop(pid)"},
        {"more": "def stop(pid \\\\ __MODULE__), do: GenServer.stop(pid, :normal)"},
        {"more": "def stop, do: GenServer.stop(__MODULE__)"},
        {"reason": ":normal", "start": "Shop.Bell.start_link(self())"},
        {"reason": ":normal", "start": "Agent.start_link(fn -> x end)"},
        {"reason": ":normal", "more": "def terminate(_reason, _s), do: :ok"},
        {"reason": ":normal", "begin": "Process.monitor(arg)"},
    ],
)
def test_it_outlives_a_server_that_ends_with_normal(parts: dict[str, str]) -> None:
    ((severity, notes),) = desk(**parts)
    assert severity == "info"
    assert "stays behind" in notes[0]
    assert notes[1:] == ["here that server ends with `:normal`"]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"more": "def stop(pid), do: GenServer.stop(pid, :shutdown)"},
        {"more": "defp drop({_, bell}), do: GenServer.stop(bell)"},
        {"reason": ":normal", "begin": "Process.flag(:trap_exit, true)"},
        {"reason": ":normal", "begin": "Process.monitor(arg)", "down": "{:stop, :shutdown, s}"},
        {"reason": ":normal", "begin": "Process.monitor(arg)", "down": "exit(:shutdown)"},
        {"reason": ":normal", "more": "def terminate(_, {_, bell}), do: GenServer.stop(bell)"},
        {"reason": ":normal", "start": "Other.Library.Bell.start_link(x)"},
    ],
)
def test_no_stray_where_none_is_seen(parts: dict[str, str]) -> None:
    said = " ".join(note for _, notes in desk(**parts) for note in notes)
    assert ":normal" not in said
    assert "stays behind" not in said


def test_a_server_that_traps_exits_learns_of_the_crash() -> None:
    more = "def handle_info({:EXIT, _pid, _reason}, s), do: {:noreply, s}"
    start = "(Process.flag(:trap_exit, true); Shop.Bell.start_link(x))"
    ((_, notes),) = desk(more=more, start=start)
    assert "a crash of either ends both" not in notes[0]


def test_the_pair_may_name_itself_before() -> None:
    code = DESK.format(
        start="Shop.Bell.start_link(desk)", reason=":shutdown", begin=":ok", more="", down=":ok"
    )
    given = code.replace("{:ok, bell} =", "desk = self()\n    {:ok, bell} =")
    assert outcome(RULE, {"lib/a.ex": given}) == ["~paired"]
    assert outcome(RULE, {"lib/a.ex": code}) == ["info"]


QUOTE = """\
defmodule Shop.Quote do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def read(pid), do: GenServer.call(pid, :read)
  def init(arg), do: {:ok, arg}
  def handle_call(:read, _from, s), do: {:stop, :normal, s, s}
end
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{:ok, pid} = Shop.Quote.start_link(x)\n    x = Shop.Quote.read(pid)", ["~one-shot"]),
        ("{:ok, p} = GenServer.start(Shop.Quote, x)\n    GenServer.cast(p, x)", ["~one-shot"]),
        ("{:ok, pid} = Shop.Quote.start_link(x)\n    Shop.Other.read(pid)", ["warning"]),
        ("{:ok, _pid} = Shop.Quote.start_link(x)", ["warning"]),
        ("{:ok, pid} = Shop.Stock.start_link(x)\n    GenServer.call(pid, :read)", ["warning"]),
    ],
)
def test_one_job(body: str, words: list[str]) -> None:
    assert said(function(body) + QUOTE) == words


def test_what_is_handed_on_is_not_done_with() -> None:
    body = "{:ok, pid} = Shop.Quote.start_link(x)\n    x = Shop.Quote.read(pid)"
    code = function(body).replace("    x\n  end", "    {x, pid}\n  end")
    assert said(code + QUOTE) == ["info"]


def test_a_link_to_a_caller_is_told_for_what_it_is() -> None:
    files = {"lib/stock.ex": STOCK, "lib/a.ex": function("Shop.Stock.start_link(x)")}
    (finding,) = analysed(RULE_OF_IT, files).findings
    assert "ends with it" not in finding.evidence[0].note


def test_an_agent_behind_a_module_is_a_remark() -> None:
    code = """\
defmodule Shop.Basket do
  use Agent
  defstruct [:pid]
  def start_link(items), do: Agent.start_link(fn -> items end)
  def new(items) do
    {:ok, pid} = start_link(items)
    %__MODULE__{pid: pid}
  end
end
"""
    assert said(code) == ["info"]


@pytest.mark.parametrize(
    ("last", "words"),
    [("Shop.Scribe.stop(pid)", ["~short-lived", "~short-lived"]), ("pid", ["warning"])],
)
def test_unlinked_start_of_which_every_caller_takes_care(last: str, words: list[str]) -> None:
    scribe = """\
defmodule Shop.Scribe do
  use GenServer
  def start, do: GenServer.start(__MODULE__, :ok)
  def stop(pid), do: GenServer.call(pid, :stop)
  def init(arg), do: {:ok, arg}
end
"""
    assert said(scribe + function("{:ok, pid} = Shop.Scribe.start()\n    " + last)) == words


STOPPING = """\
defmodule Shop.Desk do
  use GenServer
  def init(x), do: {{:ok, x, {{:continue, :ring}}}}
  def handle_continue(:ring, x) do
    {{:ok, bell}} = Shop.Bell.{start}(x)
    {{:noreply, bell}}
  end
  def handle_cast(:close, bell) do
    {end}
    {{:stop, :normal, bell}}
  end
end
defmodule Shop.Bell do
  use GenServer
  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
  def start(arg), do: GenServer.start(__MODULE__, arg)
  def stop(bell), do: GenServer.call(bell, :stop)
  def halt(bell), do: GenServer.stop(bell)
  def drop(bell), do: GenServer.cast(bell, :drop)
  def ring(bell), do: GenServer.call(bell, :ring)
  def init(arg), do: {{:ok, arg}}
  def handle_call(:ring, _from, s), do: {{:reply, :ok, s}}
  def handle_call(:stop, _from, s), do: {{:stop, :normal, :ok, s}}
  def handle_cast(:drop, s), do: {{:stop, :normal, s}}
end
"""


@pytest.mark.parametrize(
    ("end", "stays"),
    [
        ("Shop.Bell.stop(bell)", False),
        ("Shop.Bell.halt(bell)", False),
        ("Shop.Bell.drop(bell)", False),
        ("Shop.Bell.ring(bell)", True),
        ("Shop.Other.stop(bell)", True),
    ],
)
def test_a_server_that_ends_its_helper_by_the_helpers_own_function(end: str, stays: bool) -> None:
    (finding,) = analysed(RULE_OF_IT, STOPPING.format(start="start_link", end=end)).findings
    assert ("stays behind" in finding.evidence[0].note) == stays
    (finding,) = analysed(RULE_OF_IT, STOPPING.format(start="start", end=end)).findings
    assert ("stays behind" in finding.evidence[0].note) == stays
    assert finding.confidence == ("medium" if stays else "low")


EXITS = """\
def handle_info({{:EXIT, _bell, reason}}, s), do: {answer}
  def handle_call(:trap, _, s), do: {{:reply, Process.flag(:trap_exit, true), s}}"""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{:stop, reason, s}", ["~answers-for-it"]),
        ("{:noreply, {reason, Shop.Bell.start_link(s)}}", ["~answers-for-it"]),
        ("{:noreply, s}", ["info"]),
    ],
)
def test_a_server_that_acts_on_the_end_of_its_helper(answer: str, said: list[str]) -> None:
    code = DESK.format(
        start="Shop.Bell.start_link(x)", reason=":shutdown", begin=":ok", down=":ok",
        more=EXITS.format(answer=answer),
    )  # fmt: skip
    found = outcome(RULE, {"lib/a.ex": code})
    assert sorted(set(found)) == said


def test_a_server_that_only_traps_exits() -> None:
    start = "(Process.flag(:trap_exit, true); Shop.Bell.start_link(x))"
    ((_, notes),) = desk(more="def handle_info(_message, s), do: {:noreply, s}", start=start)
    assert "traps exits" in notes[0]
    assert "a crash of either ends both" not in notes[0]


LISTED = """\
defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([Shop.Desk], strategy: :one_for_one)
end
"""


@pytest.mark.parametrize(
    ("parts", "more", "said"),
    [
        ({}, LISTED, "~restarted-together"),
        ({}, "", "info"),
        ({"reason": ":normal"}, LISTED, "info"),
        ({"down": "{:stop, :normal, s}"}, LISTED, "info"),
        ({"start": "(Process.flag(:trap_exit, true); Shop.Bell.start_link(x))"}, LISTED, "info"),
    ],
)
def test_a_supervisor_that_starts_both_again(parts: dict[str, str], more: str, said: str) -> None:
    filled = {
        "start": "Shop.Bell.start_link(x)", "reason": ":shutdown", "begin": ":ok", "more": "",
        "down": "{:noreply, s}",
        **parts,
    }  # fmt: skip
    code = DESK.format(**filled) + more
    assert outcome(RULE, {"lib/a.ex": code}) == [said]
    once = code.replace("use GenServer", "use GenServer, restart: :temporary")
    assert outcome(RULE, {"lib/a.ex": once}) == ["info"]


@pytest.mark.parametrize(
    ("start", "ring"),
    [
        ("Shop.Bell.start_link(ring: fn -> send(desk, :ring) end)", ""),
        ("Shop.Bell.start_link(options)", "options = [to: fn -> GenServer.call(desk, :ring) end]"),
        ("Shop.Bell.start_link(options)", "to = desk\n    options = %{to: to}"),
    ],
)
def test_a_helper_that_is_given_a_way_back(start: str, ring: str) -> None:
    code = DESK.format(start=start, reason=":shutdown", begin=":ok", more="", down=":ok")
    given = code.replace("{:ok, bell} =", f"desk = self()\n    {ring}\n    {{:ok, bell}} =")
    assert outcome(RULE, {"lib/a.ex": given}) == ["~paired"]


def test_a_helper_whose_start_takes_its_starter() -> None:
    code = DESK.format(
        start="Shop.Bell.start_link(x)", reason=":shutdown", begin=":ok", more="", down=":ok"
    )
    taken = code.replace("(__MODULE__, arg)", "(__MODULE__, {self(), arg})")
    assert outcome(RULE, {"lib/a.ex": taken}) == ["~paired"]


@pytest.mark.parametrize(
    ("start", "asked", "said"),
    [
        ("start(name: key(x))", "key(x)", "~lazy"),
        ("start(Keyword.put([], :name, key(x)))", "key(x)", "~lazy"),
        ("start(name: key(x))", "other(x)", "warning"),
        ("start(named: key(x))", "key(x)", "warning"),
    ],
)
def test_a_process_that_is_asked_by_the_name_it_was_started_with(
    start: str, asked: str, said: str
) -> None:
    code = f"""\
defmodule Shop.Once do
  use GenServer
  def start(options), do: GenServer.start(__MODULE__, options, name: options[:name])
  def start_link(options), do: GenServer.start_link(__MODULE__, options)
  def get(x) do
    _ = {start}
    GenServer.call({asked}, :get)
  end
  def init(options), do: {{:ok, options}}
  defp key(x), do: {{:global, x}}
  defp other(x), do: {{:global, {{x, x}}}}
end
"""
    assert outcome(RULE, {"lib/once.ex": code}) == [said]


BOOT = """\
defmodule Shop.Application do
  use Application
  def start(_type, _args) do
    {start}
    Supervisor.start_link([Shop.Repo], strategy: :one_for_one)
  end
end
defmodule Shop.Log do
  use GenServer
  def start(arg), do: GenServer.start(__MODULE__, arg, name: __MODULE__)
  def open(arg), do: GenServer.start_link(__MODULE__, arg)
  def init(arg), do: {{:ok, arg}}
end
"""


@pytest.mark.parametrize(
    ("start", "severity", "note"),
    [
        ("Shop.Log.start([])", "info", "started without a link"),
        ("GenServer.start(Shop.Log, [])", "info", "started without a link"),
        ("Shop.Stock.start_link([])", "warning", "linked to the process"),
        ("GenServer.start_link(Shop.Log, [])", "warning", "linked to the process"),
    ],
)
def test_what_boot_starts_is_linked_or_not(start: str, severity: str, note: str) -> None:
    files = {
        "mix.exs": MIX.replace("{mod}", "mod: {Shop.Application, []}").replace("{more}", ""),
        "lib/stock.ex": STOCK,
        "lib/a.ex": BOOT.format(start=start),
    }
    (finding,) = (f for f in analysed(RULE_OF_IT, files).findings if f.function == "start/2")
    assert (str(finding.severity), finding.evidence[0].note[: len(note)]) == (severity, note)


@pytest.mark.parametrize(
    ("use", "callback", "words"),
    [
        ("Membrane.Pipeline", "handle_init(x)", ["~paired"]),
        ("Membrane.Filter", "handle_setup(_ctx, x)", ["~paired"]),
        ("Membrane.Filter", "open(x)", ["warning"]),
        ("Shop.Pipeline", "handle_init(x)", ["warning"]),
    ],
)
def test_elements_of_media_own_what_they_start(use: str, callback: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.Video do
  use {use}
  def {callback} do
    {{:ok, clock}} = Shop.Stock.start_link(engine: self())
    {{[], %{{clock: clock, x: x}}}}
  end
end
"""
    assert said(code) == words


ROOM = """\
defmodule Shop.Room do
  use GenServer
  def open(x), do: GenServer.start_link(__MODULE__, {given})
  def init(x), do: {{:ok, x}}
end
"""
HOUSE = """\
defmodule Shop.House do
  use GenServer
  def init(x) do
    {begin}
    {{:ok, x}}
  end
  def handle_cast({{:open, x}}, s) do
    {{:ok, room}} = Shop.Room.open(x)
    {{:noreply, [room | s]}}
  end
end
"""
TRAPS = "Process.flag(:trap_exit, true)"


@pytest.mark.parametrize(
    ("given", "begin", "more", "words", "note"),
    [
        ("x", ":ok", "", ["info"], "linked to the process that starts it, which is not seen to"),
        ("x", TRAPS, "", ["info"], "linked to the server that starts it: that one traps exits"),
        ("{self(), x}", ":ok", "", ["~paired"], ""),
        ("x", ":ok", function("Shop.Room.open(x)"), ["warning"], "linked to whatever process"),
        ("{self(), x}", ":ok", function("Shop.Room.open(x)"), ["warning"], "linked to whatever"),
    ],
)
def test_servers_that_call_the_function_own_what_it_starts(
    given: str, begin: str, more: str, words: list[str], note: str
) -> None:
    code = ROOM.format(given=given) + HOUSE.format(begin=begin) + more
    assert said(code) == words
    notes = [f.evidence[0].note for f in analysed(RULE_OF_IT, code).findings]
    assert [found[: len(note)] for found in notes] == [note] * len(notes)


@pytest.mark.parametrize(
    ("start", "rest", "note"),
    [
        ("Shop.Stock.start_link([])", "", "it is the application's root process"),
        ("Shop.Stock.start_link([])", "Shop.Top.start_link([])", "linked to the process"),
        ("GenServer.start(Shop.Stock, [])", "Shop.Top.start_link([])", "started without a link"),
    ],
)
def test_only_what_start_returns_is_the_root_process(start: str, rest: str, note: str) -> None:
    code = f"""\
defmodule Shop.Application do
  use Application
  def start(_type, _args) do
    {start}
    {rest}
  end
end
"""
    mix = MIX.replace("{mod}", "mod: {Shop.Application, []}").replace("{more}", "")
    files = {"mix.exs": mix, "lib/stock.ex": STOCK, "lib/a.ex": code}
    (finding,) = survey(MemoryTree.of(files), jobs=1, rules=(RULE_OF_IT,)).analysis.findings
    assert finding.evidence[0].note.startswith(note)


SOURCE = """\
defmodule Shop.Source do
  @callback open(term) :: term
end

defmodule Shop.Source.Stock do
  BEHAVIOUR
  def open(x), do: Shop.Stock.start_link(x)
end

defmodule Shop.Feed do
  use GenServer
  def init(source) do
    Process.flag(:trap_exit, FLAG)
    {:ok, {source, source.open(1)}}
  end
  def handle_info({:EXIT, _, _}, {source, _}), do: {:noreply, {source, AGAIN}}
end
"""


@pytest.mark.parametrize(
    ("behaviour", "flag", "again", "word"),
    [
        ("@behaviour Shop.Source", "true", "source.open(1)", "~answers-for-it"),
        ("@behaviour Shop.Source", "true", "nil", "info"),
        ("@behaviour Shop.Source", "false", "source.open(1)", "info"),
        ("@behaviour Shop.Other", "true", "source.open(1)", "warning"),
    ],
)
def test_a_callback_runs_where_the_behaviour_is_called(
    behaviour: str, flag: str, again: str, word: str
) -> None:
    code = SOURCE.replace("BEHAVIOUR", behaviour).replace("FLAG", flag).replace("AGAIN", again)
    assert said(code) == [word]


def test_who_runs_a_callback_may_run_one_that_ends_the_process() -> None:
    code = SOURCE.replace("BEHAVIOUR", "@behaviour Shop.Source").replace("FLAG", "true")
    code = code.replace("{:noreply, {source, AGAIN}}", "{:stop, :normal, source.close()}")
    assert said(code) == ["~answers-for-it"]


def test_a_callback_that_nobody_is_seen_to_run() -> None:
    code = SOURCE.replace("BEHAVIOUR", "@behaviour Shop.Source").split("defmodule Shop.Feed")[0]
    files = {"lib/stock.ex": STOCK, "lib/a.ex": code}
    (finding,) = analysed(RULE_OF_IT, files).findings
    assert "runs this callback of `Shop.Source`" in finding.evidence[0].note


@pytest.mark.parametrize(
    ("flag", "pattern", "words"),
    [
        ("Process.flag(:trap_exit, true)", "{:EXIT, pid, _}", ["~answers-for-it"]),
        ("x", "{:EXIT, pid, _}", ["warning"]),
        ("Process.flag(:trap_exit, true)", "{:done, pid, _}", ["warning"]),
    ],
)
def test_a_function_that_waits_for_the_exit(flag: str, pattern: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.A do
  def go(x) do
    {flag}
    {{:ok, stock}} = Shop.Stock.start_link(x)
    wait(stock)
  end

  defp wait(stock) do
    receive do
      {pattern} when pid == stock -> :ok
    end
  end
end
"""
    assert said(code) == words


@pytest.mark.parametrize(
    ("given", "monitored", "words"),
    [
        ("Shop.Tree", "name", ["~watches-tree"]),
        ("tree", "name", ["~watches-tree"]),
        ("Shop.Other", "name", ["warning"]),
        ("Shop.Tree", "Shop.Log", ["warning"]),
    ],
)
def test_what_watches_the_tree(given: str, monitored: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.Application do
  use Application

  def start(_, _) do
    options = [strategy: :one_for_one, name: Shop.Tree]
    {{:ok, tree}} = Supervisor.start_link([], options)
    Shop.Watch.start_link({given})
    {{:ok, tree}}
  end
end

defmodule Shop.Watch do
  use GenServer
  def start_link(name), do: GenServer.start_link(__MODULE__, name)
  def init(name), do: {{:ok, Process.monitor({monitored})}}
end
"""
    assert said(code) == words
