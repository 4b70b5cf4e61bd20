# ruff: noqa: E501 - steps in one line each read best
"""Every step that asks a model, over HTTP against stand-ins of both vendors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.errors import ModelMisbehaved, ModelUnavailable
from bot.llm.offline import OfflineModel
from bot.llm.providers import open_models
from bot.pipeline.results import RunResult
from bot.pipeline.services import Services
from bot.settings import load_settings
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import (
    Body,
    Call,
    CallTool,
    Cut,
    Fail,
    Say,
    SayJson,
    Script,
    VendorServer,
)
from tests.pipeline.support import run, steps

SERVERS: dict[str, type[VendorServer]] = {"anthropic": AnthropicServer, "gemini": GeminiServer}


@pytest.fixture(params=["anthropic", "gemini"])
def vendor(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


def play(
    vendor: str,
    body: str,
    script: Script,
    head: str = "",
    services: Services | None = None,
    **set_: Any,
) -> tuple[RunResult, VendorServer]:
    """Run steps with one vendor's key set, its API on this machine."""
    with SERVERS[vendor](script) as server:
        settings = load_settings(
            **{f"{vendor}_api_key": "k" * 40, f"{vendor}_base_url": server.url},
            **{"model_retries": 0, **set_},
        )
        models = open_models(settings, offline=OfflineModel())
        result = run(steps(body, head=head), models=models, services=services)
    return result, server


def sent(server: VendorServer, call: int = -1) -> str:
    return json.dumps(server.bodies[call])


def test_one_question_has_one_result_shape_with_either_vendor(vendor: str) -> None:
    body = "- {name: a, type: claude, preset: chat, prompt: hello}"
    result, server = play(vendor, body, [Say('{"status": "passed"}')])
    step = result.steps["a"]
    assert (step.data, step.text) == ({"status": "passed"}, '{"status": "passed"}')
    assert step.usage.calls == 1
    assert "Answer clearly and briefly." in sent(server)
    assert ("is served by gemini" in step.notice) is (vendor == "gemini")


@pytest.mark.parametrize(
    "schema",
    [
        "judgement",
        "{type: object, required: [status], properties: {status: {enum: [passed, failed]}}}",
    ],
)
def test_a_schema_is_enforced_and_repaired(vendor: str, schema: str) -> None:
    good = {"status": "failed", "next_action": "retry", "reasons": []}
    body = f"- {{name: a, type: llm, prompt: x, output_schema: {schema}}}"
    result, server = play(
        vendor, body, [Say("It failed."), SayJson({"status": "red"}), SayJson(good)]
    )
    assert result.steps["a"].data == good
    assert result.steps["a"].usage.calls == 3
    assert "the reply is not JSON" in sent(server, 1)
    assert "'red' is not one of" in sent(server, 2)


def test_any_json_is_asked_for_in_words(vendor: str) -> None:
    body = "- {name: a, type: claude, prompt: x, claude_options: {output_format: json}}"
    result, server = play(vendor, body, [Say("```json\n[1, 2]\n```")])
    assert result.steps["a"].data == [1, 2]
    assert "Answer with one JSON value" in sent(server)


def test_a_cut_reply_fails_the_step(vendor: str) -> None:
    stop = {"anthropic": "max_tokens", "gemini": "MAX_TOKENS"}[vendor]
    result, _ = play(
        vendor,
        "- {name: a, type: llm, prompt: x, output_schema: {type: object}}",
        [Say('{"a": 1', stop=stop)],
    )
    assert isinstance(result.error, ModelMisbehaved)
    assert result.steps["a"].usage.calls == 1


def test_a_session_is_a_conversation_on_the_wire(vendor: str) -> None:
    body = """
    - {name: a, type: claude_session, session_config: {session_name: s}, prompt: one}
    - {name: b, type: claude_session, session_config: {session_name: s}, prompt: [{type: claude_continue, new_prompt: two}]}
    """
    result, server = play(vendor, body, [Say("first"), Say("second")])
    assert result.status == "succeeded"
    turns = server.bodies[1]["messages" if vendor == "anthropic" else "contents"]
    assert [turn["role"] for turn in turns] == [
        "user",
        "assistant" if vendor == "anthropic" else "model",
        "user",
    ]
    assert "first" in json.dumps(turns[1])


@pytest.mark.parametrize("form", ["text", "json", "structured", "summary", "markdown"])
def test_extracts_are_held_to_their_form(vendor: str, form: str) -> None:
    answers: dict[str, dict[str, Any]] = {
        "text": {"content": "c"},
        "json": {"content": {"any": [1]}},
        "structured": {"sections": [{"title": "t", "content": "c"}]},
        "summary": {"summary": "s"},
        "markdown": {"content": "# c"},
    }
    answer = {**answers[form], "links": [{"url": "https://x", "text": "x"}]}
    config = f"extraction_config: {{format: {form}, post_processing: [extract_links]}}"
    body = f"- {{name: a, type: claude_extract, prompt: x, {config}}}"
    result, server = play(vendor, body, [SayJson(answers[form]), SayJson(answer)])
    assert result.steps["a"].data == answer
    assert len(server.requests) == 2


def test_a_batch_contains_what_fails(vendor: str) -> None:
    def answer(body: Body) -> Any:
        return Fail(500) if "second" in json.dumps(body) else Say("fine")

    body = "- {name: a, type: claude_batch, allow_failure: true, tasks: [{prompt: first}, {prompt: second}, {prompt: third}]}"
    result, _ = play(vendor, body, answer)
    tasks = result.steps["a"].data["tasks"]
    assert [task["status"] for task in tasks.values()] == ["succeeded", "failed", "succeeded"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Fail(429), "rate_limit"),
        (Fail(503), "overloaded"),
        (Fail(504), "timeout"),
        (Fail(500), "api_error"),
        (Cut(), "api_error"),
    ],
)
def test_why_a_vendor_did_not_answer_decides_what_is_tried_again(
    vendor: str, failure: Any, reason: str
) -> None:
    body = "- {{name: a, type: claude_robust, prompt: x, retry_config: {{max_retries: 1, retry_on: [{}]}}}}"
    result, _ = play(vendor, body.format(reason), [failure, Say("fine")])
    assert result.steps["a"].data["answer"] == "fine"
    other = next(name for name in ("rate_limit", "overloaded") if name != reason)
    once, server = play(vendor, body.format(other), [failure, Say("unasked")])
    assert isinstance(once.error, ModelUnavailable)
    assert once.error.reason == reason
    assert len(server.requests) == 1


HEAD = """
gemini_functions:
  rate: {description: Rates, parameters: {type: object, required: [path], properties: {path: {type: string}}}}
"""


def test_functions_are_declared_on_the_wire_and_their_calls_are_data(vendor: str) -> None:
    body = "- {name: a, type: gemini, prompt: choose, functions: [rate]}"
    script = [CallTool("rate", {"path": 1}), CallTool("rate", {"path": "lib/a.ex"})]
    result, server = play(vendor, body, script, head=HEAD)
    assert result.steps["a"].data["function_calls"] == [
        {"function": "rate", "arguments": {"path": "lib/a.ex"}}
    ]
    assert "do not fit its schema" in sent(server, 1)
    nothing, _ = play(vendor, body, [Say("none fits")], head=HEAD)
    assert nothing.steps["a"].data["function"] == ""


def test_a_step_with_tools_reads_and_answers(vendor: str, tmp_path: Path) -> None:
    (tmp_path / "a.ex").write_text("defmodule A do\nend\n")
    services = Services(codebase=Codebase(WorkFiles(tmp_path)))
    body = "- {name: a, type: claude_smart, preset: analysis, prompt: x, output_schema: {type: object, required: [n], properties: {n: {type: integer}}}}"
    script = [
        CallTool("read", {"path": "a.ex"}),
        Say(calls=(Call("done", {"summary": "s", "data": {"n": 1}}),)),
    ]
    result, server = play(vendor, body, script, services=services)
    assert result.steps["a"].data == {"n": 1}
    assert "defmodule A" in sent(server, 1)


@pytest.mark.parametrize(
    ("preset", "set_", "model"),
    [
        ("development", {}, "claude-sonnet-5-5"),
        ("analysis", {}, "claude-opus-5-5"),
        ("chat", {}, "claude-opus-5-5"),
        ("analysis", {"anthropic_model": "claude-haiku-4-5"}, "claude-haiku-4-5"),
    ],
)
def test_a_preset_chooses_the_model_only_where_nobody_did(
    preset: str, set_: Any, model: str
) -> None:
    body = f"- {{name: a, type: claude_smart, preset: {preset}, prompt: x}}"
    _, server = play("anthropic", body, [Say("x")], **set_)
    assert server.bodies[0]["model"] == model
    own = f"- {{name: a, type: claude_smart, preset: {preset}, model: claude-haiku-4-5, prompt: x}}"
    _, named = play("anthropic", own, [Say("x")], **set_)
    assert "haiku" in named.bodies[0]["model"]


def test_production_falls_back_to_its_second_model() -> None:
    body = "- {name: a, type: claude_smart, preset: production, prompt: x}"
    result, server = play("anthropic", body, [Fail(529), Say("x")])
    assert [sent["model"] for sent in server.bodies] == ["claude-opus-5-5", "claude-sonnet-5-5"]
    assert "answered instead" in result.steps["a"].notice
