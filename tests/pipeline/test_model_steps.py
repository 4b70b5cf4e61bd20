# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bot.codebase.codebase import Codebase
from bot.codebase.files import WorkFiles
from bot.errors import AgentStopped, ConfigError, ModelMisbehaved, ModelUnavailable, NeedsModel
from bot.llm.offline import OfflineModel
from bot.llm.presets import PRESETS
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Model, Reply, Request, ToolCall, Usage
from bot.pipeline.engine import Engine
from bot.pipeline.keeping import Keeping
from bot.pipeline.load import Library
from bot.pipeline.results import RunResult, StepResult
from bot.pipeline.services import CommandResult, Services
from bot.pipeline.steps import default_handlers
from tests.pipeline.support import Events, Tree, ended, load, run, seed_directory, steps

PAID = Usage(10, 5, usd=0.25, calls=1)


def call(name: str, **arguments: Any) -> Reply:
    return Reply("", "m", calls=(ToolCall("c1", name, arguments),), stop_reason="tool_use")


def ask(
    step: str, *lines: Any, head: str = "", services: Services | None = None, **more: Any
) -> tuple[RunResult, list[Request]]:
    """One step `a` with the options of `step`, answered by the lines of a script."""
    model = ScriptedModel(lines or ["answer"], name=more.pop("vendor", "anthropic"))
    models: Mapping[str, Model] = {model.name: model}
    loaded = steps(f"- {{name: a, {step}}}", head=head)
    return run(
        loaded, more.pop("inputs", {}), models=models, services=services, **more
    ), model.requests


def code(tmp_path: Path) -> Services:
    (tmp_path / "lib" / "web").mkdir(parents=True)
    (tmp_path / "lib" / "a.ex").write_text("defmodule A do\nend\n")
    return Services(codebase=Codebase(WorkFiles(tmp_path)))


# Whom a step asks


@pytest.mark.parametrize(
    ("step", "there", "asked", "notice"),
    [
        ("claude", ["gemini", "anthropic"], "anthropic", ""),
        (
            "claude",
            ["gemini"],
            "gemini",
            "step 'a' (claude) is served by gemini: ANTHROPIC_API_KEY is not set",
        ),
        ("claude_smart", ["gemini"], "gemini", "(claude_smart) is served by gemini"),
        (
            "gemini",
            ["anthropic"],
            "anthropic",
            "(gemini) is served by anthropic: GEMINI_API_KEY is not set",
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


# Tools


def test_a_step_with_allowed_tools_works_until_it_has_the_answer(tmp_path: Path) -> None:
    step = "type: claude, prompt: fix it, claude_options: {allowed_tools: [Read, Write, Bash], max_turns: 9}"
    lines = [
        call("write", path="lib/b.ex", content="x\n"),
        call("done", summary="did it", data={"answer": "all of it"}),
    ]
    result, asked = ask(step, *lines, services=code(tmp_path))
    assert result.steps["a"].text == "all of it"
    assert (tmp_path / "lib" / "b.ex").read_text() == "x\n"
    assert {tool.name for tool in asked[0].tools} == {"read", "write", "run", "done", "give_up"}
    assert "'Bash' runs mix tasks" in result.steps["a"].notice


def test_a_plain_reply_ends_the_work_as_the_answer(tmp_path: Path) -> None:
    services = code(tmp_path)
    step = "type: claude, prompt: x, claude_options: {allowed_tools: [Read]}"
    result, asked = ask(step, call("read", path="lib/a.ex"), "It is empty.", services=services)
    assert (result.steps["a"].text, len(asked)) == ("It is empty.", 2)
    schema = "output_schema: {type: object, required: [n]}"
    data, _ = ask(f"{step}, {schema}", '{"n": 1}', services=services)
    assert data.steps["a"].data == {"n": 1}


def test_a_reply_of_the_wrong_form_does_not_end_it(tmp_path: Path) -> None:
    step = "type: claude, prompt: x, claude_options: {allowed_tools: [Read]}, output_schema: {type: object, required: [n]}"
    result, asked = ask(
        step, '{"m": 1}', call("done", summary="", data={"n": 2}), services=code(tmp_path)
    )
    assert (result.steps["a"].data, len(asked)) == ({"n": 2}, 2)


def test_a_model_that_stops_fails_the_step(tmp_path: Path) -> None:
    step = "type: claude, prompt: x, claude_options: {allowed_tools: [Read], max_turns: 1}"
    result, _ = ask(step, call("read", path="lib/a.ex"), services=code(tmp_path))
    assert isinstance(result.error, AgentStopped)
    assert "max_turns" in result.error.hint
    gave_up, _ = ask(step, call("give_up", reason="too hard"), services=code(tmp_path / "other"))
    assert "too hard" in str(gave_up.error) or "gave up" in str(gave_up.error)


@pytest.mark.parametrize(
    ("step", "tools"),
    [
        (
            "preset: development",
            {
                "edit",
                "write",
                "run",
                "read",
                "remove",
                "list",
                "search",
                "outline",
                "findings",
                "diff",
            },
        ),
        ("preset: analysis", {"read", "list", "search", "outline", "findings", "diff"}),
        ("preset: production", {"read"}),
        ("preset: chat", set()),
        (
            "preset: development, output_schema: {type: object}",
            {"read", "list", "search", "outline", "findings", "diff"},
        ),
        (
            "preset: development, claude_options: {disallowed_tools: [Bash, Delete, WebFetch]}",
            {"edit", "write", "read", "list", "search", "outline", "findings", "diff"},
        ),
        (
            "preset: development, claude_options: {permission_mode: plan}",
            {"read", "list", "search", "outline", "findings", "diff"},
        ),
        ("preset: development, claude_options: {allowed_tools: []}", set()),
        (
            "preset: chat, claude_options: {allowed_tools: [Glob, Grep, edit]}",
            {"list", "search", "edit"},
        ),
        (
            "preset: chat, output_schema: {type: object}, claude_options: {allowed_tools: [Write]}",
            {"write"},
        ),
    ],
)
def test_tools_come_from_the_preset_unless_the_step_names_them(
    tmp_path: Path, step: str, tools: set[str]
) -> None:
    _, asked = ask(f"type: claude_smart, prompt: x, {step}", "{}", services=code(tmp_path))
    assert {tool.name for tool in asked[0].tools} - {"done", "give_up"} == tools


def test_without_a_code_base_a_preset_asks_one_question_and_named_tools_are_refused() -> None:
    _, asked = ask("type: claude_smart, preset: development, prompt: x")
    assert asked[0].tools == ()
    result, none = ask("type: claude, prompt: x, claude_options: {allowed_tools: [Read]}")
    assert "has no code base to use them on" in str(result.error)
    assert none == []


def test_cwd_confines_what_may_be_changed(tmp_path: Path) -> None:
    step = "type: claude, prompt: x, claude_options: {cwd: './lib/{{ part }}', allowed_tools: [Write, Read]}"
    lines = [
        call("write", path="lib/a.ex", content="bad"),
        call("write", path="lib/web/../a.ex", content="bad"),
        call("read", path="lib/a.ex"),
        call("write", path="lib/web/b.ex", content="good\n"),
        "done",
    ]
    result, asked = ask(step, *lines, services=code(tmp_path), inputs={"part": "web"})
    assert result.status == "succeeded"
    assert (tmp_path / "lib" / "a.ex").read_text() == "defmodule A do\nend\n"
    assert (tmp_path / "lib" / "web" / "b.ex").read_text() == "good\n"
    assert "below lib/web/ only" in asked[0].system
    assert "not below lib/web/" in asked[-1].turns[1].results[0].text


def test_a_rendered_cwd_may_not_leave_the_tree(tmp_path: Path) -> None:
    step = "type: claude, prompt: x, claude_options: {cwd: '{{ part }}', allowed_tools: [Write]}"
    result, asked = ask(step, services=code(tmp_path), inputs={"part": "../.."})
    assert "'cwd' must be a directory of the code base" in str(result.error)
    assert asked == []


def test_offline_serves_a_step_with_tools_as_one_question(tmp_path: Path) -> None:
    model = OfflineModel({"k": lambda asked: "served"})
    step = (
        "- {name: a, type: claude, prompt: x, offline: k, claude_options: {allowed_tools: [Write]}}"
    )
    result = run(steps(step), models={"offline": model}, services=code(tmp_path))
    assert result.steps["a"].text == "served"
    assert "is served offline" in result.steps["a"].notice


# Streams


def test_a_stream_goes_to_a_file_in_the_output_directory(tmp_path: Path) -> None:
    step = "type: claude, prompt: x, claude_options: {async_streaming: true, stream_handler: file, stream_buffer_size: 100}"
    keeping = Keeping(output_dir=tmp_path)
    ask(step, "piece by piece", keeping=keeping)
    assert (tmp_path / "a.stream.txt").read_text() == "piece by piece"
    named = step.replace(
        "stream_buffer_size: 100", "stream_handler_opts: {file_path: 'out/{{ step.name }}.txt'}"
    )
    ask(named, "again", keeping=keeping)
    assert (tmp_path / "out" / "a.txt").read_text() == "again"
    outside, _ = ask(named.replace("out/", "../"), "again", keeping=keeping)
    assert "output directory" in str(outside.error)


@pytest.mark.parametrize("handler", ["console", "buffer"])
def test_a_stream_without_a_file_changes_nothing(tmp_path: Path, handler: str) -> None:
    step = f"type: claude, prompt: x, claude_options: {{async_streaming: true, stream_handler: {handler}}}"
    result, _ = ask(step, "said", keeping=Keeping(output_dir=tmp_path))
    assert result.steps["a"].text == "said"
    assert list(tmp_path.iterdir()) == []


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


# The vision's own steps


def followed(runner: CommandResult, tmp_path: Path) -> tuple[RunResult, Events]:
    """The vision's `verify_fix` and `commit_changes`, after a step that ran `mix test`."""
    patch = "--- a/lib/a.ex\n+++ b/lib/a.ex\n@@ -1 +1 @@\n-spawn(f)\n+Task.start(f)\n"
    tree = Tree(files={"change.diff": patch})
    given = load(
        dedent(
            """
            workflow:
              name: t
              steps:
                - {name: run_verification, type: mix, task: test, allow_failure: true}
                - name: "verify_fix"
                  type: "claude_smart"
                  preset: "analysis"
                  prompt:
                    - type: "static"
                      content: "The following is the output from `mix test`."
                    - type: "previous_response"
                      name: "run_verification"
                    - type: "static"
                      content: "Provide a JSON response with 'status': 'passed' or 'status': 'failed', and a 'next_action' key."
                - name: "commit_changes"
                  type: "claude"
                  when: verify_fix.status == 'passed'
                  prompt:
                    - type: "static"
                      content: "Generate a git commit message for the changes and then run 'git commit'."
                    - type: "file"
                      path: "{{ diff_file }}"
            """
        )
    )

    class Mix:
        def run(self, task: str, args: tuple[str, ...], *, timeout: float) -> CommandResult:
            return runner

    services = replace(tree.services(), mix=Mix())
    events = Events()
    result = run(
        given,
        {"diff_file": "change.diff"},
        models={"offline": OfflineModel()},
        services=services,
        observer=events,
    )
    return result, events


def test_the_visions_commit_is_guarded_by_what_verify_fix_said(tmp_path: Path) -> None:
    green = ended(("mix", "test")).model_copy(update={"stdout": "2 tests, 0 failures\n"})
    result, events = followed(green, tmp_path)
    assert result.steps["verify_fix"].data == {
        "status": "passed",
        "next_action": "commit",
        "reasons": [],
    }
    assert result.steps["commit_changes"].text.startswith("Change lib/a.ex\n")
    notices = [event.message for event in events if event.kind == "notice"]
    assert "step 'verify_fix' (claude_smart) is served offline: no key is set" in notices
    assert any("no command was run" in notice for notice in notices)
    red, _ = followed(ended(("mix", "test"), 2), tmp_path)
    assert red.steps["verify_fix"].data["status"] == "failed"
    assert red.steps["commit_changes"].status == "skipped"


@pytest.mark.skipif(
    not seed_directory().is_dir(), reason="the vision's own files are not on this machine"
)
def test_the_visions_own_steps_are_served_unmodified() -> None:
    loaded = Library().load_file(seed_directory() / "master_workflow_steps.yaml")
    tree = Tree(files={"d": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"})
    data = (
        ended(("mix", "test"))
        .model_copy(update={"stdout": "2 tests, 0 failures\n"})
        .model_dump(mode="json")
    )
    given = {"run_verification": StepResult("run_verification", "mix", "succeeded", data, "")}
    engine = Engine(default_handlers(), {"offline": OfflineModel()}, services=tree.services())
    result = engine.run(loaded.workflow, {"diff_file": "d"}, given=given)
    assert result.steps["verify_fix"].data["status"] == "passed"
    assert result.steps["commit_changes"].text.startswith("Change x")
