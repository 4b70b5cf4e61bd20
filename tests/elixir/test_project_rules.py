"""Project rules that need not look again find what they would have found."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.elixir
from benchmarks.damage import DAMAGES, seeded
from benchmarks.detection.labelled import projects, unlabelled
from bot.core.finding import Analysis
from bot.elixir.analyze import survey
from bot.elixir.project import Project
from bot.elixir.project_rules import Look, Looked, Looks, asked, groups, together
from bot.elixir.project_state import Kept, State, shape
from bot.elixir.questions import Asked, Questions
from bot.elixir.result_cache import NO_CACHE, ResultCache
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.tree import MemoryTree
from bot.elixir.watched import Texts, Trace, answer
from tests.elixir.rewriting import commented, renamed, reordered

RULES = tuple(rule for rule in all_rules() if rule.check_project is not None)
DEPOT = {path: code.encode() for path, code in unlabelled(projects()["depot"]).items()}
SAMPLES = {
    f"lib/{rule.id}/{number}/{path}": code.encode()
    for rule in RULES
    for number, sample in enumerate(rule.bad)
    for path, code in sample.tree().items()
    if path.startswith("lib/")
}


def looked(files: dict[str, bytes], cache: ResultCache = NO_CACHE) -> Analysis:
    kept = survey(MemoryTree.of(files), jobs=1, rules=RULES, cache=cache).analysis
    return kept.model_copy(update={"cached": 0})


def lines_moved(data: bytes, rng: random.Random) -> bytes:
    """Lines of one file in places of others."""
    lines = data.split(b"\n")
    lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return b"\n".join(lines)


CHANGES = (commented, renamed, reordered, lines_moved, *DAMAGES)


@pytest.mark.parametrize("files", [DEPOT, SAMPLES], ids=["depot", "samples"])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_after_any_changes_the_findings_are_those_of_a_fresh_look(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    cache = ResultCache.below(tmp_path_factory.mktemp("cache"))
    now = dict(files)
    looked(now, cache)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(sorted(now)))
        change = data.draw(st.sampled_from(CHANGES))
        now[path] = change(now[path], seeded(data.draw(st.integers(0, 99))))
        assert looked(now, cache) == looked(now)


def test_only_looks_at_a_changed_file_are_made_again() -> None:
    files = MemoryTree.of(DEPOT).files()
    digests = {path: path for path in files}
    inspection = survey(MemoryTree.of(DEPOT), jobs=1, rules=RULES).inspection
    before = asked(RULES, inspection.project, digests, State())
    changed = digests | {"lib/depot/label.ex": "new"}
    again = asked(RULES, inspection.project, changed, before)
    assert found_in(before) == found_in(again)
    assert {look.split()[0] for look in again.looks} == {rule.id for rule in RULES}
    made_again = {
        look for look, kept in before.looks.items() if "lib/depot/label.ex" in kept.opened
    }
    assert "mix-env-at-run-time lib/depot/label.ex" in made_again
    assert len(made_again) < len(before.looks) // 3
    assert [q.what for q in again.questions if q not in before.questions] == []


def found_in(state: State) -> dict[str, tuple[object, object]]:
    return {look: (kept.findings, kept.exempted) for look, kept in state.looks.items()}


def test_a_look_that_stands_is_not_made() -> None:
    inspection = survey(MemoryTree.of(DEPOT), jobs=1, rules=RULES).inspection
    digests = {path: path for path in DEPOT}
    before = asked(RULES, inspection.project, digests, State())
    looks = {look: replace(kept, findings=()) for look, kept in before.looks.items()}
    nothing = asked(RULES, inspection.project, digests, replace(before, looks=looks))
    assert [kept.findings for kept in nothing.looks.values() if kept.findings] == []
    other = before.shapes | {"lib/depot/lane.ex": "other"}
    changed = digests | {"lib/depot/lane.ex": "new"}
    all_again = asked(RULES, inspection.project, changed, State(digests, other, looks))
    assert found_in(all_again) == found_in(before)


def test_what_is_asked_of_a_text_is_kept() -> None:
    trace = Trace()
    texts = Texts({"a": b"one two one", "b": b"two"}, trace)
    assert [b"one" in texts["a"], b"one" in texts["b"], texts["a"].count(b"one")] == [
        True,
        False,
        2,
    ]
    assert trace.asked == {("holds", "one"): {"a": 1, "b": 0}, ("count", "one"): {"a": 2}}
    assert trace.opened == set()
    assert texts["a"][0:3] == b"one"
    assert trace.opened == {"a"}


def test_a_word_is_looked_for_once_in_a_file() -> None:
    texts = Texts({"a": b"one", "b": b"one", "c": b""}, Trace())
    assert texts.holding(b"one") == ["a", "b"]
    known = Texts({"a": b"", "b": b"", "c": b""}, Trace(), texts.seen)
    assert known.holding(b"one", among=frozenset("bc")) == ["b"]
    assert known.trace.asked == {("holds", "one"): {"b": 1, "c": 0}}


def test_looks_go_to_where_their_files_lie_and_long_ones_begin_first() -> None:
    inspection = survey(MemoryTree.of(DEPOT), jobs=1, rules=RULES).inspection
    digests: dict[str, str] = {}
    made: list[list[Look]] = []

    def noting(looks: Looks, project: Project, noted: bool) -> Iterator[Looked]:
        made.extend(looks)
        yield together(chain.from_iterable(made), project, noted)

    asked(RULES, inspection.project, digests, State(), noting)
    lies_at = {path: number % 2 for number, path in enumerate(sorted(DEPOT))}
    given_out = list(groups(made, lies_at, 1))
    assert sorted(look.name for group, _ in given_out for look in group) == sorted(
        look.name for alike in made for look in alike
    )
    assert all(worker == lies_at.get(look.path, 1) for group, worker in given_out for look in group)
    follow, at_once = given_out[0][0], given_out[-1][0]
    assert {look.rule.id for look in follow} == {rule.id for rule in RULES if rule.follows_calls}
    assert [look.path for look in at_once] == [""]
    begun = [(group[0].rule.id, bool(group[0].path)) for group, _ in given_out]
    of_files = [rule for rule, of_file in begun if of_file]
    assert of_files[0] == "dynamic-atom"
    assert len(set(of_files)) > 3


def test_few_looks_are_shared_out_where_nobody_has_their_files() -> None:
    rule = next(rule for rule in RULES if rule.id == "dynamic-atom")
    looks = [Look(rule, f"lib/{number}.ex") for number in range(3)]
    assert [group for group, _ in groups([looks], {}, None)] == [[look] for look in looks]
    lies_at = {look.path: 1 for look in looks}
    assert list(groups([looks], lies_at, 0)) == [(looks, 1)]


@given(st.sampled_from([b"ab", b"a", b"aa"]), st.text("ab_?!1 (", max_size=12).map(str.encode))
def test_a_name_ends_where_no_other_letter_follows(word: bytes, data: bytes) -> None:
    trace = Trace()
    found = Texts({"a": data}, trace)["a"].names(word)
    assert found == bool(re.search(re.escape(word) + rb"(?![\w?!])", data))
    ((question, answers),) = trace.asked.items()
    assert answers == {"a": answer(question, data, frozenset())}


@pytest.mark.parametrize(
    ("path", "data", "stands"),
    [
        ("a", b"x one", True), ("a", b"x", False), ("b", b"two", True), ("b", b"one", False),
        ("c", b"one", True), ("c", b"", True),
    ],
)  # fmt: skip
def test_an_answer_stands_where_it_is_the_same_or_was_never_given(
    path: str, data: bytes, stands: bool
) -> None:
    order = {"a": 0, "b": 1, "c": 2}
    (question,) = written(order, Trace(asked={("holds", "one"): {"a": 1, "b": 0}}))
    told = partial(answer, data=data, defined=frozenset())
    assert question.stands(path, order[path], told) is stands


def written(order: dict[str, int], *traces: Trace) -> tuple[Asked, ...]:
    questions = Questions(order)
    for trace in traces:
        questions.asked_in(trace)
    return questions.written()


def test_one_question_has_one_number_and_all_answers() -> None:
    order = {"a": 0, "b": 1, "c": 2}
    one, two = ("holds", "one"), ("holds", "two")
    questions = Questions(order)
    first = Trace(asked={one: {"a": 1, "b": 0}})
    assert questions.asked_in(first) == (0,)
    assert questions.asked_in(Trace(asked={two: {"a": 0}, one: {"c": 0}})) == (0, 1)
    assert questions.written() == (
        Asked("holds", "one", {"a": 1}, "6"), Asked("holds", "two", {}, "1"),
    )  # fmt: skip
    other = Questions(order)
    assert other.take(reversed(questions.written())) == [0, 1]
    assert other.written() == tuple(reversed(questions.written()))


def test_what_nobody_of_ours_kept_decides_nothing() -> None:
    inspection = survey(MemoryTree.of(DEPOT), jobs=1, rules=RULES).inspection
    digests = {path: path for path in DEPOT}
    changed = digests | {"lib/depot/label.ex": "new"}
    before = asked(RULES, inspection.project, digests, State())
    for strange in (Asked("holds", "x", {}, "none"), Asked("matches", "(", {}, "ffff"), None):
        looks = {
            look: Kept((), (), (), (0,) if strange else (7,), kept.paths)
            for look, kept in before.looks.items()
        }
        odd = State(digests, before.shapes, looks, (strange,) if strange else ())
        again = asked(RULES, inspection.project, changed, odd)
        assert found_in(again) == found_in(before)


def test_rules_look_at_texts_and_never_at_files() -> None:
    """What a rule reads of `project.files` would be in no trace: its findings could be stale."""
    folder = Path(bot.elixir.__file__).parent
    outside = {"project.py", "project_rules.py", "project_state.py", "changed.py", "redetect.py"}
    reads = [
        f"{path.name}:{node.lineno}"
        for path in (*folder.glob("*.py"), *(folder / "rules").rglob("*.py"))
        if path.name not in outside
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("files", "trees")
        and ast.unparse(node.value) in ("project", "self._project", "self.project")
    ]
    assert [r for r in reads if not r.startswith("inspection.py")] == []


def test_a_view_shares_what_is_open_and_nothing_else() -> None:
    project = Project({"lib/a.ex": b"defmodule A do\nend\n"}, (), ())
    view = project.watched()
    assert view.modules_in("lib/a.ex") is project.modules_in("lib/a.ex")
    assert view.trace.opened == {"lib/a.ex"}
    assert project.watched().trace.opened == set()
    project.forget()
    assert project.calls is project.watched().calls


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_rules_that_follow_calls_say_so(rule: Rule) -> None:
    """Else two processes would build the same graph."""
    asked_for_calls = False
    for sample in (*rule.bad, *rule.good, *(e.sample for e in rule.exemptions)):
        inspection = survey(MemoryTree.of(sample.tree()), jobs=1, rules=(rule,)).inspection
        view = inspection.project.watched()
        assert rule.check_project is not None
        for _ in rule.check_project(view):
            pass
        asked_for_calls |= view.trace.calls
    assert rule.follows_calls is asked_for_calls


def test_a_new_function_asks_only_those_again_who_asked_for_its_name() -> None:
    facts = survey(MemoryTree.of(DEPOT), jobs=1, rules=RULES).inspection.project.facts
    one = facts[0]
    more = replace(one, functions=(*one.functions, ("added", 1)), end=one.end + 40)
    assert shape([one]) == shape([more])
    assert shape([one]) != shape([replace(one, functions=(*one.functions, ("handle_call", 3)))])
    files = {"lib/a.ex": b"defmodule A do\n  def f, do: 1\nend\n"}
    project = survey(MemoryTree.of(files), jobs=1, rules=RULES).inspection.project
    (known,) = project.facts
    assert [project.defines(known, "f"), project.defines(known, "g")] == [True, False]
    assert project.defined_in("lib/a.ex") == {"A.f"}
    order = {"lib/a.ex": 0}
    for what, stands in (("A.f", False), ("A.g", True)):
        told = {("defines", what): project.trace.asked[("defines", what)]}
        (question,) = written(order, Trace(asked=told))
        now = partial(answer, data=b"", defined=frozenset())
        assert question.stands("lib/a.ex", 0, now) is stands
    with pytest.raises(KeyError):
        known.has("f", 0)


def test_a_word_is_looked_for_once_in_all_files() -> None:
    trace, files = Trace(), {"a": b"one two", "b": b"two", "c": b"three"}
    texts = Texts(files, trace)
    assert texts.holding(b"two") == ["a", "b"]
    assert texts.holding(b"three", b"one") == ["a", "c"]
    assert trace.asked[("holds", "two")] == {"a": 1, "b": 1, "c": 0}
    assert Texts(files, Trace(), texts.seen).holding(b"two") == ["a", "b"]
    assert set(texts.seen) == {(b"one", None), (b"two", None), (b"three", None)}


def test_who_wants_to_know_of_some_files_asks_no_others() -> None:
    trace, files = Trace(), {"a": b"one two", "b": b"two", "c": b"three"}
    texts, some = Texts(files, trace), frozenset("ac")
    assert texts.holding(b"two", among=some) == ["a"]
    assert trace.asked[("holds", "two")] == {"a": 1, "c": 0}
    assert b"two" in texts["b"]
    assert trace.asked[("holds", "two")] == {"a": 1, "b": 1, "c": 0}
    # What one file was asked besides is no answer to who asks about some of them.
    assert Texts(files, Trace(), texts.seen).holding(b"two", among=some) == ["a"]
    assert texts.holding(b"two") == ["a", "b"]
    assert Texts(files, trace, texts.seen).holding(b"two", among=some) == ["a"]
    assert trace.asked[("holds", "two")] == {"a": 1, "b": 1, "c": 0}


def test_what_is_worked_out_once_is_in_the_trace_of_all_who_asked() -> None:
    files = {"lib/a.ex": b"defmodule A do\nend\n", "lib/b.ex": b"defmodule B do\nend\n"}
    project = Project(files, (), ())
    looked = []

    def look(view: Project) -> int:
        looked.append(view)
        return len(view.modules_in("lib/a.ex")) + (b"B" in view.texts["lib/b.ex"])

    views = [project.watched() for _ in range(3)]
    views[0].modules_in("lib/b.ex")
    assert [view.once("key", look) for view in views[:2]] == [2, 2]
    assert len(looked) == 1
    assert views[0].trace.opened == {"lib/a.ex", "lib/b.ex"}
    assert views[1].trace.opened == {"lib/a.ex"}
    assert views[1].trace.asked == {("holds", "B"): {"lib/b.ex": 1}}
    assert views[2].trace == Trace()
    project.forget()
    assert views[2].once("key", look) == 2
    assert len(looked) == 2


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [({"a": 1}, {"a": 1, "b": 0}, {"a": 1, "b": 0}), ({"a": 1}, {"b": 0}, {"a": 1, "b": 0}),
     ({"a": 1, "b": 0}, {"b": 0}, {"a": 1, "b": 0})],
)  # fmt: skip
def test_traces_are_added(one: dict[str, int], other: dict[str, int], both: dict[str, int]) -> None:
    question = ("holds", "x")
    trace, added = Trace({"a"}, {question: dict(one)}), Trace({"b"}, {question: dict(other)}, True)
    trace.add(added)
    assert trace == Trace({"a", "b"}, {question: both}, True)
    assert added.asked[question] == other
