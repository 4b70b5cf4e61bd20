"""The tests `supervise_spawn` generates: red before, green after, red on cosmetic fixes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.core.plan import Change
from bot.elixir.fixes.base import Declined, Params
from bot.elixir.fixes.supervise_spawn import CODEMOD
from bot.elixir.project import Project
from tests.elixir.fixes.spawn_shapes import PATH, SUPERVISED, module, shop
from tests.elixir.fixes.support import (
    MakeProject,
    applied,
    apply_changes,
    changes_of,
    copy_project,
    mix,
    proposal,
    run_tests,
    surveyed,
    test_of,
    write,
)

PROVED = {
    "run": "def run(job) do\n  spawn(job)\n  :ok\nend",
    "run_on": "def run_on(job, user) when is_function(job, 1) do\n"
    "  pid = spawn(fn -> job.(user) end)\n  {:ok, pid}\nend",
    "kick": "def kick(mod, name, args), do: :erlang.spawn(mod, name, args)",
    "later": "def later(job) do\n  Task.start(job)\nend",
    "tell": "def tell(user, deliver \\\\ &log/1), do: start(deliver, user)\n\n"
    "defp start(job, user) do\n  spawn(fn -> job.(user) end)\n  :ok\nend\n\n"
    "defp log(user), do: user",
    "notify": "def notify(_user) do\n  spawn(fn -> deliver(1) end)\nend\n\n"
    "defp deliver(user), do: user",
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

    def _changes(self, project: Project, params: Params, mutant: str) -> tuple[Change, ...]:
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
    assert [t.proof for t in proof.tests] == ["behavioural"] * 5 + ["traced"]
    run = run_tests(proof.root)
    assert (run.passed, run.failed) == (0, len(proof.tests)), run.output
    for test in proof.tests:
        assert re.search(test.red, run.output)
    assert run.output.count("no supervisor lists the job") >= 5
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
        "def run(x), do: go(wrap(x))\n\ndefp wrap(x), do: x\n\n"
        "defp go(x) do\n  spawn(x)\n  :ok\nend",
        "def run(x), do: if(x, do: go(x))\n\ndefp go(x) do\n  spawn(x)\n  :ok\nend",
        "def run(x), do: go(x)\n\ndef other(x), do: go(x)\n\ndefp go(x) do\n  spawn(x)\n  :ok\nend",
        "def run(x) when x > 3, do: go(x)\n\ndefp go(x) do\n  spawn(x)\n  :ok\nend",
    ]
    for body in bodies:
        analysis, project = surveyed(shop(body))
        params = proposal(CODEMOD, project, analysis.findings[0]).params
        assert isinstance(CODEMOD.test(project, params), Declined), body
