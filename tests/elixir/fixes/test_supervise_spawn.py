"""`supervise_spawn`: the shapes it rewrites, those it declines, and the proof it brings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.elixir import nodes
from bot.elixir.fixes.base import Declined, Proposal
from bot.elixir.fixes.supervise_spawn import CODEMOD
from tests.elixir.fixes.parser import judged
from tests.elixir.fixes.spawn_shapes import DECLINED, PATH, SHAPES, SUPERVISED, module, shop
from tests.elixir.fixes.spawned import outcomes
from tests.elixir.fixes.support import (
    MIX_EXS,
    applied,
    changes_of,
    project_of,
    proposal,
    surveyed,
)


def fixed(files: dict[str, str]) -> str:
    """The file after every proposal was applied, one after the other."""
    project = project_of(files)
    for found in outcomes(files):
        assert isinstance(found, Proposal), found.reason
        project = applied(project, changes_of(CODEMOD, project, found.params))
    return project.files[PATH].decode()


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
    after = before.replace("spawn fn", "Task.Supervisor.start_child Shop.TaskSupervisor, fn")
    assert fixed(shop(before)) == module(after)


def test_line_ends_of_the_file_are_kept() -> None:
    files = shop("def run(job), do: spawn(job)\n\ndef stop, do: :ok")
    files[PATH] = files[PATH].replace("\n", "\r\n")
    result = fixed(files)
    assert "start_child" in result
    assert result.count("\n") == result.count("\r\n")
    assert not nodes.parse(result.encode()).root_node.has_error


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
            "defmodule Mix.Tasks.Shop.Load do\n  use Mix.Task\n  def run(_), do: "
            "Shop.Jobs.run(1)\nend\n",
        ),
        (
            "lib/shop/release.ex",
            "defmodule Shop.Release do\n  def migrate, do: helper()\n  defp helper, do: "
            "Shop.Jobs.run(1)\nend\n",
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


def test_equal_call_that_cannot_be_changed_is_passed_over() -> None:
    files = shop("def run(job) do\n  note({:first, spawn(job)})\n  spawn(job)\n  :ok\nend")
    analysis, project = surveyed(files)
    first, second = (CODEMOD.propose(project, f) for f in analysis.findings)
    assert isinstance(first, Declined)
    assert isinstance(second, Proposal)
    after = changes_of(CODEMOD, project, second.params)[0].after
    assert "note({:first, spawn(job)})\n    Task.Supervisor.start_child" in after


def test_package_with_an_application_of_its_own_is_asked_about() -> None:
    files = shop("def run(job) do\n  spawn(job)\n  :ok\nend")
    files["mix.exs"] = MIX_EXS.replace("deps: []", 'package: [licenses: ["MIT"]],\n      deps: []')
    (found,) = outcomes(files)
    assert isinstance(found, Proposal)
    assert found.fix == "assisted"
    assert "package" in found.decision


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
        for word in ("run", "load", "stop", "wrap", "start"):
            body = re.sub(rf"(?<![.])\b{word}\b", f"{word}{number}", body)
        bodies.append(body)
    files = shop("\n\n".join(bodies))
    result = fixed(files)
    assert not nodes.parse(result.encode()).root_node.has_error
    assert not re.search(r"(?<!\w)(spawn|Task\.start)\b", result)
