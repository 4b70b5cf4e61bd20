"""Children without a link: only those of a list, and only where every start lacks it."""

from __future__ import annotations

import pytest

from tests.elixir.rules.support import outcome

RULE = "unlinked-child"
TREE = """\
defmodule Shop.Tree do
  use Supervisor
  def init(_), do: Supervisor.init([CHILD], strategy: :one_for_one)
end
"""
START = "GenServer.start(__MODULE__, s)"


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (f"def start_link(s), do: {START}", ["error"]),
        (f"def start_link(s) do\n    IO.puts(s)\n    {START}\n  end", ["error"]),
        ("def start_link(s), do: GenServer.start_link(__MODULE__, s)", []),
        (f"def start_link(s) do\n    {{:ok, pid}} = {START}\n    link(pid)\n  end", []),
        (f"def start_link(s), do: if(s, do: {START}, else: :ignore)", []),
        (f"def start_link(1), do: :ignore\n  def start_link(s), do: {START}", []),
        (f"def start(s), do: {START}", []),
        (f"# {START}\n  def start_link(s), do: other(s)", []),
        (f"def start_link(s), do: {START}\n  def ", ["error"]),
    ],
)
def test_starts(start: str, said: list[str]) -> None:
    code = f"defmodule Shop.S do\n  use GenServer\n  {start}\nend\n"
    files = {"lib/s.ex": code, "lib/tree.ex": TREE.replace("CHILD", "Shop.S")}
    assert outcome(RULE, files) == said


@pytest.mark.parametrize("child", ["", "%{id: 1, start: {Shop.S, :run, []}}"])
def test_module_that_is_no_such_child(child: str) -> None:
    code = f"defmodule Shop.S do\n  use GenServer\n  def start_link(s), do: {START}\nend\n"
    files = {"lib/s.ex": code, "lib/tree.ex": TREE.replace("CHILD", child)}
    assert outcome(RULE, files) == []


@pytest.mark.parametrize(
    "more",
    [
        "def child_spec(s), do: %{id: s, start: {__MODULE__, :begin, [s]}}",
        "def init(parent) do\n    Process.link(parent)\n    {:ok, parent}\n  end",
    ],
)
def test_a_link_that_is_made_in_another_way(more: str) -> None:
    code = (
        f"defmodule Shop.S do\n  use GenServer\n  def start_link(s), do: {START}\n  {more}\nend\n"
    )
    files = {"lib/s.ex": code, "lib/tree.ex": TREE.replace("CHILD", "Shop.S")}
    assert outcome(RULE, files) == []


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (f"watched({START})", []),
        ("__MODULE__ |> GenServer.start(s)", ["error"]),
        ("__MODULE__ |> GenServer.start(s) |> watched()", []),
    ],
)
def test_only_what_it_returns_itself_is_its_start(start: str, said: list[str]) -> None:
    code = f"defmodule Shop.S do\n  use GenServer\n  def start_link(s), do: {start}\nend\n"
    files = {"lib/s.ex": code, "lib/tree.ex": TREE.replace("CHILD", "Shop.S")}
    assert outcome(RULE, files) == said
