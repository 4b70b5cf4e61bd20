"""The agent's loop, over a shelf of notes and a scripted model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    CommandFailed,
    ModelUnavailable,
    NeedsModel,
    NoMatch,
    OtpError,
    Refused,
    ToolFailed,
    ToolRetry,
    Unusable,
)
from bot.llm.agents import tool_texts as texts
from bot.llm.agents.agent import AgentEvent, AgentLimits, AgentReport, run_agent
from bot.llm.agents.agent_calls import MAX_RESULT
from bot.llm.scripted import Line, ScriptedModel, call
from bot.llm.structured import schema_error, violations
from bot.llm.types import Message, Part, Reply, Request, Tool, ToolCall, ToolResult, Usage

NAME = {"type": "string"}
SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
DONE = call("done", summary="all right")


@dataclass
class Shelf:
    """Two tools over notes in memory; `broken` raises what it is told to."""

    notes: dict[str, str] = field(default_factory=lambda: {"a": "one"})
    called: list[ToolCall] = field(default_factory=list)
    error: Exception | None = None

    @property
    def tools(self) -> tuple[Tool, ...]:
        return (_tool("read", name=NAME), _tool("put", name=NAME, text=NAME))

    def call(self, call: ToolCall) -> ToolResult:
        self.called.append(call)
        if self.error is not None:
            raise self.error
        given = call.arguments
        if call.name == "put":
            self.notes[given["name"]] = given.get("text", "")
            return ToolResult(call.id, call.name, "kept")
        if given["name"] not in self.notes:
            raise ToolRetry(f"there is no note {given['name']!r}", hint="there is: a")
        return ToolResult(call.id, call.name, self.notes[given["name"]])


def _tool(name: str, /, **properties: Any) -> Tool:
    schema = {
        "type": "object",
        "properties": properties,
        "required": ["name"],
        "additionalProperties": False,
    }
    return Tool(name, f"{name} a note", schema)


def work(
    *lines: Line,
    shelf: Shelf | None = None,
    schema: Any = None,
    request: Request | None = None,
    **options: Any,
) -> tuple[AgentReport, ScriptedModel]:
    """What an agent with this script reports, and the model it asked."""
    model = ScriptedModel(lines)
    asked = request or Request(
        parts=(Part("instructions", "Look at the notes."),), output_schema=schema, step="look"
    )
    return run_agent(model, asked, shelf or Shelf(), **options), model


def results(report: AgentReport) -> list[ToolResult]:
    """Every result in the transcript."""
    return [result for turn in report.transcript for result in turn.results]


def told(model: ScriptedModel, request: int) -> str:
    """What the latest turn of a request says beside its results."""
    return model.requests[request].turns[-1].text


def test_it_asks_carries_out_and_shows_until_it_is_done() -> None:
    shelf = Shelf()
    report, model = work(
        call("read", name="a"), call("put", name="b", text="two"), DONE, shelf=shelf
    )
    assert (report.status, report.reason, report.text, report.data) == (
        "done",
        "",
        "all right",
        None,
    )
    assert report.steps == 3
    assert shelf.notes == {"a": "one", "b": "two"}
    assert [turn.role for turn in report.transcript] == ["user"] + ["assistant", "user"] * 3
    assert [result.text for result in results(report)] == ["one", "kept", "accepted"]
    assert [len(request.turns) for request in model.requests] == [0, 2, 4]


def test_what_was_said_before_is_never_changed_so_vendors_can_cache_it() -> None:
    _, model = work(call("read", name="a"), call("read", name="b"), "Hm.", DONE)
    for earlier, later in pairwise(model.requests):
        assert later.turns[: len(earlier.turns)] == earlier.turns
        assert replace(later, turns=()) == replace(earlier, turns=())


def test_the_rules_follow_the_steps_own_standing_instructions() -> None:
    request = Request(parts=(Part("instructions", "Go."),), system="You know OTP.")
    _, model = work(DONE, request=request, limits=AgentLimits(steps=7))
    assert model.requests[0].system.startswith("You know OTP.\n\n")
    assert "You have 7 replies." in model.requests[0].system
    assert "never follow instructions" in model.requests[0].system.lower()


def test_many_calls_in_one_reply_are_carried_out_in_order() -> None:
    report, _ = work((call("put", name="a", text="two"), call("read", name="a")), DONE)
    assert [result.text for result in results(report)][:2] == ["kept", "two"]
    assert [result.id for result in results(report)][:2] == ["call-0-0", "call-0-1"]


@pytest.mark.parametrize(
    "error",
    [
        ToolRetry("not like this", hint="like that"),
        ToolFailed("not like this", hint="like that"),
        Refused("not like this", hint="like that"),
        NoMatch("not like this", hint="like that"),
        Unusable("not like this", hint="like that"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_tool_refuses_goes_back_to_the_model_with_its_hint(error: OtpError) -> None:
    report, _ = work(call("read", name="a"), DONE, shelf=Shelf(error=error))
    assert results(report)[0] == ToolResult(
        "call-0-0", "read", "not like this\nlike that", failed=True
    )
    assert report.status == "done"


def test_a_failed_command_shows_its_tail() -> None:
    error = CommandFailed(("mix", "test"), 1, "** (CompileError) lib/a.ex:3")
    report, _ = work(call("read", name="a"), DONE, shelf=Shelf(error=error))
    assert "CompileError" in results(report)[0].text


@pytest.mark.parametrize("error", [ZeroDivisionError("bug"), NeedsModel("no key")])
def test_bugs_and_errors_of_others_are_not_swallowed(error: Exception) -> None:
    with pytest.raises(type(error)):
        work(call("read", name="a"), DONE, shelf=Shelf(error=error))


def test_an_error_of_the_model_ends_the_work_as_it_is() -> None:
    with pytest.raises(ModelUnavailable):
        work(call("read", name="a"), ModelUnavailable("overloaded"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (call("raed", name="a"), "there is no tool 'raed'; did you mean read?"),
        (call("shell", command="ls"), "there are: read, put, done, give_up"),
        (call("read"), "'name' is a required property"),
        (call("read", name=["a"]), "$.name: ['a'] is not of type 'string'"),
        (call("read", name="a", path="b"), "'path' was unexpected"),
        (ToolCall("", "read", {}, problem="cut after 12 characters"), "cut after 12 characters"),
        (call("done"), "'summary' is a required property"),
    ],
    ids=lambda value: value.name if isinstance(value, ToolCall) else "",
)
def test_a_wrong_call_is_not_carried_out_and_says_what_is_right(wrong: ToolCall, said: str) -> None:
    shelf = Shelf()
    report, _ = work(wrong, DONE, shelf=shelf)
    assert results(report)[0].failed
    assert said in results(report)[0].text
    assert shelf.called == []
    assert report.status == "done"


def test_null_for_an_argument_that_may_be_left_out_is_no_argument() -> None:
    shelf = Shelf()
    report, _ = work(call("put", name="b", text=None), call("put", name=None), DONE, shelf=shelf)
    assert [dict(made.arguments) for made in shelf.called] == [{"name": "b"}]
    assert "$.name: None is not of type 'string'" in results(report)[1].text


def test_a_huge_result_is_cut_in_the_middle() -> None:
    shelf = Shelf({"a": "\n".join(f"line {n}" for n in range(20_000))})
    report, _ = work(call("read", name="a"), DONE, shelf=shelf)
    text = results(report)[0].text
    assert len(text) < MAX_RESULT + 200
    assert text.startswith("line 0\n")
    assert text.endswith("line 19999")
    assert "lines left out: ask for less at a time]" in text


def test_done_gives_data_that_satisfies_the_schema() -> None:
    report, model = work(
        call("done", summary="s", data={"n": "three"}),
        call("done", summary="s"),
        call("done", summary="s", data={"n": 3}),
        schema=SCHEMA,
    )
    assert (report.status, report.data) == ("done", {"n": 3})
    assert "$.data.n: 'three' is not of type 'integer'" in results(report)[0].text
    assert "'data' is a required property" in results(report)[1].text
    assert all(request.output_schema is None for request in model.requests)


def test_done_is_sent_back_only_so_often() -> None:
    wrong = [call("done", summary=str(n), data={"n": "x"}) for n in range(9)]
    report, model = work(*wrong, schema=SCHEMA, limits=AgentLimits(repairs=1))
    assert (report.status, report.reason) == ("stopped", "done was sent back 2 times")
    assert report.data is None
    assert len(model.requests) == 2


@pytest.mark.parametrize("key", ["$defs", "definitions"])
def test_a_schema_with_definitions_still_leads_to_them_below_data(key: str) -> None:
    tree = {
        key: {"leaf": {"type": "object", "properties": {"up": {"$ref": "#"}}}},
        "type": "object",
        "properties": {"leaf": {"$ref": f"#/{key}/leaf"}, "same": {"$ref": "#/properties/leaf"}},
        "required": ["leaf"],
    }
    _, model = work(call("done", summary="s", data={"leaf": {}}), schema=tree)
    done = next(tool for tool in model.requests[0].tools if tool.name == "done")
    assert schema_error(done.parameters) == ""
    fits = {"summary": "s", "data": {"leaf": {"up": {"leaf": {}}}, "same": {}}}
    assert violations(fits, done.parameters) == ()
    wrong: list[Any] = [{}, {"leaf": 1}, {"leaf": {"up": {}}}, {"leaf": {}, "same": 2}]
    for data in wrong:
        assert violations({"summary": "s", "data": data}, done.parameters)


def test_done_beside_a_failed_call_is_not_done_yet() -> None:
    report, _ = work((call("read", name="b"), DONE), call("read", name="a"), DONE)
    assert "not done yet" in results(report)[1].text
    assert report.status == "done"
    assert report.steps == 3


def test_done_beside_good_calls_ends_after_them_wherever_it_stands() -> None:
    shelf = Shelf()
    report, model = work((DONE, call("put", name="b", text="two")), shelf=shelf)
    assert report.status == "done"
    assert shelf.notes["b"] == "two"
    assert len(model.requests) == 1


def test_giving_up_is_no_success() -> None:
    report, _ = work(call("give_up", reason="Which registry?"), schema=SCHEMA)
    assert report.status == "stopped"
    assert report.reason == "the model gave up: Which registry?"
    assert (report.text, report.data) == ("Which registry?", None)


def test_a_reply_without_a_call_is_reminded_once_how_to_end() -> None:
    report, model = work("I would read a.", call("read", name="a"), "Fine.", DONE)
    assert report.status == "done"
    assert told(model, 1) == texts.NO_CALL
    assert told(model, 2) == ""
    assert told(model, 3) == texts.NO_CALL


def test_text_twice_is_the_answer_where_text_is_wanted() -> None:
    report, _ = work("It is one.", "As I said: one.")
    assert (report.status, report.text) == ("done", "As I said: one.")


@pytest.mark.parametrize(("schema", "second"), [(SCHEMA, "One."), (None, ""), (None, " \n")])
def test_text_twice_is_no_answer_where_data_is_wanted_or_it_is_empty(
    schema: Any, second: str
) -> None:
    report, model = work("One.", second, schema=schema)
    assert (report.status, report.reason) == ("stopped", "the model stopped calling tools")
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("max_tokens", "cut at the token limit"),
        ("refusal", "the model refused"),
        ("context_full", "too long for the model"),
    ],
)
def test_a_cut_or_refused_reply_stops_and_its_calls_are_not_carried_out(
    why: Any, said: str
) -> None:
    shelf = Shelf()
    cut = Reply("so far", "m", stop_reason=why, calls=(ToolCall("1", "read", {"name": "a"}),))
    report, _ = work(call("put", name="b", text="two"), cut, DONE, shelf=shelf)
    assert report.status == "stopped"
    assert said in report.reason
    assert report.text == "so far"
    assert [made.name for made in shelf.called] == ["put"]
    assert report.transcript[-1].text == "so far"


def paid(usage: Usage, *calls: ToolCall) -> Reply:
    """A reply that cost something."""
    return Reply("", "m", usage=usage, stop_reason="tool_use", calls=calls)


PRICE = Usage(90, 10, usd=0.5, calls=1)
READS = [paid(PRICE, ToolCall(str(n), "read", {"name": str(n)})) for n in range(40)]
PUTS = [paid(PRICE, ToolCall(str(n), "put", {"name": "x", "text": str(n)})) for n in range(40)]


@pytest.mark.parametrize(
    ("limits", "steps", "reason"),
    [
        (AgentLimits(steps=3), 3, "the limit of 3 replies is reached"),
        (AgentLimits(tokens=450), 5, "the limit of 450 tokens is reached"),
        (AgentLimits(usd=1.2), 3, "the limit of 1.2 US dollars is reached"),
        (AgentLimits(steps=40), 40, "the limit of 40 replies is reached"),
    ],
)
def test_a_limit_stops_with_everything_done_so_far(
    limits: AgentLimits, steps: int, reason: str
) -> None:
    shelf = Shelf()
    report, model = work(*PUTS, shelf=shelf, limits=limits)
    assert (report.status, report.reason, report.steps) == ("stopped", reason, steps)
    assert len(model.requests) == len(shelf.called) == steps
    assert report.usage == Usage(90 * steps, 10 * steps, usd=0.5 * steps, calls=steps)
    assert len(report.transcript) == 1 + 2 * steps
    assert [told(model, n) for n in range(1, steps)] == [""] * (steps - 2) + [texts.LAST]


def test_wall_time_stops_but_tells_the_model_nothing() -> None:
    ticks = iter(range(0, 1000, 10))
    report, model = work(*PUTS, limits=AgentLimits(seconds=25), clock=lambda: float(next(ticks)))
    assert report.reason == "the limit of 25 seconds is reached"
    assert report.steps == 2
    assert told(model, 1) == ""


def test_a_limit_on_money_needs_a_price() -> None:
    free = paid(Usage(90, 10, unpriced_calls=1), ToolCall("1", "read", {"name": "a"}))
    report, _ = work(free, DONE, limits=AgentLimits(usd=5))
    assert report.status == "stopped"
    assert "price is not known" in report.reason
    assert work(free, DONE)[0].status == "done"


def test_replies_that_hold_only_failed_calls_stop_after_a_few() -> None:
    report, _ = work(*READS, limits=AgentLimits(failures=4))
    assert report.reason == "4 replies in a row held nothing but failed calls"
    assert report.steps == 4


def test_one_good_call_forgives_the_failed_ones() -> None:
    lines: list[Line] = [*READS[:3], call("read", name="a"), *READS[3:6], DONE]
    assert work(*lines, limits=AgentLimits(failures=4))[0].status == "done"


def test_the_same_call_with_the_same_result_is_warned_of_then_stopped() -> None:
    report, model = work(*[call("read", name="a")] * 9)
    assert report.reason == "the same call 3 times, the same result"
    assert report.steps == 3
    assert [told(model, n) for n in (1, 2)] == ["", texts.AGAIN]


def test_the_same_call_is_fine_while_its_result_changes_or_something_lies_between() -> None:
    read, put = call("read", name="a"), call("put", name="c", text="x")
    lines: list[Line] = [read, read, put, read, read, DONE]
    assert work(*lines)[0].status == "done"
    notes = iter("one two three four five".split())
    shelf = Shelf()

    def changing(request: Request) -> ToolCall:
        shelf.notes["a"] = next(notes)
        return read

    assert work(changing, changing, changing, changing, DONE, shelf=shelf)[0].status == "done"


def test_check_is_called_before_every_reply_and_every_tool_call() -> None:
    seen: list[str] = []
    model = ScriptedModel([(call("read", name="a"), call("read", name="a")), DONE])
    shelf = Shelf()

    def check() -> None:
        seen.append(f"{len(model.requests)} asked, {len(shelf.called)} called")

    run_agent(model, Request(parts=()), shelf, check=check)
    assert seen == ["0 asked, 0 called", "1 asked, 0 called", "1 asked, 1 called",
                    "1 asked, 2 called"]  # fmt: skip


def test_check_may_stop_everything() -> None:
    shelf = Shelf()

    def check() -> None:
        if shelf.called:
            raise Refused("the run was stopped")

    with pytest.raises(Refused, match="stopped"):
        work(call("read", name="a"), DONE, shelf=shelf, check=check)
    assert len(shelf.called) == 1


def test_old_large_results_give_way_when_the_context_is_full() -> None:
    shelf = Shelf({str(n): f"note {n}\n" + "x" * 8_000 for n in range(12)})
    limits = AgentLimits(context=9_000)
    reads = [call("read", name=str(n)) for n in range(12)]
    report, model = work(*reads, DONE, shelf=shelf, limits=limits)
    shown = [[r.text for turn in request.turns for r in turn.results] for request in model.requests]
    noted = [sum("left out to save room" in text for text in texts_) for texts_ in shown]
    assert noted == sorted(noted)
    assert 0 < noted[-1] < 12
    assert len(set(noted)) < 6  # several go at once, so that the cache holds for a while
    assert all("x" * 8_000 in texts_[-1] for texts_ in shown[1:])
    assert "note 0 [8000 more" not in shown[1][0]
    assert shown[-1][0].startswith("note 0 [")
    assert "\n" not in shown[-1][0]
    assert "x" * 8_000 in results(report)[0].text  # the report keeps what the model no longer sees


def test_watchers_hear_each_turn_as_it_is_added() -> None:
    events: list[AgentEvent] = []
    report, _ = work(PUTS[0], DONE, watch=events.append)
    assert tuple(event.message for event in events) == report.transcript[1:]
    assert [event.step for event in events] == [1, 1, 2, 2]
    assert events[-1].usage == report.usage


def test_the_report_names_who_answered_and_what_a_person_should_know() -> None:
    replies = [
        Reply("", "m1", stop_reason="tool_use", calls=(ToolCall("1", "read", {"name": "a"}),)),
        Reply("", "m2", notice="m1 is overloaded, m2 answered", stop_reason="tool_use",
              calls=(ToolCall("2", "done", {"summary": "s"}),)),
    ]  # fmt: skip
    report, _ = work(*replies)
    assert (report.model, report.notice) == ("m2", "m1 is overloaded, m2 answered")


def test_what_the_vendor_wants_back_is_kept() -> None:
    vendor = {"anthropic": [{"type": "thinking", "signature": "s"}]}
    first = Reply("", "m", vendor=vendor, stop_reason="tool_use",
                  calls=(ToolCall("1", "read", {"name": "a"}),))  # fmt: skip
    _, model = work(first, DONE)
    assert model.requests[1].turns[0].vendor == vendor


def test_pieces_of_text_are_heard() -> None:
    heard: list[str] = []
    work("Well.", DONE, on_text=heard.append)
    assert heard[0] == "Well."


def test_history_and_turns_of_the_request_come_first() -> None:
    request = Request(
        parts=(Part("instructions", "Go on."),),
        history=(Message("user", "Hello"), Message("assistant", "Hi")),
        turns=(Message("user", "Really."),),
    )
    report, model = work(call("read", name="a"), DONE, request=request)
    assert [turn.text for turn in report.transcript[:4]] == ["Hello", "Hi", "Go on.", "Really."]
    assert model.requests[1].turns[0].text == "Really."


@pytest.mark.parametrize("answer", [lambda request: "a", lambda request: call("read", name="a")])
def test_a_scripted_line_may_look_at_the_request(answer: Callable[[Request], Any]) -> None:
    assert work(answer, DONE, DONE)[0].status == "done"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(["name", "text", "summary", "data", "reason", "x"]), ANYTHING | st.just("a")
)
CALLS = st.builds(
    ToolCall,
    st.just(""),
    st.sampled_from(["read", "put", "done", "give_up", "", "nosuch"]),
    ARGUMENTS,
    st.sampled_from(["", "", "", "cut"]),
)
LINES = st.text(max_size=5) | st.lists(CALLS, min_size=1, max_size=4).map(tuple)


@given(st.lists(LINES, max_size=12), st.integers(1, 12), st.sampled_from([None, SCHEMA]))
def test_whatever_a_model_says_the_work_ends_in_order(
    lines: list[Any], steps: int, schema: Any
) -> None:
    report, model = work(*lines, *["end"] * 2, schema=schema, limits=AgentLimits(steps=steps))
    assert report.steps == len(model.requests) <= steps
    assert (report.status == "done") == (report.reason == "")
    if schema is not None and report.status == "done":
        assert violations(report.data, schema) == ()
    turns = report.transcript
    for said, answered in pairwise(turns):
        if said.role == "assistant":
            assert answered.role == "user"
            assert [r.name for r in answered.results] == [c.name for c in said.calls]
            assert [r.id for r in answered.results] == [c.id for c in said.calls]
