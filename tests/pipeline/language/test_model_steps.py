# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ConfigError, ModelMisbehaved, ModelUnavailable, NeedsModel
from bot.llm.presets import PRESETS
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Reply, ToolCall
from tests.pipeline.model_support import PAID, ask
from tests.pipeline.support import run, steps

# Whom a step asks


@pytest.mark.parametrize(
    ("step", "there", "asked", "notice"),
    [
        ("claude", ["gemini", "anthropic"], "anthropic", ""),
        (
            "claude",
            ["gemini"],
            "gemini",
            "step 'a' (claude) is served by gemini: anthropic (ANTHROPIC_API_KEY) is not set up",
        ),
        ("claude_smart", ["gemini"], "gemini", "(claude_smart) is served by gemini"),
        (
            "gemini",
            ["anthropic"],
            "anthropic",
            "(gemini) is served by anthropic: gemini (GEMINI_API_KEY) is not set up",
        ),
        ("llm", ["gemini", "anthropic"], "gemini", ""),
        ("llm, provider: anthropic", ["gemini", "anthropic"], "anthropic", ""),
    ],
)
def test_a_step_asks_whom_its_type_names_and_says_when_somebody_else_serves_it(
    step: str, there: list[str], asked: str, notice: str
) -> None:
    models = {name: ScriptedModel(["x"], name=name) for name in there}
    result = run(steps(f"- {{name: a, type: {step}, prompt: hello}}"), models=models)
    assert [name for name, model in models.items() if model.requests] == [asked]
    assert notice in result.steps["a"].notice
    assert bool(notice) == bool(result.steps["a"].notice)


def test_a_provider_without_a_key_is_named() -> None:
    result, asked = ask("type: llm, provider: gemini, prompt: x")
    assert isinstance(result.error, NeedsModel)
    assert "GEMINI_API_KEY" in result.error.hint
    assert asked == []


# Options


def options_of(step: str, **more: Any) -> Any:
    return ask(step, **more)[1][0].options


def test_what_a_step_says_wins_over_defaults_and_defaults_over_the_preset() -> None:
    plain = "type: claude, prompt: x"
    head = "defaults: {claude_model: haiku, claude_fallback_model: opus, claude_preset: production, timeout_seconds: 50}"
    assert options_of(plain).model == ""
    assert options_of(plain, head=head).model == "haiku"
    assert options_of(f"{plain}, model: sonnet", head=head).model == "sonnet"
    assert options_of(f"{plain}, claude_options: {{model: sonnet}}", head=head).model == "sonnet"
    assert options_of(plain, head=head).fallback_model == "opus"
    assert (
        options_of(f"{plain}, preset: production").fallback_model
        == PRESETS["production"].fallback_model
    )
    assert options_of(plain, head=head).preset == "production"
    assert options_of(f"{plain}, preset: chat", head=head).preset == "chat"


def test_defaults_of_one_vendor_do_not_reach_the_other() -> None:
    head = "defaults: {claude_model: haiku, claude_preset: chat, gemini_model: flash, gemini_token_budget: {max_output_tokens: 9, temperature: 0.5, top_k: 3}}"
    gemini = options_of("type: gemini, prompt: x, token_budget: {temperature: 0.1}", head=head)
    assert (gemini.model, gemini.preset, gemini.max_tokens) == ("flash", "", 9)
    assert (gemini.temperature, gemini.top_k) == (0.1, 3)
    claude = options_of("type: claude, prompt: x", head=head)
    assert (claude.model, claude.max_tokens, claude.temperature) == ("haiku", None, None)
    assert options_of("type: llm, prompt: x", head=head).model == ""


def test_a_prompt_that_is_too_long_is_not_sent() -> None:
    step = "type: gemini, prompt: '{{ text }}', token_budget: {max_input_tokens: 20}"
    short, _ = ask(step, inputs={"text": "x"}, vendor="gemini")
    assert short.status == "succeeded"
    long, asked = ask(step, inputs={"text": "some words " * 50}, vendor="gemini")
    assert "max_input_tokens is 20 (quote less" in str(long.error)
    assert asked == []


def test_the_shortest_time_limit_holds() -> None:
    assert (
        options_of(
            "type: claude, prompt: x, timeout_seconds: 9, claude_options: {timeout_ms: 1500}"
        ).timeout_seconds
        == 1.5
    )
    assert (
        options_of(
            "type: claude, prompt: x, timeout_seconds: 1, claude_options: {timeout_ms: 1500}"
        ).timeout_seconds
        == 1
    )
    assert options_of("type: claude, prompt: x").timeout_seconds is None


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_gives_its_standing_instructions(name: str) -> None:
    _, asked = ask(f"type: claude_smart, preset: {name}, prompt: x")
    assert asked[0].system == PRESETS[name].system
    assert asked[0].tools == ()


def test_without_a_preset_the_environment_picks_one_for_smart_steps_alone() -> None:
    head = "environment: {mode: production}"
    assert options_of("type: claude_smart, prompt: x", head=head).preset == "production"
    assert (
        options_of("type: claude_smart, prompt: x, environment_aware: false", head=head).preset
        == ""
    )
    assert options_of("type: claude, prompt: x", head=head).preset == ""


def test_system_prompts_replace_and_append() -> None:
    step = "type: claude_smart, preset: chat, prompt: x, claude_options: {system_prompt: 'Be {{ mood }}', append_system_prompt: 'End.'}"
    _, asked = ask(step, inputs={"mood": "calm"})
    assert asked[0].system == "Be calm\n\nEnd."
    _, appended = ask(
        "type: claude_smart, preset: chat, prompt: x, claude_options: {append_system_prompt: 'End.'}"
    )
    assert appended[0].system == f"{PRESETS['chat'].system}\n\nEnd."


# What becomes of the answer


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"status": "passed"}', {"status": "passed"}),
        ('```json\n{"status": "passed"}\n```', {"status": "passed"}),
        ("[1, 2]", [1, 2]),
        ("It passed.", None),
        ('Here: {"status": "passed"}', None),
        ("3", None),
        ('{"a": 1, "a": 2}', None),
    ],
)
def test_a_whole_json_reply_is_data_and_prose_is_never_searched(text: str, data: Any) -> None:
    result, _ = ask("type: claude, prompt: x", text)
    assert (result.steps["a"].data, result.steps["a"].text) == (data, text)


def test_output_format_text_is_never_read() -> None:
    result, _ = ask("type: claude, prompt: x, claude_options: {output_format: text}", '{"a": 1}')
    assert result.steps["a"].data is None


@pytest.mark.parametrize("kind", ["json", "stream_json", "stream-json"])
def test_output_format_json_is_repaired_then_fails(kind: str) -> None:
    step = f"type: claude, prompt: x, max_repairs: 1, claude_options: {{output_format: {kind}}}"
    good, asked = ask(step, "prose", "3")
    assert good.steps["a"].data == 3
    assert "is not JSON" in asked[1].turns[1].text
    bad, _ = ask(step, "prose", "more prose")
    assert isinstance(bad.error, ModelMisbehaved)
    default, _ = ask(
        "type: claude, prompt: x, max_repairs: 0",
        "prose",
        head="defaults: {claude_output_format: json}",
    )
    assert isinstance(default.error, ModelMisbehaved)


def test_a_failed_step_keeps_what_it_cost_and_who_answered() -> None:
    useless = Reply("prose", "claude-x", usage=PAID)
    result, _ = ask(
        "type: llm, prompt: x, max_repairs: 1, output_schema: {type: object}",
        useless,
        ModelUnavailable("gone"),
    )
    assert isinstance(result.error, ModelUnavailable)
    assert (result.steps["a"].usage, result.steps["a"].model) == (PAID, "claude-x")


# Functions


HEAD = """
gemini_functions:
  rate:
    description: Rates a file.
    parameters: {type: object, required: [path], properties: {path: {type: string}, score: {type: integer}}}
  drop: {description: Drops it.}
"""
FUNCTIONS = "type: gemini, prompt: choose, functions: [rate, drop]"


def calls(*made: tuple[str, Any]) -> Reply:
    each = tuple(ToolCall(f"c{n}", name, arguments) for n, (name, arguments) in enumerate(made))
    return Reply("I call.", "g", calls=each, stop_reason="tool_use", usage=PAID)


def test_declared_functions_are_sent_and_the_calls_are_the_data() -> None:
    made = calls(("rate", {"path": "a", "score": None}), ("drop", {}))
    result, asked = ask(FUNCTIONS, made, head=HEAD, vendor="gemini")
    assert [(t.name, t.description) for t in asked[0].tools] == [
        ("rate", "Rates a file."),
        ("drop", "Drops it."),
    ]
    assert result.steps["a"].data == {
        "text": "I call.",
        "function": "rate",
        "arguments": {"path": "a"},
        "function_calls": [
            {"function": "rate", "arguments": {"path": "a"}},
            {"function": "drop", "arguments": {}},
        ],
    }


def test_wrong_calls_are_sent_back_and_bounded() -> None:
    wrong = calls(("rate", {"path": 1}), ("drop", {}))
    result, asked = ask(
        FUNCTIONS,
        wrong,
        calls(("rat", {})),
        calls(("rate", {"path": "b"})),
        head=HEAD,
        vendor="gemini",
    )
    assert result.steps["a"].data["arguments"] == {"path": "b"}
    first, second = asked[1].turns[1].results
    assert "do not fit its schema" in first.text
    assert "another call of this reply is wrong" in second.text
    assert "did you mean rate?" in asked[2].turns[3].results[0].text
    assert result.steps["a"].usage.calls == 3
    stubborn, _ = ask(f"{FUNCTIONS}, max_repairs: 1", wrong, wrong, head=HEAD, vendor="gemini")
    assert isinstance(stubborn.error, ModelMisbehaved)
    assert stubborn.steps["a"].usage.calls == 2


def test_a_model_may_choose_to_call_nothing() -> None:
    result, _ = ask(FUNCTIONS, "Nothing fits.", head=HEAD, vendor="gemini")
    assert result.steps["a"].data == {
        "text": "Nothing fits.",
        "function": "",
        "arguments": {},
        "function_calls": [],
    }


def test_a_later_step_quotes_the_calls_as_documented() -> None:
    model = ScriptedModel([calls(("drop", {})), "fine"], name="gemini")
    body = f"- {{name: a, {FUNCTIONS}}}\n- {{name: b, type: gemini, prompt: [{{type: previous_response, step: a, extract: function_calls}}]}}"
    run(steps(body, head=HEAD), models={"gemini": model})
    assert '"function": "drop"' in model.requests[1].prompt()


# gemini_instructor


INSTRUCT = "type: gemini_instructor, prompt: x, schema: {type: object, required: [n], properties: {n: {type: integer}}}"


def test_strict_repairs_and_fails_loose_takes_json_with_a_notice() -> None:
    strict, asked = ask(INSTRUCT, '{"n": "x"}', '{"n": 1}', vendor="gemini")
    assert (strict.steps["a"].data, len(asked)) == ({"n": 1}, 2)
    loose, once = ask(f"{INSTRUCT}, validation_mode: loose", '{"n": "x"}', vendor="gemini")
    assert (loose.status, loose.steps["a"].data, len(once)) == ("succeeded", {"n": "x"}, 1)
    assert "breaks the schema: $.n: 'x' is not of type 'integer'" in loose.steps["a"].notice
    prose, _ = ask(f"{INSTRUCT}, validation_mode: loose", "prose", vendor="gemini")
    assert isinstance(prose.error, ModelMisbehaved)
    valid, _ = ask(f"{INSTRUCT}, validation_mode: loose", '{"n": 1}', vendor="gemini")
    assert valid.steps["a"].notice == ""


# Refusals


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "type: claude, prompt: x, claude_options: {mcp_servers: {}}",
            "claude_options.mcp_servers: not supported here: there are no MCP servers",
        ),
        ("type: claude, prompt: x, claude_options: {hooks: {}}", "put a step before or after"),
        ("type: claude, prompt: x, claude_options: {agents: {}}", "one step for each agent"),
        (
            "type: claude, prompt: x, claude_options: {add_dir: x}",
            "quote other files with file parts",
        ),
        (
            "type: claude, prompt: x, claude_options: {permission_mode: bypass_permissions}",
            "nothing bypasses permissions",
        ),
        (
            "type: claude, prompt: x, claude_options: {permission_mode: bypassPermissions}",
            "nothing bypasses permissions",
        ),
        ("type: claude, prompt: x, claude_options: {permission_prompt_tool: x}", "nobody is asked"),
        (
            "type: claude, prompt: x, claude_options: {stream_handler: callback}",
            "a pipeline holds no functions",
        ),
        (
            "type: claude, prompt: x, claude_options: {stream_handler_opts: {show_timestamps: true}}",
            "the model's text alone",
        ),
        (
            "type: claude, prompt: x, claude_options: {allowed_tools: [WebFetch]}",
            "there is no tool 'WebFetch'; there are: read",
        ),
        (
            "type: claude, prompt: x, claude_options: {allowed_tools: [Reed]}",
            "did you mean 'Read'?",
        ),
        (
            "type: claude, prompt: x, claude_options: {allowed_tools: ['Bash(git:*)']}",
            "without patterns; write 'Bash'",
        ),
        (
            "type: claude, prompt: x, claude_options: {disallowed_tools: [Bsh]}",
            "there is no tool 'Bsh'",
        ),
        (
            "type: claude, prompt: x, claude_options: {resume_session: true}",
            "'resume_session' needs a 'session_id'",
        ),
        (
            "type: claude, prompt: x, claude_options: {cwd: ../x}",
            "'cwd' must be a directory of the code base",
        ),
        (
            "type: claude, prompt: x, claude_options: {cwd: /etc}",
            "'cwd' must be a directory of the code base",
        ),
        ("type: claude, prompt: x, claude_options: {temperature: 1}", "Claude takes none"),
        (
            "type: claude, prompt: x, claude_options: {max_turn: 1}",
            "unknown key; did you mean 'max_turns'?",
        ),
        (
            "type: claude, prompt: x, model: opus, claude_options: {model: sonnet}",
            "'model' and 'claude_options.model' differ",
        ),
        (
            "type: claude, prompt: x, output_schema: {}, claude_options: {output_format: text}",
            "exclude each other",
        ),
        ("type: gemini, prompt: x, functions: [gone]", "there is no function 'gone'"),
        (
            "type: gemini, prompt: x, functions: [f], output_schema: {}",
            "'functions' and 'output_schema' both say",
        ),
        ("type: gemini, prompt: x, claude_options: {}", "unknown key"),
        (
            "type: gemini_instructor, prompt: x, schema: {}, functions: [f]",
            "a gemini step chooses functions",
        ),
        ("type: gemini_instructor, prompt: x", "exactly one of 'schema' and 'output_schema'"),
        (
            "type: gemini_instructor, prompt: x, schema: {requierd: []}",
            "'requierd' is no keyword of JSON Schema; did you mean 'required'?",
        ),
        ("type: claude_smart, preset: produciton, prompt: x", "did you mean 'production'?"),
        ("type: llm, provider: openai, prompt: x", "provider"),
        ("type: claude, prompt: 'Hello {{ x'", "Hello"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_load_with_its_line(step: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        steps(f"- {{name: a, {step}}}")
    assert said in str(error.value)
    assert str(error.value).startswith("test.yaml:")


def test_a_refused_key_is_pointed_at() -> None:
    with pytest.raises(ConfigError) as error:
        steps(
            "- name: a\n  type: claude\n  prompt: x\n  claude_options:\n    verbose: true\n    hooks: {}"
        )
    assert (error.value.line, error.value.column) == (9, 9)


def test_parameters_of_a_function_are_an_object() -> None:
    with pytest.raises(ConfigError, match="are of type 'object'"):
        steps(
            f"- {{name: a, {FUNCTIONS}}}",
            head="gemini_functions: {rate: {parameters: {type: string}}, drop: {}}",
        )


def test_what_is_harmless_is_accepted() -> None:
    options = "{verbose: true, debug_mode: true, telemetry_enabled: false, cost_tracking: true, permission_mode: accept_edits}"
    result, _ = ask(f"type: claude, role: muscle, prompt: x, claude_options: {options}")
    assert result.status == "succeeded"
