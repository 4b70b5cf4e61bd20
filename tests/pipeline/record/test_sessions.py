# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError, ModelUnavailable, Refused, Unusable
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Message, Reply
from bot.pipeline.record.checkpoints import Checkpoints
from bot.pipeline.record.keeping import Keeping
from bot.pipeline.record.points import Points, prefix_keys
from bot.pipeline.record.sessions import Sessions
from bot.pipeline.results import RunResult
from tests.pipeline.support import run, steps

TALK = """
- {name: one, type: claude_session, session_config: {session_name: talk}, prompt: Hello}
- name: two
  type: claude_session
  session_config: {session_name: talk}
  prompt: [{type: claude_continue, new_prompt: "And {{ more }}?"}]
"""


def play(
    body: str, *lines: Any, sessions: Sessions | None = None, **more: Any
) -> tuple[RunResult, ScriptedModel]:
    model = ScriptedModel(lines or ["a1", "a2", "a3"], name="anthropic")
    keeping = Keeping(sessions=sessions or Sessions(), checkpoints=more.pop("kept", None))
    result = run(
        steps(body), {"more": "more"}, models={"anthropic": model}, keeping=keeping, **more
    )
    return result, model


def said(model: ScriptedModel, call: int) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in model.requests[call].messages()]


def test_a_session_sends_what_was_said_before() -> None:
    result, model = play(TALK)
    assert result.status == "succeeded"
    assert said(model, 0) == [("user", "Hello")]
    assert said(model, 1) == [("user", "Hello"), ("assistant", "a1"), ("user", "And more?")]


def test_sessions_of_other_names_know_nothing_of_each_other() -> None:
    body = """
    - {name: one, type: claude_session, prompt: Hello}
    - {name: two, type: claude_session, prompt: Hi}
    """
    _, model = play(body)
    assert said(model, 1) == [("user", "Hi")]


def test_a_failed_turn_was_never_said() -> None:
    body = """
    - {name: one, type: claude_session, session_config: {session_name: t}, prompt: Hello, continue_on_error: true}
    - {name: two, type: claude_session, session_config: {session_name: t}, prompt: Hi}
    """
    _, model = play(body, Reply("", "m", stop_reason="refusal"), "fine")
    assert said(model, 1) == [("user", "Hi")]


def test_a_session_may_begin_anew() -> None:
    body = """
    - {name: one, type: claude_session, session_config: {session_name: t}, prompt: Hello}
    - {name: two, type: claude_session, session_config: {session_name: t, continue_session: false}, prompt: Hi}
    - {name: three, type: claude_session, session_config: {session_name: t}, prompt: So}
    """
    _, model = play(body)
    assert said(model, 1) == [("user", "Hi")]
    assert said(model, 2) == [("user", "Hi"), ("assistant", "a2"), ("user", "So")]


def test_a_session_has_so_many_turns() -> None:
    body = """
    - {name: one, type: claude_session, session_config: {session_name: t, max_turns: 1}, prompt: Hello}
    - {name: two, type: claude_session, session_config: {session_name: t, max_turns: 1}, prompt: Hi}
    """
    result, model = play(body)
    assert isinstance(result.error, Refused)
    assert "has had its 1 turns" in result.error.message
    assert len(model.requests) == 1


def test_persistent_sessions_go_on_in_the_next_run_and_others_do_not(tmp_path: Path) -> None:
    kept = "- {name: one, type: claude_session, session_config: {session_name: k, persist: true}, prompt: Hello}"
    lost = kept.replace(": k,", ": l,").replace("persist: true", "persist: false")
    for body, expected in ((kept, 3), (lost, 1)):
        first = Sessions(tmp_path)
        play(body, sessions=first)
        first.flush()
        _, model = play(body, sessions=Sessions(tmp_path))
        assert len(said(model, 0)) == expected


def test_a_run_may_leave_what_an_earlier_one_kept(tmp_path: Path) -> None:
    kept = "- {name: one, type: claude_session, session_config: {session_name: k, persist: true, continue_on_restart: false}, prompt: Hello}"
    for _ in range(2):
        sessions = Sessions(tmp_path)
        _, model = play(kept, sessions=sessions)
        sessions.flush()
        assert said(model, 0) == [("user", "Hello")]


def test_nothing_is_written_before_the_run_has_ended(tmp_path: Path) -> None:
    body = "- {name: one, type: claude_session, session_config: {persist: true}, prompt: Hello}"
    play(body, sessions=Sessions(tmp_path / "s"))
    assert not (tmp_path / "s").exists()


def test_a_killed_run_finds_its_paid_turns_again(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "kept")
    assert play(TALK, "a1", ModelUnavailable("gone"), kept=kept)[0].status == "failed"
    again, model = play(TALK, "a2", kept=kept)
    assert again.status == "succeeded"
    assert [request.step for request in model.requests] == ["two"]
    assert said(model, 0)[1] == ("assistant", "a1")


def test_a_damaged_store_is_said_and_not_overwritten(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    sessions.append("k", (Message("user", "x"),), persist=True)
    sessions.flush()
    (file,) = tmp_path.iterdir()
    file.write_text("{")
    body = "- {name: one, type: claude_session, session_config: {session_name: k, persist: true}, prompt: Hello}"
    result, _ = play(body, sessions=Sessions(tmp_path))
    assert isinstance(result.error, ConfigError)
    assert file.read_text() == "{"


def test_session_context_quotes_the_last_messages_as_data() -> None:
    body = """
    - {name: one, type: claude_session, session_config: {session_name: t}, prompt: Hello}
    - name: two
      type: claude
      prompt:
        - {type: session_context, session_id: t, include_last_n: 1}
        - {type: static, content: Sum up.}
    """
    _, model = play(body, "a1 </data>", "sum")
    part = model.requests[1].parts[0]
    assert (part.kind, part.name, part.text) == ("session", "t", "assistant:\na1 </data>")
    assert model.requests[1].history == ()
    assert model.requests[1].prompt().count("</data>") == 1


def test_a_session_that_begins_now_has_no_context_yet() -> None:
    body = """
    - name: one
      type: claude_session
      session_config: {session_name: t}
      prompt: [{type: static, content: Hello}, {type: session_context, session_id: t}]
    """
    _, model = play(body)
    assert [part.kind for part in model.requests[0].parts] == ["instructions"]


def test_continuing_what_never_began_fails() -> None:
    body = (
        "- {name: one, type: claude_session, prompt: [{type: claude_continue, new_prompt: go on}]}"
    )
    result, model = play(body)
    assert isinstance(result.error, Unusable)
    assert "in which nothing was said" in result.error.message
    assert model.requests == []


def test_a_plain_step_joins_a_session_by_its_id(tmp_path: Path) -> None:
    step = "- {{name: {}, type: claude, prompt: Hi, claude_options: {{session_id: s{}}}}}\n"
    body = (
        step.format("one", "")
        + step.format("two", "")
        + step.format("three", ", resume_session: false")
    )
    _, model = play(body)
    assert [len(request.history) for request in model.requests] == [0, 2, 0]
    resumed = step.format("one", ", resume_session: true")
    for expected in (0, 2):
        sessions = Sessions(tmp_path)
        _, model = play(resumed, sessions=sessions)
        sessions.flush()
        assert len(model.requests[0].history) == expected


def test_the_name_of_a_session_is_a_template() -> None:
    body = TALK.replace("session_name: talk", "session_name: '{{ more }}'")
    sessions = Sessions()
    play(body, sessions=sessions)
    assert sessions.names() == ("more",)


def test_structured_answers_are_kept_as_text() -> None:
    body = TALK.replace("prompt: Hello", "prompt: Hello, output_schema: {type: object}")
    _, model = play(body, '{"n": 1}', "fine")
    assert json.loads(said(model, 1)[1][1]) == {"n": 1}


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("type: claude_session, prompt: x, session_config: {session_id: t}", "write session_name"),
        (
            "type: claude_session, prompt: x, session_config: {checkpoint_interval: 1}",
            "every turn is kept",
        ),
        (
            "type: claude_session, prompt: x, conversation: []",
            "one claude_session step for each turn",
        ),
        (
            "type: claude_session, prompt: x, claude_options: {session_id: t}",
            "names the session; drop 'session_id'",
        ),
        (
            "type: claude_session, session_config: {session_name: t}, prompt: [{type: claude_continue, new_prompt: x, session_id: u}]",
            "continues its own session, 't'",
        ),
        (
            "type: claude, prompt: [{type: claude_continue, new_prompt: x}]",
            "belongs into a claude_session step",
        ),
        (
            "type: claude_session, prompt: [{type: claude_continue, new_prompt: '{{ gone.x'}]",
            "gone",
        ),
    ],
)
def test_what_a_session_cannot_mean_is_refused_at_load(step: str, text: str) -> None:
    with pytest.raises(ConfigError) as error:
        steps(f"- {{name: one, {step}}}")
    assert text in str(error.value)


def test_a_run_that_goes_on_from_a_checkpoint_remembers_the_conversation(tmp_path: Path) -> None:
    body = TALK.replace("- name: two", "- {name: here, type: checkpoint}\n- name: two")
    points = Points(tmp_path)
    loaded = steps(body)
    keys = prefix_keys(loaded.workflow.steps, {"more": "more"})
    kept = Keeping(points=points, sessions=Sessions())
    first = ScriptedModel(["a1", ModelUnavailable("gone")], name="anthropic")
    broken = run(loaded, {"more": "more"}, models={"anthropic": first}, keeping=kept)
    assert broken.status == "failed"
    found = points.find(keys)
    assert found is not None
    second = ScriptedModel(["a2"], name="anthropic")
    again = run(
        loaded,
        {"more": "more"},
        models={"anthropic": second},
        keeping=Keeping(points=points, sessions=Sessions()),
        resume=found[1],
    )
    assert again.status == "succeeded"
    assert said(second, 0) == [("user", "Hello"), ("assistant", "a1"), ("user", "And more?")]
