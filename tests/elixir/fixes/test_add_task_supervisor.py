"""`add_task_supervisor`: which supervisor is used, and where a new one goes."""

from __future__ import annotations

import pytest

from bot.elixir.fixes import all_codemods
from bot.elixir.fixes.add_task_supervisor import CODEMOD
from bot.elixir.fixes.base import Declined, Proposal, Requirement
from bot.elixir.fixes.supervise_spawn import CODEMOD as SUPERVISE_SPAWN
from tests.elixir.fixes.parser import judged
from tests.elixir.fixes.support import (
    APPLICATION,
    MIX_EXS,
    MakeProject,
    applied,
    apply_changes,
    changes_of,
    mix,
    project_of,
    proposal,
    surveyed,
)

SPAWNER = "defmodule Shop.Jobs do\n  def run(job) do\n    spawn(job)\n    :ok\n  end\nend\n"
PARAMS = {"app": "shop", "name": "Shop.TaskSupervisor", "path": ""}
LIBRARY = MIX_EXS.replace(",\n      mod: {Shop.Application, []}", "")


def shop(children: str, **more: str) -> dict[str, str]:
    code = APPLICATION.replace("children = []", f"children = {children}")
    files = {"mix.exs": MIX_EXS, "lib/shop/application.ex": code, "lib/shop/jobs.ex": SPAWNER}
    return {**files, **more}


def requirement(files: dict[str, str]) -> Requirement | None:
    analysis, project = surveyed(files)
    spawn = next(f for f in analysis.findings if f.rule == "unsupervised-spawn")
    needed = proposal(SUPERVISE_SPAWN, project, spawn).requires
    return needed[0] if needed else None


def added(files: dict[str, str]) -> str:
    project = project_of(files)
    return changes_of(CODEMOD, project, PARAMS)[-1].after


LISTS = {
    "empty": ("[]", "[\n      {Task.Supervisor, name: Shop.TaskSupervisor}\n    ]"),
    "one line": ("[Shop.Repo]", "[{Task.Supervisor, name: Shop.TaskSupervisor}, Shop.Repo]"),
    "one line, too wide": (
        "[Shop.Repo, {Shop.Cache, name: Shop.Cache}, Shop.Endpoint, Shop.Web]",
        "[\n      {Task.Supervisor, name: Shop.TaskSupervisor},\n      Shop.Repo,\n"
        "      {Shop.Cache, name: Shop.Cache},\n      Shop.Endpoint,\n      Shop.Web\n    ]",
    ),
    "several lines with comments": (
        "[\n      # the database\n      Shop.Repo,\n      Shop.Endpoint\n    ]",
        "[\n      {Task.Supervisor, name: Shop.TaskSupervisor},\n      # the database\n"
        "      Shop.Repo,\n      Shop.Endpoint\n    ]",
    ),
    "only a comment": (
        "[\n      # nothing yet\n    ]",
        "[\n      # nothing yet\n      {Task.Supervisor, name: Shop.TaskSupervisor}\n    ]",
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_first_child_of_a_literal_list(name: str) -> None:
    before, after = LISTS[name]
    assert added(shop(before)) == shop(after)["lib/shop/application.ex"]
    found = CODEMOD.propose_requirement
    assert found is not None
    offer = found(project_of(shop(before)), PARAMS)
    assert isinstance(offer, Proposal)
    assert offer.fix == "automatic"


@pytest.mark.elixir
def test_elixirs_formatter_would_not_change_the_lists() -> None:
    results = {name: added(shop(before)) for name, (before, _) in LISTS.items()}
    results |= {path: code for path, code in _created().items() if path != "test"}
    assert set(judged(results).values()) == {"formatted"}


def test_line_ends_are_kept() -> None:
    files = {p: c.replace("\n", "\r\n") for p, c in shop("[\n      Shop.Repo\n    ]").items()}
    result = added(files)
    assert result.count("\n") == result.count("\r\n")


def test_list_put_together_by_code_is_assisted() -> None:
    files = shop("base() ++ extra()")
    assert CODEMOD.propose_requirement is not None
    offer = CODEMOD.propose_requirement(project_of(files), PARAMS)
    assert isinstance(offer, Proposal)
    assert offer.fix == "assisted"
    assert "right place" in offer.decision
    assert "[{Task.Supervisor, name: Shop.TaskSupervisor} | children]" in added(files)
    analysis, project = surveyed(files)
    user = proposal(SUPERVISE_SPAWN, project, analysis.findings[0])
    assert user.fix == "assisted"


def test_existing_one_is_used() -> None:
    listed = "[{Task.Supervisor, name: Shop.Tasks}]"
    assert requirement(shop("[]")) == Requirement("add_task_supervisor", tuple(PARAMS.items()))
    assert requirement(shop(listed)) is None
    assert requirement(shop("[{Task.Supervisor, name: :tasks}]")) is None
    analysis, project = surveyed(shop(listed))
    assert (
        proposal(SUPERVISE_SPAWN, project, analysis.findings[0]).params["supervisor"]
        == "Shop.Tasks"
    )


def test_of_several_the_one_named_after_tasks_is_used() -> None:
    files = shop("[{Task.Supervisor, name: Shop.Reaper}, {Task.Supervisor, name: Shop.Tasks}]")
    analysis, project = surveyed(files)
    found = next(f for f in analysis.findings if f.rule == "unsupervised-spawn")
    assert proposal(SUPERVISE_SPAWN, project, found).params["supervisor"] == "Shop.Tasks"


def test_existing_one_with_a_limit_is_not() -> None:
    assert requirement(shop("[{Task.Supervisor, name: Shop.Tasks, max_children: 3}]")) is not None


def test_existing_one_below_another_supervisor_is_used() -> None:
    nested = (
        "defmodule Shop.Workers do\n  use Supervisor\n\n  def init(_) do\n"
        "    Supervisor.init([{Task.Supervisor, name: Shop.Deep}], strategy: :one_for_one)\n"
        "  end\nend\n"
    )
    assert requirement(shop("[Shop.Workers]", **{"lib/shop/workers.ex": nested})) is None
    assert requirement(shop("[]", **{"lib/shop/workers.ex": nested})) is not None


def test_umbrella_sibling_is_never_used() -> None:
    shop_files = {f"apps/shop/{p}": c for p, c in shop("[]").items()}
    other = {
        "apps/bank/mix.exs": MIX_EXS.replace("Shop", "Bank").replace(":shop", ":bank"),
        "apps/bank/lib/bank/application.ex": APPLICATION.replace("Shop", "Bank").replace(
            "children = []", "children = [{Task.Supervisor, name: Bank.Tasks}]"
        ),
    }
    root = (
        "defmodule All.MixProject do\n  use Mix.Project\n\n"
        '  def project, do: [apps_path: "apps"]\nend\n'
    )
    needed = requirement({"mix.exs": root, **shop_files, **other})
    assert needed is not None
    assert dict(needed.params) == {**PARAMS, "path": "apps/shop"}
    project = project_of({"mix.exs": root, **shop_files, **other})
    changes = changes_of(CODEMOD, project, dict(needed.params))
    assert [c.path for c in changes] == ["apps/shop/lib/shop/application.ex"]


def _created() -> dict[str, str]:
    project = project_of({"mix.exs": LIBRARY, "lib/shop/jobs.ex": SPAWNER})
    return {c.path: c.after for c in changes_of(CODEMOD, project, PARAMS)}


def test_deployable_application_without_one_gets_an_application() -> None:
    files = _created()
    assert set(files) == {"mix.exs", "lib/shop/application.ex"}
    assert "extra_applications: [:logger],\n      mod: {Shop.Application, []}\n" in files["mix.exs"]
    assert "{Task.Supervisor, name: Shop.TaskSupervisor}" in files["lib/shop/application.ex"]
    app = project_of({**files}).apps[0]
    assert app.callback == "Shop.Application"


@pytest.mark.elixir
def test_created_application_starts(mix_project: MakeProject) -> None:
    root = mix_project({"mix.exs": LIBRARY, "lib/shop/jobs.ex": SPAWNER})
    apply_changes(root, changes_of(CODEMOD, project_of(root), PARAMS))
    code, output = mix(root, "run", "-e", "true = is_pid(Process.whereis(Shop.TaskSupervisor))")
    assert code == 0, output


def test_library_never_gets_one() -> None:
    package = LIBRARY.replace(
        "      deps: []", '      package: [licenses: ["MIT"]],\n      deps: []'
    )
    project = project_of({"mix.exs": package, "lib/shop/jobs.ex": SPAWNER})
    offer = CODEMOD.apply(project, PARAMS)
    assert isinstance(offer, Declined)
    assert "library" in offer.reason


def test_application_module_that_mix_does_not_start_is_left_alone() -> None:
    project = project_of({"mix.exs": LIBRARY, "lib/shop/application.ex": APPLICATION})
    offer = CODEMOD.apply(project, PARAMS)
    assert isinstance(offer, Declined)
    assert "on purpose" in offer.reason


def test_applied_twice_it_declines() -> None:
    project = project_of(shop("[Shop.Repo]"))
    once = applied(project, changes_of(CODEMOD, project, PARAMS))
    assert isinstance(CODEMOD.apply(once, PARAMS), Declined)


OLD = MIX_EXS.replace('elixir: "~> 1.14"', 'elixir: "~> 1.3"')
OLD_STYLE = "supervisor(Task.Supervisor, [[name: Shop.TaskSupervisor]])"


def old_shop(children: str, requirement: str = "~> 1.3") -> dict[str, str]:
    mix_exs = MIX_EXS.replace('elixir: "~> 1.14"', f'elixir: "{requirement}"')
    files = shop(children, **{"mix.exs": mix_exs})
    code = files["lib/shop/application.ex"]
    files["lib/shop/application.ex"] = code.replace(
        "    children =", "    import Supervisor.Spec\n\n    children ="
    )
    return files


def offered(files: dict[str, str]) -> Proposal:
    assert CODEMOD.propose_requirement is not None
    offer = CODEMOD.propose_requirement(project_of(files), PARAMS)
    assert isinstance(offer, Proposal)
    return offer


@pytest.mark.parametrize("requirement", ["~> 1.3", "~> 1.4.2", ">= 1.2.0", "~> 1.0 or ~> 2.0"])
def test_elixir_before_child_specs_gets_the_style_of_its_file(requirement: str) -> None:
    files = old_shop("[worker(Shop.Repo, [])]", requirement)
    assert offered(files).fix == "automatic"
    assert OLD_STYLE in added(files)
    project = project_of(files)
    once = applied(project, changes_of(CODEMOD, project, PARAMS))
    assert isinstance(CODEMOD.apply(once, PARAMS), Declined)


@pytest.mark.parametrize("requirement", ["~> 1.5", ">= 1.6.0", "~> 1.14", "== 1.15.7"])
def test_elixir_with_child_specs_gets_one(requirement: str) -> None:
    files = old_shop("[worker(Shop.Repo, [])]", requirement)
    assert "{Task.Supervisor, name: Shop.TaskSupervisor}" in added(files)


def test_list_that_holds_child_specs_already_gets_one_more() -> None:
    files = old_shop("[worker(Shop.Repo, []), {Shop.Cache, []}]")
    assert offered(files).fix == "automatic"
    assert "{Task.Supervisor, name: Shop.TaskSupervisor}" in added(files)


def test_old_elixir_without_a_style_of_its_own_is_asked_about() -> None:
    files = shop("[]", **{"mix.exs": OLD})
    offer = offered(files)
    assert offer.fix == "assisted"
    assert "1.5" in offer.decision
    created = {"mix.exs": LIBRARY.replace("~> 1.14", "~> 1.3"), "lib/shop/jobs.ex": SPAWNER}
    assert offered(created).fix == "assisted"


@pytest.mark.elixir
def test_old_style_starts(mix_project: MakeProject) -> None:
    cache = (
        "defmodule Shop.Cache do\n  use Agent\n\n"
        "  def start_link(_), do: Agent.start_link(fn -> 1 end)\nend\n"
    )
    files = old_shop("[worker(Shop.Cache, [1])]", "~> 1.4")
    root = mix_project({**files, "lib/shop/cache.ex": cache})
    apply_changes(root, changes_of(CODEMOD, project_of(root), PARAMS))
    code, output = mix(root, "run", "-e", "true = is_pid(Process.whereis(Shop.TaskSupervisor))")
    assert code == 0, output


SUPERVISOR = """\
defmodule Shop.Supervisor do
  use Supervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)

  @impl true
  def init(_arg) do
    children = []

    Supervisor.init(children, strategy: :one_for_one)
  end
end
"""
STARTS = {
    "its own start": "Shop.Supervisor.start_link([])",
    "as a module of Supervisor": "Supervisor.start_link(Shop.Supervisor, [])",
}


def delegating(start: str, children: str = "[]") -> dict[str, str]:
    code = APPLICATION.replace("    children = []\n\n", "")
    line = "Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)"
    return {
        "mix.exs": MIX_EXS,
        "lib/shop/application.ex": code.replace(line, start),
        "lib/shop/supervisor.ex": SUPERVISOR.replace("children = []", f"children = {children}"),
        "lib/shop/jobs.ex": SPAWNER,
    }


@pytest.mark.parametrize("name", STARTS)
def test_root_supervisor_with_a_module_of_its_own(name: str) -> None:
    files = delegating(STARTS[name], "[Shop.Repo]")
    assert offered(files).fix == "automatic"
    (change,) = changes_of(CODEMOD, project_of(files), PARAMS)
    assert change.path == "lib/shop/supervisor.ex"
    assert "[{Task.Supervisor, name: Shop.TaskSupervisor}, Shop.Repo]" in change.after
    once = applied(project_of(files), (change,))
    assert isinstance(CODEMOD.apply(once, PARAMS), Declined)
    listed = {p: data.decode() for p, data in once.files.items()}
    assert requirement(listed) is None


def test_what_that_module_runs_before_its_children_has_no_supervisor_yet() -> None:
    files = delegating(STARTS["its own start"])
    files["lib/shop/supervisor.ex"] = SUPERVISOR.replace(
        "    children", "    Shop.Jobs.run(fn -> 1 end)\n    children"
    )
    analysis, project = surveyed(files)
    (found,) = [f for f in analysis.findings if f.rule == "unsupervised-spawn"]
    offer = SUPERVISE_SPAWN.propose(project, found)
    assert isinstance(offer, Declined)
    assert "Shop.Supervisor.init/1" in offer.reason


@pytest.mark.elixir
def test_it_starts_there(mix_project: MakeProject) -> None:
    root = mix_project(delegating(STARTS["its own start"]))
    apply_changes(root, changes_of(CODEMOD, project_of(root), PARAMS))
    code, output = mix(root, "run", "-e", "true = is_pid(Process.whereis(Shop.TaskSupervisor))")
    assert code == 0, output


def test_list_of_another_supervisor_in_the_callback_module_is_none_of_the_roots() -> None:
    files = shop("[Shop.Repo]")
    code = files["lib/shop/application.ex"].rstrip().removesuffix("end")
    more = "def more, do: Supervisor.start_link([Shop.Extra], strategy: :one_for_one)"
    files["lib/shop/application.ex"] = f"{code}\n  {more}\nend\n"
    assert offered(files).fix == "automatic"
    assert "[{Task.Supervisor, name: Shop.TaskSupervisor}, Shop.Repo]" in added(files)


def test_what_a_commit_says_holds_for_every_project() -> None:
    assert [mod.name for mod in all_codemods() if "<" in mod.summary] == []
