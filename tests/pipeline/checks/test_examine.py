"""All problems of a file, each once and at its place."""

from __future__ import annotations

import copy
import json
from functools import reduce
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.pipeline.checks.problems import Problem
from bot.pipeline.load import Library, resources, validate
from bot.strict_yaml import parse, read
from tests.pipeline.support import load


def found(text: str) -> list[str]:
    """Every problem as `line:column severity text`."""
    problems = validate(parse(dedent(text).lstrip("\n"), path="x.yaml", collect=True))
    return [f"{p.line}:{p.column} {p.severity} {p.text()}" for p in problems]


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """
    workflow:
      name: x
      inputs:
        goal: {type: strng}
        unused: {}
      outputs:
        said: ask.text
        gone: nobody.text
      stepz: 1
      steps:
        - name: ask
          type: claude
          promt: x
          prompt: "{{ later.text }} {{ gaol }}"
        - name: ask
          type: git
          operation: dif
        - name: later
          type: set_variable
          variables: {y: "{{ goal | lenght }}"}
        - name: repeat
          type: while_loop
          condition: "true"
          steps: [{name: jump, type: git, operation: diff, when: {xor: []}}]
        - {name: out, type: break}
    """
    assert found(text) == [
        "4:12 error inputs.goal.type: must be 'string', 'integer', 'number', 'boolean', 'list', "
        "'array', 'object' or 'any'; did you mean 'string'?",
        "5:5 warning inputs.unused: nothing uses the input 'unused'",
        "8:5 error outputs.gone: 'nobody' is not defined here",
        "9:3 error stepz: unknown key; did you mean 'steps'?",
        "13:7 error steps.0.promt: unknown key; did you mean 'prompt'?",
        "14:7 error steps.0.prompt.0.content: 'gaol' is not defined here; did you mean 'goal'?",
        "14:7 error steps.0.prompt.0.content: step 'later' has not run at this point",
        "15:7 error steps.1.name: two steps are called 'ask' (the other one in line 11)",
        "17:7 error steps.1.operation: must be 'diff', 'status', 'commit' or 'undo'; "
        "did you mean 'diff'?",
        "20:19 error steps.2.variables.y: '{{ goal | lenght }}': there is no filter 'lenght'; "
        "did you mean 'length'?",
        "21:7 error steps.3.max_iterations: this key is missing "
        "(without a bound the loop may never end; give the most there may be)",
        "25:19 error steps.4.type: 'break' stands outside a loop "
        "(a pipeline called from a loop cannot end it; let it give an output instead)",
    ]


def test_one_root_cause_is_one_problem() -> None:
    """What a broken step would have defined is not missed in every later step."""
    text = """
    workflow:
      name: x
      inputs: {}
      steps:
        - name: broken
          type: for_loop
          data_source: 5
          steps:
            - {name: inner, type: set_variable, variables: {made: 1}}
        - name: uses
          type: set_variable
          variables: {a: "{{ made }}", b: "{{ broken.results[0].data }}"}
        - {name: quotes, type: llm, prompt: [{type: previous_response, step: broken, extract: x.y}]}
    """
    assert found(text) == ["7:7 error steps.0.data_source: must be text or a list"]


def test_a_step_that_never_parses_hides_nothing_after_it() -> None:
    text = """
    workflow:
      name: x
      inputs: {}
      steps:
        - 5
        - {name: a, type: nonsense, x: 1}
        - {name: b, type: set_variable, variables: {x: "{{ y }}"}}
    """
    assert [line.split(" ", 1)[0] for line in found(text)] == ["5:7", "6:7", "7:49"]


def test_a_head_that_cannot_be_read_leaves_the_steps_to_check() -> None:
    text = """
    workflow:
      name: x
      variables: [a]
      resource_limits: {max_memory_mb: 5, max_total_steps: 0}
      steps: [{name: b, type: set_variable, variables: {x: "{{ 1 + }}"}}]
    """
    assert found(text) == [
        "3:3 error variables: must be a map",
        "4:21 error resource_limits.max_memory_mb: not supported here: memory is not limited per "
        "pipeline; the sandbox limits each command",
        "4:39 error resource_limits.max_total_steps: must be at least 1",
        "5:53 error steps.0.variables.x: '{{ 1 + }}': unexpected 'end of print statement'",
    ]


def test_repeated_keys_are_told_beside_everything_else() -> None:
    text = """
    workflow:
      name: x
      name: y
      steps:
        - {name: a, type: git, operation: diff, operation: status, when: b}
      inputs: {}
    """
    assert found(text) == [
        "3:3 error key 'name' is given twice",
        "5:45 error key 'operation' is given twice",
        "5:64 error steps.0.when: 'b' is not defined here",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('timeout_seconds: "5"', "timeout_seconds: must be a number, got '5'"),
        ("timeout_seconds: true", "timeout_seconds: must be a number, got True"),
        ('continue_on_error: "yes"', "continue_on_error: must be true or false, got 'yes'"),
        ("continue_on_error: 1", "continue_on_error: must be true or false, got 1"),
        ("description: 5", "description: must be text"),
        ("retry: {attempts: 2.5}", "retry.attempts: must be a whole number"),
        ("retry: {attempts: 11}", "retry.attempts: must be at most 10"),
        ("retry: 3", "retry: must be a map"),
        ("else: {}", "else: must be a list"),
    ],
)
def test_nothing_is_taken_for_what_it_is_not(value: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(f"[{{name: a, type: git, operation: diff, when: x, {value}}}]")
    assert f"steps.0.{said}" in str(error.value)


def test_a_line_of_a_long_text_is_named() -> None:
    text = """
    workflow:
      name: x
      inputs: {}
      steps:
        - name: a
          type: llm
          prompt: |
            First.
            Then {{ nobody }}.
            {{ 1 }} and {{ noone }}
    """
    assert found(text) == [
        "9:1 error steps.0.prompt.0.content: 'nobody' is not defined here",
        "10:1 error steps.0.prompt.0.content: 'noone' is not defined here",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workflow: [", "2:1: not valid YAML"),
        ("workflow:\n\tname: x\n", "2:1: not valid YAML: a tab indents this line"),
        ("workflow: {name: {{ x }}}", "has to stand in quotes"),
        ("workflow: {name: %x}", "'%' cannot begin a value"),
        ("workflow:\n  name: a: b\n", "a text with a colon in it has to stand in quotes"),
        ("a: &a [*a]", "an alias refers to what contains it"),
        ("[" * 80 + "]" * 80, "nested too deeply"),
    ],
)
def test_what_is_no_yaml_is_one_problem(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    problems = validate(file)
    assert len(problems) == 1
    assert said in str(problems[0])
    assert str(problems[0]).startswith(str(file))


def test_a_file_that_is_too_large_or_no_file_is_one_problem(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    assert [str(p) for p in validate(huge)] == [f"{huge}: larger than 1000 kB"]
    assert [str(p) for p in validate(tmp_path)] == [f"{tmp_path}: is not a regular file"]
    assert "No such file" in str(validate(tmp_path / "none.yaml")[0])


GOOD = "workflow: {name: x, steps: [{name: a, type: git, operation: diff}]}"


def test_problems_of_a_called_file_are_told_once_at_their_own_place(tmp_path: Path) -> None:
    call = "{name: NAME, type: pipeline, pipeline_file: called.yaml}"
    (tmp_path / "called.yaml").write_text(GOOD.replace("diff", "dif"))
    (tmp_path / "caller.yaml").write_text(
        f"workflow:\n  name: c\n  steps:\n    - {call.replace('NAME', 'one')}\n"
        f"    - {call.replace('NAME', 'two')}\n    - {{name: three, type: git, operation: x}}\n"
    )
    problems = validate(tmp_path / "caller.yaml", Library(tmp_path))
    assert [(Path(p.path).name, p.line, p.keys) for p in problems] == [
        ("caller.yaml", 6, "steps.2.operation"),
        ("called.yaml", 1, "steps.0.operation"),
    ]


def test_a_called_file_that_is_no_yaml_is_a_problem_too(tmp_path: Path) -> None:
    (tmp_path / "called.yaml").write_text("workflow: [")
    (tmp_path / "caller.yaml").write_text(
        "workflow: {name: c, steps: [{name: a, type: pipeline, pipeline_file: called.yaml}]}"
    )
    problems = validate(tmp_path / "caller.yaml", Library(tmp_path))
    assert [Path(p.path).name for p in problems] == ["called.yaml"]


def test_a_file_of_more_steps_than_anybody_writes_is_refused() -> None:
    text = "".join(f"- {{name: s{n}, type: git, operation: diff}}\n" for n in range(5_001))
    assert [p.message for p in validate(parse(text, path="x"))] == [
        "there are more than 5000 steps"
    ]


def test_a_chain_of_calls_that_no_run_could_follow_is_refused(tmp_path: Path) -> None:
    for number in range(13):
        call = f"{{name: c, type: pipeline, pipeline_file: p{number + 1}.yaml}}"
        (tmp_path / f"p{number}.yaml").write_text(f"workflow: {{name: p, steps: [{call}]}}")
    problems = validate(tmp_path / "p0.yaml", Library(tmp_path))
    assert [(Path(p.path).name, p.message) for p in problems] == [
        ("p10.yaml", "pipelines are nested more than 10 deep")
    ]


def test_loading_raises_the_first_error_and_counts_the_others() -> None:
    with pytest.raises(ConfigError) as error:
        load("[{name: a, type: git, operation: x}, {name: b, type: git, operation: y}, {name: c}]")
    assert str(error.value).endswith("(and 2 more problems)")
    assert (error.value.line, error.value.column) == (1, 23)


def test_warnings_do_not_keep_a_file_from_loading() -> None:
    loaded = load("[{name: a, type: git, operation: diff, when: false}]")
    assert [p.severity for p in loaded.warnings] == ["warning"]


RIGHT = read(resources() / "master_workflow.yaml").value
ODD = [
    None,
    True,
    -1,
    2.5,
    "",
    "{{ a",
    "a.b == 'c'",
    [],
    {},
    ["x"],
    {"and": ["x"]},
    {"type": "switch"},
]
KEYS = (
    "when else type steps cases name pipeline prompt default variables output_schema typo".split()
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_is_wrong_with_a_file_is_told_at_its_place(data: st.DataObject) -> None:
    document = copy.deepcopy(RIGHT)
    for _ in range(data.draw(st.integers(1, 3))):
        *above, key = data.draw(st.sampled_from([at for at in places(document) if len(at) > 1]))
        owner = reduce(lambda value, key: value[key], above, document)
        if isinstance(owner, dict) and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(KEYS))
        owner[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    for problem in validate(parse(json.dumps(document), path="x", collect=True)):
        assert problem.line == 1
        assert problem.column > 0
        assert "Input should" not in problem.message


def test_problems_are_sorted_by_place() -> None:
    one = Problem("a", 2, 1, "k", "m")
    assert sorted([one, Problem("a", 1, 9, "z", "m")])[1] == one
    assert str(one) == "a:2:1: k: m"
    assert str(Problem("a", 0, 0, "", "m", hint="do")) == "a: m (do)"
