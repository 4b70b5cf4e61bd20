"""Bad input: one line on what is wrong, one on what to do next, and the documented exit code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import inside
from tests.flows.support import SHOP, fingerprint, git, repository


def plain_directory(top: Path) -> Path:
    (top / "lib").mkdir(parents=True)
    (top / "lib/a.ex").write_text("defmodule A do\nend\n")
    return top


def no_commits(top: Path) -> Path:
    plain_directory(top)
    git(top, "init", "-q")
    return top


def bare(top: Path) -> Path:
    git(repository(top / "shop"), "clone", "-q", "--bare", ".", str(top / "bare"))
    return top / "bare"


def no_elixir(top: Path) -> Path:
    return repository(top, {"README.md": "hello\n"})


CASES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not a repository": (plain_directory, "is not a git repository"),
    "no commits": (no_commits, "has no commit yet"),
    "bare": (bare, "is a bare repository"),
    "no Elixir": (no_elixir, "no Elixir source in"),
    "no such directory": (lambda top: top / "nowhere", "does not exist"),
}


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_worked_on_is_said_in_a_line(
    tmp_path: Path, case: str, command: str
) -> None:
    make, message = CASES[case]
    root = make(tmp_path / "r")
    ran = inside(command, root, env={"GENESIS_CACHE_DIR": str(tmp_path / "cache")})
    assert ran.code == Exit.UNUSABLE
    lines = ran.err.splitlines()
    assert len(lines) == 2, ran.err
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert lines[1].startswith("  next: ")
    assert ran.out == ""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with a plan."""
    root = repository(tmp_path_factory.mktemp("errors") / "shop", SHOP)
    assert inside("plan", root).code == Exit.OK
    return root


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("show", "local-9", "--repo"), "no such plan: 'local-9'"),
        (("show", "../x", "--repo"), "not a plan id: '../x'"),
        (("show", "--action", "9-none", "--repo"), "no action '9-none'"),
        (("show", "--action", "1-", "--repo"), "2 actions that start with '1-'"),
        (("log", "local-9", "--repo"), "no such plan: 'local-9'"),
        (("undo", "local-9", "--repo"), "no such plan: 'local-9'"),
        (("undo", "9-none", "--repo"), "no action '9-none'"),
        (("undo", "--repo"), "has no branch to undo"),
        (("run", "--only", "9-none"), "no action '9-none'"),
    ],
)
def test_what_is_not_there_is_named(shop: Path, args: tuple[str, ...], message: str) -> None:
    before = fingerprint(shop)
    ran = inside(*args, shop)
    assert ran.code == Exit.UNUSABLE, ran.err
    assert message in ran.err
    assert "  next: " in ran.err
    assert "Traceback" not in ran.err
    assert fingerprint(shop) == before


def test_without_a_plan_the_next_step_is_to_make_one(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    ran = inside("log", "--repo", root)
    assert (ran.code, "make one with `genesis plan`" in ran.err) == (Exit.UNUSABLE, True)


def test_a_wrong_pipeline_of_the_repository_is_a_configuration_error(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    own = root / ".genesis/pipelines"
    own.mkdir(parents=True)
    (own / "master_workflow.yaml").write_text("workflow:\n  name: [\n")
    ran = inside("run", root, env={"GENESIS_CACHE_DIR": str(tmp_path / "cache")})
    assert ran.code == Exit.CONFIG
    assert "master_workflow.yaml:" in ran.err


def test_a_cache_inside_the_repository_is_refused(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    ran = inside("run", root, env={"GENESIS_CACHE_DIR": str(root / "cache")})
    assert ran.code == Exit.UNUSABLE
    assert "lies inside the repository" in ran.err


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_dirty_tree_is_said_and_left(tmp_path: Path, command: str) -> None:
    root = repository(tmp_path / "shop")
    (root / "new.txt").write_text("new")
    before = fingerprint(root)
    args = (command, root, "--dry-run") if command == "run" else (command, root)
    ran = inside(*args, env={"GENESIS_CACHE_DIR": str(tmp_path / "cache")})
    assert "1 uncommitted path takes no part" in ran.err
    assert fingerprint(root) == before


@pytest.mark.parametrize("command", ["analyze", "plan"])
def test_a_file_whose_name_is_no_utf_8_is_noted(tmp_path: Path, command: str) -> None:
    root = repository(tmp_path / "shop")
    odd = os.fsdecode(b"lib/\xff.ex")
    (root / odd).write_text("defmodule A do\n  def a(x), do: String.to_atom(x)\nend\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Odd")
    ran = inside(command, root)
    assert ran.code == Exit.OK, ran.err
    assert "its name is not UTF-8; not analysed" in ran.out
    assert inside(command, root, "--json").code == Exit.OK
