from __future__ import annotations

import json
from typing import Any

import pytest

from bot.errors import ConfigError, ModelMisbehaved
from bot.llm.schemas import schema_error
from bot.llm.scripted import ScriptedModel
from bot.llm.structured import violations
from bot.llm.vendors.dialects import CLAUDE, GEMINI, narrowed
from bot.pipeline.language.agent_step import AgentStep
from bot.pipeline.language.named_types import NAMED_TYPES, described, resolved_schema, schema_named
from bot.pipeline.language.parts import PART_TYPES
from bot.pipeline.language.schema import json_schema
from bot.pipeline.language.spec import STEP_TYPES
from tests.pipeline.support import run, steps

SMALL = sorted(NAMED_TYPES.keys() - {"analysis", "plan", "verdict"})


@pytest.mark.parametrize("name", NAMED_TYPES)
def test_every_type_is_a_good_schema(name: str) -> None:
    assert schema_error(schema_named(name)) == ""


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("dialect", [CLAUDE, GEMINI], ids=["claude", "gemini"])
def test_vendors_can_hold_a_model_to_every_type_meant_for_answers(name: str, dialect: Any) -> None:
    assert narrowed(schema_named(name), dialect) is not None


ANSWERS: dict[str, dict[str, Any]] = {
    "file_list": {"files": ["lib/a.ex"]},
    "places": {"places": [{"path": "lib/a.ex", "line": 1}]},
    "findings": {
        "findings": [{"rule": "r", "severity": "error", "path": "a.ex", "line": 1, "message": "m"}]
    },
    "judgement": {"status": "failed", "next_action": "retry", "reasons": ["red"]},
    "review": {"approved": False, "summary": "no", "comments": []},
    "file_content": {"path": "a.ex", "content": ""},
    "commit_message": {"subject": "Supervise the job", "body": ""},
}


@pytest.mark.parametrize("name", SMALL)
def test_a_good_answer_fits_and_one_with_more_or_less_does_not(name: str) -> None:
    wanted, answer = schema_named(name), ANSWERS[name]
    assert violations(answer, wanted) == ()
    assert violations({**answer, "more": 1}, wanted)
    assert violations({}, wanted)


def test_editors_are_told_what_there_is() -> None:
    schema = json_schema()["$defs"]["OutputSchema"]
    for name in NAMED_TYPES:
        assert f"\n{name}: " in f"\n{described()}"
        assert name in schema["description"]
    step = json_schema()["$defs"][AgentStep.__name__]
    assert step["properties"]["output_schema"] == {"$ref": "#/$defs/OutputSchema"}


HEAD = """
types:
  count: {type: object, required: [n], properties: {n: {$ref: '#/$defs/number'}}}
  number: {type: integer}
  verdict: {type: object, required: [mine]}
"""


def test_a_files_own_types_come_first_and_see_one_another() -> None:
    model = ScriptedModel(['{"n": "x"}', '{"n": 1}', '{"mine": 1}'])
    body = """
    - {name: a, type: llm, prompt: x, output_schema: count}
    - {name: b, type: llm, prompt: x, output_schema: verdict}
    """
    result = run(steps(body, head=HEAD), models={"m": model})
    assert (result.steps["a"].data, result.steps["b"].data) == ({"n": 1}, {"mine": 1})
    assert "$.n: 'x' is not of type 'integer'" in model.requests[1].turns[1].text


def test_only_the_types_that_are_needed_go_along() -> None:
    types = {"a": {"$ref": "#/$defs/b"}, "b": {"type": "integer"}, "c": {"type": "string"}}
    resolved = resolved_schema("a", types)
    assert resolved is not None
    assert resolved["$defs"] == {"b": {"type": "integer"}}


def test_a_named_type_is_demanded_and_bounded() -> None:
    body = "- {name: a, type: llm, prompt: x, max_repairs: 0, output_schema: judgement}"
    result = run(steps(body), models={"m": ScriptedModel(['{"status": "fine"}'])})
    assert isinstance(result.error, ModelMisbehaved)


@pytest.mark.parametrize(
    ("head", "schema", "said"),
    [
        ("description: x", "judgment", "there is no type 'judgment'; did you mean 'judgement'?"),
        ("types: {count: {type: objekt}}", "count", "'objekt' is not valid"),
        ("types: {count: {requierd: []}}", "count", "did you mean 'required'?"),
        ("types: {count: {$ref: '#/$defs/gone'}}", "count", "leads nowhere"),
        ("types: {count: {type: object}}", "cuont", "did you mean 'count'?"),
        ("description: x", "{$ref: '#/$defs/gone'}", "leads nowhere"),
        ("description: x", "{format: poem, type: string}", "format 'poem' cannot be checked"),
    ],
)
def test_a_type_that_is_not_there_or_no_schema_is_refused_at_load(
    head: str, schema: str, said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        steps(f"- {{name: a, type: llm, prompt: x, output_schema: {schema}}}", head=head)
    assert said in str(error.value)


def test_editors_choose_a_step_by_its_type_instead_of_trying_all() -> None:
    text = json.dumps(json_schema())
    assert '"discriminator"' not in text
    kinds = json_schema()["$defs"]["Step"]["properties"]["type"]["enum"]
    assert kinds == sorted(STEP_TYPES)
    assert json_schema()["$defs"]["Part"]["properties"]["type"]["enum"] == sorted(PART_TYPES)
