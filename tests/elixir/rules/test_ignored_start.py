"""Starts nobody looks at: which values go nowhere, and which starts may fail unseen."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import in_function, outcome

RULE = "ignored-start"
START = "DynamicSupervisor.start_child(Sup, x)"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"{START}\n    :ok", ["warning"]),
        (f"x |> then(& &1)\n    {START}", []),
        (f"{{:ok, _}} = {START}\n    :ok", []),
        (f"_ = {START}\n    :ok", ["~discarded"]),
        (f"_pid = {START}\n    :ok", ["~discarded"]),
        (f"case {START} do\n      _ -> 1\n    end\n    :ok", []),
        (f"if x, do: {START}\n    :ok", ["warning"]),
        (f"if x do\n      {START}\n    end\n    :ok", ["warning"]),
        (f"if x do\n      1\n    else\n      {START}\n    end\n    :ok", ["warning"]),
        (f"if x do\n      {START}\n    end", []),
        (f"case x do\n      1 -> {START}\n      _ -> 2\n    end\n    :ok", ["warning"]),
        (f"Enum.each(x, fn x -> {START} end)", ["warning"]),
        ("Enum.each(x, &DynamicSupervisor.start_child(Sup, &1))", ["warning"]),
        (f"Enum.map(x, fn x -> {START} end)", []),
        (f"{START} |> check()\n    :ok", []),
        (f"check({START})\n    :ok", []),
        ("Supervisor.start_child(Sup, x)\n    :ok", ["warning"]),
        ("Task.Supervisor.start_child(Sup, x)\n    :ok", []),
        ("Other.start_child(Sup, x)\n    :ok", []),
        (f"# {START}\n    :ok", []),
        (f"fn -> {START} end\n    :ok", []),
        ("DynamicSupervisor.start_child(", []),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("Shop.Desks.open(x)\n    :ok", ["warning"]),
        ("Shop.Desks.open(x)", []),
        ("{:ok, _} = Shop.Desks.open(x)\n    :ok", []),
        ("Shop.Desks.close(x)\n    :ok", []),
        ("Shop.Doors.open(x)\n    :ok", []),
        ("Shop.Desks.open()\n    :ok", []),
    ],
)
def test_function_that_returns_the_result(call: str, said: list[str]) -> None:
    desks = f"defmodule Shop.Desks do\n  def open(x), do: {START}\n  def close(x), do: x\nend\n"
    assert outcome(RULE, {**in_function(call), "lib/desks.ex": desks}) == said


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{Registry, keys: :unique, name: x}", "~once-per-name"),
        ("{Registry, [keys: :unique, name: Shop.Names]}", "~once-per-name"),
        ("{Registry, keys: :unique}", "warning"),
        ("{Task, fn -> x end}", "info"),
        ("%{id: x, start: {Task, :start_link, [x]}}", "info"),
    ],
)
@pytest.mark.parametrize("way", ["Supervisor.start_child(S, {})", "s = {}\n    start(S, s)"])
def test_children_of_other_libraries(spec: str, said: str, way: str) -> None:
    body = way.replace("{}", spec).replace("  start(", "  Supervisor.start_child(") + "\n    :ok"
    assert outcome(RULE, in_function(body)) == [said]


def test_function_that_looks_for_itself() -> None:
    desks = (
        f"defmodule Shop.Desks do\n  def open(x) do\n    {{:ok, p}} = {START}\n    p\n  end\nend\n"
    )
    assert outcome(RULE, {**in_function("Shop.Desks.open(x)\n    1"), "lib/desks.ex": desks}) == []


def test_tests_may_ignore() -> None:
    code = f"defmodule ATest do\n  def go(x) do\n    {START}\n    :ok\n  end\nend\n"
    assert outcome(RULE, {"test/a_test.exs": code}) == []


CHILD = """\
defmodule Shop.Desk do
  use GenServer
  def start_link(id), do: GenServer.start_link(__MODULE__, id{name})
  def init(id) do
    {init}
  end
end
"""


@pytest.mark.parametrize(
    ("init", "name", "said"),
    [
        ("{:ok, id}", "", "info"),
        ("if id, do: {:ok, id}, else: {:ok, 1, {:continue, :a}}", "", "info"),
        ("if id, do: {:ok, id}, else: :ignore", "", "warning"),
        ("Shop.load(id)", "", "warning"),
        ("{:ok, id}", ", options(id)", "warning"),
        ("{:ok, id}", ", name: id", "~once-per-name"),
    ],
)
def test_a_child_that_cannot_refuse(init: str, name: str, said: str) -> None:
    child = CHILD.format(init=init, name=name)
    body = "DynamicSupervisor.start_child(Sup, {Shop.Desk, x})\n    :ok"
    assert outcome(RULE, {**in_function(body), "lib/desk.ex": child}) == [said]


@pytest.mark.parametrize(
    ("spec", "more", "said"),
    [
        ("{Shop.Desk, x}", "", "~once-per-name"),
        ("spec(x)", "defp spec(x), do: {Shop.Desk, x}", "~once-per-name"),
        ("Shop.Specs.child_spec(x)", "", "~once-per-name"),
        ("Shop.Specs.given(x)", "", "~once-per-name"),
        ("Shop.Specs.both(x)", "", "warning"),
        ("Shop.Specs.unknown(x)", "", "warning"),
    ],
)
def test_specifications_that_functions_make(spec: str, more: str, said: str) -> None:
    code = f"""\
defmodule Shop.Desks do
  def open(x) do
    spec = {spec}
    Supervisor.start_child(Shop.Sup, spec)
    x
  end
  {more}
end

defmodule Shop.Specs do
  alias Shop.Desk
  def child_spec(x), do: %{{id: x, start: {{Desk, :start_link, [x]}}}}
  defdelegate given(x), to: Shop.Specs, as: :child_spec
  def both(1), do: {{Desk, 1}}
  def both(x), do: {{Shop.Door, x}}
  def unknown(x), do: x
end
"""
    child = CHILD.format(init="{:ok, id}", name=", name: id")
    assert outcome(RULE, {"lib/desks.ex": code, "lib/desk.ex": child}) == [said]
