"""Programs of `command` steps: allowed by name, in the sandbox, on the work tree alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Refused, Unusable
from bot.flows.bench import Bench
from bot.flows.pipelines.commands import Commands
from tests.flows.support import fingerprint, repository, session


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(session(repository(tmp_path / "shop"), tmp_path / "cache"), run_id="try")


def commands(bench: Bench, *allowed: str) -> Commands:
    return Commands(bench, frozenset(allowed))


def test_an_allowed_program_works_on_the_work_tree(bench: Bench, tmp_path: Path) -> None:
    before = fingerprint(tmp_path / "shop")
    runner = commands(bench, "cp", "false")
    assert runner.run(("cp", "mix.exs", "copy.exs"), timeout=30).passed
    assert [change.path for change in bench.changes()] == ["copy.exs"]
    assert (runner.run(("false",), timeout=30).exit_code, fingerprint(tmp_path / "shop")) == (
        1,
        before,
    )


@pytest.mark.parametrize("program", ["cat", "/bin/cat", "../cat", "", "-v", "ca t"])
def test_what_is_not_allowed_by_name_is_refused(bench: Bench, program: str) -> None:
    with pytest.raises(Refused, match="may not be run"):
        commands(bench, "ls").run((program,), timeout=5)
    assert not bench.opened


def test_a_path_is_no_name_even_when_it_is_allowed(bench: Bench) -> None:
    with pytest.raises(Refused):
        commands(bench, "./mix.exs").run(("./mix.exs",), timeout=5)


def test_a_program_that_is_not_there_is_named(bench: Bench) -> None:
    with pytest.raises(Unusable, match="no program 'no-such-program'"):
        commands(bench, "no-such-program").run(("no-such-program",), timeout=5)


def test_a_program_in_the_work_tree_is_not_found(bench: Bench) -> None:
    bench.open()
    program = bench.worktree.project / "evil"
    program.write_text("#!/bin/sh\ntouch pwned\n")
    program.chmod(0o755)
    with pytest.raises(Unusable):
        commands(bench, "evil").run(("evil",), timeout=5)
    assert not (bench.worktree.project / "pwned").exists()


def test_no_key_and_no_git_directory_is_seen(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "hush")
    seen = commands(bench, "env", "ls").run(("env",), timeout=30).stdout
    assert "hush" not in seen
    listed = commands(bench, "ls").run(("ls", "-a"), timeout=30).stdout
    assert ".git\n" not in listed


def test_one_that_does_not_end_is_killed(bench: Bench) -> None:
    done = commands(bench, "sleep").run(("sleep", "60"), timeout=0.2)
    assert (done.timed_out, done.passed) == (True, False)
