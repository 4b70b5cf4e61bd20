"""The agent's tools over a real code base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.codebase.worktree import Worktree
from bot.core.ports import Workspace
from bot.errors import NoMatch, Refused, ToolRetry
from bot.llm.agents.agent import run_agent
from bot.llm.agents.tools import TOOLS, WorkspaceTools
from bot.llm.presets import CHANGING, READING
from bot.llm.scripted import Line, ScriptedModel, call
from bot.llm.structured import schema_error
from bot.llm.types import Request, ToolCall
from tests.codebase.support import open_in
from tests.verify.support import SAMPLE, mix_in, write

CART = """\
defmodule Shop.Cart do
  def add(pid, item) do
    spawn(fn -> send(pid, {:add, item}) end)
  end

  def drop(pid, item) do
    send(pid, {:drop, item})
  end
end
"""
FILES = {
    "mix.exs": b"defmodule Shop.MixProject do\n  use Mix.Project\n\n"
    b'  def project, do: [app: :shop, version: "0.1.0"]\nend\n',
    "lib/shop/cart.ex": CART.encode(),
    "lib/long.ex": "".join(f"# line {n} {'x' * 90}\n" for n in range(1, 1001)).encode(),
    "lib/odd.ex": "# a\u200bb\n# c\r\n".encode(),
    "lib/empty.ex": b"",
    "lib/image.ex": b"\xff\xfe",
    "test/cart_test.exs": b"ExUnit.start()\n",
    "test/test_helper.exs": b"ExUnit.start()\n",
}


@pytest.fixture
def codebase(tmp_path: Path) -> Codebase:
    """A shop in a work tree of its own."""
    repository = open_in(tmp_path, FILES)
    worktree = Worktree.create(repository, "genesis/1/stage-1", repository.head, tmp_path / "work")
    return Codebase(WorkFiles(worktree.project), worktree=worktree)


@pytest.fixture
def tools(codebase: Codebase) -> WorkspaceTools:
    return WorkspaceTools(codebase)


def use(tools: WorkspaceTools, name: str, **arguments: Any) -> str:
    """The text one call gives."""
    return tools.call(ToolCall("1", name, arguments)).text


def test_a_code_base_is_a_workspace(codebase: Codebase) -> None:
    workspace: Workspace = codebase
    assert workspace.read("lib/shop/cart.ex") == CART


def test_the_table_has_every_tool_once_with_a_schema_all_vendors_take(
    tools: WorkspaceTools,
) -> None:
    names = [tool.name for tool in tools.tools]
    assert names == list(TOOLS)
    assert set(names) == {*READING, *CHANGING}
    plain = {"type", "properties", "required", "additionalProperties", "items", "enum"}
    for tool in tools.tools:
        assert schema_error(tool.parameters) == ""
        assert tool.parameters["additionalProperties"] is False
        assert set(tool.parameters["required"]) <= tool.parameters["properties"].keys()
        assert set(tool.parameters) <= plain
        assert all(set(value) <= plain for value in tool.parameters["properties"].values())
        assert 0 < len(tool.description) < 1_200


def test_only_allowed_tools_are_there(codebase: Codebase) -> None:
    tools = WorkspaceTools(codebase, allowed=frozenset({"diff", "read"}))
    assert [tool.name for tool in tools.tools] == ["read", "diff"]


def test_run_names_the_tasks_at_hand_and_their_arguments(codebase: Codebase) -> None:
    (run,) = WorkspaceTools(codebase, allowed=frozenset({"run"})).tools
    assert run.parameters["properties"]["task"]["enum"] == [
        "test", "compile", "format", "credo", "xref",
    ]  # fmt: skip
    assert "- test: test files, path:line or folders, --only=" in run.description
    few = WorkspaceTools(codebase, mix_tasks=frozenset({"test"}))
    assert "compile" not in few.tools[-1].description
    none = WorkspaceTools(codebase, mix_tasks=frozenset())
    assert "run" not in [tool.name for tool in none.tools]


def test_read_numbers_lines_as_an_edit_must_not_quote_them(tools: WorkspaceTools) -> None:
    assert use(tools, "read", path="lib/shop/cart.ex", start=2, end=4) == (
        "lib/shop/cart.ex, lines 2-4 of 9\n"
        "2|  def add(pid, item) do\n"
        "3|    spawn(fn -> send(pid, {:add, item}) end)\n"
        "4|  end"
    )
    assert use(tools, "read", path="lib/shop/cart.ex", start=9.0).endswith("9|end")
    assert use(tools, "read", path="lib/empty.ex") == "lib/empty.ex is empty"


@pytest.mark.parametrize(("start", "end"), [(10, 12), (0, 2), (5, 4), (-1, 3)])
def test_read_says_how_many_lines_there_are(tools: WorkspaceTools, start: int, end: int) -> None:
    if start == 0:
        assert "lines 1-2 of 9" in use(tools, "read", path="lib/shop/cart.ex", start=0, end=2)
        return
    with pytest.raises(ToolRetry, match="has 9 lines"):
        use(tools, "read", path="lib/shop/cart.ex", start=start, end=end)


def test_a_long_file_is_cut_in_the_middle_and_says_where(tools: WorkspaceTools) -> None:
    text = use(tools, "read", path="lib/long.ex")
    assert len(text) < 21_000
    assert "\n   1|# line 1 x" in text
    assert "\n1000|# line 1000 x" in text
    note = next(line for line in text.split("\n") if line.startswith("["))
    first, last = (int(word) for word in note.replace(":", "").split() if word.isdigit())
    assert f"\n{first - 1:>4}|" in text
    assert f"\n{first:>4}|" not in text
    assert f"\n{last:>4}|" not in text
    assert f"\n{last + 1:>4}|" in text
    rest = use(tools, "read", path="lib/long.ex", start=first, end=first + 100)
    assert f"\n{first:>3}|# line {first} x" in rest
    assert "left out" not in rest


def test_characters_nobody_sees_are_not_shown_but_named(tools: WorkspaceTools) -> None:
    text = use(tools, "read", path="lib/odd.ex")
    assert "\u200b" not in text
    assert "\r" not in text
    assert "[invisible characters on line 1 are not shown; edit around them]\n1|# ab" in text


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "lib/none.ex", "lib/image.ex", ".git/config", "lib", ""]
)
def test_what_cannot_be_read_is_refused(tools: WorkspaceTools, path: str) -> None:
    with pytest.raises(Refused):
        use(tools, "read", path=path)


def test_list_and_search(tools: WorkspaceTools) -> None:
    assert use(tools, "list", pattern="lib/shop/*.ex") == "1 file\nlib/shop/cart.ex"
    assert use(tools, "list").startswith("8 files\n")
    assert use(tools, "list", pattern="*.erl") == "no file matches"
    assert use(tools, "search", pattern=r"send\(pid", glob="lib/**/*.ex") == (
        "lib/shop/cart.ex:3: spawn(fn -> send(pid, {:add, item}) end)\n"
        "lib/shop/cart.ex:7: send(pid, {:drop, item})"
    )
    assert use(tools, "search", pattern="send(pid", literal=True).count("\n") == 1
    assert use(tools, "search", pattern="nowhere") == "nothing matches"
    many = use(tools, "search", pattern="line")
    assert many.endswith("[only the first 100 are shown: narrow the pattern or the glob]")
    with pytest.raises(Refused):
        use(tools, "search", pattern="(")
    with pytest.raises(ToolRetry):
        use(tools, "search", pattern="")


def test_edit_shows_what_it_changed(tools: WorkspaceTools, codebase: Codebase) -> None:
    old, new = "send(pid, {:drop, item})", "GenServer.call(pid, {:drop, item})"
    shown = use(tools, "edit", path="lib/shop/cart.ex", old=old, new=new, dry_run=True)
    assert shown.startswith("would change lib/shop/cart.ex\n--- a/lib/shop/cart.ex")
    assert codebase.read("lib/shop/cart.ex") == CART
    done = use(tools, "edit", path="lib/shop/cart.ex", old=old, new=new)
    assert done.startswith("changed lib/shop/cart.ex\n")
    assert f"-    {old}\n+    {new}" in done
    assert new in codebase.read("lib/shop/cart.ex")
    both = use(tools, "edit", path="lib/shop/cart.ex", old="item)", new="it)", every=True)
    assert both.startswith("changed lib/shop/cart.ex in 2 places")
    assert use(tools, "edit", path="lib/shop/cart.ex", old="end\n", new="end\n", every=True) == (
        "lib/shop/cart.ex is unchanged: it has this text already"
    )


def test_an_edit_that_breaks_the_file_is_made_but_said(tools: WorkspaceTools) -> None:
    text = use(tools, "edit", path="lib/shop/cart.ex", old="  end\n\n  def drop", new="  def drop")
    assert "WARNING: lib/shop/cart.ex does not parse: line" in text


def test_a_miss_says_what_comes_near(tools: WorkspaceTools) -> None:
    with pytest.raises(NoMatch, match="lines 2, 6"):
        use(tools, "edit", path="lib/shop/cart.ex", old="(pid, item) do", new="x")
    with pytest.raises(NoMatch) as indented:
        use(tools, "edit", path="lib/shop/cart.ex", old="  send(pid,  {:drop, item})", new="x")
    assert "    send(pid, {:drop, item})" in indented.value.hint


def test_line_numbers_in_old_are_recognised(tools: WorkspaceTools) -> None:
    old = "6|  def drop(pid, item) do\n7|    send(pid, {:drop, item})"
    with pytest.raises(ToolRetry, match="leave them out"):
        use(tools, "edit", path="lib/shop/cart.ex", old=old, new="x")


def test_write_creates_and_replaces(tools: WorkspaceTools, codebase: Codebase) -> None:
    new = "defmodule Shop.New do\nend\n"
    assert use(tools, "write", path="lib/shop/new.ex", content=new) == "created lib/shop/new.ex"
    assert codebase.read("lib/shop/new.ex") == new
    text = use(tools, "write", path="lib/shop/new.ex", content=new.replace("New", "Newer"))
    assert text.startswith("replaced lib/shop/new.ex\n--- a/lib/shop/new.ex")
    assert "does not parse" in use(tools, "write", path="lib/bad.ex", content="defmodule X do\n")
    assert use(tools, "write", path="notes.md", content="defmodule X do\n") == "created notes.md"


@pytest.mark.parametrize("path", ["../x.ex", ".git/hooks/pre-commit", "_build/x", "lib/../../x"])
def test_nothing_is_written_where_nothing_may_be(
    tools: WorkspaceTools, codebase: Codebase, path: str
) -> None:
    before = codebase.diff()
    for name, given in (("write", {"content": "x"}), ("edit", {"old": "a", "new": "b"})):
        with pytest.raises(Refused):
            use(tools, name, path=path, **given)
    with pytest.raises(Refused):
        use(tools, "remove", path=path)
    assert codebase.diff() == before == ""


def test_diff_shows_everything_since_the_work_began(tools: WorkspaceTools) -> None:
    assert use(tools, "diff") == "nothing has changed"
    use(tools, "write", path="lib/shop/new.ex", content="defmodule Shop.New do\nend\n")
    assert use(tools, "remove", path="lib/shop/cart.ex") == "removed lib/shop/cart.ex"
    patch = use(tools, "diff")
    assert "deleted file" in patch
    assert "+defmodule Shop.New do" in patch


def test_a_huge_patch_is_cut(tools: WorkspaceTools) -> None:
    use(tools, "remove", path="lib/long.ex")
    patch = use(tools, "diff")
    assert len(patch) < 21_000
    assert "lines of the patch left out: read the files]" in patch


def test_outline_of_one_file_or_of_everything(tools: WorkspaceTools) -> None:
    one = use(tools, "outline", path="lib/shop/cart.ex")
    assert "Shop.Cart" in one
    assert "add/2" in one or "add(pid, item)" in one
    assert "spawn" not in one
    everything = use(tools, "outline")
    assert "Shop.Cart" in everything
    assert len(everything) < 25_000
    with pytest.raises(Refused, match="no Elixir file"):
        use(tools, "outline", path="notes.md")


def test_findings_are_of_the_files_as_they_are_now(tools: WorkspaceTools) -> None:
    before = use(tools, "findings", rules=["unsupervised-spawn"])
    assert before.startswith("1 finding: unsupervised-spawn 1\nlib/shop/cart.ex:3 ")
    assert use(tools, "findings", paths=["test"]) == "no findings"
    use(tools, "edit", path="lib/shop/cart.ex", old="spawn(fn -> ", new="then(1, fn _ -> ")
    assert use(tools, "findings", rules=["unsupervised-spawn"]) == "no findings"
    with pytest.raises(Refused, match="there is no rule"):
        use(tools, "findings", rules=["unsupervised-spwan"])


RED = """\
defmodule Sample.RedTest do
  use ExUnit.Case, async: true

  test "fails" do
    assert {:ok, self()} == {:error, make_ref()}
  end
end
"""


def sample_tools(directory: Path) -> WorkspaceTools:
    """A project that can be built, in a new directory."""
    root = write(directory / "project", SAMPLE)
    mix = mix_in(root, directory / "build")
    return WorkspaceTools(Codebase(WorkFiles(root), mix=lambda: mix))


@pytest.mark.elixir
def test_run_says_what_was_seen_and_no_more(tmp_path: Path) -> None:
    tools = sample_tools(tmp_path)
    passed = use(tools, "run", task="test", args=["test/counter_test.exs"])
    assert passed.startswith("mix test --seed 0 test/counter_test.exs: passed: 2 tests, 0 failures")
    none = use(tools, "run", task="test", args=["--exclude", "test"])
    assert ": NOT PASSED: " in none.split("\n")[0]
    assert tools.last_test == none.split("\n")[0]
    use(tools, "write", path="test/red_test.exs", content=RED)
    assert tools.last_test == ""
    failed = use(tools, "run", task="test")
    assert tools.last_test == failed.split("\n")[0]
    assert "FAILED with exit code 2" in failed.split("\n")[0]
    assert "test/red_test.exs:4" in failed
    assert "--- standard error" not in failed
    use(
        tools,
        "write",
        path="lib/sample/warned.ex",
        content="defmodule W do\n  def f(x), do: 1\nend",
    )
    assert "x" in use(tools, "run", task="compile").partition("--- standard error")[2]
    strict = use(tools, "run", task="compile", args=["--warnings-as-errors"])
    assert "FAILED" in strict.split("\n")[0]
    assert "passed" in use(tools, "run", task="format", args=["lib/sample/warned.ex"])
    assert tools.workspace.read("lib/sample/warned.ex").endswith("end\n")


@pytest.mark.elixir
def test_the_same_work_gives_the_same_results_in_another_place_and_build(tmp_path: Path) -> None:
    script: list[tuple[str, dict[str, Any]]] = [
        ("write", {"path": "test/red_test.exs", "content": RED}),
        ("run", {"task": "test", "args": ["--trace"]}),
        ("run", {"task": "xref", "args": ["graph", "--format", "stats"]}),
        ("findings", {}),
        ("diff", {}),
    ]
    one, other = sample_tools(tmp_path / "a"), sample_tools(tmp_path / "b")
    use(other, "run", task="compile")
    for name, given in script:
        assert use(one, name, **given) == use(other, name, **given)


def test_an_agent_works_through_the_tools(codebase: Codebase) -> None:
    script: list[Line] = [
        call("read", path="lib/shop/cart.ex"),
        call("edit", path="lib/shop/cart.ex", old="send(self,", new="x"),
        call("edit", path="../cart.ex", old="a", new="b"),
        call("run", task="test", args=["--require", "evil.exs"]),
        call("run", task="deps.get"),
        call("edit", path="lib/shop/cart.ex", old="send(pid, {:drop", new="cast(pid, {:drop"),
        call("done", summary="Cast instead of send."),
    ]
    report = run_agent(ScriptedModel(script), Request(parts=()), WorkspaceTools(codebase))
    results = [result for turn in report.transcript for result in turn.results]
    assert [result.failed for result in results] == [False, True, True, True, True, False, False]
    assert "allowed: test files" in results[3].text
    assert "'deps.get' is not one of ['test', 'compile'" in results[4].text
    assert report.status == "done"
    assert "+    cast(pid, {:drop, item})" in codebase.diff()
