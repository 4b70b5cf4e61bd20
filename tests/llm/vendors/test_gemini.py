"""What is particular to Gemini: the wire form, signed thoughts, errors in Google's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.errors import ModelMisbehaved, ModelUnavailable, NeedsModel, Unusable
from bot.llm.agents.agent import run_agent
from bot.llm.types import Message, Options, Part, Reply, Request, Tool, ToolCall, ToolResult, Usage
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import Call, CallTool, Fail, FailLate, Say, SayJson, Tokens
from tests.llm.vendor_kit import READ, ask, gemini_kit

KIT = gemini_kit()
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1, "multipleOf": 2}},
    "required": ["n"],
}
LOOK = CallTool("read", {"path": "a"}, text="I look.")


def complete(server: GeminiServer, request: Request, **more: Any) -> Reply:
    return KIT.open(server, **more).complete(request)


def parts(body: dict[str, Any], index: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body["contents"][index]["parts"]
    return found


def answered(server: GeminiServer, request: Request, **more: Any) -> Request:
    """The request after a reply that called tools, each of them answered; kept as JSON between."""
    reply = complete(server, request, **more)
    results = tuple(ToolResult(call.id, call.name, "content") for call in reply.calls)
    stored = replace(reply, vendor=json.loads(json.dumps(reply.vendor)))
    turns = (*request.turns, stored.message(), Message("user", results=results))
    return replace(request, turns=turns)


def test_the_wire_body_of_a_whole_conversation() -> None:
    request = Request(
        parts=(Part("codebase", "def a", name="app"), Part("instructions", "Fix it.")),
        system="You are careful.",
        tools=(READ, Tool("now", "The time.", {"type": "object", "properties": {}})),
        history=(Message("user", "Hello."), Message("assistant", "Hi.")),
        turns=(
            Message("assistant", "I read.", calls=(ToolCall("t1", "read", {"path": "a"}),)),
            Message("user", "Go on.", results=(ToolResult("t1", "read", "gone", failed=True),)),
        ),
        options=Options(max_tokens=100, effort="low", temperature=0.5, top_p=0.9, top_k=3),
    )
    with GeminiServer([Say("Done.")]) as server:
        reply = complete(server, request)
    (sent,) = server.requests
    assert reply.notice == ""
    assert sent.headers["x-goog-api-key"] == KIT.key
    assert sent.path == "/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
    assert sent.body == snapshot(
        {
            "contents": [
                {"parts": [{"text": "Hello."}], "role": "user"},
                {"parts": [{"text": "Hi."}], "role": "model"},
                {
                    "parts": [
                        {
                            "text": """\
<data kind="codebase" name="app">
def a
</data>

Fix it.\
"""
                        }
                    ],
                    "role": "user",
                },
                {
                    "parts": [
                        {"text": "I read."},
                        {
                            "functionCall": {"id": "t1", "args": {"path": "a"}, "name": "read"},
                            "thoughtSignature": "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=",
                        },
                    ],
                    "role": "model",
                },
                {
                    "parts": [
                        {
                            "functionResponse": {
                                "id": "t1",
                                "name": "read",
                                "response": {"error": "gone"},
                            }
                        },
                        {"text": "Go on."},
                    ],
                    "role": "user",
                },
            ],
            "systemInstruction": {"parts": [{"text": "You are careful."}], "role": "user"},
            "tools": [
                {
                    "functionDeclarations": [
                        {
                            "description": "Read one file.",
                            "name": "read",
                            "parameters_json_schema": {
                                "type": "object",
                                "additionalProperties": False,
                                "properties": {"path": {"type": "string"}},
                                "required": ["path"],
                            },
                        },
                        {"description": "The time.", "name": "now"},
                    ]
                }
            ],
            "generationConfig": {
                "temperature": 0.5,
                "topP": 0.9,
                "topK": 3.0,
                "maxOutputTokens": 100,
                "thinkingConfig": {"thinking_level": "LOW"},
            },
        }
    )


def test_the_answer_of_a_schema_is_held_to_it() -> None:
    with GeminiServer([SayJson({"n": 2})]) as server:
        complete(server, ask(output_schema=SCHEMA))
    assert server.bodies[0]["generationConfig"] == snapshot(
        {
            "maxOutputTokens": 32000,
            "responseMimeType": "application/json",
            "responseJsonSchema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "n": {"type": "integer", "minimum": 1, "description": "(multipleOf: 2)"}
                },
                "required": ["n"],
            },
        }
    )


def test_a_schema_beside_tools_is_put_in_words() -> None:
    with GeminiServer([SayJson({"n": 2})]) as server:
        complete(server, ask(output_schema=SCHEMA, tools=(READ,)))
    assert "responseJsonSchema" not in server.bodies[0]["generationConfig"]
    assert "must satisfy this JSON Schema" in parts(server.bodies[0], 0)[0]["text"]


@pytest.mark.parametrize(("seconds", "told"), [(12.5, "13"), (5, "10")])
def test_the_server_is_told_how_long_we_wait(seconds: float, told: str) -> None:
    with GeminiServer([Say("hi")]) as server:
        complete(server, ask(options=Options(timeout_seconds=seconds)))
    assert server.requests[0].headers["x-server-timeout"] == told


@pytest.mark.parametrize(
    ("effort", "level"),
    [("low", "LOW"), ("medium", "MEDIUM"), ("high", "HIGH"), ("xhigh", "XHIGH"), ("max", "XHIGH")],
)
def test_effort_is_a_thinking_level(effort: Any, level: str) -> None:
    with GeminiServer([Say("hi")]) as server:
        complete(server, ask(options=Options(effort=effort)))
    assert list(server.bodies[0]["generationConfig"]["thinkingConfig"].values()) == [level]


def test_usage_counts_thoughts_as_written_and_the_cache_as_read() -> None:
    with GeminiServer([Say("hi", tokens=Tokens(100, 20, cached=60, thinking=30))]) as server:
        reply = complete(server, ask())
    assert reply.usage == Usage(input_tokens=100, output_tokens=50, cached_tokens=60, calls=1)


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("STOP", "end"),
        ("MAX_TOKENS", "max_tokens"),
        ("CONTINUATION", "max_tokens"),
        ("SAFETY", "refusal"),
        ("RECITATION", "refusal"),
        ("PROHIBITED_CONTENT", "refusal"),
        ("BLOCKLIST", "refusal"),
        ("SPII", "refusal"),
        ("LANGUAGE", "refusal"),
    ],
)
def test_stop_reasons(stop: str, expected: str) -> None:
    with GeminiServer([Say("so far", stop=stop)]) as server:
        reply = complete(server, ask())
    assert (reply.stop_reason, reply.text) == (expected, "so far")
    assert reply.notice == (f"refused: {stop}" if expected == "refusal" else "")
    assert len(server.requests) == 1


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", "OTHER", "BLOCKLIST"])
def test_a_blocked_prompt_is_a_refusal(reason: str) -> None:
    with GeminiServer([Say(stop=f"blocked:{reason}", why="not this")]) as server:
        reply = complete(server, ask())
    assert (reply.stop_reason, reply.text) == ("refusal", "")
    assert reply.notice == f"refused: {reason}: not this"


@pytest.mark.parametrize("reason", ["OTHER", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"])
def test_other_reasons_are_errors_with_their_cost(reason: str) -> None:
    said = Say("so", stop=reason, tokens=Tokens(1, 2))
    with GeminiServer([said]) as server, pytest.raises(ModelMisbehaved) as error:
        complete(server, ask())
    assert error.value.message == f"{KIT.model} stopped with {reason}"
    assert error.value.usage == Usage(input_tokens=1, output_tokens=2, calls=1)


def test_a_response_spoilt_on_the_way_is_asked_again() -> None:
    with GeminiServer([Say("x", stop="MALFORMED_RESPONSE"), Say("hi")]) as server:
        assert complete(server, ask()).text == "hi"


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
def test_a_call_that_cannot_be_read_is_a_problem_the_model_is_shown(reason: str) -> None:
    with GeminiServer([Say(stop=reason), Say("ok")]) as server:
        request = ask(tools=(READ,))
        reply = complete(server, request)
        (call,) = reply.calls
        result = ToolResult(call.id, call.name, "say it again", failed=True)
        turns = (reply.message(), Message("user", results=(result,)))
        assert complete(server, replace(request, turns=turns)).text == "ok"
    assert reply.stop_reason == "tool_use"
    assert call.problem == f"the call could not be read: {reason}"
    assert server.bodies[1]["contents"][1:] == snapshot(
        [
            {"parts": [{"text": "(a call of unreadable that could not be read)"}], "role": "model"},
            {"parts": [{"text": "say it again"}], "role": "user"},
        ]
    )


def test_signed_thoughts_go_back_unchanged() -> None:
    with GeminiServer([LOOK, LOOK, Say("Done.")]) as server:
        request = answered(server, answered(server, ask(tools=(READ,))))
        assert complete(server, request).text == "Done."
    told = [content for content in server.bodies[2]["contents"] if content["role"] == "model"]
    assert [set(content["parts"][-1]) for content in told] == [
        {"functionCall", "thoughtSignature"}
    ] * 2


def test_the_server_notices_thoughts_that_were_touched() -> None:
    with GeminiServer([LOOK, Say("Done.")]) as server:
        request = answered(server, ask(tools=(READ,)))
        kept = json.loads(json.dumps(request.turns[0].vendor))
        kept["gemini"]["parts"][-1]["function_call"]["args"] = {"path": "b"}
        turns = (replace(request.turns[0], vendor=kept), *request.turns[1:])
        with pytest.raises(Unusable, match="Corrupted thought signature"):
            complete(server, replace(request, turns=turns))


def test_the_signature_of_an_answer_without_calls_stays_where_it_was() -> None:
    with GeminiServer([Say("An app.", thinking="Hm."), Say("b")]) as server:
        reply = complete(server, ask())
        history = (Message("user", "Say hello."), reply.message())
        complete(server, ask("And B?", history=history))
    first, last = parts(server.bodies[1], 1)
    assert first == {"text": "An app."}
    assert (last["text"], bool(last["thoughtSignature"])) == ("", True)


@pytest.mark.parametrize("turn", ["foreign", "another model"])
def test_calls_of_another_model_carry_the_documented_mark(turn: str) -> None:
    with GeminiServer([LOOK, Say("Done.")]) as server:
        if turn == "foreign":
            call = ToolCall("toolu_1", "read", {"path": "a"})
            vendor = {"anthropic": {"prefix": "x", "blocks": [{"type": "thinking"}]}}
            said = Message("assistant", "I look.", calls=(call,), vendor=vendor)
            results = (ToolResult("toolu_1", "read", "content"),)
            request = ask(tools=(READ,), turns=(said, Message("user", results=results)))
            complete(server, ask())
        else:
            request = answered(server, ask(tools=(READ,)), model=KIT.other)
        assert complete(server, request).text == "Done."
    assert parts(server.bodies[1], 1)[1]["thoughtSignature"] == snapshot(
        "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
    )


def test_a_model_that_signs_nothing_gets_no_mark() -> None:
    call = ToolCall("toolu_1", "read", {"path": "a"})
    turns = (
        Message("assistant", calls=(call,)),
        Message("user", results=(ToolResult("toolu_1", "read", "content"),)),
    )
    refusal = pytest.raises(Unusable, match="missing a thought_signature")
    with GeminiServer([], models=["gemini-2.5-pro"]) as server, refusal:
        complete(server, ask(tools=(READ,), turns=turns), model="gemini-2.5-pro")


def test_calls_without_ids_are_told_apart_and_answered_without_ids() -> None:
    calls = (Call("read", {"path": "a"}), Call("read", {"path": "b"}))
    with GeminiServer([Say(calls=calls, ids=False), LOOK, Say("Done.")]) as server:
        request = answered(server, answered(server, ask(tools=(READ,))))
        assert complete(server, request).text == "Done."
    ids = [call.id for turn in request.turns for call in turn.calls]
    assert len(set(ids)) == 3
    sent = [part["functionResponse"] for part in parts(server.bodies[2], 2)]
    assert [set(response) for response in sent] == [{"name", "response"}] * 2
    assert "id" in parts(server.bodies[2], 4)[0]["functionResponse"]


def test_a_bad_key_is_a_400_in_googles_words() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    fail = Fail(400, "API key not valid. Please pass a valid API key.", details=(detail,))
    with GeminiServer([fail]) as server, pytest.raises(NeedsModel, match="GEMINI_API_KEY"):
        complete(server, ask())


def test_the_delay_may_stand_in_the_body() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    kit = gemini_kit()
    with GeminiServer([Fail(429, details=(detail,)), Say("hi")]) as server:
        assert kit.open(server).complete(ask()).text == "hi"
    assert kit.pauses == [34.5]


@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504])
def test_statuses_that_pass(status: int) -> None:
    with GeminiServer([Fail(status), Say("hi")]) as server:
        assert complete(server, ask()).text == "hi"


@pytest.mark.parametrize("kind", ["UNAVAILABLE", "INTERNAL"])
def test_errors_inside_a_stream_have_types_too(kind: str) -> None:
    script = [FailLate(kind, "so it is")]
    with GeminiServer(script) as server, pytest.raises(ModelUnavailable, match="so it is"):
        complete(server, ask(), retries=0)


class Files:
    """A toolset of one tool."""

    tools = (READ,)

    def call(self, call: ToolCall) -> ToolResult:
        return ToolResult(call.id, call.name, f"{call.arguments['path']}: " + "x = 1\n" * 300)


def agent_script(turns: int) -> Iterator[Say]:
    for n in range(turns):
        yield Say(calls=(Call("read", {"path": str(n)}), Call("read", {"path": f"{n}b"})))
    yield CallTool("done", {"summary": "Read it all."})


def test_an_agents_requests_only_grow_and_so_are_read_from_the_cache() -> None:
    replies: list[Usage] = []

    def priced(_model: str, usage: Usage) -> Usage:
        replies.append(usage)
        return usage

    prompt = (Part("codebase", "a\n" * 2000, name="app"), Part("instructions", "Read all."))
    with GeminiServer(agent_script(4)) as server:
        report = run_agent(KIT.open(server, priced=priced), Request(prompt), Files())
    assert report.status == "done"
    for before, after in pairwise(server.bodies):
        assert after["contents"][: len(before["contents"])] == before["contents"]
        assert after["tools"] == before["tools"]
    cached = [usage.cached_tokens for usage in replies]
    assert cached[0] == 0
    assert all(before < after for before, after in pairwise(cached))
    assert replies[-1].cache_share > 0.8


def test_system_and_tools_count_as_read() -> None:
    request = ask(system="Be brief. " * 50, tools=(READ,))
    with GeminiServer() as server:
        assert KIT.open(server).count_tokens(request) > KIT.open(server).count_tokens(ask()) + 120
