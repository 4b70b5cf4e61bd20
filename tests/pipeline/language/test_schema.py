# ruff: noqa: E501 - in tables of cases one line per case reads best
"""What editors are told is what the loader does, as far as a JSON Schema can say it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.errors import ConfigError
from bot.pipeline.language.schema import json_schema, schema_text
from bot.pipeline.language.spec import STEP_TYPES
from bot.pipeline.load import build, resources
from bot.strict_yaml import parse

VALIDATOR = Draft202012Validator(json_schema())

GIT = "{name: g, type: git, operation: diff}"
GOOD = {
    "llm": "{type: llm, prompt: x}",
    "claude": "{type: claude, prompt: [{type: static, content: x}], claude_options: {max_turns: 3}}",
    "claude_smart": "{type: claude_smart, preset: analysis, prompt: [{type: file, path: a.ex}, {type: codebase}]}",
    "claude_session": "{type: claude_session, session_config: {session_name: s}, prompt: [{type: claude_continue, new_prompt: x}]}",
    "claude_extract": "{type: claude_extract, prompt: x, extraction_config: {format: summary}}",
    "claude_robust": "{type: claude_robust, prompt: x, retry_config: {max_retries: 1}}",
    "claude_batch": "{type: claude_batch, tasks: [{prompt: x}], batch_config: {max_parallel: 2}}",
    "parallel_claude": "{type: parallel_claude, parallel_tasks: [{id: one, prompt: x}]}",
    "gemini": "{type: gemini, prompt: x, token_budget: {temperature: 0.5}}",
    "gemini_instructor": "{type: gemini_instructor, prompt: x, schema: {type: object}}",
    "agent": "{type: agent, prompt: x, tools: [read, edit]}",
    "pipeline": "{type: pipeline, pipeline: {name: p, steps: ["
    + GIT
    + "]}, outputs: [g, {path: g.diff, as: d}], config: {max_depth: 2}}",
    "for_loop": "{type: for_loop, data_source: [1], parallel: true, steps: [" + GIT + "]}",
    "while_loop": "{type: while_loop, condition: {not: 'x'}, max_iterations: 3, steps: ["
    + GIT
    + "]}",
    "switch": "{type: switch, expression: x, cases: {a: [" + GIT + "]}, default: []}",
    "break": "{type: break, when: false}",
    "continue": "{type: continue, condition: [a, {or: [b, c]}]}",
    "checkpoint": "{type: checkpoint, state: {a: 1}, compress: true}",
    "set_variable": "{type: set_variable, variables: {a: [1]}, scope: loop}",
    "command": "{type: command, command: [echo], retry: {attempts: 3, backoff: linear}}",
    "codemod": "{type: codemod, action: x}",
    "analyze": "{type: analyze, rules: [x]}",
    "verify": "{type: verify, timeout_seconds: 5}",
    "mix": "{type: mix, task: test, when: x, else: [" + GIT + "]}",
    "git": "{type: git, operation: diff, output_to_file: a.json, output_schema: {type: object}}",
    "data_transform": "{type: data_transform, input_source: x, operations: [{operation: sort, by: a}]}",
    "file_ops": "{type: file_ops, operation: list, path: lib}",
    "codebase_query": "{type: codebase_query, queries: {q: {find_files: [{type: test}]}}}",
}

BAD = [
    "{type: git, operation: diff, extra: 1}",
    "{type: git, operation: dif}",
    "{type: gitt, operation: diff}",
    "{operation: diff}",
    "{type: git, operation: diff, when: {xor: []}}",
    "{type: git, operation: diff, when: x, condition: y}",
    "{type: git, operation: diff, else: [" + GIT + "]}",
    "{type: git, operation: diff, timeout_seconds: '5'}",
    "{type: git, operation: diff, continue_on_error: 'yes'}",
    "{type: git, operation: diff, retry: {attempts: 99}}",
    "{type: while_loop, condition: x, steps: [" + GIT + "]}",
    "{type: while_loop, max_iterations: 3, steps: [" + GIT + "]}",
    "{type: while_loop, condition: x, max_iterations: 3, steps: []}",
    "{type: for_loop, steps: [" + GIT + "]}",
    "{type: for_loop, data_source: [1], max_parallel: 99, steps: [" + GIT + "]}",
    "{type: for_loop, data_source: [1], steps: [{name: g, type: git, operation: diff, typo: 1}]}",
    "{type: switch, expression: x}",
    "{type: switch, expression: x, cases: {}}",
    "{type: switch, expression: x, cases: {a: {}}}",
    "{type: pipeline}",
    "{type: pipeline, pipeline_file: a, pipeline_ref: b}",
    "{type: pipeline, pipeline_file: a, config: {memory_limit_mb: 5}}",
    "{type: pipeline, pipeline: {steps: [" + GIT + "]}}",
    "{type: set_variable, variables: {}}",
    "{type: set_variable, variables: {a-b: 1}}",
    "{type: set_variable, variables: {a: 1}, scope: world}",
    "{type: llm, prompt: []}",
    "{type: llm, prompt: [{type: statc, content: x}]}",
    "{type: llm, prompt: [{type: static}]}",
    "{type: command, command: echo}",
    "{type: data_transform, input_source: x, operations: [{operation: sorted}]}",
]


def document(step: str) -> Any:
    text = "- " + step.replace("{", "{name: s, ", 1)
    return parse(text, path="x.yaml")


def loads(step: str) -> bool:
    """Whether it is well-formed; what its names refer to does not matter here."""
    try:
        build(document(step))
    except ConfigError as error:
        return "outside a loop" in str(error) or "no pipeline" in str(error)
    return True


@pytest.mark.parametrize("kind", sorted(STEP_TYPES))
def test_every_kind_of_step_is_accepted_by_both(kind: str) -> None:
    step = GOOD[kind]
    assert loads(step)
    assert [error.message for error in VALIDATOR.iter_errors(document(step).value)] == []


@pytest.mark.parametrize("step", BAD)
def test_what_is_no_step_is_refused_by_both(step: str) -> None:
    assert not loads(step)
    assert not VALIDATOR.is_valid(document(step).value)


HEADS = [
    ("{name: x, version: 2.0, description: d, steps: [STEP]}", True),
    ("{name: x, inputs: {a: {type: array, default: [1], enum: [[1]]}}, outputs: {o: s.diff}, steps: [STEP]}", True),
    ("{name: x, variables: {a: 1}, types: {T: {type: object}}, defaults: {claude_preset: test, retry_on_error: true}, steps: [STEP]}", True),
    ("{name: x, resource_limits: {max_total_steps: 5}, environment: {mode: test, cost_alerts: {threshold_usd: 1}}, steps: [STEP]}", True),
    ("{name: x, gemini_functions: {f: {description: d, parameters: {type: object}}}, output_dir: out, steps: [STEP]}", True),
    ("{name: x}", False),
    ("{steps: [STEP]}", False),
    ("{name: x, steps: []}", False),
    ("{name: x, stepz: 1, steps: [STEP]}", False),
    ("{name: 5, steps: [STEP]}", False),
    ("{name: x, inputs: {a: {typ: string}}, steps: [STEP]}", False),
    ("{name: x, inputs: {a: {type: text}}, steps: [STEP]}", False),
    ("{name: x, workspace_dir: w, steps: [STEP]}", False),
    ("{name: x, environment: {mode: prod}, steps: [STEP]}", False),
    ("{name: x, resource_limits: {max_memory_mb: 1}, steps: [STEP]}", False),
]  # fmt: skip


@pytest.mark.parametrize(("head", "good"), HEADS)
def test_heads_are_judged_alike(head: str, good: bool) -> None:
    text = "workflow: " + head.replace("STEP", "{name: s, type: git, operation: diff}")
    read = parse(text, path="x.yaml")
    assert VALIDATOR.is_valid(read.value) is good
    if good:
        build(read)
        return
    with pytest.raises(ConfigError):
        build(read)


def test_the_schema_is_one_and_says_what_each_key_is_for() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema == json_schema()
    bare = [
        f"{name}.{key}"
        for name, definition in schema["$defs"].items()
        if name
        in ("Workflow", "PipelineStep", "PipelineConfig", "ForLoopStep", "SwitchStep", "Input")
        for key, value in definition["properties"].items()
        if key not in ("type", "output_schema") and not value.get("description")
    ]
    assert bare == []
    loop = schema["$defs"]["ForLoopStep"]["properties"]
    assert loop["max_iterations"]["description"].startswith("More items than this")
    assert loop["else"]["description"] == "Steps that run instead when the condition does not hold."


def test_the_checked_in_schema_is_the_one_of_the_models() -> None:
    kept = (resources() / "schema" / "pipeline.json").read_text()
    assert kept == schema_text(), "run: genesis pipeline schema > pipelines/schema/pipeline.json"
    assert json.loads(kept)["title"] == "Genesis pipeline"
