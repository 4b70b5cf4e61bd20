"""`supervise_spawn`: the shapes it rewrites, those it declines, and the proof it brings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.fixes.base import Declined, Proposal
from bot.elixir.fixes.supervise_spawn import CODEMOD
from bot.elixir.project import Project
from tests.elixir.fixes.parser import judged
from tests.elixir.fixes.support import (
    APPLICATION,
    MIX_EXS,
    MakeProject,
    applied,
    apply_changes,
    changes_of,
    copy_project,
    mix,
    project_of,
    proposal,
    run_tests,
    surveyed,
    test_of,
    write,
)

SUPERVISED = APPLICATION.replace(
    "children = []", "children = [\n      {Task.Supervisor, name: Shop.TaskSupervisor}\n    ]"
)
PATH = "lib/shop/jobs.ex"


def module(body: str, name: str = "Shop.Jobs") -> str:
    lines = "\n".join(f"  {line}" if line else "" for line in body.strip("\n").split("\n"))
    return f"defmodule {name} do\n{lines}\nend\n"


def shop(body: str, **more: str) -> dict[str, str]:
    base = {"mix.exs": MIX_EXS, "lib/shop/application.ex": SUPERVISED, PATH: module(body)}
    return {**base, **more}


def outcomes(files: dict[str, str]) -> list[Proposal | Declined]:
    analysis, project = surveyed(files)
    wanted = [f for f in analysis.findings if f.rule in CODEMOD.rules]
    return [CODEMOD.propose(project, f) for f in wanted]


def fixed(files: dict[str, str]) -> str:
    """The file after every proposal was applied, one after the other."""
    project = project_of(files)
    for found in outcomes(files):
        assert isinstance(found, Proposal), found.reason
        project = applied(project, changes_of(CODEMOD, project, found.params))
    return project.files[PATH].decode()


SHAPES = {
    "dropped": (
        "def run(job) do\n  spawn(job)\n  :ok\nend",
        "def run(job) do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
    "bound": (
        "def run(job) do\n  pid = spawn(job)\n  {:ok, pid}\nend",
        "def run(job) do\n  {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  {:ok, pid}\nend",
    ),
    "bound to an ignored name": (
        "def run(job) do\n  _pid = spawn(job)\n  :ok\nend",
        "def run(job) do\n  _pid = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
    "returned": (
        "def run(job) do\n  spawn(job)\nend",
        "def run(job) do\n  {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  pid\nend",
    ),
    "returned where pid is taken": (
        "def run(pid) do\n  spawn(fn -> send(pid, :hello_world) end)\nend",
        "def run(pid) do\n  {:ok, job_pid} =\n"
        "    Task.Supervisor.start_child(Shop.TaskSupervisor, fn -> send(pid, :hello_world) end)\n\n"
        "  job_pid\nend",
    ),
    "keyword body between one-line clauses": (
        "def run(:now), do: :done\ndef run(job), do: spawn(job)\ndef stop, do: :ok",
        "def run(:now), do: :done\n\ndef run(job) do\n"
        "  {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  pid\nend\n\n"
        "def stop, do: :ok",
    ),
    "module, function, arguments": (
        "def run(rows) do\n  :erlang.spawn(__MODULE__, :load, [rows])\n  :ok\nend\n\n"
        "def load(rows), do: rows",
        "def run(rows) do\n"
        "  Task.Supervisor.start_child(Shop.TaskSupervisor, __MODULE__, :load, [rows])\n  :ok\nend\n\n"
        "def load(rows), do: rows",
    ),
    "capture as job": (
        "def run do\n  spawn(&load/0)\n  :ok\nend\n\ndefp load, do: 1",
        "def run do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, &load/0)\n  :ok\nend\n\n"
        "defp load, do: 1",
    ),
    "captured start": (
        "def run(jobs) do\n  Enum.each(jobs, &Task.start/1)\nend",
        "def run(jobs) do\n"
        "  Enum.each(jobs, &Task.Supervisor.start_child(Shop.TaskSupervisor, &1))\nend",
    ),
    "piped": (
        "def run(job) do\n  job |> spawn()\n  :ok\nend",
        "def run(job) do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
    "at the end of a pipe": (
        "def run(job) do\n  job |> wrap() |> spawn()\n  :ok\nend\n\ndefp wrap(job), do: job",
        "def run(job) do\n"
        "  job |> wrap() |> then(&Task.Supervisor.start_child(Shop.TaskSupervisor, &1))\n  :ok\nend\n\n"
        "defp wrap(job), do: job",
    ),
    "several lines and comments": (
        "def run(user) do\n  # why\n  spawn(fn ->\n    # in peace\n    user\n  end)\n\n  :ok\nend",
        "def run(user) do\n  # why\n  Task.Supervisor.start_child(Shop.TaskSupervisor, fn ->\n"
        "    # in peace\n    user\n  end)\n\n  :ok\nend",
    ),
    "arguments on lines of their own": (
        "def run(user) do\n  spawn(\n    # the job\n    fn -> user end\n  )\n\n  :ok\nend",
        "def run(user) do\n  Task.Supervisor.start_child(\n    Shop.TaskSupervisor,\n    # the job\n"
        "    fn -> user end\n  )\n\n  :ok\nend",
    ),
    "too wide for the line": (
        "def run(a_rather_long_argument, another_long_argument) do\n"
        "  spawn(fn -> load({a_rather_long_argument, another_long_argument}) end)\n  :ok\nend\n\n"
        "defp load(rows), do: rows",
        "def run(a_rather_long_argument, another_long_argument) do\n"
        "  Task.Supervisor.start_child(Shop.TaskSupervisor, fn ->\n"
        "    load({a_rather_long_argument, another_long_argument})\n  end)\n\n  :ok\nend\n\n"
        "defp load(rows), do: rows",
    ),
    "clause of a case": (
        "def run(job) do\n  case job do\n    nil -> nil\n    job -> spawn(job)\n  end\nend",
        "def run(job) do\n  case job do\n    nil ->\n      nil\n\n    job ->\n"
        "      {:ok, pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "      pid\n  end\nend",
    ),
    "branch whose value is dropped": (
        "def run(job) do\n  if job do\n    spawn(job)\n  end\n\n  :ok\nend",
        "def run(job) do\n  if job do\n    Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  end\n\n  :ok\nend",
    ),
    "one-line branch whose value is dropped": (
        "def run(job) do\n  if job, do: spawn(job)\n  :ok\nend",
        "def run(job) do\n"
        "  if job, do: Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
    "Task.start inside an expression": (
        "def run(job) do\n  {:reply, Task.start(job), []}\nend",
        "def run(job) do\n"
        "  {:reply, Task.Supervisor.start_child(Shop.TaskSupervisor, job), []}\nend",
    ),
    "heredoc in the job": (
        'def run(to) do\n  spawn(fn ->\n    send(to, """\n    hello\n      you\n    """)\n  end)\nend',
        "def run(to) do\n  {:ok, pid} =\n    Task.Supervisor.start_child(Shop.TaskSupervisor, fn ->\n"
        '      send(to, """\n      hello\n        you\n      """)\n    end)\n\n  pid\nend',
    ),
    "alias in the way": (
        "alias Other.Task\n\ndef run(job) do\n  spawn(job)\n  Task.note(job)\nend",
        "alias Other.Task\n\ndef run(job) do\n"
        "  Elixir.Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  Task.note(job)\nend",
    ),
    "twice the same": (
        "def run(job) do\n  spawn(job)\n  spawn(job)\n  :ok\nend",
        "def run(job) do\n  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n"
        "  Task.Supervisor.start_child(Shop.TaskSupervisor, job)\n  :ok\nend",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    before, after = SHAPES[name]
    assert fixed(shop(before)) == module(after)


@pytest.mark.elixir
def test_elixir_parses_the_results_and_its_formatter_would_not_change_them() -> None:
    results = {name: fixed(shop(before)) for name, (before, _) in SHAPES.items()}
    assert judged(results) == dict.fromkeys(SHAPES, "formatted")


def test_call_without_parentheses_keeps_the_authors_style() -> None:
    before = "def run(user) do\n  spawn fn ->\n    user\n  end\n  :ok\nend"
    after = "def run(user) do\n  Task.Supervisor.start_child Shop.TaskSupervisor, fn ->\n    user\n  end\n  :ok\nend"
    assert fixed(shop(before)) == module(after)


def test_line_ends_of_the_file_are_kept() -> None:
    files = shop("def run(job), do: spawn(job)\n\ndef stop, do: :ok")
    files[PATH] = files[PATH].replace("\n", "\r\n")
    result = fixed(files)
    assert "start_child" in result
    assert result.count("\n") == result.count("\r\n")
    assert not nodes.parse(result.encode()).root_node.has_error


DECLINED = {
    "linked": ("def run(job), do: spawn_link(job)", "ties the processes"),
    "on another node": (
        "def run(node, job), do: Process.spawn(job, [:link])",
        "ties the processes",
    ),
    "linked task": ("def run(job), do: Task.start_link(job)", "ties the processes"),
    "receive loop": (
        "def run do\n  spawn(fn -> loop(0) end)\n  :ok\nend\n\n"
        "defp loop(n) do\n  receive do\n    :more -> loop(n + 1)\n  end\nend",
        "restarting child",
    ),
    "receive loop by name": (
        "def run do\n  spawn(__MODULE__, :loop, [0])\n  :ok\nend\n\n"
        "def loop(n) do\n  receive do\n    :more -> loop(n + 1)\n  end\nend",
        "restarting child",
    ),
    "loop that polls": (
        "def run do\n  spawn(&poll/0)\n  :ok\nend\n\n"
        "defp poll do\n  Process.sleep(1000)\n  poll()\nend",
        "restarting child",
    ),
    "parked process": (
        "def run do\n  spawn(fn -> Process.sleep(:infinity) end)\n  :ok\nend",
        "restarting child",
    ),
    "pid inside an expression": ("def run(job), do: {:ok, spawn(job)}", "larger expression"),
    "pid piped on": ("def run(job) do\n  spawn(job) |> Process.info()\nend", "pipe"),
}


@pytest.mark.parametrize("name", DECLINED)
def test_declined(name: str) -> None:
    body, reason = DECLINED[name]
    found = outcomes(shop(body))
    assert len(found) == 1
    assert isinstance(found[0], Declined)
    assert reason in found[0].reason


def test_recursion_over_a_list_is_no_endless_job() -> None:
    body = (
        "def run(rows) do\n  spawn(fn -> load(rows) end)\n  :ok\nend\n\n"
        "defp load([row | rest]), do: [row | load(rest)]\ndefp load([]), do: []"
    )
    assert isinstance(outcomes(shop(body))[0], Proposal)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (
            "lib/mix/tasks/shop.load.ex",
            "defmodule Mix.Tasks.Shop.Load do\n  use Mix.Task\n  def run(_), do: Shop.Jobs.run(1)\nend\n",
        ),
        (
            "lib/shop/release.ex",
            "defmodule Shop.Release do\n  def migrate, do: helper()\n  defp helper, do: Shop.Jobs.run(1)\nend\n",
        ),
    ],
    ids=["mix-task", "release-eval"],
)
def test_code_that_runs_without_the_application_is_left_alone(path: str, code: str) -> None:
    body = "def run(x), do: work(x)\n\ndefp work(x) do\n  spawn(fn -> x end)\n  :ok\nend"
    assert isinstance(outcomes(shop(body))[0], Proposal)
    found = outcomes(shop(body, **{path: code}))
    assert isinstance(found[0], Declined)
    assert "may not be running" in found[0].reason


def test_the_applications_own_start_runs_before_its_supervisor() -> None:
    start = SUPERVISED.replace("    children", "    spawn(fn -> 1 end)\n\n    children")
    found = outcomes(shop("def run, do: 1", **{"lib/shop/application.ex": start}))
    assert isinstance(found[0], Declined)
    assert "Shop.Application.start/2" in found[0].reason


def test_library_gets_no_application() -> None:
    library = MIX_EXS.replace(
        "      deps: []", '      package: [licenses: ["MIT"]],\n      deps: []'
    )
    library = library.replace(",\n      mod: {Shop.Application, []}", "")
    files = {"mix.exs": library, PATH: module("def run(job) do\n  spawn(job)\n  :ok\nend")}
    found = outcomes(files)
    assert isinstance(found[0], Declined)
    assert "is a library" in found[0].reason


def test_supervisor_that_starts_after_its_user_is_not_used() -> None:
    late = SUPERVISED.replace("children = [\n", "children = [\n      Shop.Jobs,\n")
    files = shop("use GenServer\n\ndef run(job) do\n  spawn(job)\n  :ok\nend")
    files["lib/shop/application.ex"] = late
    found = outcomes(files)
    assert isinstance(found[0], Declined)
    assert "starts after" in found[0].reason


def test_applied_twice_it_declines() -> None:
    files = shop("def run(job) do\n  spawn(job)\n  :ok\nend")
    analysis, project = surveyed(files)
    params = proposal(CODEMOD, project, analysis.findings[0]).params
    once = applied(project, changes_of(CODEMOD, project, params))
    assert isinstance(CODEMOD.apply(once, params), Declined)


def test_params_survive_code_that_moved() -> None:
    files = shop("def run(job) do\n  spawn(job)\n  :ok\nend")
    analysis, project = surveyed(files)
    params = proposal(CODEMOD, project, analysis.findings[0]).params
    files[PATH] = "# a new line\n" + files[PATH].replace("spawn(job)", "spawn(\n      job\n    )")
    assert isinstance(CODEMOD.apply(project_of(files), params), Declined)
    files[PATH] = files[PATH].replace("spawn(\n      job\n    )", "spawn(job)")
    assert "start_child" in changes_of(CODEMOD, project_of(files), params)[0].after


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(sorted(set(SHAPES) - {"alias in the way"})),  # it changes what others mean
        min_size=1,
        max_size=4,
        unique=True,
    )
)
def test_any_mix_of_shapes_is_fixed_one_by_one(names: list[str]) -> None:
    bodies = []
    for number, name in enumerate(names):
        body = SHAPES[name][0]
        for word in ("run", "load", "stop", "wrap"):
            body = re.sub(rf"\b{word}\b", f"{word}{number}", body)
        bodies.append(body)
    files = shop("\n\n".join(bodies))
    result = fixed(files)
    assert not nodes.parse(result.encode()).root_node.has_error
    assert not re.search(r"(?<!\w)(spawn|Task\.start)\b", result)


PROVED = {
    "run": "def run(job) do\n  spawn(job)\n  :ok\nend",
    "run_on": "def run_on(job, user) when is_function(job, 1) do\n  pid = spawn(fn -> job.(user) end)\n"
    "  {:ok, pid}\nend",
    "kick": "def kick(mod, name, args), do: :erlang.spawn(mod, name, args)",
    "later": "def later(job) do\n  Task.start(job)\nend",
    "notify": "def notify(_user) do\n  spawn(fn -> deliver(1) end)\nend\n\ndefp deliver(user), do: user",
}


class Proof:
    """The base project with one generated test per site, and the sites' params."""

    def __init__(self, root: Path) -> None:
        self.root = root
        analysis, self.project = surveyed(root)
        found = [f for f in analysis.findings if f.rule in CODEMOD.rules]
        self.params = [proposal(CODEMOD, self.project, f).params for f in found]
        self.tests = [test_of(CODEMOD, self.project, p) for p in self.params]
        for test in self.tests:
            write(root, test.path, test.code)

    def after(self, to: Path, mutant: str = "") -> tuple[Path, int]:
        """A copy with every site fixed, or mutated; and how many sites were."""
        root, project, count = copy_project(self.root, to), self.project, 0
        for params in self.params:
            changes = self._changes(project, params, mutant)
            count += bool(changes)
            project = applied(project, changes)
        apply_changes(root, _whole(self.project, project))
        return root, count

    def _changes(self, project: Project, params: dict[str, str], mutant: str) -> tuple[Change, ...]:
        if mutant:
            return CODEMOD.mutants[mutant](project, params)
        return changes_of(CODEMOD, project, params)


def _whole(before: Project, after: Project) -> list[Change]:
    old, new = before.files[PATH].decode(), after.files[PATH].decode()
    return [Change(path=PATH, before=old, after=new)]


@pytest.fixture(scope="module")
def proof(mix_project: MakeProject) -> Proof:
    body = "\n\n".join(PROVED.values())
    return Proof(mix_project({"lib/shop/application.ex": SUPERVISED, PATH: module(body)}))


@pytest.mark.elixir
def test_proofs_are_red_before_for_the_intended_reason(proof: Proof) -> None:
    assert [t.proof for t in proof.tests] == ["behavioural"] * 4 + ["traced"]
    run = run_tests(proof.root)
    assert (run.passed, run.failed) == (0, len(proof.tests)), run.output
    for test in proof.tests:
        assert re.search(test.red, run.output)
    assert run.output.count("no supervisor lists the job") >= 4
    assert ":noproc" not in run.output


@pytest.mark.elixir
def test_proofs_are_green_after_again_and_again(proof: Proof, tmp_path: Path) -> None:
    root, count = proof.after(tmp_path / "after")
    assert count == len(PROVED)
    for seed in (0, 1, 2):
        run = run_tests(root, seed=seed)
        assert (run.passed, run.failed) == (len(proof.tests), 0), run.output
    code, output = mix(root, "format", "--check-formatted")
    assert code == 0, output


@pytest.mark.elixir
@pytest.mark.parametrize("mutant", sorted(CODEMOD.mutants))
def test_proofs_are_red_on_cosmetic_fixes(proof: Proof, tmp_path: Path, mutant: str) -> None:
    root, count = proof.after(tmp_path / "mutant", mutant)
    assert count >= len(PROVED) - 1
    run = run_tests(root)
    assert (run.passed, run.failed) == (0, len(proof.tests)), run.output


def test_no_test_is_made_up_where_arguments_would_be() -> None:
    bodies = [
        "def run(%{id: id}) do\n  spawn(fn -> id end)\n  :ok\nend",
        "def run(x) when x > 3 do\n  spawn(fn -> x end)\n  :ok\nend",
        "def run(x) do\n  if x > 3, do: spawn(fn -> x end)\n  :ok\nend",
        "def run(x) do\n  Shop.Repo.get!(x)\n  spawn(fn -> x end)\n  :ok\nend",
        "def run(x) do\n  spawn(fn -> File.rm_rf!(x) end)\n  :ok\nend",
        "def run(x), do: go(x)\n\ndefp go(x) do\n  spawn(fn -> x end)\n  :ok\nend",
    ]
    for body in bodies:
        analysis, project = surveyed(shop(body))
        params = proposal(CODEMOD, project, analysis.findings[0]).params
        assert isinstance(CODEMOD.test(project, params), Declined), body
