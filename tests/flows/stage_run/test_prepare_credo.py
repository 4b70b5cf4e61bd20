"""Credo beside the project, from the job that may fetch to those that may not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.codebase.repository import Repository
from bot.codebase.toolchain import Toolchain, find_toolchain
from bot.flows.action_run.verifying import Verification
from bot.flows.bench import Bench
from bot.flows.build_place import credo_beside
from bot.flows.session import DEFAULT_GOAL, Session
from bot.flows.stage_run.prepare import Prepared, build_key, prepare, unpack
from bot.flows.watch import Silent
from bot.settings import load_settings
from bot.verify.checks import check_credo
from tests.codebase.fake_credo import installed
from tests.flows.support import SHOP, git, repository

pytestmark = pytest.mark.elixir

COUNTED = {**SHOP, "lib/sample/counter.ex": "defmodule Counter do\nend\n"}


def opened(root: Path, cache: Path, credo: str = "beside") -> Repository:
    return Repository.open(root, load_settings(cache_dir=cache, jobs=1, credo=credo))


@contextmanager
def benched(repository: Repository) -> Iterator[Bench]:
    bench = Bench(Session(repository, repository.head, DEFAULT_GOAL), Silent(), run_id="one")
    with closing(bench):
        bench.open()
        yield bench


def handed(repository: Repository, hand: Path) -> Prepared:
    hand.mkdir(exist_ok=True)
    return prepare(repository, hand, hand / "hex", Silent())


def test_what_was_installed_goes_to_the_jobs_that_check(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop", COUNTED)
    (tmp_path / "first").mkdir()
    installed(tmp_path / "first")
    made = handed(opened(root, tmp_path / "first"), tmp_path / "hand")
    assert made.archive is not None
    second = opened(root, tmp_path / "second")
    unpack(made.archive, second, second.settings.environment)
    with benched(second) as bench:
        found = check_credo(bench.mix)
    assert [(d.path, d.message) for d in found.diagnostics] == [
        ("lib/sample/counter.ex", "Credo.Fake [design] design")
    ], found.output_tail


def test_nobody_asked_so_nothing_is_packed_and_none_is_used(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    (tmp_path / "cache").mkdir()
    beside = installed(tmp_path / "cache")
    plain = opened(root, tmp_path / "cache", "project")
    assert handed(plain, tmp_path / "hand") == Prepared()
    wanting = opened(root, tmp_path / "cache")
    tools = find_toolchain(tmp_path, os.environ)
    assert isinstance(tools, Toolchain)
    assert credo_beside(plain.settings, tools) is None
    assert credo_beside(wanting.settings, tools) == beside
    assert build_key(wanting) == f"{build_key(plain)}-credo"


def test_where_it_cannot_be_had_the_checks_go_on_without(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    wanting = opened(root, tmp_path / "cache")
    assert handed(wanting, tmp_path / "hand") == Prepared()
    with benched(wanting) as bench:
        assert credo_beside(wanting.settings, bench.buildable().toolchain) is None
        assert check_credo(bench.mix).status == "not-run"


def test_an_issue_that_was_there_before_does_not_count_against_a_change(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop", COUNTED)
    base = git(root, "rev-parse", "HEAD")
    (root / "lib/other.ex").write_text("defmodule Other do\nend\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "More")
    (tmp_path / "cache").mkdir()
    installed(tmp_path / "cache")
    wanting = opened(root, tmp_path / "cache")
    with benched(wanting) as bench:
        baseline, verdict = Verification(bench, base, gates=True).judged()
    assert verdict.status == "passed", verdict.reasons
    for checks in (baseline.checks, verdict.checks):
        assert next(check.summary for check in checks if check.name == "credo") == "1 issues"
