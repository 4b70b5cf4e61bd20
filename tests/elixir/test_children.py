"""Child lists and specifications read from syntax."""

from __future__ import annotations

import pytest

from bot.elixir.children import ChildListFacts, child_lists
from bot.elixir.mentions import mentions
from bot.elixir.outline import modules_of
from bot.elixir.source import Source


def lists(body: str) -> list[ChildListFacts]:
    source = Source("lib/a.ex", f"defmodule Shop.A do\n  alias Shop.Jobs\n{body}\nend\n".encode())
    return list(child_lists(modules_of(source)[0]))


def mentioned(body: str) -> frozenset[str]:
    source = Source("lib/a.ex", f"defmodule Shop.A do\n  alias Shop.Jobs\n{body}\nend\n".encode())
    return mentions(modules_of(source)[0])


@pytest.mark.parametrize(
    ("spec", "module", "child_id"),
    [
        ("Jobs", "Shop.Jobs", "Shop.Jobs"),
        ("{Jobs, [1]}", "Shop.Jobs", "Shop.Jobs"),
        ("__MODULE__", "Shop.A", "Shop.A"),
        ("{__MODULE__.Inner, []}", "Shop.A.Inner", "Shop.A.Inner"),
        ("Jobs.child_spec([])", "Shop.Jobs", "Shop.Jobs"),
        ("Supervisor.child_spec({Jobs, []}, id: :jobs)", "Shop.Jobs", ":jobs"),
        ("%{id: Jobs.Two, start: {Jobs, :start_link, [[]]}}", "Shop.Jobs", "Shop.Jobs.Two"),
        ("worker(Jobs, [[]])", "Shop.Jobs", "Shop.Jobs"),
        ("{Task.Supervisor, name: Jobs.Tasks}", "Task.Supervisor", "Shop.Jobs.Tasks"),
        ("{:poolboy, :child_spec, []}", "", "{:poolboy, :child_spec, []}"),
        ("spec()", "Shop.Jobs", "Shop.Jobs"),
        ("known", "Shop.Jobs", "Shop.Jobs"),
        ("unknown", "", "unknown"),
    ],
)
def test_shapes_of_a_specification(spec: str, module: str, child_id: str) -> None:
    (found,) = lists(f"""\
  def init(_) do
    known = {{Jobs, []}}
    Supervisor.init([{spec}], strategy: :one_for_one)
  end
  defp spec, do: {{Jobs, []}}
""")
    (child,) = found.children
    assert (child.module, child.id, child.code) == (module, child_id, spec)


def test_range_of_each_element_is_its_range_in_the_list() -> None:
    body = (
        "  def init(_), do: Supervisor.init([Jobs, if(on?(), do: Shop.B)], strategy: :one_for_one)"
    )
    (found,) = lists(body)
    assert [c.code for c in found.children] == ["Jobs", "if(on?(), do: Shop.B)"]
    assert [c.module for c in found.children] == ["Shop.Jobs", "Shop.B"]
    assert found.list_start < found.children[0].start < found.children[1].end < found.list_end


@pytest.mark.parametrize(
    ("children", "literal"),
    [
        ("[Jobs]", True),
        ("[]", True),
        ("kids", True),
        ("[Jobs] ++ kids", False),
        ("[Jobs | kids]", False),
        ("other()", False),
        ("Enum.reject(kids, &is_nil/1)", False),
    ],
)
def test_literal_means_a_plain_list(children: str, literal: bool) -> None:
    (found,) = lists(f"""\
  def init(_) do
    kids = [Shop.B]
    Supervisor.init({children}, strategy: :one_for_one)
  end
""")
    assert found.literal is literal
    assert bool(found.list_end) is literal


def test_reassigned_variable_is_not_literal() -> None:
    (found,) = lists("""\
  def init(_) do
    kids = [Shop.B]
    kids = [Jobs] ++ kids
    Supervisor.init(kids, strategy: :one_for_one)
  end
""")
    assert not found.literal
    assert [c.module for c in found.children] == ["Shop.Jobs", "Shop.B"]


def test_starting_a_supervisor_module_is_no_list() -> None:
    assert (
        lists("  def start_link(a), do: Supervisor.start_link(__MODULE__, a, name: __MODULE__)")
        == []
    )
    assert lists("  def start_link(a), do: Supervisor.start_link(Shop.Sup, a)") == []


def test_list_that_calls_itself_ends() -> None:
    (found,) = lists("""\
  def init(_), do: Supervisor.init(kids(), strategy: :one_for_one)
  defp kids, do: [Jobs] ++ kids()
""")
    assert [c.module for c in found.children] == ["Shop.Jobs"]


def test_mentions_are_places_of_specifications() -> None:
    assert mentioned("  def children, do: [Jobs, {Shop.B, []}, %{start: {Shop.C, :go, []}}]") >= {
        "Shop.Jobs",
        "Shop.B",
        "Shop.C",
    }
    assert "Shop.Jobs" in mentioned("  def child, do: Jobs.child_spec([])")
    assert "Shop.Jobs" in mentioned("  def go, do: DynamicSupervisor.start_child(Shop.Sup, Jobs)")


def test_an_argument_is_no_mention() -> None:
    assert mentioned("  def children, do: GenServer.call(Jobs, :children)") == frozenset()
