# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import Refused, Transient
from bot.pipeline.budget import Budget, BudgetSpent, Limits
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.engine import Engine
from bot.pipeline.load import Library
from bot.pipeline.results import RunResult
from bot.pipeline.steps import default_handlers
from tests.pipeline.support import Tree, library, run, steps

SET = "{name: s, type: set_variable, variables: {x: 1}}"


def call(found: Library, inputs: dict[str, Any] | None = None, **options: Any) -> RunResult:
    return run(found.load("outer.yaml"), inputs, library=found, **options)


def test_a_pipeline_by_its_name_in_the_library(tmp_path: Path) -> None:
    found = library(
        tmp_path,
        outer="steps: [{name: c, type: pipeline, pipeline_ref: common/inner, inputs: {n: 4}}], outputs: {m: c.m}",
        common__inner="inputs: {n: {type: integer, required: true}}, outputs: {m: s.m}, steps: [{name: s, type: set_variable, variables: {m: '{{ n * 2 }}'}}]",
    )
    assert call(found).outputs == {"m": 8}


def test_a_pipeline_written_in_place_sees_only_its_inputs() -> None:
    body = """
    - {name: v, type: set_variable, variables: {secret: 1}}
    - name: inner
      type: pipeline
      inputs: {code: "{{ secret }}"}
      pipeline:
        name: checker
        outputs: {said: see.x, outside: see.outside}
        steps:
          - {name: see, type: set_variable, variables: {x: "{{ inputs.code + 1 }}", outside: "{{ secret | default('none') }}"}}
    """
    result = run(steps(body, head="outputs: {said: inner.said, outside: inner.outside}"))
    assert result.outputs == {"said": 2, "outside": "none"}


def test_context_is_inherited_where_the_step_says_so(tmp_path: Path) -> None:
    inner = (
        "inputs: {a: {}, b: {type: integer, default: 0}}, outputs: {a: a, b: b}, steps: ["
        + SET
        + "]"
    )
    outer = (
        "variables: {{b: 5, other: 6}}, inputs: {{a: {{}}}}, outputs: {{a: c.a, b: c.b}}, "
        "steps: [{{name: c, type: pipeline, pipeline_file: inner.yaml, inputs: {{{given}}}, config: {{inherit_context: {inherit}}}}}]"
    )
    found = library(tmp_path, outer=outer.format(inherit="true", given=""), inner=inner)
    assert call(found, {"a": "x"}).outputs == {"a": "x", "b": 5}
    found = library(tmp_path, outer=outer.format(inherit="true", given="b: 9"), inner=inner)
    assert call(found, {"a": "x"}).outputs == {"a": "x", "b": 9}
    found = library(tmp_path, outer=outer.format(inherit="false", given=""), inner=inner)
    assert call(found, {"a": "x"}).outputs == {"a": None, "b": 0}


def test_outputs_pick_what_becomes_the_data() -> None:
    body = """
    - name: c
      type: pipeline
      pipeline:
        name: inner
        steps:
          - {name: metrics, type: set_variable, variables: {scores: [{value: 7}, {value: 8}]}}
          - {name: report, type: set_variable, variables: {text: fine}}
      outputs:
        - report
        - {path: "metrics.scores[1].value", as: score}
    """
    result = run(steps(body, head="outputs: {score: c.score, report: c.report.text}"))
    assert result.outputs == {"score": 8, "report": "fine"}
    assert result.steps["c"].data == {"report": {"text": "fine"}, "score": 8}


def test_an_output_that_is_not_there_fails_the_step() -> None:
    body = """
    - {name: c, type: pipeline, steps: [{name: m, type: set_variable, variables: {l: []}}], outputs: [{path: "m.l[0]", as: first}]}
    """
    result = run(steps(body))
    assert result.status == "failed"
    assert "has nothing at 'm.l[0]'" in str(result.error)


RECURSIVE = """
- name: count
  type: pipeline
  inputs: {n: 0}
  pipeline:
    name: search_tree
    inputs: {n: {type: integer, required: true}}
    outputs: {deepest: "deeper.deepest if deeper.success else n"}
    steps:
      - name: deeper
        type: pipeline
        pipeline_ref: search_tree
        when: n < inputs.limit | default(3)
        inputs: {n: "{{ n + 1 }}"}
        config: {max_depth: DEPTH}
"""


@pytest.mark.parametrize("depth", ["5", "'{{ 6 - n }}'"])
def test_a_pipeline_may_run_itself_as_deep_as_it_says(depth: str) -> None:
    text = RECURSIVE.replace("inputs.limit | default(3)", "3").replace("DEPTH", depth)
    assert run(steps(text, head="outputs: {d: count.deepest}")).outputs == {"d": 3}


def test_a_recursion_deeper_than_allowed_fails_and_names_the_limit() -> None:
    text = RECURSIVE.replace("inputs.limit | default(3)", "9").replace("DEPTH", "2")
    result = run(steps(text))
    assert isinstance(result.error, Refused)
    assert "pipelines are nested more than 3 deep" in str(result.error)
    assert result.failed_step.count("/deeper") == 3


def test_without_a_limit_of_its_own_the_engines_holds() -> None:
    text = RECURSIVE.replace("inputs.limit | default(3)", "99").replace("DEPTH", "50")
    assert "nested more than 10 deep" in str(run(steps(text)).error)


LIMITED = """
- name: c
  type: pipeline
  continue_on_error: true
  config: {CONFIG}
  steps:
    - {name: l, type: for_loop, data_source: [1, 2, 3, 4], break_on_error: false, steps: [{name: a, type: set_variable, continue_on_error: true, variables: {x: "{{ item }}"}}]}
- {name: after, type: set_variable, variables: {how: "{{ c.error }}"}}
"""


def test_a_nested_pipeline_that_uses_up_its_steps_fails_alone() -> None:
    result = run(steps(LIMITED.replace("CONFIG", "max_total_steps: 3")))
    assert result.error is None
    assert "the budget of 3 steps is used up" in result.steps["after"].data["how"]


def test_a_nested_pipeline_that_uses_up_its_time_fails_alone() -> None:
    ticks = iter(range(0, 100_000, 10))
    budget = Budget(Limits(), clock=lambda: next(ticks))
    result = run(steps(LIMITED.replace("CONFIG", "timeout_seconds: 60")), budget=budget)
    assert result.error is None
    assert "the budget of 60 seconds is used up" in result.steps["after"].data["how"]


def test_the_steps_of_a_nested_pipeline_count_for_the_whole_run() -> None:
    budget = Budget(Limits(steps=4))
    result = run(steps(LIMITED.replace("CONFIG", "max_total_steps: 50")), budget=budget)
    assert isinstance(result.error, BudgetSpent)


def test_the_limits_a_pipeline_sets_itself_hold_for_it_alone(tmp_path: Path) -> None:
    found = library(
        tmp_path,
        outer="steps: [{name: c, type: pipeline, pipeline_file: inner.yaml, config: {continue_on_error: true}}, "
        + SET
        + "], outputs: {how: c.outcome, x: x}",
        inner="resource_limits: {max_total_steps: 1}, steps: ["
        + SET
        + ", "
        + SET.replace("name: s", "name: t")
        + "]",
    )
    assert call(found).outputs == {"how": "failed", "x": 1}
    alone = run(found.load("inner.yaml"))
    assert isinstance(alone.error, BudgetSpent)


def test_config_tries_again_and_goes_on(tmp_path: Path) -> None:
    tried: list[str] = []

    def flaky(step: Any, context: StepContext) -> Outcome:
        tried.append(context.path)
        raise Transient("busy")

    body = """
    - {name: c, type: pipeline, config: {max_retries: 2, continue_on_error: true}, steps: [{name: m, type: mix, task: test}]}
    - {name: s, type: set_variable, variables: {x: 1}}
    """
    engine = Engine({**default_handlers(), "mix": flaky}, {}, sleep=lambda seconds: None)
    assert engine.run(steps(body).workflow, {}).status == "succeeded"
    assert tried == ["test/c/m"] * 3


def test_defaults_say_what_steps_do_not() -> None:
    tried: list[str] = []

    def flaky(step: Any, context: StepContext) -> Outcome:
        tried.append(step.name)
        raise Transient("busy")

    body = """
    - {name: a, type: mix, task: test}
    - {name: b, type: mix, task: test, retry: {attempts: 1}, continue_on_error: false}
    - {name: c, type: mix, task: test}
    """
    head = "defaults: {retry_on_error: true, continue_on_error: true}"
    engine = Engine({**default_handlers(), "mix": flaky}, {}, sleep=lambda seconds: None)
    assert engine.run(steps(body, head=head).workflow, {}).failed_step == "test/b"
    assert tried == ["a", "a", "b"]


def test_retries_wait_longer_each_time_where_that_is_asked_for() -> None:
    def flaky(step: Any, context: StepContext) -> Outcome:
        raise Transient("busy")

    def slept(backoff: str) -> list[float]:
        pauses: list[float] = []
        body = f"- {{name: a, type: mix, task: t, retry: {{attempts: 4, delay_seconds: 100, backoff: {backoff}}}}}"
        Engine({"mix": flaky}, {}, sleep=pauses.append).run(steps(body).workflow, {})
        return pauses

    assert slept("constant") == [100, 100, 100]
    assert slept("linear") == [100, 200, 300]
    assert slept("exponential") == [100, 200, 300]  # never more than five minutes


def test_functions_of_the_caller_are_there_unless_refused() -> None:
    seen: list[list[str]] = []

    def look(step: Any, context: StepContext) -> Outcome:
        seen.append(sorted(context.workflow.gemini_functions))
        return Outcome()

    body = """
    - {name: c, type: pipeline, config: CONFIG, pipeline: {name: i, gemini_functions: {own: {}}, steps: [{name: m, type: mix, task: test}]}}
    """
    for config in ("{}", "{inherit_functions: false}"):
        loaded = steps(body.replace("CONFIG", config), head="gemini_functions: {outer: {}}")
        Engine({**default_handlers(), "mix": look}, {}).run(loaded.workflow, {})
    assert seen == [["outer", "own"], ["own"]]


def test_variables_of_the_head_are_there_from_the_start() -> None:
    head = """
    version: "2.0"
    inputs: {base: {type: integer, default: 2}}
    variables: {threshold: "{{ base * 2 }}", names: [a]}
    environment: {mode: production}
    outputs: {a: threshold, b: state.threshold + 1, c: workflow.variables.threshold, d: workflow.threshold,
              e: "[workflow.name, workflow.version, environment.mode]", f: variables.names}
    """
    result = run(steps(f"- {SET}", head=head))
    assert result.outputs == {
        "a": 4,
        "b": 5,
        "c": 4,
        "d": 4,
        "e": ["test", "2.0", "production"],
        "f": ["a"],
    }


def test_a_wrong_variable_of_the_head_is_named() -> None:
    result = run(
        steps(f"- {SET}", head="inputs: {n: {}}\nvariables: {m: '{{ n + 1 }}'}"), {"n": "x"}
    )
    assert result.failed_step == "test/variables"


def test_a_checkpoint_gives_its_state() -> None:
    body = """
    - {name: save, type: checkpoint, state: {done: "{{ n }}"}, checkpoint_name: "phase_{{ n }}"}
    - {name: pick, type: switch, expression: n, cases: {"1": [{name: inside, type: checkpoint}]}}
    """
    result = run(steps(body), {"n": 1}, services=Tree().services())
    assert result.steps["save"].data == {"name": "phase_1", "state": {"done": 1}, "kept": False}
    assert result.steps["inside"].data == {"name": "inside", "state": {}, "kept": False}
