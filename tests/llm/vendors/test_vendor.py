"""What both adapters promise, over HTTP against servers that speak the vendors' wire formats."""

from __future__ import annotations

import json
import socket
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest

from bot.errors import ModelMisbehaved, ModelUnavailable, NeedsModel, OtpError, Unusable
from bot.llm.structured import ask as ask_structured
from bot.llm.types import Message, Options, Request, ToolResult, Usage
from tests.fakes.vendor_server import (
    Call,
    CallTool,
    Cut,
    Drip,
    Fail,
    FailLate,
    Raw,
    Say,
    SayJson,
    Stall,
    Tokens,
)
from tests.llm.vendor_kit import READ, Kit, anthropic_kit, ask, gemini_kit


@pytest.fixture(params=[anthropic_kit, gemini_kit], ids=["anthropic", "gemini"])
def kit(request: pytest.FixtureRequest) -> Kit:
    made: Kit = request.param()
    return made


def everything_said(error: BaseException) -> str:
    """The error as any log or crash report could show it, everything it hangs on included."""
    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    linked = [each for each in (error.__cause__, error.__context__) if each is not None]
    return shown + "".join(repr(each) + repr(vars(each)) for each in linked)


def test_text_arrives_in_pieces_and_is_counted_as_one_call(kit: Kit) -> None:
    heard: list[str] = []
    with kit.server([Say("Hello, world", tokens=Tokens(input=7, output=5))]) as server:
        reply = kit.open(server).complete(ask(), on_text=heard.append)
    assert reply.text == "".join(heard) == "Hello, world"
    assert len(heard) > 1
    assert (reply.model, reply.stop_reason, reply.calls) == (kit.model, "end", ())
    assert reply.usage == Usage(input_tokens=7, output_tokens=5, calls=1)
    assert reply.notice == ""


def test_parallel_steps_share_a_model(kit: Kit) -> None:
    with kit.server(lambda body: Say(json.dumps(body)[-200:])) as server:
        model = kit.open(server)
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda n: model.complete(ask(f"Number {n}.")), range(24)))
    assert all(f"Number {n}." in reply.text for n, reply in enumerate(replies))


def test_the_model_is_resolved_and_the_usage_priced(kit: Kit) -> None:
    def priced(model: str, usage: Usage) -> Usage:
        return replace(usage, usd=1.5 if model == kit.other else 0.0)

    with kit.server([Say("a"), Say("b")]) as server:
        model = kit.open(server, resolve={"": "", "big": kit.other}.__getitem__, priced=priced)
        reply = model.complete(ask(options=Options(model="big")))
    assert (reply.model, reply.usage.usd) == (kit.other, 1.5)


def test_a_useless_answer_is_priced_as_well(kit: Kit) -> None:
    def priced(model: str, usage: Usage) -> Usage:
        return replace(usage, usd=1.5 if model == kit.model else 0.0)

    stop = {"anthropic": "tired", "gemini": "OTHER"}[kit.vendor]
    with kit.server([Say("so", stop=stop)]) as server, pytest.raises(ModelMisbehaved) as error:
        kit.open(server, priced=priced).complete(ask())
    assert error.value.usage is not None
    assert (error.value.usage.usd, error.value.usage.calls) == (1.5, 1)


def test_what_passes_is_asked_again_and_counted_once(kit: Kit) -> None:
    script = [Fail(500), Fail(503), Say("at last", tokens=Tokens(input=3, output=2))]
    with kit.server(script) as server:
        reply = kit.open(server).complete(ask())
    assert (reply.text, len(server.requests)) == ("at last", 3)
    assert reply.usage == Usage(input_tokens=3, output_tokens=2, calls=1)
    first, second = kit.pauses
    assert 0.375 <= first <= 0.5
    assert 0.75 <= second <= 1.0


def test_retries_end(kit: Kit) -> None:
    with kit.server([Fail(503)] * 9) as server, pytest.raises(ModelUnavailable) as error:
        kit.open(server, retries=3).complete(ask())
    assert len(server.requests) == 4
    assert f"{kit.vendor}: {kit.model} did not answer after 4 tries: 503" in str(error.value)
    assert "fallback_model" in error.value.hint


def test_we_wait_as_long_as_the_vendor_asks(kit: Kit) -> None:
    with kit.server([Fail(429, headers={"retry-after": "7"}), Say("hi")]) as server:
        assert kit.open(server).complete(ask()).text == "hi"
    assert kit.pauses == [7.0]


@pytest.mark.parametrize("seconds", [61, 86_400])
def test_a_long_wait_is_left_to_who_asked(kit: Kit, seconds: int) -> None:
    script = [Fail(429, headers={"retry-after": str(seconds)}), Say("hi")]
    with kit.server(script) as server, pytest.raises(ModelUnavailable) as error:
        kit.open(server).complete(ask())
    assert error.value.retry_after == seconds
    assert (len(server.requests), kit.pauses) == (1, [])


def test_waiting_and_asking_share_one_time_budget(kit: Kit) -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    script = [Fail(429, headers={"retry-after": "20"})] * 9
    with kit.server(script) as server, pytest.raises(ModelUnavailable):
        kit.open(server, retries=8, pause=pause, clock=lambda: now[0]).complete(
            ask(options=Options(timeout_seconds=50))
        )
    assert (len(server.requests), now) == (3, [40.0])


@pytest.mark.parametrize("cleanly", [False, True])
def test_a_cut_answer_is_asked_again_as_a_whole(kit: Kit, cleanly: bool) -> None:
    heard: list[str] = []
    cut = Cut(Say("half an answer and more", tokens=Tokens(input=99, output=99)), cleanly)
    whole = Say("all of it", tokens=Tokens(input=3, output=2))
    with kit.server([cut, whole]) as server:
        reply = kit.open(server).complete(ask(), on_text=heard.append)
    assert reply.text == "all of it"
    assert reply.usage == Usage(input_tokens=3, output_tokens=2, calls=1)
    assert "".join(heard).endswith("all of it")
    assert server.bodies[0] == server.bodies[1]


def test_answers_that_are_always_cut_end_as_unavailable(kit: Kit) -> None:
    with kit.server([Cut(cleanly=True)] * 9) as server, pytest.raises(ModelUnavailable) as error:
        kit.open(server, retries=1).complete(ask())
    assert "the stream ended before the answer did" in error.value.message
    assert len(server.requests) == 2


@pytest.mark.parametrize("events", [0, 1])
def test_silence_ends_the_wait(kit: Kit, events: int) -> None:
    with kit.server([Stall(events)] * 9) as server, pytest.raises(ModelUnavailable) as error:
        kit.open(server, retries=1, clock=lambda: 0.0).complete(
            ask(options=Options(timeout_seconds=0.2))
        )
    assert "nothing was heard in the time allowed" in error.value.message
    assert len(server.requests) == 1


def test_an_answer_that_never_ends_is_given_up(kit: Kit) -> None:
    ticks = count()
    with kit.server([Drip()] * 9) as server, pytest.raises(ModelUnavailable) as error:
        kit.open(server, clock=lambda: next(ticks)).complete(
            ask(options=Options(timeout_seconds=60))
        )
    assert "the time budget ended before the answer did" in error.value.message
    assert len(server.requests) == 1


def test_a_closed_door_is_unavailable(kit: Kit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with kit.server() as server:
        model = kit.open(server, base_url=f"http://127.0.0.1:{port}", retries=1)
        with pytest.raises(ModelUnavailable, match="refused"):
            model.complete(ask())
    assert len(kit.pauses) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Bad gateway</html>",
        b"",
        b"data: {\n\n",
        b'event: message_start\ndata: {"type": \n\n',
        b"event: x\ndata: [1]\n\n",
        b'event: message_start\ndata: {"type": "message_start"}\n\n',
        b'event: x\ndata: {"error": {"message": "no code"}}\n\n',
        b'data: {"candidates": 3}\n\n',
        b'data: {"candidates": [{"content": {"parts": [{"text": 3}]}}]}\n\n',
        b"\xff\xfe\n\n",
    ],
)
def test_what_is_no_answer_is_no_answer(kit: Kit, body: bytes) -> None:
    with kit.server([Raw(body)] * 9) as server, pytest.raises(ModelUnavailable) as error:
        kit.open(server, retries=1).complete(ask())
    assert len(server.requests) == 2
    assert error.value.message.startswith(f"{kit.vendor}: {kit.model} did not answer")


def test_an_error_in_the_middle_of_an_answer_is_retried(kit: Kit) -> None:
    late = FailLate({"anthropic": "overloaded_error", "gemini": "UNAVAILABLE"}[kit.vendor], "busy")
    with kit.server([late, Say("fine")]) as server:
        assert kit.open(server).complete(ask()).text == "fine"
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_the_variable_and_never_the_key(kit: Kit, status: int) -> None:
    echo = f"the key {kit.key} (header: Bearer {kit.key}) is not valid"
    with kit.server([Fail(status, echo)]) as server:
        model = kit.open(server)
        with pytest.raises(NeedsModel) as error:
            model.complete(ask())
    assert f"{kit.vendor.upper()}_API_KEY" in error.value.hint
    assert "***" in error.value.message
    assert kit.key not in everything_said(error.value) + repr(model) + str(vars(model))
    assert (len(server.requests), kit.pauses) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        Fail(400, "{key}"),
        Fail(404, "{key}"),
        Fail(413, "{key}"),
        Fail(500, "{key}"),
        Fail(502, body="<html>{key}</html>"),
        Fail(503, body='["{key}"]'),
        Fail(400, body='"{key}"'),
        Fail(400, body='{"error": {"type": 5, "status": [1], "message": ["{key}"], "details": 3}}'),
        Fail(429, body='{"error": {"details": [3, {"retryDelay": ["{key}"]}]}}'),
        FailLate("api_error", "{key}"),
    ],
)
def test_no_error_shows_an_echoed_key(kit: Kit, answer: Fail | FailLate) -> None:
    if isinstance(answer, Fail) and answer.body is not None:
        answer = replace(answer, body=answer.body.replace("{key}", kit.key))
    else:
        answer = replace(answer, message=f"said {kit.key}")
    with kit.server([answer] * 5) as server, pytest.raises(OtpError) as error:
        kit.open(server).complete(ask())
    assert kit.key not in everything_said(error.value)
    assert "anthropic." not in everything_said(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


def test_an_unknown_model_brings_the_nearest_one_there_is(kit: Kit) -> None:
    wrong = kit.model[:-1]
    with kit.server() as server:
        for failing in (
            lambda: kit.open(server).complete(ask(options=Options(model=wrong))),
            lambda: kit.open(server).describe(wrong),
            lambda: kit.open(server, model=wrong).count_tokens(ask()),
        ):
            with pytest.raises(Unusable) as error:
                failing()
            assert f"has no model {wrong!r}" in error.value.message
            assert f"did you mean {kit.model!r}?" in error.value.hint
            assert f"GENESIS_{kit.vendor.upper()}_MODEL" in error.value.hint


def test_a_path_nobody_serves_is_a_wrong_address_and_no_wrong_model(kit: Kit) -> None:
    script = [Fail(404, body="<html>nothing here</html>")]
    with kit.server(script) as server, pytest.raises(Unusable) as error:
        kit.open(server).complete(ask())
    assert "base URL" in error.value.hint


def test_a_refused_request_shows_the_vendors_words(kit: Kit) -> None:
    with kit.server([Fail(400, "no such\n\x1b[31mfield")]) as server, pytest.raises(Unusable) as e:
        kit.open(server).complete(ask())
    assert "no such field" in e.value.message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fail",
    [
        Fail(413, "Request exceeds the maximum size"),
        Fail(400, "prompt is too long: 1048577 tokens > 1000000 maximum"),
        Fail(400, "The input token count (2) exceeds the maximum number of tokens allowed (1)."),
    ],
)
def test_too_much_to_read_is_said(kit: Kit, fail: Fail) -> None:
    with kit.server([fail]) as server, pytest.raises(Unusable) as error:
        kit.open(server).complete(ask())
    if fail.status == 413 or ("too long" in fail.message) == (kit.vendor == "anthropic"):
        assert "give it less to read" in error.value.hint
    assert len(server.requests) == 1


def test_the_fallback_model_is_asked_once_and_named(kit: Kit) -> None:
    with kit.server([Fail(503), Fail(503), Fail(503), Say("instead")]) as server:
        reply = kit.open(server).complete(ask(options=Options(fallback_model=kit.other)))
    assert (reply.text, reply.model, len(server.requests)) == ("instead", kit.other, 4)
    assert f"{kit.model} did not answer after 3 tries: 503" in reply.notice
    assert reply.notice.endswith(f"{kit.other} answered instead")


def test_a_fallback_that_fails_as_well_is_said(kit: Kit) -> None:
    with kit.server([Fail(503)] * 9) as server, pytest.raises(ModelUnavailable) as error:
        kit.open(server).complete(ask(options=Options(fallback_model=kit.other)))
    assert len(server.requests) == 4
    assert f"nor did {kit.other}: 503" in error.value.message


@pytest.mark.parametrize("fail", [Fail(400), Fail(401)])
def test_the_fallback_model_is_for_outages_only(kit: Kit, fail: Fail) -> None:
    with kit.server([fail, Say("no")]) as server, pytest.raises((Unusable, NeedsModel)):
        kit.open(server).complete(ask(options=Options(fallback_model=kit.other)))
    assert len(server.requests) == 1


def test_calls_come_with_their_arguments_and_results_go_back(kit: Kit) -> None:
    calls = (Call("read", {"path": "lib/a.ex"}), Call("read", {"path": "lib/ü.ex", "n": [1, {}]}))
    request = ask("Look.", tools=(READ,))
    with kit.server([Say("I look.", calls=calls), Say("Seen.")]) as server:
        model = kit.open(server)
        reply = model.complete(request)
        results = tuple(
            ToolResult(call.id, call.name, f"content {n}", failed=n == 1)
            for n, call in enumerate(reply.calls)
        )
        answered = replace(request, turns=(reply.message(), Message("user", results=results)))
        assert model.complete(answered).text == "Seen."
    assert reply.stop_reason == "tool_use"
    assert reply.text == "I look."
    assert [(call.name, call.arguments, call.problem) for call in reply.calls] == [
        ("read", {"path": "lib/a.ex"}, ""),
        ("read", {"path": "lib/ü.ex", "n": [1, {}]}, ""),
    ]
    assert len({call.id for call in reply.calls}) == 2
    assert "content 0" in json.dumps(server.bodies[1])
    json.dumps(reply.vendor)


def test_a_byte_that_is_no_utf_8_reaches_no_vendor(kit: Kit) -> None:
    """Command lines and environments give such bytes as halves of surrogate pairs."""
    request = ask("Look \udcff\ud83d\ude00.", system="\udc80!", tools=(READ,))
    with kit.server([Say("ok")]) as server:
        model = kit.open(server)
        assert model.complete(request).text == "ok"
        assert model.count_tokens(request) > 0
    sent = json.dumps(server.bodies[0], ensure_ascii=False)
    assert "Look \ufffd\U0001f600." in sent
    assert '"\ufffd!"' in sent


def test_open_calls_of_an_earlier_run_do_not_break_a_session(kit: Kit) -> None:
    with kit.server([CallTool("read", {"path": "a"}), Say("hi"), Say("again")]) as server:
        model = kit.open(server)
        first = ask("Look.", tools=(READ,))
        reply = model.complete(first)
        history = (Message("user", first.prompt()), reply.message())
        with_tools = model.complete(ask("And now?", history=history, tools=(READ,)))
        without = model.complete(ask("And now?", history=history))
    assert (with_tools.text, without.text) == ("hi", "again")
    assert "This call was not run." in json.dumps(server.bodies[1])
    assert "(called read with" in json.dumps(server.bodies[2])


def test_a_turn_that_said_nothing_is_left_out(kit: Kit) -> None:
    turns = (Message("assistant", " \n"), Message("user", "Well?"))
    with kit.server([Say("hi")]) as server:
        assert kit.open(server).complete(ask(turns=turns)).text == "hi"


@pytest.mark.parametrize("system", ["", "  \n"])
def test_an_empty_system_prompt_is_not_sent(kit: Kit, system: str) -> None:
    with kit.server([Say("hi")]) as server:
        kit.open(server).complete(ask(system=system))
    assert server.bodies[0].keys().isdisjoint({"system", "systemInstruction"})


NUMBER = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}},
    "required": ["n"],
}


def numbered(schema: object = NUMBER) -> Request:
    assert isinstance(schema, dict)
    return ask("How many?", output_schema=schema)


def test_structured_answers_are_data(kit: Kit) -> None:
    with kit.server([SayJson({"n": 3})]) as server:
        reply = ask_structured(kit.open(server), numbered())
    assert reply.data == {"n": 3}


@pytest.mark.parametrize("wrong", ["There are three.", '{"n": 3', '{"n": 0}'])
def test_prose_and_half_a_json_are_sent_back_with_what_is_wrong(kit: Kit, wrong: str) -> None:
    with kit.server([Say(wrong), SayJson({"n": 3})]) as server:
        reply = ask_structured(kit.open(server), numbered())
    assert reply.data == {"n": 3}
    assert reply.usage.calls == 2
    assert "Answer with the JSON value alone." in json.dumps(server.bodies[1])


@pytest.mark.parametrize("anything", [{"type": "object", "required": ["n"]}, {}])
def test_a_schema_beyond_the_vendors_dialect_is_put_in_words(kit: Kit, anything: object) -> None:
    with kit.server([SayJson({"n": 3})]) as server:
        reply = ask_structured(kit.open(server), numbered(anything))
    assert reply.data == {"n": 3}
    sent = json.dumps(server.bodies[0])
    assert "satisfy this JSON Schema" in sent
    assert "output_config" not in sent
    assert "responseJsonSchema" not in sent


def test_a_cut_structured_answer_is_typed_and_its_cost_kept(kit: Kit) -> None:
    stop = {"anthropic": "max_tokens", "gemini": "MAX_TOKENS"}[kit.vendor]
    said = Say('{"n": ', stop=stop, tokens=Tokens(input=5, output=4))
    with kit.server([said]) as server, pytest.raises(ModelMisbehaved, match="cut") as error:
        ask_structured(kit.open(server), numbered())
    assert error.value.usage == Usage(input_tokens=5, output_tokens=4, calls=1)


def test_tokens_are_counted_by_the_vendor(kit: Kit) -> None:
    request = ask("word " * 1000, tools=(READ,), system="Be brief.", output_schema=NUMBER)
    with kit.server() as server:
        model = kit.open(server)
        short, long = model.count_tokens(ask("a")), model.count_tokens(request)
    assert 0 < short < 30
    assert long > 1000
    assert server.requests == []


def test_counting_fails_as_typed_as_asking(kit: Kit) -> None:
    with kit.server(models=["another"]) as server, pytest.raises(Unusable, match="has no model"):
        kit.open(server).count_tokens(ask())


def test_a_model_is_described(kit: Kit) -> None:
    with kit.server() as server:
        info = kit.open(server).describe()
    assert info.name == kit.model
    assert info.max_input_tokens is not None
    assert info.max_input_tokens >= 1_000_000
    assert (info.lifecycle, info.retires_on) in (("active", ""), ("", ""))


def test_a_list_that_cannot_be_had_spoils_no_error(kit: Kit) -> None:
    with kit.server(models=[]) as server, pytest.raises(Unusable) as error:
        kit.open(server).describe("nothing-like-it")
    assert "`genesis models`" in error.value.hint
