"""Processes that tests start themselves, and that may outlive the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.named_calls import calls_named
from bot.elixir.nodes import text
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.rules.base import Because, Exempt, Exemption, FileByFile, Rule, Sample, Site, Span
from bot.elixir.rules.parts.no_start import is_to_fail, may_run_already
from bot.elixir.rules.parts.normal_end import stops_at_once
from bot.elixir.rules.parts.seen_ending import is_ended
from bot.elixir.rules.parts.standing import above, definition_around

_UNLINKED = frozenset({"GenServer.start", "Agent.start", ":gen_server.start", ":gen_statem.start"})
_STARTERS = ("start_link", "start")
_TESTS = ("test", "property")
_SETUPS = ("setup",)


def starts(project: Project) -> Iterator[str]:
    """Tests that start something by hand."""
    words = [f"{name.rpartition('.')[2]}.start_link".encode() for name in _fixed_in(project)]
    for path in project.texts.holding(b".start", among=project.of_role("test")):
        data = project.texts[path]
        if any(word in data for word in (b"GenServer.", b"Agent.", b"name: ", *words)):
            yield path


def _fixed_in(project: Project) -> dict[str, str]:
    return project.once("fixed names", _fixed)


def _fixed(project: Project) -> dict[str, str]:
    """The literal names of servers, by module."""
    return {f.name: f.names[0] for f in project.modules.values() if f.names and f.role == "lib"}


def check(project: Project, path: str) -> Iterator[Site | Exempt]:
    """Starts in tests and their set-ups that leave the process, or its name, behind."""
    fixed = _fixed_in(project)
    for module in project.modules_in(path):
        yield from _in_module(module, fixed, project)


def _in_module(module: Module, fixed: dict[str, str], project: Project) -> Iterator[Site | Exempt]:
    starts = [
        (call, block)
        for call in calls_named(module, _STARTERS)
        if (block := _block(call)) is not None and not call.captured and not call.runs_in
    ]
    named = [
        (call, block, "" if is_to_fail(call) else _fixed_name(call, fixed))
        for call, block in starts
    ]
    again: dict[str, list[Call]] = {}
    for call, block, name in named:
        unlinked = call.full in _UNLINKED
        if not unlinked and not (name and call.name == "start_link" and _again(block, name, named)):
            continue
        exemption = _exemption(call, block, project)
        if exemption:
            yield Exempt(Span.of(module, call.node), exemption)
        elif unlinked:
            yield _unlinked(call, name)
        else:
            again.setdefault(name, []).append(call)
    for name, calls in again.items():
        yield _linked(calls, name)


_Start = tuple[Call, Node, str]


def _block(call: Call) -> Node | None:
    """The `test` or `setup` whose own process makes the call."""
    if definition_around(call) is not None:
        return None
    return next((a for a in above(call) if nodes.is_call_to(a, *_TESTS, *_SETUPS)), None)


def _fixed_name(call: Call, fixed: dict[str, str]) -> str:
    """The literal name the process gets, in the call or in its module; else empty."""
    given = call.keywords().get("name")
    if given is None:
        return fixed.get(call.module, "") if len(call.args) < 2 else ""
    literal = given.type in ("alias", "atom") or text(given) == "__MODULE__"
    return call.owner.scope.resolve(given) if literal else ""


def _again(block: Node, name: str, starts: Sequence[_Start]) -> bool:
    """Whether another test, with a process of its own, starts the same name."""
    if nodes.is_call_to(block, *_SETUPS):
        return _tests_beside(block) > 1
    return Counter(other for _, _, other in starts)[name] > 1 and any(
        other.id != block.id for _, other, started in starts if started == name
    )


def _tests_beside(setup: Node) -> int:
    """How many tests a set-up runs for: those beside it, and in the `describe`s beside it."""
    beside = nodes.of_type(setup.parent, "call") if setup.parent is not None else []
    return sum(nodes.is_call_to(n, *_TESTS) for n in beside)


def _exemption(call: Call, block: Node, project: Project) -> str:
    if is_to_fail(call):
        return "start-is-tested"
    if may_run_already(call, project):
        return "application's"
    if is_ended(call, block, project):
        return "stopped"
    server = call.module if call.module in project.modules else ""
    return "ends-itself" if server and stops_at_once(project.module(server)) is not None else ""


def _unlinked(call: Call, name: str) -> Site:
    span = Span.of(call.owner, call.node)
    note = "no link ends it and no call here stops it: it can run on when the test is over"
    clash = Because(span, f"as long as it runs it keeps the name `{name}`")
    return Site(
        span,
        f"`{call.full}` starts a process that can outlive its test",
        because=(Because(span, note), *([clash] if name else ())),
        severity="warning" if name else "info",
    )


def _linked(calls: Sequence[Call], name: str) -> Site:
    """Told once in a file, at the first of the starts."""
    first, *others = (Span.of(call.owner, call.node) for call in calls)
    return Site(
        first,
        f"`{name}` may still be running when the next test starts it",
        because=(
            Because(
                first,
                "it is linked to the test's process and ends after it, at a time nobody waits "
                "for; a test that starts the name until then gets `:already_started`",
            ),
            *(Because(span, "this test starts it under the same name") for span in others),
        ),
    )


RULE = Rule(
    id="start-in-test",
    title="Processes that outlive their test",
    category="tests",
    stage=4,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A test starts a process itself: unlinked and without stopping it, or linked and under a "
        "name that another test uses again."
    ),
    harm=(
        "An unlinked process runs on until the suite ends and keeps its name. A linked one gets "
        "its exit signal when the test's process ends, but nobody waits for it: now and then the "
        "next test finds the name taken."
    ),
    remedy=(
        "Start it by `start_supervised!/1`. ExUnit then stops it, and waits until it has ended, "
        "before the next test starts."
    ),
    triggers=(b".start",),
    roles=("test",),
    check_project=FileByFile(starts, check),
    bad=(
        Sample(
            """\
defmodule Shop.StockTest do
  use ExUnit.Case

  setup do
    {:ok, pid} = GenServer.start(Shop.Stock, [], name: Shop.Stock)
    {:ok, stock: pid}
  end

  test "is empty", %{stock: stock} do
    assert Shop.Stock.count(stock) == 0
  end
end
""",
            path="test/stock_test.exs",
        ),
        Sample(
            files={
                "lib/stock.ex": """\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts}
end
""",
                "test/stock_test.exs": """\
defmodule Shop.StockTest do
  use ExUnit.Case

  setup do
    {:ok, _} = Shop.Stock.start_link([])
    :ok
  end

  test "is empty" do
    assert Shop.count() == 0
  end

  test "takes one" do
    assert Shop.add(:tea) == 1
  end
end
""",
            }
        ),
    ),
    good=(
        Sample(
            """\
defmodule Shop.StockTest do
  use ExUnit.Case

  setup do
    {:ok, stock: start_supervised!({Shop.Stock, name: Shop.Stock})}
  end

  test "is empty", %{stock: stock} do
    assert Shop.Stock.count(stock) == 0
  end
end
""",
            path="test/stock_test.exs",
        ),
        Sample(
            """\
defmodule Shop.StockTest do
  use ExUnit.Case

  test "is empty" do
    {:ok, stock} = GenServer.start_link(Shop.Stock, [])
    assert Shop.Stock.count(stock) == 0
  end

  test "takes one", %{test: name} do
    {:ok, _} = GenServer.start_link(Shop.Stock, [], name: name)
    assert Shop.Stock.add(name, :tea) == 1
  end
end
""",
            path="test/stock_test.exs",
        ),
    ),
    exemptions=(
        Exemption(
            "stopped",
            "the test stops the process or waits for its end",
            Sample(
                """\
defmodule Shop.StockTest do
  use ExUnit.Case

  test "is empty" do
    {:ok, stock} = GenServer.start(Shop.Stock, [])
    on_exit(fn -> GenServer.stop(stock) end)
    assert Shop.Stock.count(stock) == 0
  end
end
""",
                path="test/stock_test.exs",
            ),
        ),
        Exemption(
            "application's",
            "the application has a child of the same module and name, and the test takes any "
            "answer: it may find that process running, and start none",
            Sample(
                files={
                    "lib/stock.ex": """\
defmodule Shop.Stock do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: opts[:name])
  def init(opts), do: {:ok, opts}
end
""",
                    "lib/application.ex": """\
defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    Supervisor.start_link([{Shop.Stock, name: :stock}], strategy: :one_for_one)
  end
end
""",
                    "test/stock_test.exs": """\
defmodule Shop.StockTest do
  use ExUnit.Case

  setup do
    Shop.Stock.start_link(name: :stock)
    :ok
  end

  test "is empty" do
    assert Shop.count() == 0
  end

  test "takes one" do
    assert Shop.add(:tea) == 1
  end
end
""",
                }
            ),
        ),
        Exemption(
            "ends-itself",
            "the server does one job in its `handle_continue/2` and stops",
            Sample(
                files={
                    "lib/load.ex": """\
defmodule Shop.Load do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, opts, {:continue, :load}}

  def handle_continue(:load, opts) do
    Shop.Repo.insert_all(Shop.Item, opts)
    {:stop, :normal, opts}
  end
end
""",
                    "test/load_test.exs": """\
defmodule Shop.LoadTest do
  use ExUnit.Case

  setup do
    Shop.Load.start_link([:tea])
    :ok
  end

  test "loads it" do
    assert_until(Shop.count() == 1)
  end

  test "loads it once" do
    assert_until(Shop.loaded() == [:tea])
  end
end
""",
                }
            ),
        ),
        Exemption(
            "start-is-tested",
            "the start is meant to fail, or to be ignored: nothing is left behind",
            Sample(
                """\
defmodule Shop.StockTest do
  use ExUnit.Case

  test "needs a shelf" do
    assert {:error, :no_shelf} = GenServer.start(Shop.Stock, shelf: nil)
  end
end
""",
                path="test/stock_test.exs",
            ),
        ),
    ),
)
