# ruff: noqa: E501 - in tables of cases one line per case reads best
"""What is known before a run: names, fields, branches that never run, loops, calls."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from bot.errors import ConfigError
from bot.pipeline.load import Library, validate
from bot.strict_yaml import parse
from tests.pipeline.support import library

VERIFY = """
- name: verify
  type: llm
  prompt: x
  output_schema:
    type: object
    properties:
      status: {enum: [passed, failed]}
      report: {type: object, additionalProperties: false, properties: {lines: {type: array, items: {$ref: "#/$defs/Line"}}}}
      more: {type: object}
      open: {type: object, properties: {a: {}}, additionalProperties: true}
      either: {anyOf: [{type: string}, {type: object}]}
      count: {type: integer}
"""
HEAD = "inputs: {goal: {}, mode: {enum: [fast, slow]}}\ntypes: {Line: {type: object, properties: {path: {type: string}}}}"


def problems(steps: str, head: str = HEAD) -> list[str]:
    """What is wrong with a workflow of these steps; unused inputs do not matter here."""
    text = "workflow:\n  name: t\n" + indent(dedent(head).strip(), "  ") + "\n  steps:\n"
    text += indent(dedent(steps).strip(), "    ") + "\n"
    found = validate(parse(text, path="t.yaml", collect=True))
    return [
        f"{p.severity}: {p.message}" for p in found if "nothing uses the input" not in p.message
    ]


def using(expression: str, before: str = VERIFY) -> list[str]:
    return problems(
        before
        + f'\n- {{name: use, type: set_variable, variables: {{x: "{{{{ {expression} }}}}"}}}}'
    )


@pytest.mark.parametrize(
    "expression",
    ["verify.status", "steps.verify.status", "verify.outcome", "verify.text", "verify.data.status", "verify.data",
     "verify.report.lines[0].path", "verify['status']", "verify.more.anything.at.all", "verify.open.b", "verify.either.x",
     "verify.report.lines | map(attribute='path') | list", "verify", "steps", "inputs", "inputs.goal", "goal",
     "verify.gone | default('')", "verify.gone.deeper exists", "verify.x if verify.x exists else ''",
     "verify.x exists and verify.x.y", "workflow.name", "workflow.variables", "timestamp", "date", "execution_id", "step.name",
     "environment.mode", "models", "goal.length",
     "verify[goal]", "verify.report.lines[goal | length].path"],
)  # fmt: skip
def test_what_can_be_there_is_accepted(expression: str) -> None:
    assert using(expression) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("verify.statuss", "'verify' has no field 'statuss'; did you mean 'status'?"),
        ("steps.verify.statuss", "'steps.verify' has no field 'statuss'; did you mean 'status'?"),
        ("verify.report.line", "'verify.report' has no field 'line'; did you mean 'lines'?"),
        ("verify.report.zzz", "'verify.report' has no field 'zzz'; there are: lines"),
        ("verify.report.lines[0].pat", "'verify.report.lines[0]' has no field 'pat'; did you mean 'path'?"),
        ("verify.count.x", "'verify.count' is no map, so it has no field 'x'"),
        ("verify.data.statuss", "'verify.data' has no field 'statuss'; did you mean 'status'?"),
        ("verfy.status", "'verfy' is not defined here; did you mean 'verify'?"),
        ("steps.verfy.status", "there is no step 'verfy'; did you mean 'verify'?"),
        ("inputs.gaol", "there is no input 'gaol'; did you mean 'goal'?"),
        ("vars.gone", "no variable 'gone' is set at this point"),
        ("state.gone", "no variable 'gone' is set at this point"),
        ("workflow.nme", "'workflow' has no field 'nme'; did you mean 'name'?"),
        ("environment.mod", "'environment' has no field 'mod'; did you mean 'mode'?"),
        ("nobody | default('')", "'nobody' is not defined here"),
        ("nobody exists", "'nobody' is not defined here"),
        ("verify.statuss or verify.statuss exists", "'verify' has no field 'statuss'; did you mean 'status'?"),
        ("use.x", "step 'use' has not run at this point"),
        ("loop.index", "'loop' exists only inside a loop"),
    ],
)  # fmt: skip
def test_what_cannot_be_there_is_an_error(expression: str, said: str) -> None:
    assert using(expression) == ([f"error: {said}"] if said else [])


@pytest.mark.parametrize(
    ("step", "wrong", "right"),
    [
        ("{name: s, type: git, operation: diff}", "s.comit", "s.commit"),
        ("{name: s, type: command, command: [echo]}", "s.exitcode", "s.exit_code"),
        ("{name: s, type: mix, task: test}", "s.std_out", "s.stdout"),
        ("{name: s, type: codemod, action: x}", "s.statu", "s.status"),
        ("{name: s, type: analyze}", "s.findigs", "s.findings[0].rule"),
        ("{name: s, type: verify}", "s.verdict", "s.status"),
        ("{name: s, type: set_variable, variables: {a: 1}}", "s.b", "s.a"),
        ("{name: s, type: checkpoint}", "s.saved", "s.state.anything"),
        ("{name: s, type: for_loop, data_source: [1], steps: [{name: i, type: git, operation: diff}]}", "s.iterations", "s.results[0].data.i.files"),
        ("{name: s, type: for_loop, data_source: [1], steps: [{name: i, type: git, operation: diff}]}", "s.last.j", "s.last.i.diff"),
        ("{name: s, type: switch, expression: goal, cases: {a: []}}", "s.chosen", "s.matched"),
        ("{name: s, type: pipeline, steps: [{name: i, type: git, operation: diff}]}", "s.i.outcome", "s.i.diff"),
    ],
)  # fmt: skip
def test_every_kind_of_step_is_known_by_its_fields(step: str, wrong: str, right: str) -> None:
    assert using(right, f"- {step}") == []
    found = using(wrong, f"- {step}")
    assert len(found) == 1
    assert "has no field" in found[0]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("step: verify, extract: 'report.lines[0].path'", ""),
        ("step: verify, extract: 'report.lines[*].path'", ""),
        ("step: verify, extract: statuss", "'verify' has no field 'statuss'; did you mean 'status'?"),
        ("step: verify, extract: 'report.lines[*].pat'", "has no field 'pat'; did you mean 'path'?"),
        ("step: verify, extract: 'a..b'", "'a..b' is not of the form a.b[0].c or a[*].b"),
        ("step: verfy", "there is no step 'verfy'; did you mean 'verify'?"),
        ("step: never", "step 'never' never runs, so there is nothing to quote"),
        ("step: in_else", "step 'in_else' never runs, so there is nothing to quote"),
    ],
)  # fmt: skip
def test_what_a_prompt_quotes_must_be_there(part: str, said: str) -> None:
    body = VERIFY + dedent(f"""
    - {{name: never, type: git, operation: diff, when: 1 > 2}}
    - {{name: always, type: git, operation: diff, when: true, else: [{{name: in_else, type: git, operation: diff}}]}}
    - {{name: ask, type: llm, prompt: [{{type: previous_response, {part}}}]}}
    """)
    found = [p for p in problems(body) if p.startswith("error")]
    assert len(found) == bool(said)
    assert said in "".join(found)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("false", "step 's' never runs, its condition never holds"),
        ("'false'", "step 's' never runs, its condition never holds"),
        ("1 > 2", "step 's' never runs, its condition never holds"),
        ("not true", "step 's' never runs, its condition never holds"),
        ("{and: [goal == 'x', false]}", "step 's' never runs, its condition never holds"),
        ("[true, {not: {or: [false, true]}}]", "step 's' never runs, its condition never holds"),
        ("\"'a' in ['b', 'c']\"", "step 's' never runs, its condition never holds"),
        ("goal == 'x' and false", "step 's' never runs, its condition never holds"),
        ("verify.status == 'pased'", "step 's' never runs, its condition never holds: 'verify.status' is never 'pased'; did you mean 'passed'?"),
        ("steps.verify.status in ['ok', 'fine']", "never holds: 'steps.verify.status' is never 'ok'; it is one of: passed, failed"),
        ("verify.status == 'pased' or goal", "'verify.status' is never 'pased'; did you mean 'passed'?"),
        ("mode == 'medium'", "'mode' is never 'medium'; it is one of: fast, slow"),
        ("verify.outcome == 'success'", "'verify.outcome' is never 'success'; did you mean 'succeeded'?"),
        ("verify.success == true", ""),
        ("verify.status == 'passed'", ""),
        ("verify.count == 3", ""),
        ("goal", ""),
        ("now() > date('2020-01-01')", ""),
    ],
)  # fmt: skip
def test_a_condition_that_is_certain_is_told(condition: str, said: str) -> None:
    found = problems(VERIFY + f"\n- name: s\n  type: git\n  operation: diff\n  when: {condition}")
    assert len(found) == bool(said)
    assert said in "".join(found)
    assert all(p.startswith("warning") for p in found)


def test_an_else_that_never_runs_is_told() -> None:
    body = "- {name: s, type: git, operation: diff, when: 2 > 1, else: [{name: e, type: git, operation: diff}]}\n"
    assert problems(body) == ["warning: 'else' of step 's' never runs"]
    assert problems(body.replace("2 > 1", "false")) == [
        "warning: step 's' never runs, its condition never holds"
    ]


def test_fields_of_a_step_that_never_runs_are_an_error_and_how_it_ended_is_not() -> None:
    body = "- {name: s, type: git, operation: diff, when: false}\n"
    use = '- {name: u, type: set_variable, variables: {x: "{{ s.EXPR }}"}}\n'
    assert len(problems(body + use.replace("EXPR", "outcome"))) == 1
    assert "error: 's' has no field 'diff'" in problems(body + use.replace("EXPR", "diff"))[1]
    assert len(problems(body + use.replace("EXPR", "diff | default('')"))) == 1


def test_steps_after_a_jump_never_run() -> None:
    body = """
    - name: l
      type: for_loop
      data_source: [1]
      steps:
        - {name: out, type: break}
        - {name: a, type: git, operation: diff}
        - {name: b, type: git, operation: diff}
    """
    assert problems(body) == ["warning: step 'a' never runs: 'out' jumps before it"]
    assert problems(body.replace("type: break}", "type: break, when: item == 1}")) == []


SWITCH = """
- name: pick
  type: switch
  expression: EXPRESSION
  cases:
    passed: [{name: a, type: git, operation: diff}]
    faild: [{name: b, type: git, operation: diff}]
    "1": []
  default: [{name: c, type: git, operation: diff}]
"""


def test_a_case_that_cannot_be_is_told_and_its_steps_never_run() -> None:
    body = VERIFY + SWITCH.replace("EXPRESSION", "verify.status")
    assert problems(body) == [
        "warning: 'verify.status' is never 'faild'; did you mean 'failed'?",
        "warning: 'verify.status' is never '1'; it is one of: passed, failed",
    ]
    assert problems(SWITCH.replace("EXPRESSION", "goal")) == []
    quote = "- {name: ask, type: llm, prompt: [{type: previous_response, step: b}]}"
    assert "error: step 'b' never runs, so there is nothing to quote" in problems(body + quote)


def test_a_case_given_twice_is_refused() -> None:
    assert "error: key 'passed' is given twice" in problems(
        SWITCH.replace("EXPRESSION", "goal").replace("faild", "passed")
    )


def test_the_steps_of_one_case_do_not_see_those_of_another() -> None:
    body = SWITCH.replace("EXPRESSION", "goal").replace(
        "faild: [{name: b, type: git, operation: diff}]",
        'faild: [{name: b, type: set_variable, variables: {x: "{{ a.diff }}"}}]',
    )
    assert problems(body) == ["error: step 'a' has not run at this point"]
    after = (
        SWITCH.replace("EXPRESSION", "goal")
        + '- {name: d, type: set_variable, variables: {x: "{{ a.diff or c.diff }}"}}'
    )
    assert problems(after) == []


LOOP = """
- name: each
  type: for_loop
  iterator: file
  data_source: verify.report.lines
  MORE
  steps:
    - {name: inner, type: set_variable, SCOPE variables: {made: "{{ EXPRESSION }}"}}
- {name: after, type: set_variable, variables: {y: "{{ AFTER }}"}}
"""


def loop(
    expression: str = "1", after: str = "1", more: str = "description: x", scope: str = ""
) -> list[str]:
    body = LOOP.replace("EXPRESSION", expression).replace("AFTER", after)
    return problems(VERIFY + body.replace("MORE", more).replace("SCOPE", scope))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("file.path", ""), ("loop.file.path", ""), ("loop.item.path", ""), ("loop.index + loop.number + loop.length", ""),
        ("loop.is_first and loop.is_last", ""),
        ("file.pat", "'file' has no field 'pat'; did you mean 'path'?"),
        ("loop.file.pat", "'loop.file' has no field 'pat'; did you mean 'path'?"),
        ("loop.files", "'loop' has no field 'files'; did you mean 'file'?"),
        ("loop.parent.index", "'loop' has no field 'parent'"),
        ("item", "'item' is not defined here"),
    ],
)  # fmt: skip
def test_the_body_of_a_loop_sees_its_item_and_where_it_is(expression: str, said: str) -> None:
    found = loop(expression)
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_loop_leaves_its_variables_and_nothing_else() -> None:
    assert loop(after="made + vars.made") == []
    assert loop(after="made", scope="scope: loop,") == [
        "error: 'made' is not defined here; did you mean 'mode'?"
    ]
    assert loop(after="inner.made") == ["error: step 'inner' has not run at this point"]
    assert loop(after="file") == ["error: 'file' is not defined here"]
    assert loop(after="each.results[0].data.inner.made") == []


def test_variables_of_a_parallel_loop_stay_in_their_iteration() -> None:
    said = [
        "error: 'made' is set in the parallel loop 'each', whose iterations keep their variables to themselves; read `steps.each.results`"
    ]
    assert loop(after="made", more="parallel: true") == said
    assert loop(after="vars.made", more="parallel: true") == said
    assert loop(after="each.results | length", more="parallel: true") == []
    # Set before and after the loop it is an ordinary variable, in between it is not.
    before = "- {name: zero, type: set_variable, variables: {made: 0}}\n"
    again = '- {name: again, type: set_variable, variables: {made: 2}}\n- {name: then, type: set_variable, variables: {z: "{{ made }}"}}'
    body = (
        before
        + LOOP.replace("MORE", "parallel: true")
        .replace("SCOPE", "")
        .replace("verify.report.lines", "[1]")
    ).replace("EXPRESSION", "made + 1")
    assert problems(body.replace("AFTER", "made")) == said
    assert problems(body.replace("AFTER", "1") + again) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("verify", "'verify' is a map, and a loop goes over a list"),
        ("verify.status", ""),
        ("verify:report.lines", ""),
        ("verify:reprt", "'verify' has no field 'reprt'; did you mean 'report'?"),
        ("verify.count", "'verify.count' is a number, and a loop goes over a list"),
        ("previous_response", "'steps.verify.data' is a map, and a loop goes over a list"),
        ("previous_response:report.lines", ""),
        ("previous_response:reprt", "'steps.verify' has no field 'reprt'; did you mean 'report'?"),
        ("'{{ verify.report.lines }}'", ""),
        ("goal", ""),
        ("['{{ gaol }}']", "'gaol' is not defined here; did you mean 'goal'?"),
        ("verify.report.lines | selct", "there is no filter 'selct'; did you mean 'select'?"),
    ],
)  # fmt: skip
def test_a_list_to_go_over_is_checked(source: str, said: str) -> None:
    body = (
        VERIFY
        + f"\n- {{name: l, type: for_loop, data_source: {source}, steps: [{{name: a, type: git, operation: diff}}]}}"
    )
    found = problems(body)
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_first_step_has_no_previous_response() -> None:
    body = "- {name: l, type: for_loop, data_source: previous_response, steps: [{name: a, type: git, operation: diff}]}"
    assert problems(body) == ["error: there is no step before this one to take the list from"]


def test_an_iterator_may_not_hide_what_the_loop_has() -> None:
    body = "- {name: l, type: for_loop, iterator: index, data_source: [1], steps: [{name: a, type: git, operation: diff}]}"
    assert problems(body) == ["error: 'loop.index' has a meaning already; rename the iterator"]


WHILE = """
- name: again
  type: while_loop
  condition: CONDITION
  max_iterations: 3
  steps:
    - {name: first, type: llm, prompt: [{type: static, content: "x{{ EXPRESSION }}"}, {type: previous_response, step: second}]}
    - {name: second, type: llm, prompt: x, output_schema: {type: object, properties: {score: {type: integer}}}}
    MORE
"""


def again(condition: str, expression: str = "1", more: str = "") -> list[str]:
    text = (
        WHILE.replace("CONDITION", condition)
        .replace("EXPRESSION", expression)
        .replace("MORE", more)
    )
    return problems(text)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("steps.second.score < 90", ""),
        ("second.scor < 90", "error: 'second' has no field 'scor'; did you mean 'score'?"),
        ("third.score < 90", "error: 'third' is not defined here"),
        ("loop.index < 2", ""),
        ("loop.length < 2", "error: 'loop' has no field 'length'"),
        ("\"true\"", "warning: nothing ends the loop 'again': its condition always holds"),
        ("\"false\"", "warning: the body of 'again' never runs, the condition never holds"),
    ],
)  # fmt: skip
def test_the_condition_of_a_while_loop_may_ask_about_its_body(condition: str, said: str) -> None:
    found = again(condition)
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_loop_that_breaks_may_go_on_for_ever_otherwise() -> None:
    assert again('"true"', more="- {name: out, type: break, when: second.score > 5}") == []
    inner = "- {name: l, type: for_loop, data_source: [1], steps: [{name: out, type: break, when: item == 2}]}"
    assert len(again('"true"', more=inner)) == 1


def test_a_step_further_down_may_be_quoted_but_not_computed_with() -> None:
    assert again("loop.index < 2") == []
    assert again("loop.index < 2", "second.score | default(0)") == []
    assert again("loop.index < 2", "second.score if second exists else 0") == []
    said = "error: step 'second' has not run in the first iteration"
    assert again("loop.index < 2", "second.score")[0].startswith(said)


def test_jumps_belong_into_loops() -> None:
    for jump in ("break", "continue"):
        assert problems(f"- {{name: j, type: {jump}}}")[0].startswith(
            f"error: {jump!r} stands outside a loop"
        )
        inline = f"- {{name: l, type: for_loop, data_source: [1], steps: [{{name: p, type: pipeline, pipeline: {{name: q, steps: [{{name: j, type: {jump}}}]}}}}]}}"
        assert len(problems(inline)) == 1
        assert (
            problems(
                inline.replace("pipeline: {name: q, steps: ", "")
                .replace("}]}}]}", "}]}]}")
                .replace("type: pipeline, [", "type: pipeline, steps: [")
            )
            == []
        )


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("variables: {a: '${API_KEY}'}", "'${API_KEY}' would be taken as it stands"),
        ("variables: {a: '{{ b }}'}\ninputs: {}", "'b' is not defined here"),
        ("variables: {loop: 1}", "'loop' is reserved"),
        ("inputs: {steps: {}}", "'steps' is reserved"),
        ("inputs: {a: {enum: [x, y], default: z}}", "the default of input 'a' must be one of 'x', 'y'"),
        ("inputs: {a: {type: array, default: x}}", "the default of input 'a' must be array"),
        ("inputs: {a: {type: array, default: [x]}}", ""),
        ("types: {T: {type: objct}}", "not a usable JSON Schema"),
        ("output_dir: ../x", "'output_dir' must be a relative path"),
        ("output_dir: ./outputs/x", ""),
        ("defaults: {output_dir: /tmp}", "'output_dir' must be a relative path"),
        ("workspace_dir: ./w", "not supported here: every step works on the run's own work tree"),
        ("checkpoint_dir: ./w", "not supported here"),
        ("claude_auth: {}", "not supported here: keys come from the environment alone"),
        ("environment: {mode: prod}", "must be 'development', 'production' or 'test'"),
        ("environment: {cost_alerts: {threshold_usd: 0}}", "must be more than 0"),
        ("version: 2.0", ""),
        ("checkpoint_enabled: false", ""),
    ],
)  # fmt: skip
def test_the_head_is_checked(head: str, said: str) -> None:
    found = problems("- {name: a, type: git, operation: diff}", head)
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_an_input_that_nothing_uses_is_told() -> None:
    text = "workflow: {name: x, inputs: {used: {}, spare: {}}, steps: [{name: a, type: llm, prompt: '{{ used }}'}]}"
    found = validate(parse(text, path="x"))
    assert [(p.severity, p.message) for p in found] == [
        ("warning", "nothing uses the input 'spare'")
    ]
    inherits = text.replace(
        "prompt: '{{ used }}'",
        "prompt: '{{ used }}'}, {name: p, type: pipeline, pipeline: {name: q, steps: [{name: a, type: git, operation: diff}]}, config: {inherit_context: true}",
    )
    assert validate(parse(inherits, path="x")) == []


def test_without_declared_inputs_a_slip_is_told_where_it_is_nearly_a_known_name() -> None:
    body = '- {name: a, type: set_variable, variables: {status: open}}\n- {name: b, type: set_variable, variables: {x: "{{ statsu }} {{ diff_file }}"}}'
    assert problems(body, "description: x") == [
        "warning: nothing defines 'statsu', so it is taken as an input; did you mean 'status'?"
    ]
    count = '- {name: a, type: set_variable, variables: {seen: "{{ (seen | default(0)) + 1 }}"}}'
    assert problems(count, "description: x") == []


STEP = "{name: s, type: set_variable, variables: {m: 1}}"
CALLED = (
    "inputs: {n: {type: integer, required: true}, kind: {enum: [a, b]}}, outputs: {m: s.m}, steps: ["
    + STEP
    + "]"
)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("pipeline_file: called.yaml, inputs: {n: 1}", ""),
        ("pipeline_ref: called, inputs: {n: '{{ q }}', kind: a}", ""),
        ("pipeline_file: ./called.yaml, inputs: {n: 1}", ""),
        ("pipeline_file: ./pipelines/called.yaml, inputs: {n: 1}", ""),
        ("pipeline_file: ../called.yaml, inputs: {n: 1}", "there is no pipeline '../called.yaml'; did you mean 'called.yaml'?"),
        ("pipeline_file: called.yaml", "pipeline 'called' needs the input 'n'"),
        ("pipeline_file: called.yaml, inputs: {n: one}", "input 'n' of 'called' must be integer"),
        ("pipeline_file: called.yaml, inputs: {n: 1, kind: c}", "input 'kind' of 'called' must be one of 'a', 'b'"),
        ("pipeline_file: called.yaml, inputs: {n: 1, kid: a}", "pipeline 'called' has no input 'kid'; did you mean 'kind'?"),
        ("pipeline_file: caled.yaml", "there is no pipeline 'caled.yaml'; did you mean 'called.yaml'?"),
        ("pipeline_ref: nothing", "there is no pipeline 'nothing.yaml'"),
        ("pipeline_file: '{{ q }}.yaml'", "pipeline_file must be a literal name"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, outputs: [m]", ""),
        ("pipeline_file: called.yaml, inputs: {n: 1}, outputs: [{path: s.m, as: x}]", ""),
        ("pipeline_file: called.yaml, inputs: {n: 1}, outputs: [k]", "'the pipeline' has no field 'k'; there are: m, s"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, outputs: [{path: s.k, as: x}]", "'the pipeline.s' has no field 'k'"),
        ("pipeline_file: called.yaml, config: {inherit_context: true}", "pipeline 'called' needs the input 'n'"),
        ("pipeline_file: open.yaml, inputs: {code: 1}", ""),
        ("pipeline_file: open.yaml", "pipeline 'open' needs the input 'code'"),
        ("pipeline_file: called.yaml, pipeline_ref: called", "exactly one of"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, config: {workspace_dir: x}", "not supported here: nested pipelines work on the run's one work tree"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, config: {memory_limit_mb: 5}", "not supported here: memory"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, config: {enable_tracing: false}", "'enable_tracing: false' is not supported"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, config: {max_depth: 0}", "max_depth must be at least 1"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, config: {max_depth: '{{ zz | x }}'}", "there is no filter 'x'"),
        ("steps: [{name: i, type: git, operation: diff}], config: {inherit_context: false}", "inline 'steps' see everything"),
        ("pipeline_file: called.yaml, inputs: {n: 1}, version: '2'", "not supported here: the library holds one version"),
    ],
)  # fmt: skip
def test_a_call_is_checked_against_what_is_called(tmp_path: Path, call: str, said: str) -> None:
    known = library(
        tmp_path,
        called=CALLED,
        open="steps: [{name: s, type: set_variable, variables: {m: '{{ code }}'}}]",
    )
    text = f"workflow: {{name: c, steps: [{{name: p, type: pipeline, {call}}}]}}"
    found = validate(parse(text, path="c.yaml"), known)
    assert len(found) == bool(said)
    assert said in "".join(map(str, found))


def test_what_a_called_pipeline_gives_is_known_to_its_caller(tmp_path: Path) -> None:
    known = library(
        tmp_path,
        called="outputs: {plan: s.data}, steps: [{name: s, type: llm, prompt: x, output_schema: {type: object, properties: {actions: {type: array}}}}]",
    )
    text = "workflow: {name: c, inputs: {}, steps: [{name: p, type: pipeline, pipeline_file: called.yaml}, {name: u, type: set_variable, variables: {x: '{{ p.EXPR }}'}}]}"
    for expression, said in (
        ("plan.actions", ""),
        ("plan.action", "did you mean 'actions'?"),
        ("pln", "did you mean 'plan'?"),
        ("s", "has no field 's'"),
    ):
        found = validate(parse(text.replace("EXPR", expression), path="c.yaml"), known)
        assert len(found) == bool(said)
        assert said in "".join(map(str, found))


def test_pipelines_that_call_each_other_are_refused_and_one_that_calls_itself_needs_a_limit(
    tmp_path: Path,
) -> None:
    call = "steps: [{{name: c, type: pipeline, {}}}]"
    known = library(
        tmp_path,
        a=call.format("pipeline_file: b.yaml"),
        b=call.format("pipeline_file: ./pipelines/a.yaml"),
        me=call.format("pipeline_ref: me, when: x"),
        far=call.format("pipeline_ref: near, when: x, inputs: {x: 1}"),
        near=call.format("pipeline_ref: far, when: x, inputs: {x: 1}, config: {max_depth: 3}"),
    )
    with pytest.raises(
        ConfigError, match=r"call each other in a circle: a\.yaml -> b\.yaml -> a\.yaml"
    ):
        known.load("a.yaml")
    with pytest.raises(ConfigError, match="pipeline 'me' runs itself"):
        known.load("me.yaml")
    # One call of a circle that is bounded bounds them all, wherever one begins.
    known.load("far.yaml")
    Library(tmp_path).load("near.yaml")


def test_a_pipeline_written_in_place_has_names_of_its_own() -> None:
    body = """
    - {name: outer, type: set_variable, variables: {v: 1}}
    - name: p
      type: pipeline
      inputs: {code: "{{ v }}"}
      pipeline:
        name: inner
        inputs: {code: {}}
        outputs: {a: outer.v, b: nothing}
        steps:
          - {name: outer, type: set_variable, variables: {v: "{{ code }}"}}
          - {name: wrong, type: set_variable, variables: {x: "{{ goal }}", y: "{{ p.a }}"}}
    """
    assert problems(body) == [
        "error: 'nothing' is not defined here",
        "error: 'goal' is not defined here",
        "error: 'p' is not defined here",
    ]


def test_a_checkpoint_that_no_run_can_go_on_from_is_told() -> None:
    body = "- {name: l, type: for_loop, data_source: [1], steps: [{name: c, type: checkpoint, state: {x: '{{ zz }}'}}]}"
    assert problems(body) == [
        "warning: a stopped run cannot go on from 'c': it stands in a loop or a block",
        "error: 'zz' is not defined here",
    ]
