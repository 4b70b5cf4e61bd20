"""A rule that does not end is stopped and told of; the others find what they find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import pytest

from bot.elixir import time_limit
from bot.elixir.analyze import survey
from bot.elixir.outline import Module
from bot.elixir.project import Project
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Exempt, FileByFile, Rule, Site, Span
from bot.elixir.time_limit import TookTooLong, limited, ticking
from bot.elixir.tree import MemoryTree

CODE = b"defmodule Shop.Later do\n  def later(x), do: spawn(fn -> x end)\nend\n"
TREE = MemoryTree.of({"lib/later.ex": CODE, "lib/other.ex": CODE.replace(b"Later", b"Other")})
SPAWNS = next(r for r in all_rules() if r.id == "unsupervised-spawn")


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "MOST_SECONDS", 0)


def endless(project: Project, path: str = "lib/later.ex") -> Iterator[Site | Exempt]:
    yield Site(Span(path, 0, 9), "said before")
    while project.files:
        pass


def endless_in_a_module(module: Module) -> Iterator[Site | Exempt]:
    yield from ()
    while module.name:
        pass


WHOLE = replace(SPAWNS, id="endless", check=None, check_project=endless)
BY_FILE = replace(WHOLE, check_project=FileByFile(lambda project: iter(["lib/later.ex"]), endless))
LOCAL = replace(WHOLE, check=endless_in_a_module, check_project=None, triggers=())


@pytest.mark.parametrize(
    ("rule", "told_at", "found"),
    [
        (WHOLE, ["."], ["said before"]),
        (BY_FILE, ["lib/later.ex"], ["said before"]),
        (LOCAL, ["lib/later.ex", "lib/other.ex"], []),
    ],
    ids=["whole", "by-file", "local"],
)
def test_a_rule_without_end_is_stopped(rule: Rule, told_at: list[str], found: list[str]) -> None:
    analysis = survey(TREE, jobs=1, rules=(rule, SPAWNS)).analysis
    assert [(n.path, n.kind) for n in analysis.notes] == [(p, "unfinished") for p in told_at]
    assert "endless took too long" in analysis.notes[0].message
    assert [f.message for f in analysis.findings if f.rule == "endless"] == found
    assert len([f for f in analysis.findings if f.rule == SPAWNS.id]) == 2


def test_only_a_rule_at_work_is_stopped() -> None:
    with ticking():
        wait_for_ticks()
        with pytest.raises(TookTooLong), limited():
            wait_for_ticks()


def wait_for_ticks() -> None:
    passed = time_limit._CLOCK.ticks
    while time_limit._CLOCK.ticks < passed + 2:
        pass


def test_another_thread_takes_no_time() -> None:
    began: list[int] = []

    def look() -> None:
        with ticking(), limited():
            began.append(time_limit._CLOCK.ticks)

    thread = Thread(target=look)
    thread.start()
    thread.join()
    assert began
