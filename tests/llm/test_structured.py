from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ModelMisbehaved
from bot.llm.scripted import ScriptedModel
from bot.llm.structured import ask, schema_error, violations
from bot.llm.types import Part, Reply, Request, Usage

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def request(schema: Any = SCHEMA) -> Request:
    return Request(parts=(Part("instructions", "how many?"),), output_schema=schema, step="count")


@pytest.mark.parametrize(
    "text", ['{"n": 1}', ' {"n": 1}\n', '```json\n{"n": 1}\n```', '```\n{"n": 1}\n```\n']
)
def test_json_is_read(text: str) -> None:
    assert ask(ScriptedModel([text]), request()).data == {"n": 1}


def test_data_of_the_model_is_taken_as_it_is() -> None:
    assert ask(ScriptedModel([Reply("prose", "m", data={"n": 2})]), request()).data == {"n": 2}


def test_without_a_schema_text_stays_text() -> None:
    reply = ask(ScriptedModel(['{"n": 1}']), request(None))
    assert (reply.text, reply.data) == ('{"n": 1}', None)


def test_a_bad_reply_is_sent_back_with_what_is_wrong() -> None:
    model = ScriptedModel(["There is one.", '{"n": "one"}', '{"n": 1}'])
    assert ask(model, request()).data == {"n": 1}
    assert [turn.text for turn in model.requests[2].turns[::2]] == ["There is one.", '{"n": "one"}']
    assert "the reply is not JSON" in model.requests[1].turns[1].text
    assert "$.n: 'one' is not of type 'integer'" in model.requests[2].turns[3].text


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"n": 1} and more',
        'Here: {"n": 1}',
        "[1]",
        "null",
        "",
        "[" * 100_000,
        '{"n": NaN}',
        '{"n": 1.5}',
    ],
)
def test_repairs_are_bounded_and_prose_is_never_searched(text: str) -> None:
    model = ScriptedModel([text] * 9)
    with pytest.raises(ModelMisbehaved) as error:
        ask(model, request(), max_repairs=1)
    assert len(model.requests) == 2
    assert error.value.violations
    assert error.value.reply == text


def test_every_try_is_paid_for() -> None:
    paid = [
        Reply("no", "m", usage=Usage(1, 2, 3, usd=0.5)),
        Reply('{"n": 1}', "m", usage=Usage(1, 2, 3, usd=0.5)),
    ]
    assert ask(ScriptedModel(paid), request()).usage == Usage(2, 4, 6, usd=1.0)


@pytest.mark.parametrize(
    ("reason", "said"), [("max_tokens", "cut at the token limit"), ("refusal", "refused")]
)
def test_a_cut_or_refused_reply_is_no_answer(reason: Any, said: str) -> None:
    with pytest.raises(ModelMisbehaved, match=said):
        ask(ScriptedModel([Reply('{"n": 1}', "m", stop_reason=reason)]), request())


def test_schemas_are_checked_and_stay_local() -> None:
    assert schema_error(SCHEMA) == ""
    assert "objekt" in schema_error({"type": "objekt"})
    assert "leaves the schema" in schema_error(
        {"anyOf": [{"properties": {"a": {"$ref": "file:///etc/passwd"}}}]}
    )
    assert schema_error({"$defs": {"a": {}}, "$ref": "#/$defs/a"}) == ""
    assert violations({}, SCHEMA) == ("$: 'n' is a required property",)
