# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import AgentStopped
from bot.llm.offline import OfflineModel
from bot.pipeline.record.keeping import Keeping
from tests.pipeline.model_support import ask, call, code
from tests.pipeline.support import run, steps


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
