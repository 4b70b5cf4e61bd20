"""What a file answers by its syntax, and who need not look at it again."""

from __future__ import annotations

import pytest

from bot.elixir.analyze import survey
from bot.elixir.project import Project
from bot.elixir.project_rules import Looked, Looks, asked
from bot.elixir.project_state import State
from bot.elixir.rules import all_rules
from bot.elixir.runners import callers, runs
from bot.elixir.syntax_answers import CALLS, ENTRY, answered, calls_in_file, entry_of
from bot.elixir.tree import MemoryTree
from tests.elixir.support import module

BANNER = """\
defmodule Shop.Banner do
  def set(text), do: :persistent_term.put({__MODULE__, :text}, text)
end
"""
TASK = """\
defmodule Shop.Tools do
  def refresh(text), do: Shop.Banner.set(text)
  def other, do: 1
end
"""
CALLED = (CALLS, "Shop.Banner set 1 1")
RULES = tuple(r for r in all_rules() if r.id == "persistent-term-at-run-time")


def project_of(**files: str) -> Project:
    tree = {f"lib/{name}.ex": code.encode() for name, code in files.items()}
    return survey(MemoryTree.of(tree), jobs=1, rules=RULES).inspection.project


def told(question: tuple[str, str], code: str) -> int:
    return answered(question, [module(code)])


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("def other, do: 1", "def other, do: spawn(fn -> 2 end)", True),
        ("def refresh(text), do: Shop", "\n  @doc false\n  def refresh(text), do: Shop", True),
        ("def refresh(text)", "def renewed(text)", False),
        ("def refresh(text)", "defp refresh(text)", True),  # of that the entry tells
        ("Shop.Banner.set(text)", "spawn(fn -> Shop.Banner.set(text) end)", False),
        ("Shop.Banner.set(text)", "quote do: Shop.Banner.set(text)", False),
        ("Shop.Banner.set(text)", "Shop.Banner.set(text, 2)", False),
        ("def other, do: 1", "def other, do: Shop.Banner.set(2)", False),
    ],
)
def test_what_a_file_tells_of_calls(old: str, new: str, same: bool) -> None:
    assert (told(CALLED, TASK) == told(CALLED, TASK.replace(old, new))) is same


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("do: 1", "do: 2", True),
        ("def init", "defp init", False),
        ("init(state)", "ready(state)", False),
        ("init(state)", "init(state, more)", False),
        ("\n  def", "\n  use GenServer\n  def", False),
        ("Shop.Tills", "Shop.TestCase", False),
    ],
)
def test_what_a_file_tells_of_how_a_function_begins(old: str, new: str, same: bool) -> None:
    code = "defmodule Shop.Tills do\n  def init(state), do: {:ok, state}\n  def a, do: 1\nend\n"
    question = (ENTRY, "Shop.Tills init 1 1")
    assert (told(question, code) == told(question, code.replace(old, new))) is same


def test_who_says_nothing_answers_with_zero() -> None:
    assert told(CALLED, BANNER) == 0
    assert told((ENTRY, "Shop.Banner gone 0 0"), BANNER) == 0


@pytest.mark.parametrize("what", ["", "A b", "A b one 2", "A b 1 2 3"])
def test_other_questions_are_none(what: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|literal"):
        told((CALLS, what), TASK)


def test_a_way_opens_only_the_files_that_are_asked_for() -> None:
    project = project_of(banner=BANNER, task=TASK)
    function = project.module("Shop.Banner").functions["set", 1]
    view = project.watched()
    (way,) = runs(function, view)
    assert (way.key, way.server, way.startup, way.request) == (("refresh", 1), "", False, False)
    assert view.trace.opened == set()
    assert {q for q in view.trace.asked if q[0] == CALLS} >= {CALLED}
    assert [call.full for call in way.path] == ["Shop.Banner.set"]
    assert view.trace.opened == {"lib/task.ex"}
    assert way.function.label == "refresh/1"


def test_who_looks_at_callers_has_opened_their_files() -> None:
    project = project_of(banner=BANNER, task=TASK)
    function = project.module("Shop.Banner").functions["set", 1]
    view = project.watched()
    ((caller, _),) = callers(function, view)
    assert (caller.label, view.trace.opened) == ("refresh/1", {"lib/task.ex"})


def test_the_noted_answer_is_the_one_given_later() -> None:
    project = project_of(banner=BANNER, task=TASK)
    function = project.module("Shop.Banner").functions["set", 1]
    view = project.watched()
    assert len(calls_in_file(function, "lib/task.ex", view)) == 1
    entry_of(function, view)
    for question, answers in view.trace.asked.items():
        for path, answer in answers.items():
            assert answer == answered(question, project.glimpse(path)) != 0


@pytest.mark.parametrize(
    ("new", "stands"),
    [("def other, do: 2", True), ("def other, do: Shop.Banner.set(3)", False)],
)
def test_a_look_stands_while_files_on_its_way_answer_the_same(new: str, stands: bool) -> None:
    digests = {"lib/banner.ex": "1", "lib/task.ex": "1"}
    before = asked(RULES, project_of(banner=BANNER, task=TASK), digests, State())
    changed = project_of(banner=BANNER, task=TASK.replace("def other, do: 1", new))
    looked: list[str] = []

    def looking(looks: Looks, project: Project, noted: bool) -> list[Looked]:
        looked.extend(look.name for group in looks for look in group)
        return []

    asked(RULES, changed, digests | {"lib/task.ex": "2"}, before, looking)
    assert looked == ([] if stands else ["persistent-term-at-run-time lib/banner.ex"])
