from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ModelMisbehaved, ModelUnavailable
from bot.llm.choosing import choose
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Part, Reply, Request, Tool, ToolCall, Usage

RATE = Tool(
    "rate",
    "Rates.",
    {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
)
ASKED = Request(parts=(Part("instructions", "choose"),), tools=(RATE,), step="s")


def calls(*arguments: Any, problem: str = "") -> Reply:
    made = tuple(ToolCall(f"c{n}", "rate", a, problem) for n, a in enumerate(arguments))
    return Reply("", "m", calls=made, stop_reason="tool_use", usage=Usage(1, 1, calls=1))


def test_good_calls_are_the_answer() -> None:
    reply = choose(ScriptedModel([calls({"n": 1}, {"n": 2})]), ASKED)
    assert [call.arguments for call in reply.calls] == [{"n": 1}, {"n": 2}]


def test_arguments_that_could_not_be_read_are_asked_for_again() -> None:
    model = ScriptedModel([calls({}, problem="no JSON"), calls({"n": 1})])
    reply = choose(model, ASKED)
    assert "could not be read: no JSON" in model.requests[1].turns[1].results[0].text
    assert reply.usage == Usage(2, 2, calls=2)


def test_an_answer_without_a_call_is_an_answer() -> None:
    assert choose(ScriptedModel(["none"]), ASKED).calls == ()


@pytest.mark.parametrize("stop", ["max_tokens", "refusal", "context_full"])
def test_a_reply_that_is_not_whole_is_none(stop: Any) -> None:
    cut = Reply("", "m", calls=calls({"n": 1}).calls, stop_reason=stop, usage=Usage(3, calls=1))
    with pytest.raises(ModelMisbehaved) as error:
        choose(ScriptedModel([cut]), ASKED)
    assert error.value.usage == Usage(3, calls=1)


def test_corrections_are_bounded_and_paid_for() -> None:
    model = ScriptedModel([calls({})] * 9)
    with pytest.raises(ModelMisbehaved) as error:
        choose(model, ASKED, max_repairs=2)
    assert len(model.requests) == 3
    assert error.value.usage == Usage(3, 3, calls=3)
    assert "'n' is a required property" in error.value.message


def test_errors_of_the_vendor_are_not_corrected() -> None:
    model = ScriptedModel([ModelUnavailable("gone"), calls({"n": 1})])
    with pytest.raises(ModelUnavailable):
        choose(model, ASKED)
    assert len(model.requests) == 1
