"""`genesis init`: it writes what is missing, keeps what is there, and follows no link."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.config import CONFIG_PATH, read_policy
from bot.core.policy import Policy
from bot.errors import Exit
from tests.cli.support import inside

WORKFLOW = ".github/workflows/otp-genesis.yml"
APP = ("--for", "app", "--owner", "acme")


def git(root: Path, *argv: str) -> None:
    subprocess.run(["git", *argv], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "mix.exs").write_text("# a project\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "x")
    return root


def files(root: Path) -> set[str]:
    found = subprocess.run(
        ["git", "ls-files", "--others"], cwd=root, capture_output=True, text=True, check=True
    )
    return set(found.stdout.split())


def test_it_writes_what_an_app_needs_and_says_what_is_next(project: Path) -> None:
    ran = inside("init", project, *APP, "--ref", "v1")
    assert ran.code == Exit.OK, ran.out + ran.err
    assert files(project) == {CONFIG_PATH, WORKFLOW}
    assert read_policy(project / CONFIG_PATH) == Policy()
    assert "acme/otp-genesis/.github/workflows/stage.yml@v1" in (project / WORKFLOW).read_text()
    assert f"{WORKFLOW}: written" in ran.out
    assert "Next:\n  1. " in ran.out


def test_from_a_folder_below_they_go_to_the_top(project: Path) -> None:
    (project / "lib").mkdir()
    assert inside("init", project / "lib", *APP).code == Exit.OK
    assert files(project) == {CONFIG_PATH, WORKFLOW}


def test_twice_changes_nothing(project: Path) -> None:
    inside("init", project, *APP)
    before = (project / WORKFLOW).stat().st_mtime_ns
    ran = inside("init", project, *APP, "--json")
    assert [one["fate"] for one in ran.data["files"]] == ["same", "same"]
    assert (project / WORKFLOW).stat().st_mtime_ns == before


def test_what_is_there_is_kept_unless_it_is_forced(project: Path) -> None:
    inside("init", project, *APP)
    (project / CONFIG_PATH).write_text("run: manual\n")
    ran = inside("init", project, *APP)
    assert "kept" in ran.out
    assert (project / CONFIG_PATH).read_text() == "run: manual\n"
    forced = inside("init", project, *APP, "--force", "--json")
    assert [one["fate"] for one in forced.data["files"]] == ["replaced", "same"]
    assert read_policy(project / CONFIG_PATH) == Policy()


def test_a_dry_run_prints_and_writes_nothing(project: Path) -> None:
    ran = inside("init", project, *APP, "--dry-run")
    assert ran.code == Exit.OK
    assert "stage.yml@main" in ran.out
    assert "would be written" in ran.out
    assert files(project) == set()


def test_a_laptop_needs_no_file_and_no_owner(project: Path) -> None:
    ran = inside("init", project, "--for", "laptop")
    assert ran.code == Exit.OK
    assert files(project) == set()
    assert "genesis doctor --build" in ran.out


def test_the_action_gets_the_default_branch_that_origin_names(project: Path) -> None:
    git(project, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(project, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    inside("init", project, "--for", "action", "--owner", "acme")
    text = (project / ".github/workflows/otp-genesis-analyze.yml").read_text()
    assert 'branches: ["trunk"]' in text
    inside("init", project, "--for", "action", "--owner", "acme", "--branch", "dev", "--force")
    assert '["dev"]' in (project / ".github/workflows/otp-genesis-analyze.yml").read_text()


def test_the_serverless_bot_hears_of_the_checks_that_are_there(project: Path) -> None:
    folder = project / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text("name: All tests\non: pull_request\njobs: {}\n")
    ran = inside("init", project, "--for", "serverless", "--owner", "acme")
    assert ran.code == Exit.OK
    assert '"All tests"' in (folder / "otp-genesis-bot.yml").read_text()
    assert (folder / "ci.yml").read_text().startswith("name: All tests")


def test_the_repository_of_origin_is_named_in_what_is_next(project: Path) -> None:
    git(project, "remote", "add", "origin", "git@github.example.com:acme/shop.git")
    assert "genesis doctor acme/shop" in inside("init", project, *APP).out


def test_a_folder_that_is_a_link_is_not_followed(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / ".github").symlink_to(elsewhere)
    ran = inside("init", project, *APP, "--force")
    assert ran.code == Exit.UNUSABLE
    assert "symlink" in ran.err
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_is_a_link_is_not_followed(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    (project / ".github").mkdir()
    (project / CONFIG_PATH).symlink_to(target)
    ran = inside("init", project, *APP, "--force")
    assert target.read_text() == "mine"
    assert ran.code == Exit.UNUSABLE
    assert not (project / WORKFLOW).exists()


def test_a_link_at_the_last_file_leaves_the_first_unwritten(project: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (project / ".github" / "workflows").mkdir(parents=True)
    (project / WORKFLOW).symlink_to(tmp_path / "target")
    ran = inside("init", project, *APP, "--force")
    assert ran.code == Exit.UNUSABLE
    assert not (project / CONFIG_PATH).exists()
    assert (tmp_path / "target").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--for", "moon", "--owner", "acme"), Exit.USAGE),
        (("--for", "app"), Exit.USAGE),
        (("--owner", "acme"), Exit.USAGE),
        (("--for", "app", "--owner", "a b"), Exit.UNUSABLE),
        (("--for", "app", "--owner", "acme", "--ref", "x\ny"), Exit.UNUSABLE),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    project: Path, arguments: tuple[str, ...], code: Exit
) -> None:
    ran = inside("init", project, *arguments)
    assert ran.code == code
    assert "error:" in ran.err
    assert files(project) == set()


def test_outside_of_a_repository_it_says_so(tmp_path: Path) -> None:
    ran = inside("init", tmp_path, *APP)
    assert ran.code == Exit.UNUSABLE
    assert list(tmp_path.iterdir()) == []
