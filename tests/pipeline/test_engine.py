# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import CommandFailed, ModelMisbehaved, NeedsModel, Refused, Transient, Unusable
from bot.llm.offline import OfflineModel, SkillRequest
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Reply, Request, Usage
from bot.pipeline.budget import Budget, BudgetSpent, Cancelled, Limits
from bot.pipeline.context import Outcome
from bot.pipeline.engine import Engine
from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.load import Library
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.trace import Trace
from bot.pipeline.services import Services
from bot.pipeline.steps import default_handlers
from tests.pipeline.support import Events, Tree, load, run, steps

SET = "{name: a, type: set_variable, variables: {x: 1}}"
ASK = """
- name: ask
  type: llm
  prompt: [{type: static, content: "Say {{ word }}"}]
"""


def test_variables_conditions_and_else() -> None:
    result = run(
        steps(
            """
            - {name: a, type: set_variable, variables: {x: 1, y: "{{ n + 1 }}"}}
            - name: b
              type: set_variable
              when: y > 100
              variables: {z: big}
              else:
                - {name: c, type: set_variable, variables: {z: small}}
            """,
            head="inputs: {n: {type: integer, default: 1}}\noutputs: {z: z, y: y, how: b.outcome}",
        )
    )
    assert result.outputs == {"z": "small", "y": 2, "how": "skipped"}


def test_a_failing_step_stops_the_pipeline() -> None:
    events = Events()
    result = run(steps(f"- {{name: f, type: mix, task: test}}\n- {SET}"), observer=events)
    assert (result.status, result.failed_step) == ("failed", "test/f")
    assert isinstance(result.error, Refused)
    assert "step 'f' needs mix, which this run does not provide" in str(result.error)
    assert events.finished() == [("f", "failed")]


def test_continue_on_error_goes_on_and_keeps_the_failure() -> None:
    result = run(
        steps(
            f"- {{name: f, type: mix, task: test, continue_on_error: true}}\n- {SET}",
            head="outputs: {how: f.outcome, why: f.error}",
        ),
        services=Tree(exit_code=2).services(),
    )
    assert result.status == "succeeded"
    assert result.outputs["how"] == "failed"
    assert "mix test ended with 2" in result.outputs["why"]


def test_a_failure_in_an_else_branch_is_a_failure() -> None:
    result = run(
        steps(
            "- {name: a, type: git, operation: diff, when: false, else: [{name: b, type: mix, task: test}]}"
        )
    )
    assert (result.status, result.failed_step) == ("failed", "test/a/b")


def test_a_mistake_in_an_expression_is_fatal_whatever_the_step_says() -> None:
    result = run(
        steps(
            "- {name: a, type: set_variable, continue_on_error: true, variables: {x: '{{ n + 1 }}'}}"
        ),
        {"n": "text"},
    )
    assert result.status == "failed"
    assert isinstance(result.error, ExpressionError)


def test_an_undefined_input_names_it() -> None:
    result = run(steps("- {name: a, type: set_variable, variables: {x: '{{ n }}'}}"))
    assert "'n' is undefined" in str(result.error)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "needs the input 'must'"),
        ({"must": 1}, "input 'must' of pipeline 'test' must be string, got 1"),
        ({"must": "x", "cont": 1}, "has no input 'cont' (did you mean 'count'?)"),
        ({"must": "x", "count": True}, "must be integer, got True"),
        ({"must": None}, "must be string"),
    ],
)
def test_wrong_inputs_are_refused_before_the_run(inputs: dict[str, Any], message: str) -> None:
    loaded = steps(f"- {SET}", head="inputs: {must: {required: true}, count: {type: integer}}")
    with pytest.raises(Unusable) as error:
        run(loaded, inputs)
    assert message in str(error.value)


FOR = """
- name: l
  type: for_loop
  iterator: file
  data_source: {source}
  max_iterations: 5
  {more}
  steps:
    - {{name: seen, type: set_variable, variables: {{all: "{{{{ all + [file] }}}}"}}}}
    {body}
"""


def loop(source: str, body: str = "", more: str = "description: a loop") -> Any:
    start = "- {name: start, type: set_variable, variables: {all: []}}\n"
    return steps(
        start + FOR.format(source=source, body=body, more=more).strip(),
        head="outputs: {all: all, count: l.count, failed: l.failed, broke: l.broke, last: l.last}",
    )


def test_a_for_loop_renders_its_body_anew_each_time() -> None:
    result = run(loop("['x', 'y']"))
    assert result.outputs == {
        "all": ["x", "y"], "count": 2, "failed": 0, "broke": False, "last": {"seen": {"all": ["x", "y"]}},
    }  # fmt: skip


def test_a_for_loop_takes_an_expression() -> None:
    assert run(loop("'{{ files }}'"), {"files": ["x"]}).outputs["all"] == ["x"]
    assert run(loop("inputs.files"), {"files": []}).outputs == {
        "all": [], "count": 0, "failed": 0, "broke": False, "last": {},
    }  # fmt: skip


def test_break_and_continue_conditions() -> None:
    assert run(loop("[1, 2, 3]", more="break_condition: file == 2")).outputs["all"] == [1, 2]
    assert run(loop("[1, 2, 3]", more="continue_condition: file == 2")).outputs["all"] == [1, 3]


def test_a_data_source_that_is_no_list_or_too_long_fails() -> None:
    assert "must give a list, got text" in str(run(loop("inputs.files"), {"files": "x"}).error)
    too_many = run(loop("inputs.files"), {"files": [1] * 6})
    assert "6 items, but max_iterations is 5" in str(too_many.error)
    assert too_many.outputs == {}


FAILS_ON_1 = "- {name: bad, type: mix, task: test, when: file == 1}"


def test_a_failed_iteration_stops_the_loop_and_the_run() -> None:
    events = Events()
    result = run(loop("[1, 2]", FAILS_ON_1), services=Tree(exit_code=1).services(), observer=events)
    assert (result.status, result.failed_step) == ("failed", "test/l[0]/bad")
    assert isinstance(result.error, CommandFailed)
    assert events.finished() == [
        ("start", "succeeded"),
        ("seen", "succeeded"),
        ("bad", "failed"),
        ("l", "failed"),
    ]


def test_a_loop_that_goes_on_after_failures_still_fails() -> None:
    loaded = loop("[1, 2]", FAILS_ON_1, more="break_on_error: false")
    result = run(loaded, services=Tree(exit_code=1).services())
    assert result.status == "failed"
    data = result.steps["l"].data
    assert [(i["item"], i["outcome"]) for i in data["results"]] == [
        (1, "failed"),
        (2, "succeeded"),
    ]
    assert (data["count"], data["failed"]) == (2, 1)


def test_a_loop_variable_ends_with_its_iteration() -> None:
    result = run(
        steps(
            """
            - {name: a, type: set_variable, variables: {x: 1}}
            - name: l
              type: for_loop
              data_source: [7]
              max_iterations: 1
              steps:
                - {name: b, type: set_variable, scope: loop, variables: {x: "{{ item }}"}}
                - {name: c, type: set_variable, variables: {y: "{{ x }}"}}
            """,
            head="outputs: {x: x, y: y}",
        )
    )
    assert result.outputs == {"x": 1, "y": 7}


WHILE = """
- {{name: start, type: set_variable, variables: {{n: 0}}}}
- name: l
  type: while_loop
  condition: state.n < 3
  max_iterations: {limit}
  steps:
    - {{name: step, type: set_variable, variables: {{n: "{{{{ n + 1 }}}}"}}}}
"""


def test_a_while_loop_runs_until_its_condition_ends() -> None:
    result = run(steps(WHILE.format(limit=3), head="outputs: {n: n, rounds: l.count}"))
    assert result.outputs == {"n": 3, "rounds": 3}


def test_a_while_loop_that_does_not_end_is_a_failure() -> None:
    result = run(steps(WHILE.format(limit=2)))
    assert result.status == "failed"
    assert "its condition still holds after 2 iterations" in str(result.error)
    assert result.steps["l"].data["count"] == 2


def write(directory: Path, **files: str) -> Library:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    return Library(directory)


def test_a_nested_pipeline_gives_its_outputs_and_sees_only_its_inputs(tmp_path: Path) -> None:
    library = write(
        tmp_path,
        outer="workflow: {name: outer, inputs: {n: {type: integer}}, outputs: {m: call.m}, steps: ["
        "{name: v, type: set_variable, variables: {secret: 1}},"
        "{name: call, type: pipeline, pipeline_file: inner.yaml, inputs: {k: '{{ n }}'}}]}",
        inner="workflow: {name: inner, inputs: {k: {type: integer, required: true}}, outputs: {m: s.m},"
        " steps: [{name: s, type: set_variable, variables: {m: '{{ k * 2 }}'}}]}",
    )
    result = run(library.load("outer.yaml"), {"n": 4}, library=library)
    assert result.outputs == {"m": 8}
    wrong = run(library.load("outer.yaml"), {"n": None}, library=library)
    assert (wrong.status, wrong.failed_step) == ("failed", "outer/call")


def test_a_nested_failure_names_the_inner_step(tmp_path: Path) -> None:
    library = write(
        tmp_path,
        outer="workflow: {name: outer, steps: [{name: call, type: pipeline, pipeline_file: inner.yaml}]}",
        inner="workflow: {name: inner, steps: [{name: bad, type: mix, task: test}]}",
    )
    result = run(library.load("outer.yaml"), library=library)
    assert result.failed_step == "outer/call/bad"
    assert result.error is not None
    assert result.error.exit_code == Refused.exit_code


def test_inline_steps_see_what_is_around_them_and_give_data_by_name() -> None:
    result = run(
        steps(
            """
            - {name: a, type: set_variable, variables: {x: 1}}
            - name: group
              type: pipeline
              inputs: {y: 2}
              steps:
                - {name: b, type: set_variable, variables: {z: "{{ x + y }}"}}
            """,
            head="outputs: {z: group.b.z}",
        )
    )
    assert result.outputs == {"z": 3}


def test_everything_nested_shares_the_budget() -> None:
    budget = Budget(Limits(steps=3))
    result = run(loop("[1, 2, 3]"), budget=budget)
    assert isinstance(result.error, BudgetSpent)
    assert "the budget of 3 steps is used up" in str(result.error)
    assert result.steps["l"].data is None or result.steps["l"].status == "failed"


def test_tokens_and_time_are_budgets_too() -> None:
    model = ScriptedModel([Reply("x", "m", usage=Usage(input_tokens=60, output_tokens=50))] * 2)
    twice = ASK + ASK.replace("name: ask", "name: again")
    result = run(
        steps(twice), {"word": "x"}, models={"scripted": model}, budget=Budget(Limits(tokens=100))
    )
    assert (len(model.requests), result.failed_step) == (1, "test/again")
    ticks = iter(range(0, 1000, 10))
    late = run(steps(f"- {SET}"), budget=Budget(Limits(seconds=5), clock=lambda: next(ticks)))
    assert "5 seconds" in str(late.error)


def test_a_budget_error_is_fatal_whatever_the_step_says() -> None:
    body = "- {name: x, type: mix, task: test, continue_on_error: true}\n"
    result = run(steps(body), budget=Budget(Limits(steps=0)))
    assert isinstance(result.error, BudgetSpent)


def test_a_stopped_run_ends_before_the_next_step() -> None:
    tree = Tree()
    body = "- {name: a, type: command, command: [echo, '1']}\n- {name: b, type: command, command: [echo, '2']}"
    result = run(steps(body), services=tree.services(), cancelled=lambda: bool(tree.done))
    assert isinstance(result.error, Cancelled)
    assert tree.done == ["echo 1"]


class Flaky:
    """Fails `times` times, then succeeds."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, step: Any, context: Any) -> Outcome:
        if self.left:
            self.left -= 1
            raise Transient("busy")
        return Outcome(data={"ok": True})


@pytest.mark.parametrize(("times", "status"), [(2, "succeeded"), (3, "failed")])
def test_retry_tries_again_with_a_pause(times: int, status: str) -> None:
    slept: list[float] = []
    handlers = {**default_handlers(), "mix": Flaky(times)}
    engine = Engine(handlers, {}, sleep=slept.append)
    body = "- {name: a, type: mix, task: test, retry: {attempts: 3, delay_seconds: 2}}"
    assert engine.run(steps(body).workflow, {}).status == status
    assert slept == [2, 2]


def test_a_bug_in_a_handler_is_not_swallowed() -> None:
    def broken(step: Any, context: Any) -> Outcome:
        raise KeyError("a bug")

    engine = Engine({"mix": broken}, {})
    with pytest.raises(KeyError, match="a bug"):
        engine.run(steps("- {name: a, type: mix, task: test}").workflow, {})


def test_a_type_without_handler_is_refused() -> None:
    result = Engine({}, {}).run(steps(f"- {SET}").workflow, {})
    assert "this engine has no handler for type 'set_variable'" in str(result.error)


def test_the_trace_has_a_line_per_step_and_no_prompt(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trace.jsonl"
    model = ScriptedModel(
        [Reply("secret answer", "m", usage=Usage(3, 4, 1, usd=0.5))], name="anthropic"
    )
    run(
        steps(ASK + "- {name: bad, type: mix, task: test}"),
        {"word": "secret"},
        models={"anthropic": model},
        trace=Trace(path),
    )
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [
        ("test/ask", "succeeded"),
        ("test/bad", "failed"),
    ]
    first = lines[0]
    assert (first["tokens_in"], first["tokens_out"], first["tokens_cached"], first["usd"]) == (
        3,
        4,
        1,
        0.5,
    )
    assert len(first["prompt_hash"]) == 16
    assert "secret" not in path.read_text()
    assert "needs mix" in lines[1]["error"]


def answer(request: Request) -> str:
    return request.prompt().upper()


def test_a_paid_answer_survives_a_failed_run_and_is_forgotten_after_success(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c")
    model = ScriptedModel([answer] * 5)
    body = steps(ASK + "- {name: check, type: mix, task: test}", head="outputs: {said: ask.text}")
    options: dict[str, Any] = {"models": {"scripted": model}, "checkpoints": checkpoints}
    assert (
        run(body, {"word": "a"}, services=Tree(exit_code=1).services(), **options).status
        == "failed"
    )
    assert (
        run(body, {"word": "b"}, services=Tree(exit_code=1).services(), **options).status
        == "failed"
    )
    assert len(model.requests) == 2
    again = run(body, {"word": "a"}, services=Tree().services(), **options)
    assert again.outputs == {"said": "SAY A"}
    assert again.steps["ask"].cached
    assert again.steps["ask"].usage == Usage()
    assert len(model.requests) == 2
    run(body, {"word": "a"}, services=Tree().services(), **options)
    assert len(model.requests) == 3


def test_a_changed_step_is_asked_again(tmp_path: Path) -> None:
    model = ScriptedModel([answer] * 2)
    options: dict[str, Any] = {"models": {"scripted": model}, "checkpoints": Checkpoints(tmp_path)}
    fails = "- {name: check, type: mix, task: test}"
    run(steps(ASK + fails), {"word": "a"}, **options)
    run(steps(ASK.replace("Say", "Tell") + fails), {"word": "a"}, **options)
    assert len(model.requests) == 2


def test_a_damaged_checkpoint_is_asked_again(tmp_path: Path) -> None:
    model = ScriptedModel([answer] * 2)
    options: dict[str, Any] = {"models": {"scripted": model}, "checkpoints": Checkpoints(tmp_path)}
    body = steps(ASK + "- {name: check, type: mix, task: test}")
    run(body, {"word": "a"}, **options)
    for stored in tmp_path.glob("*.json"):
        stored.write_text('{"half": ')
    run(body, {"word": "a"}, **options)
    assert len(model.requests) == 2


def test_steps_with_effects_and_local_models_run_again(tmp_path: Path) -> None:
    tree = Tree(files={"p.xml": "x"})
    asked: list[str] = []

    def count(request: SkillRequest) -> dict[str, int]:
        asked.append("x")
        return {"n": len(asked)}

    model = OfflineModel({"count": count})
    body = steps(
        """
        - {name: s, type: llm, offline: count, prompt: [{type: static, content: x}]}
        - {name: c, type: command, command: [echo, '1']}
        - {name: bad, type: mix, task: forbidden}
        """
    )
    for _ in range(2):
        run(
            body,
            models={"offline": model},
            services=tree.services(),
            checkpoints=Checkpoints(tmp_path),
        )
    assert (tree.done, asked) == (["echo 1", "echo 1"], ["x", "x"])


def test_the_right_vendor_is_asked() -> None:
    claude, gemini = (
        ScriptedModel(["c"] * 3, name="anthropic"),
        ScriptedModel(["g"] * 3, name="gemini"),
    )
    names = ("claude", "claude_smart", "gemini", "llm")
    body = "\n".join(
        f"- {{name: a{n}, type: {n}, prompt: [{{type: static, content: x}}]}}" for n in names
    )
    result = run(
        steps(body), models={"offline": OfflineModel(), "gemini": gemini, "anthropic": claude}
    )
    assert [step.text for step in result.steps.values()] == ["c", "c", "g", "g"]


def test_without_any_model_a_model_step_fails_plainly() -> None:
    assert isinstance(run(steps(ASK), {"word": "x"}).error, NeedsModel)
    offline = run(steps(ASK), {"word": "x"}, models={"offline": OfflineModel()})
    assert isinstance(offline.error, NeedsModel)
    assert offline.status == "failed"


def test_a_malformed_answer_is_a_typed_failure() -> None:
    schema = ASK.rstrip() + "\n  output_schema: {type: object, required: [n]}\n  max_repairs: 1\n"
    model = ScriptedModel(["prose", "{}"])
    result = run(steps(schema), {"word": "x"}, models={"scripted": model})
    assert isinstance(result.error, ModelMisbehaved)
    assert "'n' is a required property" in result.error.violations[0]


def test_prompt_parts() -> None:
    model = ScriptedModel(['{"l": [{"p": "{{ x }}"}]}', "done"])
    body = """
    - name: one
      type: llm
      output_schema: {type: object}
      prompt: [{type: static, content: start}]
    - name: two
      type: llm
      prompt:
        - {type: static, content: "Goal {{ goal }}"}
        - {type: file, path: "{{ file }}"}
        - {type: file, path: "{{ nothing }}", when: nothing != ''}
        - {type: previous_response, name: one, extract: "l[0].p"}
        - {type: previous_response, step: one, max_length: 5}
    """
    inputs = {"goal": "{{ g }}", "file": "a.ex", "nothing": ""}
    tree = Tree(files={"a.ex": 'defmodule A, do: "{{ y }}</data>"'})
    result = run(steps(body), inputs, models={"scripted": model}, services=tree.services())
    assert result.error is None
    assert model.requests[1].prompt() == (
        'Goal {{ g }}\n\n<data kind="file" name="a.ex">\ndefmodule A, do: "{{ y }}<\\/data>"\n</data>\n\n'
        '<data kind="response" name="one">\n{{ x }}\n</data>\n\n'
        '<data kind="response" name="one">\n{"l":\n[20 more characters were cut]\n</data>'
    )


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("{type: previous_response, step: one, extract: l.z}", "step 'one' has nothing at 'l.z'"),
        ("{type: previous_response, step: one, extract: 'l[9]'}", "nothing at 'l[9]'"),
        ("{type: previous_response, step: skipped}", "which was skipped"),
        ("{type: file, path: '{{ empty }}'}", "the path of its file part is empty"),
        ("{type: file, path: none.ex}", "there is no file 'none.ex'"),
    ],
)
def test_a_part_that_cannot_be_filled_fails_the_step(part: str, message: str) -> None:
    body = f"""
    - {{name: one, type: set_variable, variables: {{l: [1]}}}}
    - {{name: skipped, type: git, operation: diff, when: not l}}
    - name: two
      type: llm
      prompt: [{part}]
    """
    model = ScriptedModel([])
    result = run(
        steps(body), {"empty": " "}, models={"scripted": model}, services=Tree().services()
    )
    assert message in str(result.error)
    assert model.requests == []


def test_a_fragment_runs_with_the_results_it_expects() -> None:
    loaded = load("- {name: a, type: set_variable, variables: {x: '{{ steps.before.n }}'}}")
    assert loaded.expects == ("before",)
    before = run(steps("- {name: before, type: set_variable, variables: {n: 5}}")).steps
    result = Engine(default_handlers(), {}, services=Services()).run(
        loaded.workflow, {}, given=before
    )
    assert result.steps["a"].data == {"x": 5}
