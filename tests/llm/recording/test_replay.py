"""A recorded run is run again without a model, and what differs from it is named."""

from __future__ import annotations

import json
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError, Exit, Unusable
from bot.llm.recording.replay import NotRecorded, Recorder, Recording, ReplayDiffers
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
)

SECRET = "hunter2-hunter2"
TOKEN = "sk-ant-" + "a" * 40


def request(text: str = "how many?", step: str = "count", **more: Any) -> Request:
    return Request(parts=(Part("instructions", text),), step=step, **more)


REQUEST = Request(
    parts=(
        Part("instructions", "Fix what is found.\nKeep the rest."),
        Part("file", "defmodule A do\nend\n", name="lib/a.ex"),
        Part("response", "[1]", name="find", data=[1]),
    ),
    output_schema={"type": "object"},
    options=Options(model="opus", max_tokens=100),
    step="fix",
    system="You write Elixir.",
    history=(Message("user", "hi"), Message("assistant", "hello", vendor={"anthropic": [1]})),
    turns=(
        Message("assistant", calls=(ToolCall("1", "read", {"path": "a"}),)),
        Message("user", results=(ToolResult("1", "read", "text", failed=True),)),
    ),
    tools=(Tool("read", "Reads.", {"type": "object"}), Tool("list", "Lists.", {})),
)
REPLY = Reply(
    text="done \u2713",
    model="claude-opus-5-5",
    data={"n": [1, None, 0.1], "s": "\u00e9"},
    usage=Usage(1000, 20, 300, 4, 0.1 + 0.2, 1, 0),
    stop_reason="tool_use",
    calls=(ToolCall("t1", "write", {"path": "b", "deep": {"x": [1]}}, problem="half"),),
    vendor={"anthropic": [{"thinking": "...", "signature": "abc="}]},
    notice="another model answered",
)


def recorded(path: Path, *calls: tuple[str, Request, Reply], model: str = "anthropic") -> Recording:
    """What is read of a recording of these calls."""
    with Recorder(path, models=(model, "offline")) as recorder:
        for where, asked, reply in calls:
            recorder.record(where, model, asked, reply)
    return Recording.load(path)


def said(text: str) -> Reply:
    return Reply(text, "m", usage=Usage(10, 5, calls=1))


def test_the_recorded_reply_comes_back_in_every_byte(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "r.jsonl", ("wf/fix#0", REQUEST, REPLY))
    assert recording.answer("wf/fix#0", "anthropic", REQUEST) == replace(REPLY, restored=True)
    assert recording.models == ("anthropic", "offline")
    assert recording.unused() == ()


texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(text=texts, data=values, name=texts, usd=st.floats(0, 1e6))
def test_any_reply_to_any_request_comes_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, data: Any, name: str, usd: float
) -> None:
    path = tmp_path_factory.mktemp("any") / "r.jsonl"
    asked = Request(
        parts=(Part("file", text, name=name, data=data),), step=name, arguments={"a": data}
    )
    reply = Reply(text, name, data=data, vendor=data, usage=Usage(usd=usd))
    again = recorded(path, ("a#0", asked, reply)).answer("a#0", "anthropic", asked)
    assert repr(again) == repr(replace(reply, restored=True))


FIRST, FILE, RESPONSE = REQUEST.parts
CALLED = REQUEST.turns[0]


def changed(**what: Any) -> Request:
    return replace(REQUEST, **what)


@pytest.mark.parametrize(
    ("asked", "place", "before", "after"),
    [
        (
            changed(system="You write Erlang."),
            "the system text (changed)",
            "-You write Elixir.",
            "+You write Erlang.",
        ),
        (
            changed(parts=(FIRST, replace(FILE, text="x"), RESPONSE)),
            "part 2, file 'lib/a.ex' (changed)",
            "-defmodule A do",
            "+x",
        ),
        (
            changed(parts=(replace(FIRST, text="Fix it.\nKeep the rest."), FILE, RESPONSE)),
            "part 1, instructions (changed)",
            "-Fix what is found.",
            "+Fix it.",
        ),
        (
            changed(parts=(Part("instructions", "First."), *REQUEST.parts)),
            "part 1, instructions (new)",
            "",
            "+First.",
        ),
        (changed(parts=(FIRST, RESPONSE)), "part 2, file 'lib/a.ex' (gone)", "-end", ""),
        (
            changed(parts=(FIRST, FILE, replace(RESPONSE, data=[2]))),
            "the data of part 3, response 'find' (changed)",
            "- 1",
            "+ 2",
        ),
        (
            changed(tools=(replace(REQUEST.tools[0], description="Reads it."), REQUEST.tools[1])),
            "tool 'read' (changed)",
            '- "description": "Reads.",',
            '+ "description": "Reads it.",',
        ),
        (changed(tools=REQUEST.tools[:1]), "tool 'list' (gone)", '- "parameters": {}', ""),
        (
            changed(output_schema={"type": "array"}),
            "the output schema (changed)",
            '- "type": "object"',
            '+ "type": "array"',
        ),
        (
            changed(history=(Message("user", "hi there"), REQUEST.history[1])),
            "history 1, user (changed)",
            "-hi",
            "+hi there",
        ),
        (
            changed(turns=(CALLED, Message("user", results=(ToolResult("1", "read", "text"),)))),
            "turn 2, user (changed)",
            "-<- read failed: text",
            "+<- read: text",
        ),
        (
            changed(options=Options(model="haiku", max_tokens=100)),
            "the options (changed)",
            '- "model": "opus"',
            '+ "model": "haiku"',
        ),
        (
            changed(skill="plan", arguments={"n": 1}),
            "the offline skill and its arguments (new)",
            "",
            '+ "skill": "plan"',
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(")") else "",
)  # fmt: skip
def test_a_changed_prompt_says_which_part_of_it(
    tmp_path: Path, asked: Request, place: str, before: str, after: str
) -> None:
    recording = recorded(tmp_path / "r.jsonl", ("wf/fix#0", REQUEST, REPLY))
    with pytest.raises(ReplayDiffers) as caught:
        recording.answer("wf/fix#0", "anthropic", asked)
    error = caught.value
    assert not isinstance(error, NotRecorded)
    assert error.exit_code is Exit.MODEL
    assert error.message == (
        f"step 'fix', call 1 (wf/fix#0) asks something else than was recorded: {place}"
    )
    lines = error.diff.splitlines()
    assert before in ("", *lines)
    assert after in ("", *lines)
    assert len(lines) <= 21
    assert recording.unused() == ("wf/fix#0",)


def test_another_model_is_a_change_too(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "r.jsonl", ("wf/fix#0", REQUEST, REPLY))
    with pytest.raises(ReplayDiffers, match=r"the model \(changed\)") as caught:
        recording.answer("wf/fix#0", "gemini", REQUEST)
    assert "-anthropic\n+gemini" in caught.value.diff


def test_of_many_changes_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "r.jsonl", ("wf/fix#0", REQUEST, REPLY))
    with pytest.raises(ReplayDiffers) as caught:
        recording.answer("wf/fix#0", "anthropic", request("new"))
    assert caught.value.message.endswith(
        "recorded: part 1, instructions (changed), the system text (gone), tool 'read' (gone), "
        "and 10 more"
    )
    assert len(caught.value.changes) == 13


def test_a_diff_of_long_texts_is_short_and_begins_where_they_differ(tmp_path: Path) -> None:
    lines = [f"line {n}" for n in range(100_000)]
    other = [*lines[:70_000], "x" * 1000, *lines[70_001:]]
    recording = recorded(tmp_path / "r.jsonl", ("a#0", request("\n".join(lines)), said("1")))
    with pytest.raises(ReplayDiffers) as caught:
        recording.answer("a#0", "anthropic", request("\n".join(other)))
    diff = caught.value.diff.splitlines()
    assert "-line 70000" in diff
    assert len(diff) <= 21
    assert max(map(len, diff)) <= 161


def test_a_call_the_recording_does_not_have_is_told_with_the_nearest(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "r.jsonl", ("wf/count#0", request(), said("1")))
    with pytest.raises(NotRecorded) as caught:
        recording.answer("wf/count#1", "anthropic", request("and now?"))
    assert caught.value.message == "step 'count', call 2 (wf/count#1) is not in the recording"
    assert caught.value.hint == "the nearest is wf/count#0"
    assert caught.value.exit_code is Exit.MODEL


def test_a_question_is_not_answered_more_often_than_it_was(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "r.jsonl", ("a#0", request(), said("1")))
    recording.answer("a#0", "anthropic", request())
    with pytest.raises(NotRecorded):
        recording.answer("a#1", "anthropic", request())


def test_the_same_question_gets_its_answers_in_order(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path / "r.jsonl", ("a#0", request(), said("one")), ("a#1", request(), said("two"))
    )
    assert recording.answer("a#0", "anthropic", request()).text == "one"
    assert recording.answer("a#1", "anthropic", request()).text == "two"


def test_calls_made_side_by_side_find_their_answers_in_any_order(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path / "r.jsonl",
        ("a#0", request("left"), said("L")),
        ("a#1", request("right"), said("R")),
    )
    assert recording.answer("a#0", "anthropic", request("right")).text == "R"
    assert recording.answer("a#1", "anthropic", request("left")).text == "L"


def test_another_step_with_the_same_question_is_another_call(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "r.jsonl", ("a#0", request(), said("1")))
    with pytest.raises(NotRecorded):
        recording.answer("b#0", "anthropic", request())


def test_what_was_not_asked_this_time_can_be_seen(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path / "r.jsonl", ("a#0", request(), said("1")), ("b#0", request(), said("2"))
    )
    recording.answer("a#0", "anthropic", request())
    assert recording.unused() == ("b#0",)


def test_a_stand_in_answers_without_knowing_its_step(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path / "r.jsonl", ("a#0", request("x"), said("X")), ("b#0", request("y"), said("Y"))
    )
    models = recording.as_models()
    assert list(models) == ["anthropic", "offline"]
    heard: list[str] = []
    assert models["anthropic"].complete(request("y"), on_text=heard.append).text == "Y"
    assert (heard, models["anthropic"].local) == (["Y"], False)
    assert models["anthropic"].count_tokens(request("y")) > 0
    with pytest.raises(ReplayDiffers, match=r"\(a#0\) asks something else.*instructions"):
        models["anthropic"].complete(request("z"))
    with pytest.raises(NotRecorded):
        models["anthropic"].complete(request("z", step="other"))


def test_no_secret_is_written_in_any_form(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    asked = Request(
        parts=(Part("file", f"key={SECRET} {TOKEN}", name=SECRET, data={SECRET: [TOKEN]}),),
        system=SECRET,
        step="leak",
        tools=(Tool(f"t-{SECRET}", SECRET, {}),),
        turns=(Message("assistant", calls=(ToolCall("1", "x", {"k": SECRET}),)),),
    )
    reply = Reply(f"it is {SECRET}", "m", data={"k": SECRET, SECRET: 1}, vendor=[TOKEN])
    with Recorder(path, secrets=(SECRET,)) as recorder:
        recorder.record(f"wf/{SECRET}#0", "anthropic", asked, reply)
    text = path.read_text()
    assert SECRET not in text
    assert TOKEN not in text
    again = Recording.load(path, secrets=(SECRET,)).answer(f"wf/{SECRET}#0", "anthropic", asked)
    assert (again.text, again.data) == ("it is ***", {"k": "***", "***": 1})


def test_only_its_owner_may_read_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "new" / "r.jsonl"
    recorded(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    recorded(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_recording_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "r.jsonl").symlink_to(tmp_path / "mine")
    with pytest.raises(Unusable, match="cannot be written"):
        Recorder(tmp_path / "r.jsonl")
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_growing_conversation_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    turns: tuple[Message, ...] = ()
    calls = []
    for n in range(50):
        turns = (*turns, Message("assistant", f"{n} " * 1000), Message("user", f"go {n}"))
        calls.append((f"a#{n}", request("begin", turns=turns), said(str(n))))
    recording = recorded(path, *calls)
    assert path.stat().st_size < 50 * 8000
    for where, asked, reply in calls:
        assert recording.answer(where, "anthropic", asked).text == reply.text


def test_half_a_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    recorded(path, ("a#0", request(), said("1")), ("b#0", request("b"), said("2")))
    whole = path.read_bytes()
    second = whole.rindex(b"\n", 0, -1) + 1
    for end in (second + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        recording = Recording.load(path)
        assert recording.answer("a#0", "anthropic", request()).text == "1"
        with pytest.raises(NotRecorded):
            recording.answer("b#0", "anthropic", request("b"))


@pytest.mark.parametrize("torn", [b'{"where": "b', b"x" * 200_000])
def test_a_run_taken_up_again_goes_on_after_the_last_whole_line(
    tmp_path: Path, torn: bytes
) -> None:
    path = tmp_path / "r.jsonl"
    recorded(path, ("a#0", request("same"), said("1")))
    with path.open("ab") as file:
        file.write(torn)
    recording = recorded(path, ("b#0", request("same"), said("2")))
    assert recording.answer("a#0", "anthropic", request("same")).text == "1"
    assert recording.answer("b#0", "anthropic", request("same")).text == "2"


def test_a_call_made_again_after_a_crash_counts_as_it_was_answered_last(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    recorded(path, ("a#0", request(), said("lost")))
    recording = recorded(path, ("a#0", request(), said("kept")))
    assert recording.answer("a#0", "anthropic", request()).text == "kept"
    assert recording.unused() == ()


def test_calls_are_written_from_many_threads(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Recorder(path, models=("anthropic",)) as recorder:

        def work(n: int) -> None:
            for m in range(10):
                recorder.record(f"s{n}#{m}", "anthropic", request(f"{n} {m}"), said(f"{n}.{m}"))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    recording = Recording.load(path)
    for n in range(8):
        for m in range(10):
            asked = request(f"{n} {m}")
            assert recording.answer(f"s{n}#{m}", "anthropic", asked).text == f"{n}.{m}"


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_refuses_stops_the_run_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Recorder(path) as recorder:
        recorder.record("a#0", "anthropic", request(), said("1"))
        before = path.read_bytes()
        with (
            files_no_longer_than(len(before) + 100),
            pytest.raises(Unusable, match=r"cannot be written: File too large"),
        ):
            recorder.record("b#0", "anthropic", request("b" * 1000), said("2"))
        assert path.read_bytes() == before
        recorder.record("c#0", "anthropic", request("b" * 1000), said("3"))
    recording = Recording.load(path)
    assert recording.answer("c#0", "anthropic", request("b" * 1000)).text == "3"


@pytest.mark.parametrize(
    ("lines", "line", "said_"),
    [
        ([], 0, "is empty"),
        (['{"format": 2, "models": []}'], 1, "is no recording"),
        (['{"where": 1}'], 1, "is no recording"),
        (["nonsense"], 1, "is no recording"),
        (['{"format": 1, "models": []}', "nonsense"], 2, "is no line of a recording"),
        (['{"format": 1, "models": []}', "[" * 100_000], 2, "is no line of a recording"),
        (
            [
                '{"format": 1, "models": []}',
                '{"where": "a#0", "step": "a", "asked": [["a", "a", "no such text"]],'
                ' "texts": {}, "reply": {"text": "x", "model": "m"}}',
            ],
            2,
            "is no line of a recording",
        ),
        (
            [
                '{"format": 1, "models": []}',
                '{"where": "a#0", "step": "a", "asked": [], "texts": {},'
                ' "reply": {"text": 3, "model": "m"}}',
            ],
            2,
            "is no line of a recording",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_recording_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], line: int, said_: str
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("".join(f"{text}\n" for text in lines))
    with pytest.raises(ConfigError, match=said_) as caught:
        Recording.load(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_a_recording_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"r\.jsonl' cannot be read: No such file"):
        Recording.load(tmp_path / "r.jsonl")


def test_half_a_character_is_kept_as_a_sign_that_one_was_there(tmp_path: Path) -> None:
    asked = request("a \ud800 b")
    recording = recorded(tmp_path / "r.jsonl", ("a#0", asked, said("x \udc00 \ud83d\ude00")))
    assert recording.answer("a#0", "anthropic", asked).text == "x \ufffd \U0001f600"


def test_each_line_is_json_with_the_hash_of_every_piece(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    recorded(path, ("wf/fix#0", REQUEST, REPLY))
    head, line = map(json.loads, path.read_text().splitlines())
    assert head == {"format": 1, "models": ["anthropic", "offline"]}
    assert [label for label, _, _ in line["asked"]][:4] == [
        "model",
        "system",
        "tool read",
        "tool list",
    ]
    assert {key for _, _, key in line["asked"]} == set(line["texts"])
    assert line["reply"]["usage"]["input_tokens"] == 1000
