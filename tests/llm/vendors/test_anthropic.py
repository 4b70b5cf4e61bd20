"""What is particular to Claude: the wire form, the prompt cache, thinking that goes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from anthropic import transform_schema
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.errors import ModelMisbehaved, ModelUnavailable, NeedsModel, Unusable
from bot.llm.agents.agent import run_agent
from bot.llm.types import (
    Message,
    Options,
    Part,
    Reply,
    Request,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
    unheard,
)
from bot.llm.vendors.anthropic_stream import read, reply
from bot.llm.vendors.dialects import CLAUDE, narrowed
from bot.llm.vendors.exchange import Garbled, understood
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.vendor_server import Call, CallTool, Fail, FailLate, Say, SayJson, Tokens
from tests.llm.vendor_kit import READ, anthropic_kit, ask

KIT = anthropic_kit()
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}},
    "required": ["n"],
}
CODE = "defmodule A do\nend\n" * 400


def complete(server: AnthropicServer, request: Request, **more: Any) -> Reply:
    return KIT.open(server, **more).complete(request)


def marked(body: dict[str, Any]) -> list[str]:
    """The beginnings of the blocks a cached prefix ends with."""
    blocks = [*body.get("tools", ()), *body.get("system", ())]
    blocks += [block for message in body["messages"] for block in message["content"]]
    found = [block for block in blocks if "cache_control" in block]
    return [str(b.get("name") or b.get("text") or b.get("content"))[:24] for b in found]


def test_the_wire_body_of_a_whole_conversation() -> None:
    request = Request(
        parts=(Part("codebase", "def a", name="app"), Part("instructions", "Fix it.")),
        system="You are careful.",
        tools=(READ,),
        history=(Message("user", "Hello."), Message("assistant", "Hi.")),
        turns=(
            Message("assistant", "I read.", calls=(ToolCall("t1", "read", {"path": "a"}),)),
            Message("user", "Go on.", results=(ToolResult("t1", "read", "gone", failed=True),)),
        ),
        options=Options(max_tokens=100, effort="low"),
    )
    with AnthropicServer([Say("Done.")]) as server:
        complete(server, request)
    (sent,) = server.requests
    assert sent.headers["authorization"] == f"Bearer {KIT.key}"
    assert sent.body == snapshot(
        {
            "max_tokens": 100,
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hello."}]},
                {"role": "assistant", "content": [{"type": "text", "text": "Hi."}]},
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": """\
<data kind="codebase" name="app">
def a
</data>

""",
                        },
                        {"type": "text", "text": "Fix it.", "cache_control": {"type": "ephemeral"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "I read."},
                        {"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "a"}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t1",
                            "content": "gone",
                            "is_error": True,
                        },
                        {"type": "text", "text": "Go on.", "cache_control": {"type": "ephemeral"}},
                    ],
                },
            ],
            "model": "claude-opus-5-5",
            "output_config": {"effort": "low"},
            "stream": True,
            "system": [
                {"type": "text", "text": "You are careful.", "cache_control": {"type": "ephemeral"}}
            ],
            "tools": [
                {
                    "name": "read",
                    "description": "Read one file.",
                    "input_schema": {
                        "type": "object",
                        "properties": {"path": {"type": "string"}},
                        "required": ["path"],
                        "additionalProperties": False,
                    },
                }
            ],
        }
    )


def test_the_answer_of_a_schema_is_held_to_it() -> None:
    with AnthropicServer([SayJson({"n": 1})]) as server:
        complete(server, ask(output_schema=SCHEMA))
    assert server.bodies[0]["output_config"] == snapshot(
        {
            "format": {
                "type": "json_schema",
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"n": {"type": "integer", "description": "(minimum: 1)"}},
                    "required": ["n"],
                },
            }
        }
    )


def test_defaults_are_few() -> None:
    with AnthropicServer([Say("hi")]) as server:
        complete(server, ask())
    assert server.bodies == snapshot(
        [
            {
                "max_tokens": 32000,
                "messages": [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}],
                "model": "claude-opus-5-5",
                "stream": True,
            }
        ]
    )


@pytest.mark.parametrize("effort", ["low", "medium", "high", "xhigh", "max"])
def test_effort_is_the_vendors_own(effort: Any) -> None:
    with AnthropicServer([Say("hi")]) as server:
        complete(server, ask(options=Options(effort=effort)))
    assert server.bodies[0]["output_config"] == {"effort": effort}


def test_what_claude_does_not_take_is_said_and_not_sent() -> None:
    with AnthropicServer([Say("hi")]) as server:
        reply = complete(server, ask(options=Options(temperature=0.0, top_k=5)))
    assert reply.notice == "Claude takes no temperature, top_k: left out"
    assert server.bodies[0].keys().isdisjoint({"temperature", "top_k", "top_p"})


def test_usage_counts_all_that_was_read_and_what_came_from_the_cache() -> None:
    tokens = Tokens(input=10, output=20, cached=300, cache_written=40, thinking=5)
    with AnthropicServer([Say("hi", tokens=tokens)]) as server:
        reply = complete(server, ask())
    assert reply.usage == Usage(
        input_tokens=350, output_tokens=20, cached_tokens=300, cache_write_tokens=40, calls=1
    )


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("end_turn", "end"),
        ("stop_sequence", "end"),
        ("max_tokens", "max_tokens"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "context_full"),
    ],
)
def test_stop_reasons(stop: str, expected: str) -> None:
    with AnthropicServer([Say("so far", stop=stop)]) as server:
        reply = complete(server, ask())
    assert (reply.stop_reason, reply.text) == (expected, "so far")


def test_a_refusal_says_why() -> None:
    with AnthropicServer([Say("", stop="refusal", why="not this")]) as server:
        reply = complete(server, ask())
    assert reply.notice == "refused: cyber: not this"


def test_a_reason_nobody_knows_is_an_error_with_its_cost() -> None:
    said = Say("so", stop="tired", tokens=Tokens(input=1, output=2))
    with AnthropicServer([said]) as server, pytest.raises(ModelMisbehaved, match="tired") as error:
        complete(server, ask())
    assert error.value.usage == Usage(input_tokens=1, output_tokens=2, calls=1)


def test_a_paused_turn_goes_on() -> None:
    tokens = Tokens(input=1, output=2)
    script = [Say("One, ", stop="pause_turn", tokens=tokens), Say("two.", tokens=tokens)]
    with AnthropicServer(script) as server:
        reply = complete(server, ask())
    assert (reply.text, reply.stop_reason) == ("One, two.", "end")
    assert reply.usage == Usage(input_tokens=2, output_tokens=4, calls=2)
    assert server.bodies[1]["messages"][-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "One, "}],
    }


def test_a_turn_that_pauses_for_ever_ends() -> None:
    script = [Say("and ", stop="pause_turn")] * 9
    with AnthropicServer(script) as server, pytest.raises(ModelMisbehaved, match="paused") as error:
        complete(server, ask())
    assert error.value.usage is not None
    assert len(server.requests) == error.value.usage.calls == 5


@pytest.mark.parametrize(
    "raw", ['{"path": "lib/a', "{path}", "[1]", '"x"', "nul", '{"a": 1}}', "[" * 99_999]
)
def test_arguments_that_cannot_be_read_are_a_problem_of_the_call(raw: str) -> None:
    with AnthropicServer([CallTool("read", raw=raw), Say("ok")]) as server:
        request = ask(tools=(READ,))
        reply = complete(server, request)
        (call,) = reply.calls
        result = ToolResult(call.id, call.name, call.problem, failed=True)
        turns = (reply.message(), Message("user", results=(result,)))
        assert complete(server, replace(request, turns=turns)).text == "ok"
    assert (call.name, call.arguments) == ("read", {})
    assert call.problem.startswith("the arguments are no JSON")


def test_half_a_surrogate_pair_in_arguments_breaks_nothing() -> None:
    raw = r'{"path": "a\ud800b", "\udfff": ["\ud83d\ude00"]}'
    with AnthropicServer([CallTool("read", raw=raw), Say("ok")]) as server:
        request = ask(tools=(READ,))
        reply = complete(server, request)
        (call,) = reply.calls
        results = (ToolResult(call.id, call.name, "\ud801"),)
        turns = (reply.message(), Message("user", results=results))
        assert complete(server, replace(request, turns=turns)).text == "ok"
    assert call.arguments == {"path": "a\ufffdb", "\ufffd": ["\U0001f600"]}


def test_a_call_without_arguments_has_none() -> None:
    with AnthropicServer([CallTool("read", raw="")]) as server:
        (call,) = complete(server, ask(tools=(READ,))).calls
    assert (call.arguments, call.problem) == ({}, "")


def test_a_call_cut_at_the_token_limit_is_never_taken_for_whole() -> None:
    cut = CallTool("read", raw='{"path": "lib/a.ex", "text": "defmod', stop="max_tokens")
    with AnthropicServer([cut]) as server:
        reply = complete(server, ask(tools=(READ,)))
    assert reply.stop_reason == "max_tokens"
    assert [call.arguments for call in reply.calls] == [{}]
    assert reply.calls[0].problem


def thinking_turn(server: AnthropicServer, request: Request) -> Request:
    """The request after a reply that thought and called `read`, answered."""
    reply = complete(server, request)
    (call,) = reply.calls
    result = ToolResult(call.id, call.name, "content")
    stored = replace(reply, vendor=json.loads(json.dumps(reply.vendor)))
    return replace(
        request, turns=(*request.turns, stored.message(), Message("user", results=(result,)))
    )


THINK = CallTool("read", {"path": "a"}, text="I look.", thinking="Where is it? " * 9)


def kinds(message: dict[str, Any]) -> list[str]:
    return [block["type"] for block in message["content"]]


def test_thinking_goes_back_unchanged() -> None:
    with AnthropicServer([THINK, THINK, Say("Done.")]) as server:
        request = thinking_turn(server, ask(tools=(READ,)))
        request = thinking_turn(server, request)
        assert complete(server, request).text == "Done."
    messages = server.bodies[2]["messages"]
    assert [kinds(m) for m in messages if m["role"] == "assistant"] == [
        ["thinking", "text", "tool_use"]
    ] * 2
    assert messages[1]["content"][0]["thinking"] == THINK.thinking


def test_the_server_notices_thinking_that_was_touched() -> None:
    with AnthropicServer([THINK, Say("Done.")]) as server:
        request = thinking_turn(server, ask(tools=(READ,)))
        touched = json.loads(json.dumps(request.turns[0].vendor).replace("Where", "There"))
        turns = (replace(request.turns[0], vendor=touched), *request.turns[1:])
        with pytest.raises(Unusable, match="signature"):
            complete(server, replace(request, turns=turns))


@pytest.mark.parametrize(
    "changed",
    [
        lambda request: replace(request, system="Another."),
        lambda request: replace(request, parts=(Part("instructions", "Another."),)),
        lambda request: replace(request, tools=(*request.tools, replace(READ, name="list"))),
        lambda request: replace(request, options=Options(model=KIT.other)),
    ],
)
def test_thinking_stays_behind_where_anything_before_it_changed(changed: Any) -> None:
    with AnthropicServer([THINK, Say("Done.")]) as server:
        request = changed(thinking_turn(server, ask(tools=(READ,))))
        assert complete(server, request).text == "Done."
    assert kinds(server.bodies[1]["messages"][1]) == ["text", "tool_use"]


def test_only_the_thinking_after_a_changed_result_stays_behind() -> None:
    with AnthropicServer([THINK, THINK, Say("Done.")]) as server:
        request = thinking_turn(server, thinking_turn(server, ask(tools=(READ,))))
        first, answer, *rest = request.turns
        noted = replace(answer, results=(replace(answer.results[0], text="(left out)"),))
        complete(server, replace(request, turns=(first, noted, *rest)))
    said = [m for m in server.bodies[2]["messages"] if m["role"] == "assistant"]
    assert [kinds(m)[0] for m in said] == ["thinking", "text"]


def test_another_vendors_memory_is_ignored() -> None:
    other = Message("assistant", "Hm.", vendor={"gemini": {"model": "x", "parts": [{"text": "y"}]}})
    with AnthropicServer([Say("Done.")]) as server:
        complete(server, ask(turns=(other, Message("user", "Go on."))))
    assert server.bodies[0]["messages"][1]["content"] == [{"type": "text", "text": "Hm."}]


def test_a_reply_that_did_not_think_keeps_nothing() -> None:
    with AnthropicServer([Say("hi")]) as server:
        assert complete(server, ask()).vendor is None


def big_prompt(question: str, **more: Any) -> Request:
    return Request(
        parts=(
            Part("instructions", "Here is the code."),
            Part("codebase", CODE, name="app"),
            Part("response", "3 findings", name="scan"),
            Part("instructions", question),
        ),
        **more,
    )


def test_steps_on_the_same_code_share_its_cache() -> None:
    with AnthropicServer([Say("a"), Say("b")]) as server:
        first = complete(server, big_prompt("What is A?", system="Be brief."))
        second = complete(server, big_prompt("And what is B?", system="Be brief."))
    assert marked(server.bodies[0]) == ["Be brief.", "Here is the code.\n\n<data"]
    assert first.usage.cache_write_tokens > 1500
    assert second.usage.cached_tokens == first.usage.cache_write_tokens
    assert second.usage.cache_share > 0.9
    assert "".join(b["text"] for b in server.bodies[0]["messages"][0]["content"]) == (
        big_prompt("What is A?").prompt()
    )


def test_small_prompts_of_single_steps_are_not_marked() -> None:
    parts = (Part("file", "a = 1", name="a.ex"), Part("instructions", "Well?"))
    with AnthropicServer([Say("a")]) as server:
        complete(server, Request(parts=parts))
    assert marked(server.bodies[0]) == []


class Files:
    """A toolset of one tool."""

    tools = (READ,)

    def call(self, call: ToolCall) -> ToolResult:
        return ToolResult(call.id, call.name, f"{call.arguments['path']}: " + "x = 1\n" * 300)


def agent_script(turns: int, width: int = 1) -> Iterator[Say]:
    for n in range(turns):
        calls = tuple(Call("read", {"path": f"{n}-{k}"}) for k in range(width))
        yield Say(calls=calls, thinking=f"Step {n}.")
    yield CallTool("done", {"summary": "Read it all."})


@pytest.mark.parametrize("width", [1, 15])
def test_each_call_of_an_agent_reads_what_the_last_one_wrote(width: int) -> None:
    replies: list[Usage] = []

    def priced(_model: str, usage: Usage) -> Usage:
        replies.append(usage)
        return usage

    with AnthropicServer(agent_script(5, width)) as server:
        model = KIT.open(server, priced=priced)
        report = run_agent(model, big_prompt("Read all.", system="Be brief."), Files())
    assert report.status == "done"
    for before, after in pairwise(replies):
        assert after.cached_tokens == before.cached_tokens + before.cache_write_tokens
    assert replies[0].cached_tokens == 0
    assert replies[-1].cache_share > 0.8
    assert all(len(marked(body)) <= 4 for body in server.bodies)


def test_an_agents_requests_only_grow() -> None:
    with AnthropicServer(agent_script(3)) as server:
        run_agent(KIT.open(server), big_prompt("Read all."), Files())
    plain = [json.loads(json.dumps(body), object_hook=_unmarked) for body in server.bodies]
    for before, after in pairwise(plain):
        assert after["messages"][: len(before["messages"])] == before["messages"]
        assert (after["tools"], after["system"]) == (before["tools"], before["system"])


def _unmarked(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "cache_control"}


def test_a_session_begins_with_the_bytes_of_its_last_step() -> None:
    first = big_prompt("What is A?")
    with AnthropicServer([Say("An app.", thinking="Hm."), Say("b")]) as server:
        reply = complete(server, first)
        history = (Message("user", first.prompt()), reply.message())
        second = complete(server, ask("And B?", history=history))
    assert second.usage.cached_tokens > 1500
    before, after = (body["messages"] for body in server.bodies)
    assert json.loads(json.dumps(after[0]), object_hook=_unmarked) == json.loads(
        json.dumps(before[0]), object_hook=_unmarked
    )
    assert kinds(after[1]) == ["thinking", "text"]


def test_a_session_that_goes_on_with_other_tools_is_told_in_prose() -> None:
    called = Message("assistant", calls=(ToolCall("t1", "read", {"path": "a"}),))
    answered = Message("user", results=(ToolResult("t1", "read", "content"),))
    with AnthropicServer([Say("hi")]) as server:
        complete(server, ask("Well?", history=(Message("user", "Go."), called, answered)))
    assert server.bodies[0]["messages"][1:3] == snapshot(
        [
            {
                "role": "assistant",
                "content": [{"type": "text", "text": '(called read with {"path": "a"})'}],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "text",
                        "text": """\
Result of read:
content\
""",
                        "cache_control": {"type": "ephemeral"},
                    }
                ],
            },
        ]
    )


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", ModelUnavailable),
        ("api_error", ModelUnavailable),
        ("rate_limit_error", ModelUnavailable),
        ("timeout_error", ModelUnavailable),
        ("authentication_error", NeedsModel),
        ("invalid_request_error", Unusable),
        ("billing_error", Unusable),
    ],
)
def test_errors_inside_a_stream_have_types_too(kind: str, error: type[Exception]) -> None:
    with AnthropicServer([FailLate(kind, "so it is")]) as server, pytest.raises(error) as raised:
        complete(server, ask(), retries=0)
    assert "so it is" in str(raised.value)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_statuses_that_pass(status: int) -> None:
    with AnthropicServer([Fail(status), Say("hi")]) as server:
        assert complete(server, ask()).text == "hi"


def test_a_spent_plan_is_no_matter_of_retries() -> None:
    script = [Fail(402, "Your credit is spent")]
    with AnthropicServer(script) as server, pytest.raises(Unusable, match="credit") as error:
        complete(server, ask())
    assert "plan" in error.value.hint
    assert len(server.requests) == 1


def test_the_vendor_may_forbid_to_ask_again() -> None:
    script = [Fail(429, headers={"x-should-retry": "false"})] * 3
    with AnthropicServer(script) as server, pytest.raises(ModelUnavailable):
        complete(server, ask())
    assert len(server.requests) == 1


def test_a_model_that_ends_says_when() -> None:
    with AnthropicServer() as server:
        info = KIT.open(server).describe("claude-haiku-4-5")
    assert (info.lifecycle, info.retires_on) == ("deprecated", "2027-01-15")
    assert (info.max_input_tokens, info.max_output_tokens) == (200_000, 64_000)


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA,
        {"type": "array", "items": {"type": ["string", "null"]}, "minItems": 2},
        {
            "$defs": {"A": {"properties": {"x": {"const": 1}}, "required": ["x"]}},
            "anyOf": [{"$ref": "#/$defs/A"}, {"enum": ["a", "b"]}],
        },
        {
            "type": "object",
            "properties": {
                "when": {"type": "string", "format": "date", "description": "The day."},
                "name": {"type": "string", "pattern": "^a", "maxLength": 3},
                "deep": {"type": "object", "properties": {"y": {"type": "boolean"}}},
            },
            "definitions": {"B": {"type": "string"}},
        },
    ],
)
def test_the_sdk_has_nothing_left_to_change_in_a_schema(schema: dict[str, Any]) -> None:
    form = narrowed(schema, CLAUDE)
    assert form is not None

    def untyped(data: Any) -> Any:
        """Beside an enumeration the SDK leaves the type out; the API takes both."""
        if isinstance(data, list):
            return [untyped(each) for each in data]
        if not isinstance(data, dict):
            return data
        return {k: untyped(v) for k, v in data.items() if not (k == "type" and "enum" in data)}

    assert untyped(transform_schema(form)) == untyped(form)
    with AnthropicServer([Say("{}")]) as server:
        complete(server, ask(output_schema=schema))
    assert "output_config" in server.bodies[0]


EVENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    "message_start content_block_start content_block_delta message_delta message_stop x".split()
)
KEYS = st.sampled_from("message index delta content_block usage type".split())


@given(st.lists(st.builds(lambda t, d: {**d, "type": t}, NAMES, st.dictionaries(KEYS, EVENTS))))
def test_no_stream_of_events_breaks_the_reader(events: list[dict[str, Any]]) -> None:
    with suppress(Garbled, ModelMisbehaved):
        answer = read(events, unheard)
        assert answer.ended
        understood(lambda: reply(answer, Usage(), "", ""))


def test_many_tools_keep_their_order_and_the_last_one_is_marked() -> None:
    tools = tuple(replace(READ, name=name) for name in ("b", "a", "c"))
    with AnthropicServer([Say("hi")]) as server:
        complete(server, ask(tools=tools))
    assert [tool["name"] for tool in server.bodies[0]["tools"]] == ["b", "a", "c"]
    assert marked(server.bodies[0]) == ["c", "Say hello."]


def test_a_tool_without_parameters_takes_an_object() -> None:
    with AnthropicServer([Say("hi")]) as server:
        complete(server, ask(tools=(Tool("now", "The time.", {}),)))
    assert server.bodies[0]["tools"][0]["input_schema"] == {"type": "object"}
