"""Closures for other processes: only variables used for a field or two, and nothing else."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import in_function, outcome
from tests.elixir.support import analysed

RULE = "large-closure"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Task.async(fn -> x.name end)", ["info"]),
        ("spawn(fn -> IO.puts(x.name) end)", ["info"]),
        ("Task.start(fn -> {x.name, x.id, x.name} end)", ["info"]),
        ("Task.Supervisor.async(S, fn -> x.assigns.user end)", ["info"]),
        ("Agent.update(A, &[x.name | &1])", ["info"]),
        ("Agent.get(A, fn s -> s.a + x.name end)", ["info"]),
        ('Task.async(fn -> "hello #{x.name}" end)', ["info"]),
        ("y = load(x)\nTask.async(fn -> y.name end)", ["info"]),
        ("Task.async(fn -> Enum.map(l, fn e -> {e.a, x.name} end) end)", ["info"]),
        ("Task.async(fn -> {x.a, x.b, x.c} end)", ["~much-of-it"]),
        ("Task.async(fn -> {x.a, x.b.c, x.b.d} end)", ["~much-of-it"]),
        ("Task.async(fn -> {x.a, x.b, x.b.c, x.b.d} end)", ["info"]),
        ("Task.async(fn -> {x.b.c, x.b.d.e} end)", ["info"]),
        ("Task.async(fn -> {x.a, x.b.c(1), x.b.d(2)} end)", ["info"]),
        ("y = %{a: x}\nTask.async(fn -> y.a end)", ["~made-here"]),
        ("{y, _} = x\nTask.async(fn -> {x, y.a} end)", ["~sent-with-more"]),
        ("{y, _} = x\nTask.async(fn -> {x.b, y.a} end)", ["info"]),
        ("{y, _} = load(x)\nTask.async(fn -> {x, y.a} end)", ["info"]),
        ("Task.async(fn -> {x.name, x} end)", []),
        ("Task.async(fn -> %{x | name: x.name} end)", []),
        ("Task.async(fn -> x.name() end)", []),
        ("Task.async(fn -> x.name(1) end)", []),
        ("Task.async(fn -> Shop.name end)", []),
        ("Task.async(fn x -> x.name end)", []),
        ("Task.async(fn ->\nx = load()\nx.name\nend)", []),
        ("Task.async(fn -> with {:ok, x} <- load(), do: x.name end)", []),
        ("Agent.start_link(fn -> x.name end)", []),
        ("Enum.map(l, fn _ -> x.name end)", []),
        ("Task.async(Shop, :run, [x.name])", []),
        ("name = x.name\nTask.async(fn -> name end)", []),
    ],
)
def test_sites(body: str, words: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == words


def test_all_variables_of_a_function_are_one_finding() -> None:
    body = "Task.async(fn -> {x.name, y.name} end)"
    assert outcome(RULE, in_function(body, "go(x, y)")) == ["info"]


def test_tests_may_copy() -> None:
    files = {"test/a_test.exs": in_function("Task.async(fn -> x.name end)")["lib/a.ex"]}
    assert outcome(RULE, files) == []


@pytest.mark.parametrize(
    ("head", "uses", "words"),
    [
        ("init(x)", "use GenServer", ["~at-start"]),
        ("init(x)", "", ["info"]),
        ("handle_cast(:a, x)", "use GenServer", ["info"]),
    ],
)
def test_a_server_starts_once(head: str, uses: str, words: list[str]) -> None:
    code = f"defmodule A do\n  {uses}\n  def {head}, do: Task.async(fn -> x.name end)\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == words


def test_the_field_is_named_as_far_as_it_is_gone_into() -> None:
    body = "Task.async(fn -> x.assigns.user end)"
    (finding,) = analysed(rule(RULE), in_function(body)).findings
    assert finding.message.endswith("which uses only `x.assigns.user`")


def test_a_function_is_told_once() -> None:
    body = "y = Shop.find(x)\n    Task.async(fn -> {x.name, y.id, x.city} end)"
    (finding,) = analysed(rule(RULE), in_function(body)).findings
    assert "`x.name` and `x.city`" in finding.message
    assert [e.note for e in finding.evidence][1:] == ["so is `y`, for `y.id`"]


@pytest.mark.parametrize(
    ("struct", "pattern", "said"),
    [
        ("defstruct [:name]", "%__MODULE__{} = state", "~much-of-it"),
        ("defstruct [:name]", "state = %Shop.Till{}", "~much-of-it"),
        ("defstruct name: nil", "%__MODULE__{} = state", "~much-of-it"),
        ("typedstruct do\n    field :name, term()\n  end", "%__MODULE__{} = state", "~much-of-it"),
        ("defstruct [:name, :sold]", "%__MODULE__{} = state", "info"),
        ("defstruct [:name]", "%Shop.Other{} = state", "info"),
        ("defstruct [:name]", "state", "info"),
    ],
)
def test_a_struct_of_no_more_than_is_used(struct: str, pattern: str, said: str) -> None:
    code = f"""\
defmodule Shop.Till do
  {struct}
  def tell({pattern}), do: Task.start(fn -> Shop.greet(state.name) end)
end
"""
    assert outcome("large-closure", {"lib/till.ex": code}) == [said]


@pytest.mark.parametrize(
    ("start", "change", "said"),
    [
        ("{:ok, %{name: nil}}", "state", "~much-of-it"),
        ("state = %{name: nil}\n    {:ok, state}", "state", "~much-of-it"),
        ("{:ok, %{name: nil}}", "Map.put(state, :name, 1)", "~much-of-it"),
        ("{:ok, %{name: nil}}", "Map.put(state, :sold, [])", "info"),
        ("{:ok, %{name: nil, sold: []}}", "state", "info"),
        ("{:ok, %Shop.State{name: nil}}", "state", "info"),
        ("{:ok, load()}", "state", "info"),
        ("if x, do: {:ok, load()}, else: {:ok, %{name: nil}}", "state", "info"),
    ],
)
@pytest.mark.parametrize("param", ["state", "%{name: _} = state", "x"])
def test_a_state_of_no_more_than_is_used(start: str, change: str, param: str, said: str) -> None:
    code = f"""\
defmodule Shop.Till do
  use GenServer
  def init(x) do
    {start}
  end
  def handle_info(:open, state), do: {{:noreply, {change}}}
  def handle_info(:tell, state), do: {{:noreply, tell(state)}}
  defp tell({param}), do: Task.start(fn -> Shop.greet({param.split()[-1]}.name) end)
end
"""
    expected = "info" if param == "x" else said
    assert outcome("large-closure", {"lib/till.ex": code}) == [expected]


@pytest.mark.parametrize(
    ("made", "known", "said"),
    [
        ("%Box{kind: k, bytes: b}", "Box.weigh(box)", "~much-of-it"),
        ("%Shop.Box{kind: k, bytes: b}", "Box.weigh(box)", "~much-of-it"),
        ("%Box{kind: k, bytes: b}", "Tray.weigh(box)", "info"),
        ("%Box{kind: k, bytes: b, label: 1}", "Box.weigh(box)", "info"),
        ("%Box{kind: k, bytes: b}\n    %Box{kind: k}", "Box.weigh(box)", "info"),
        ("%Box{kind: b} = k", "Box.weigh(box)", "info"),
        ("load(k, b)", "Box.weigh(box)", "info"),
    ],
)
def test_a_struct_from_elsewhere_that_is_used_up(made: str, known: str, said: str) -> None:
    code = f"""\
defmodule Shop.Van do
  alias Shop.Box
  def pack(k, b) do
    {made}
  end

  def send(%{{box: box}}) do
    Task.async(fn -> Shop.Post.send(box.kind, box.bytes) end)
    {known}
  end
end
"""
    assert outcome("large-closure", {"lib/van.ex": code}) == [said]


@pytest.mark.parametrize(
    ("kind", "head", "said"),
    [
        ("pid() | nil | :none", "%__MODULE__{} = state", "~small"),
        ("module", "%__MODULE__{} = state", "~small"),
        ("timeout()", "state", "~small"),
        ("String.t()", "state", "info"),
        ("[pid()]", "state", "info"),
        ("pid() | map()", "state", "info"),
    ],
)
def test_a_struct_whose_other_fields_are_small(kind: str, head: str, said: str) -> None:
    code = f"""\
defmodule Shop.Till do
  use GenServer
  @type t() :: %__MODULE__{{name: String.t(), other: {kind}}}
  defstruct [:name, :other]

  def init(name), do: {{:ok, %__MODULE__{{name: name}}}}
  def handle_info(:tell, {head}), do: {{:noreply, Task.start(fn -> greet(state.name) end)}}
end
"""
    assert outcome("large-closure", {"lib/till.ex": code}) == [said]


def test_the_spec_tells_the_struct() -> None:
    code = """\
defmodule Shop.Till do
  @type t :: %__MODULE__{name: String.t()}
  defstruct [:name]

  @spec tell(pid(), t) :: any()
  def tell(_pid, till), do: Task.start(fn -> Shop.greet(till.name) end)
end
"""
    assert outcome("large-closure", {"lib/till.ex": code}) == ["~much-of-it"]
    assert outcome("large-closure", {"lib/till.ex": code.replace("@spec", "# @spec")}) == ["info"]
