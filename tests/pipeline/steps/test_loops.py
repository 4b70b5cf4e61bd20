# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import threading
from typing import Any

import pytest

from bot.errors import Refused, Unusable
from bot.llm.scripted import ScriptedModel
from bot.pipeline.budget import Budget, BudgetSpent, Cancelled, Limits
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.engine import Engine
from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.results import RunResult
from bot.pipeline.steps import default_handlers
from bot.pipeline.steps.rounds import MAX_KEPT
from tests.pipeline.support import Tree, run, steps

FILES = [{"path": "a", "size": 1}, {"path": "b", "size": 0}]


@pytest.mark.parametrize(
    "source",
    ["steps.scan.files", "scan.files", "scan:files", "'{{ steps.scan.files }}'", "previous_response:files",
     "inputs.given", "given", "[{path: a, size: 1}, {path: b, size: 0}]", "scan.files | list"],
)  # fmt: skip
def test_a_list_may_be_named_in_any_of_these_ways(source: str) -> None:
    body = f"""
    - {{name: scan, type: set_variable, variables: {{files: "{{{{ given }}}}"}}}}
    - name: each
      type: for_loop
      iterator: file
      data_source: {source}
      steps:
        - {{name: seen, type: set_variable, scope: loop, variables: {{path: "{{{{ loop.file.path }}}}"}}}}
    """
    result = run(steps(body), {"given": FILES})
    assert result.error is None
    assert [each["data"]["seen"]["path"] for each in result.steps["each"].data["results"]] == [
        "a",
        "b",
    ]


def test_previous_response_is_the_step_that_ran_last() -> None:
    body = """
    - {name: one, type: llm, prompt: x, output_schema: {type: array, items: {type: integer}}}
    - {name: two, type: git, operation: diff, when: not one.data}
    - {name: each, type: for_loop, data_source: previous_response, steps: [{name: a, type: set_variable, variables: {b: "{{ item }}"}}]}
    """
    result = run(steps(body, head="outputs: {b: b}"), models={"m": ScriptedModel(["[1, 2]"])})
    assert result.outputs == {"b": 2}


@pytest.mark.parametrize("source", ["loop.group", "group", "loop:group"])
def test_the_loop_knows_where_it_is_and_what_is_around_it(source: str) -> None:
    body = """
    - name: outer
      type: for_loop
      iterator: group
      data_source: [[x], [y, z]]
      steps:
        - name: inner
          type: for_loop
          iterator: name
          data_source: SOURCE
          steps:
            - name: seen
              type: set_variable
              scope: loop
              variables:
                at: "{{ loop.parent.number }}.{{ loop.number }}/{{ loop.length }} {{ loop.index }} {{ loop.name }}"
                ends: "{{ [loop.is_first, loop.is_last, loop.parent.is_last, loop.parent.group | length] }}"
    """
    rounds = run(steps(body.replace("SOURCE", source))).steps["outer"].data["results"]
    seen = [each["data"]["seen"] for r in rounds for each in r["data"]["inner"]["results"]]
    assert [s["at"] for s in seen] == ["1.1/1 0 x", "2.1/2 0 y", "2.2/2 1 z"]
    assert [s["ends"] for s in seen] == [
        [True, True, False, 1],
        [True, False, True, 2],
        [False, True, True, 2],
    ]


NESTED = """
- name: each
  type: for_loop
  data_source: [1, 2, 3]
  steps:
    - {{name: before, type: set_variable, variables: {{reached: "{{{{ reached + [item] }}}}"}}}}
    - name: group
      type: pipeline
      steps:
        - name: pick
          type: switch
          expression: item
          cases:
            "2": [{{name: jump, type: {jump}}}]
    - {{name: after, type: set_variable, variables: {{passed: "{{{{ passed + [item] }}}}"}}}}
"""


@pytest.mark.parametrize(
    ("jump", "reached", "passed", "broke"),
    [("break", [1, 2], [1], True), ("continue", [1, 2, 3], [1, 3], False)],
)
def test_a_jump_leaves_blocks_and_switches_up_to_its_loop(
    jump: str, reached: list[int], passed: list[int], broke: bool
) -> None:
    head = "variables: {reached: [], passed: []}\noutputs: {reached: reached, passed: passed, broke: each.broke}"
    result = run(steps(NESTED.format(jump=jump), head=head))
    assert result.outputs == {"reached": reached, "passed": passed, "broke": broke}
    assert {each["outcome"] for each in result.steps["each"].data["results"]} == {"succeeded"}


def test_a_jump_in_an_else_ends_only_the_innermost_loop() -> None:
    body = """
    - name: outer
      type: for_loop
      iterator: x
      data_source: [1, 2]
      steps:
        - name: inner
          type: while_loop
          condition: "true"
          max_iterations: 5
          steps:
            - name: count
              type: set_variable
              when: loop.index < x
              variables: {n: "{{ n + 1 }}"}
              else: [{name: out, type: break}]
    """
    result = run(steps(body, head="variables: {n: 0}\noutputs: {n: n, rounds: outer.count}"))
    assert result.outputs == {"n": 3, "rounds": 2}


def test_a_guarded_jump_that_is_not_taken_changes_nothing() -> None:
    body = """
    - name: each
      type: for_loop
      data_source: [1, 2]
      steps:
        - {name: out, type: break, when: item > 5}
        - {name: n, type: set_variable, variables: {n: "{{ item }}"}}
    """
    assert run(steps(body, head="outputs: {n: n}")).outputs == {"n": 2}


OPTIMISE = """
- name: optimise
  type: while_loop
  condition: {condition}
  max_iterations: 9
  steps:
    - name: improve
      type: llm
      prompt:
        - {{type: static, content: improve}}
        - {{type: previous_response, step: benchmark}}
    - {{name: benchmark, type: llm, prompt: score, output_schema: {{type: object, properties: {{score: {{type: integer}}}}}}}}
"""


@pytest.mark.parametrize("condition", ["steps.benchmark.score < 90", "'{{ steps.benchmark.score < 90 }}'", "benchmark.score < 90",
                                       "{not: benchmark.score >= 90}"])  # fmt: skip
def test_a_condition_on_a_step_of_the_body_lets_the_first_iteration_run(condition: str) -> None:
    model = ScriptedModel(["a", '{"score": 50}', "b", '{"score": 95}'])
    result = run(steps(OPTIMISE.format(condition=condition)), models={"m": model})
    assert result.error is None
    assert result.steps["optimise"].data["count"] == 2
    # In the first iteration there is nothing to quote, in the second what the first one found.
    assert model.requests[0].prompt() == "improve"
    assert '"score": 50' in model.requests[2].prompt()


def test_what_can_be_known_before_the_first_iteration_decides() -> None:
    body = OPTIMISE.format(condition="tries > 0 and steps.benchmark.score < 90")
    result = run(steps(body, head="variables: {tries: 0}"), models={"m": ScriptedModel([])})
    assert result.steps["optimise"].data["count"] == 0


def test_another_mistake_in_the_condition_is_not_excused() -> None:
    body = """
    - name: rounds
      type: while_loop
      condition: n + 1 < 3
      max_iterations: 2
      steps: [{name: a, type: git, operation: diff}]
    """
    result = run(steps(body), {"n": "text"}, services=Tree().services())
    assert isinstance(result.error, ExpressionError)


def test_the_results_of_an_iteration_are_seen_in_the_next_one_only_of_while_loops() -> None:
    body = """
    - name: rounds
      type: while_loop
      condition: loop.index < 2
      max_iterations: 3
      steps:
        - {name: look, type: set_variable, scope: loop, variables: {before: "{{ count.n | default(0) }}"}}
        - {name: count, type: set_variable, scope: loop, variables: {n: "{{ look.before + 1 }}"}}
    """
    result = run(steps(body))
    assert [each["data"]["look"]["before"] for each in result.steps["rounds"].data["results"]] == [
        0,
        1,
    ]


PARALLEL = """
- name: each
  type: for_loop
  data_source: inputs.items
  parallel: true
  {more}
  steps:
    - {{name: own, type: set_variable, variables: {{mine: "{{{{ item }}}}"}}}}
    - {{name: work, type: mix, task: "{{{{ mine }}}}", timeout_seconds: 5}}
"""


class Together:
    """A mix handler that ends only when so many are at work at once."""

    def __init__(self, together: int, fails: frozenset[str] = frozenset()) -> None:
        self.barrier = threading.Barrier(together, timeout=5)
        self.fails = fails
        self.most = 0
        self.now = 0
        self.lock = threading.Lock()
        self.began: list[str] = []

    def __call__(self, step: Any, context: StepContext) -> Outcome:
        task = context.render(step.task)
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.began.append(task)
        self.barrier.wait()
        with self.lock:
            self.now -= 1
        if task in self.fails:
            raise Unusable(f"{task} failed")
        return Outcome(data={"did": task})


def side_by_side(
    work: Any, items: list[str], more: str = "max_parallel: 2", **options: Any
) -> RunResult:
    engine = Engine({**default_handlers(), "mix": work}, {}, **options)
    return engine.run(steps(PARALLEL.format(more=more)).workflow, {"items": items})


def test_iterations_side_by_side_are_bounded_and_keep_their_order_and_variables() -> None:
    work = Together(2)
    result = side_by_side(work, ["a", "b", "c", "d"])
    assert result.error is None
    rounds = result.steps["each"].data["results"]
    assert [(r["index"], r["item"], r["data"]["work"]["did"]) for r in rounds] == [
        (0, "a", "a"), (1, "b", "b"), (2, "c", "c"), (3, "d", "d"),
    ]  # fmt: skip
    assert work.most == 2


def test_a_failed_iteration_is_contained_and_shown() -> None:
    work = Together(2, frozenset("b"))
    result = side_by_side(work, ["a", "b", "c", "d"], "max_parallel: 2\n  break_on_error: false")
    assert result.status == "failed"
    assert "b failed" in str(result.error)
    rounds = result.steps["each"].data["results"]
    assert [r["outcome"] for r in rounds] == ["succeeded", "failed", "succeeded", "succeeded"]
    assert rounds[1]["error"] == "b failed"


def test_after_a_failure_no_further_iteration_begins() -> None:
    work = Together(2, frozenset("ab"))
    result = side_by_side(work, ["a", "b", "c", "d", "e", "f"])
    assert result.status == "failed"
    assert sorted(work.began) == ["a", "b"]
    assert len(result.steps["each"].data["results"]) == 2


def test_a_batch_ends_before_the_next_one_begins() -> None:
    work = Together(2)
    side_by_side(work, ["a", "b", "c", "d"], "max_parallel: 4\n  batch_size: 2")
    assert [sorted(work.began[:2]), sorted(work.began[2:])] == [["a", "b"], ["c", "d"]]
    assert work.most == 2


def test_a_break_in_a_parallel_loop_begins_no_further_iteration() -> None:
    work = Together(1)
    result = side_by_side(work, ["a", "b", "c"], "max_parallel: 1\n  break_condition: item == 'b'")
    assert result.steps["each"].data["count"] == 2
    assert result.steps["each"].data["broke"] is True


def test_a_mistake_in_an_expression_ends_a_parallel_loop_whatever_it_says() -> None:
    body = PARALLEL.format(more="break_on_error: false").replace("{{ mine }}", "{{ mine + 1 }}")
    result = run(steps(body), {"items": ["a", "b"]}, services=Tree().services())
    assert isinstance(result.error, ExpressionError)


def test_a_stopped_run_stops_a_parallel_loop() -> None:
    done: list[str] = []
    stop = threading.Event()

    def work(step: Any, context: StepContext) -> Outcome:
        done.append(context.render(step.task))
        stop.set()
        return Outcome()

    result = side_by_side(work, list("abcdef"), "max_parallel: 1", cancelled=stop.is_set)
    assert isinstance(result.error, Cancelled)
    assert done == ["a"]


def test_a_loop_out_of_time_fails_and_what_is_around_it_may_go_on() -> None:
    ticks = iter(range(0, 10_000, 10))
    body = """
    - name: slow
      type: while_loop
      condition: "true"
      max_iterations: 100
      timeout_seconds: 500
      continue_on_error: true
      steps: [{name: a, type: set_variable, variables: {x: "{{ loop.number }}"}}]
    - {name: next, type: set_variable, variables: {y: "{{ slow.outcome }}", why: "{{ slow.error }}"}}
    """
    result = run(steps(body), budget=Budget(Limits(), clock=lambda: next(ticks)))
    assert result.error is None
    data = result.steps["next"].data
    assert data["y"] == "failed"
    assert data["why"] == "step 'slow': not done after 500 seconds (raise its timeout_seconds)"
    assert 2 < result.steps["slow"].data["count"] < 100


def test_the_time_of_the_run_is_not_the_loops_to_excuse() -> None:
    ticks = iter(range(0, 10_000, 10))
    body = """
    - {name: slow, type: while_loop, condition: "true", max_iterations: 100, timeout_seconds: 5000, continue_on_error: true,
       steps: [{name: a, type: set_variable, variables: {x: 1}}]}
    """
    result = run(steps(body), budget=Budget(Limits(seconds=300), clock=lambda: next(ticks)))
    assert isinstance(result.error, BudgetSpent)


def test_a_step_in_a_loop_may_take_no_longer_than_the_loop_has_left() -> None:
    seen: list[float] = []

    def work(step: Any, context: StepContext) -> Outcome:
        seen.append(context.timeout(step, 900))
        return Outcome()

    body = "- {name: l, type: for_loop, data_source: [1], timeout_seconds: 60, steps: [{name: a, type: mix, task: test}]}"
    ticks = iter(range(1000))
    engine = Engine({**default_handlers(), "mix": work}, {})
    engine.run(steps(body).workflow, {}, budget=Budget(clock=lambda: next(ticks)))
    assert 50 < seen[0] < 60


def test_results_are_kept_within_bounds_and_what_is_dropped_is_said() -> None:
    body = """
    - {name: l, type: for_loop, data_source: [1, 2, 3], steps: [{name: a, type: set_variable, scope: loop, variables: {t: "{{ text }}"}}]}
    """
    result = run(steps(body), {"text": "x" * (MAX_KEPT // 2)})
    rounds = result.steps["l"].data["results"]
    assert [each["data"] is None for each in rounds] == [False, True, True]
    assert [each["outcome"] for each in rounds] == ["succeeded"] * 3
    assert "the data of 2 iterations is not among the results" in result.steps["l"].notice
    assert len(result.steps["l"].data["last"]["a"]["t"]) == MAX_KEPT // 2


def test_what_a_loop_found_can_be_quoted() -> None:
    body = """
    - {name: l, type: for_loop, data_source: [7], steps: [{name: a, type: set_variable, variables: {t: "{{ item }}"}}]}
    - {name: ask, type: llm, prompt: [{type: previous_response, step: l, extract: "results[0].data.a.t"}]}
    """
    model = ScriptedModel(["ok"])
    run(steps(body), models={"m": model})
    assert model.requests[0].prompt() == '<data kind="response" name="l">\n7\n</data>'


def test_too_many_items_are_refused_before_the_first_one() -> None:
    tree = Tree()
    body = "- {name: l, type: for_loop, data_source: inputs.n, max_iterations: 2, steps: [{name: a, type: command, command: [echo]}]}"
    result = run(steps(body), {"n": [1, 2, 3]}, services=tree.services())
    assert isinstance(result.error, Refused)
    assert tree.done == []
