"""The stand-ins are judged by the vendors' own SDKs, and they refuse what the vendors refuse."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import errors, types

from tests.fakes.anthropic_rules import signed
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.gemini_rules import sign
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import (
    Call,
    CallTool,
    Fail,
    FailLate,
    Raw,
    Say,
    Stall,
    Tokens,
    VendorServer,
)

HELLO: Any = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
READ: Any = {"name": "read", "description": "d", "input_schema": {"type": "object"}}


def claude(server: AnthropicServer) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="k", base_url=server.url, max_retries=0)


def gemini(server: GeminiServer) -> genai.Client:
    """To be held on to: a client that is collected closes its connections."""
    options = types.HttpOptions(base_url=server.url)
    return genai.Client(api_key="k", vertexai=False, http_options=options)


def chunks_of(server: GeminiServer) -> list[types.GenerateContentResponse]:
    client = gemini(server)
    return list(client.models.generate_content_stream(model="gemini-3.8-flash", contents="hi"))


def post(url: str, body: Any) -> tuple[int, Any]:
    headers = {"authorization": "Bearer k", "anthropic-version": "1", "x-goog-api-key": "k"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - a server of this very test
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310 - a server of this very test
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_anthropics_sdk_adds_the_events_up_to_what_was_said() -> None:
    said = Say(
        "I look.",
        calls=(Call("read", {"path": "ü"}), Call("read")),
        thinking="Where?",
        tokens=Tokens(input=5, output=7, cached=3, thinking=2),
    )
    with AnthropicServer([said]) as server:
        create = claude(server).messages.stream
        tools = [READ]
        with create(model="claude-opus-5-5", max_tokens=9, messages=HELLO, tools=tools) as stream:
            message = stream.get_final_message()
    thought, text, first, second = message.content
    assert thought.to_dict() == signed("Where?")
    assert text.to_dict() == {"type": "text", "text": "I look."}
    assert first.type == second.type == "tool_use"
    assert (first.input, second.input) == ({"path": "ü"}, {})
    assert first.id != second.id
    assert message.stop_reason == "tool_use"
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (5, 7, 3)
    assert usage.output_tokens_details is not None
    assert usage.output_tokens_details.thinking_tokens == 2


def test_anthropics_sdk_takes_an_answer_in_one_piece_as_well() -> None:
    with AnthropicServer([Say("hi")]) as server:
        message = claude(server).messages.create(
            model="claude-opus-5-5", max_tokens=9, messages=HELLO
        )
    assert message.content[0].to_dict() == {"type": "text", "text": "hi"}
    assert message.stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Fail(401), anthropic.AuthenticationError),
        (Fail(402), anthropic.PaymentRequiredError),
        (Fail(403), anthropic.PermissionDeniedError),
        (Fail(413), anthropic.ContentTooLargeError),
        (Fail(429), anthropic.RateLimitError),
        (Fail(500), anthropic.InternalServerError),
        (Fail(529), anthropic.OverloadedError),
        (FailLate("overloaded_error"), anthropic.APIStatusError),
    ],
)
def test_anthropics_sdk_knows_the_errors(answer: Any, error: type[Exception]) -> None:
    with (
        AnthropicServer([answer]) as server,
        pytest.raises(error) as raised,
        claude(server).messages.stream(
            model="claude-opus-5-5", max_tokens=9, messages=HELLO
        ) as stream,
    ):
        stream.until_done()
    assert isinstance(raised.value, anthropic.APIStatusError)
    assert str(raised.value.type).endswith("_error") or raised.value.status_code == 413


def test_anthropics_sdk_lists_and_counts() -> None:
    with AnthropicServer(models=["a", "b"]) as server:
        client = claude(server)
        assert [model.id for model in client.models.list()] == ["a", "b"]
        assert client.models.retrieve("a").lifecycle == "active"
        assert client.messages.count_tokens(model="a", messages=HELLO).input_tokens > 0
        with pytest.raises(anthropic.NotFoundError):
            client.models.retrieve("c")
    assert server.requests == []
    assert len(server.all) == 4


def test_googles_sdk_adds_the_chunks_up_to_what_was_said() -> None:
    said = Say("I look.", calls=(Call("read", {"path": "ü"}), Call("read")), tokens=Tokens(5, 7))
    with GeminiServer([said]) as server:
        chunks = chunks_of(server)
    assert "".join(chunk.text or "" for chunk in chunks) == "I look."
    calls = [call for chunk in chunks for call in chunk.function_calls or ()]
    assert [(call.name, call.args) for call in calls] == [("read", {"path": "ü"}), ("read", {})]
    last = chunks[-1]
    assert last.candidates is not None
    assert last.candidates[0].finish_reason == types.FinishReason.STOP
    assert last.usage_metadata is not None
    assert last.usage_metadata.total_token_count == 12


@pytest.mark.parametrize("answer", [Fail(429), Fail(503), FailLate("UNAVAILABLE")])
def test_googles_sdk_knows_the_errors(answer: Any) -> None:
    with GeminiServer([answer]) as server, pytest.raises(errors.APIError) as raised:
        chunks_of(server)
    assert raised.value.status in ("RESOURCE_EXHAUSTED", "UNAVAILABLE")
    assert raised.value.message


def test_googles_sdk_lists_and_counts() -> None:
    with GeminiServer(models=["a", "b"]) as server:
        client = gemini(server)
        assert [model.name for model in client.models.list()] == ["models/a", "models/b"]
        assert client.models.get(model="a").output_token_limit == 65_536
        assert (client.models.count_tokens(model="a", contents="hi").total_tokens or 0) > 0
        with pytest.raises(errors.ClientError, match="404"):
            client.models.get(model="c")


CLAUDE = {"model": "claude-opus-5-5", "max_tokens": 9, "messages": HELLO}
THOUGHT = {**signed("a"), "thinking": "b"}
CALL = {"type": "tool_use", "id": "t", "name": "read", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
MARK = {"cache_control": {"type": "ephemeral"}}


def said(*blocks: Any) -> Any:
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks: Any) -> Any:
    return {"role": "user", "content": list(blocks)}


def form(schema: Any) -> Any:
    return {**CLAUDE, "output_config": {"format": {"type": "json_schema", "schema": schema}}}


HI = {"type": "text", "text": "hi"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**CLAUDE, "temprature": 1}, "temprature: Extra inputs"),
        ({**CLAUDE, "temperature": 1}, "temperature"),
        ({k: v for k, v in CLAUDE.items() if k != "max_tokens"}, "max_tokens: Field required"),
        ({**CLAUDE, "max_tokens": 0}, "greater than or equal to 1"),
        ({**CLAUDE, "messages": []}, "at least one message"),
        ({**CLAUDE, "messages": [{"role": "system", "content": [HI]}]}, "role"),
        ({**CLAUDE, "messages": [user()]}, "non-empty content"),
        ({**CLAUDE, "messages": [user({"type": "text", "text": " "})]}, "non-whitespace"),
        ({**CLAUDE, "messages": [user(HI), said(HI), user(THOUGHT)]}, "Input tag"),
        ({**CLAUDE, "messages": [user(HI), said(THOUGHT, HI), user(HI)]}, "signature"),
        ({**CLAUDE, "messages": [user(HI), said(CALL), user(RESULT)]}, "must define tools"),
        ({**CLAUDE, "tools": [READ], "messages": [user(HI), said(CALL), user(HI)]}, "tool_result"),
        ({**CLAUDE, "tools": [READ], "messages": [user(RESULT)]}, "unexpected `tool_use_id`"),
        (
            {**CLAUDE, "tools": [READ], "messages": [user(HI), said(CALL), user(HI, RESULT)]},
            "come first",
        ),
        ({**CLAUDE, "messages": [user(HI), said(signed("a"))]}, "prefill"),
        ({**CLAUDE, "messages": [user(*[{**HI, **MARK}] * 5)]}, "maximum of 4 blocks"),
        ({**CLAUDE, "output_config": {"effort": "huge"}}, "effort"),
        (form({"type": "object", "properties": {}}), "additionalProperties"),
        (form({"type": "string", "maxLength": 3}), "not supported"),
        (form({"$defs": {"A": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"}), "Circular"),
    ],
)
def test_what_anthropics_api_refuses(body: Any, words: str) -> None:
    with AnthropicServer([Say("no")]) as server:
        status, answer = post(f"{server.url}/v1/messages", body)
    assert (status, server.requests) == (400, [])
    assert answer["error"]["type"] == "invalid_request_error"
    assert words in answer["error"]["message"]


def test_an_unknown_model_is_not_found() -> None:
    with AnthropicServer() as server:
        status, answer = post(f"{server.url}/v1/messages", {**CLAUDE, "model": "claude-x"})
    assert (status, answer["error"]["type"]) == (404, "not_found_error")


def content(*parts: Any, role: str = "user") -> Any:
    return {"role": role, "parts": list(parts)}


TEXT = {"text": "hi"}
CALLED = {"functionCall": {"name": "read", "args": {}}}
RESPONDED = {"functionResponse": {"name": "read", "response": {}}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"contents": []}, "contents is not specified"),
        ({"contents": [content(TEXT)], "temprature": 1}, 'Unknown name "temprature"'),
        ({"contents": [content(TEXT, role="system")]}, "valid role"),
        ({"contents": [content()]}, "must not be empty"),
        ({"contents": [content({})]}, "oneof field"),
        ({"contents": [content(CALLED, role="model"), content(RESPONDED)]}, "thought_signature"),
        ({"contents": [content(sign(CALLED), role="model"), content(TEXT)]}, "equal to the number"),
        ({"contents": [content(sign(CALLED), role="model")]}, "function call turn"),
        ({"contents": [content(RESPONDED)]}, "equal to the number"),
        ({"contents": [content({**TEXT, "thoughtSignature": "YWJj"})]}, "Corrupted"),
        (
            {"contents": [content(TEXT)], "generationConfig": {"temperature": 3}},
            "range",
        ),
        (
            {
                "contents": [content(TEXT)],
                "generationConfig": {"responseJsonSchema": {"type": "object"}},
            },
            "non-empty",
        ),
    ],
)
def test_what_the_gemini_api_refuses(body: Any, words: str) -> None:
    with GeminiServer([Say("no")]) as server:
        url = f"{server.url}/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
        status, answer = post(url, body)
    assert (status, server.requests) == (400, [])
    assert answer["error"]["status"] == "INVALID_ARGUMENT"
    assert words in answer["error"]["message"]


@pytest.mark.parametrize("make", [AnthropicServer, GeminiServer])
def test_a_script_may_decide_by_what_was_asked(make: Callable[..., VendorServer]) -> None:
    def answer(body: Any) -> Say:
        return Say("yes" if "hi" in json.dumps(body) else "no")

    for script in (answer, [answer]):
        with make(script) as server:
            ask(server)
            assert len(server.requests) == 1


def ask(server: VendorServer) -> None:
    if isinstance(server, AnthropicServer):
        with claude(server).messages.stream(
            model="claude-opus-5-5", max_tokens=9, messages=HELLO
        ) as stream:
            assert stream.get_final_text() == "yes"
    elif isinstance(server, GeminiServer):
        assert "".join(chunk.text or "" for chunk in chunks_of(server)) == "yes"


def test_a_script_that_is_over_says_so() -> None:
    with AnthropicServer() as server:
        assert post(f"{server.url}/v1/messages", CLAUDE)[1]["error"]["message"] == (
            "the script of the test is over"
        )


@pytest.mark.parametrize("make", [AnthropicServer, GeminiServer])
def test_nothing_is_left_behind(make: Callable[..., VendorServer]) -> None:
    before = threading.active_count()
    with make([Raw(b"x"), Stall()]) as server:
        assert threading.active_count() > before
    assert threading.active_count() == before
    assert server.all == []


def test_raw_arguments_arrive_as_they_are() -> None:
    with AnthropicServer([CallTool("read", raw='{"a')]) as server:
        _, body = post(f"{server.url}/v1/messages", {**CLAUDE, "tools": [READ], "stream": True})
    pieces = [
        json.loads(line.removeprefix("data: "))["delta"]["partial_json"]
        for line in body.decode().splitlines()
        if "partial_json" in line
    ]
    assert "".join(pieces) == '{"a'
