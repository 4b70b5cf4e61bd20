"""The next vendor answers for one that cannot, and nobody is left in the dark about it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ModelMisbehaved, ModelUnavailable, Transient
from bot.llm.fallback import Fallback, Resting
from bot.llm.scripted import Line, ScriptedModel
from bot.llm.types import Options, Part, Reply, Request

BUSY = ModelUnavailable("anthropic: overloaded", retry_after=5, hint="try later")


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def model(vendor: str, *lines: Line) -> ScriptedModel:
    return ScriptedModel(lines, name=vendor)


def request(**options: Any) -> Request:
    return Request(parts=(Part("instructions", "hello"),), step="ask", options=Options(**options))


def asked(scripted: ScriptedModel) -> list[str]:
    return [r.options.model for r in scripted.requests]


def test_the_first_one_answers_and_nobody_else_is_asked() -> None:
    first, second = model("anthropic", "yes"), model("gemini")
    chain = Fallback([first, second])
    reply = chain.complete(request())
    assert (reply.text, reply.notice, second.requests) == ("yes", "", [])
    assert (chain.name, chain.local) == ("anthropic", False)
    assert chain.count_tokens(request()) == first.count_tokens(request())


def test_the_next_one_answers_and_the_reply_says_who_and_why() -> None:
    first, second = model("anthropic", BUSY), model("gemini", Reply("yes", "gemini-3.8-flash"))
    reply = Fallback([first, second]).complete(request())
    assert (reply.text, reply.model) == ("yes", "gemini-3.8-flash")
    assert reply.notice == "gemini-3.8-flash (gemini) answered, because of anthropic: overloaded"


def test_a_notice_of_the_answer_itself_stays() -> None:
    second = model("gemini", Reply("yes", "g", notice="the schema was simplified"))
    reply = Fallback([model("anthropic", BUSY), second]).complete(request())
    assert reply.notice.startswith("the schema was simplified; g (gemini) answered")


def test_a_vendor_that_failed_is_not_asked_for_a_while() -> None:
    clock = Clock()
    first, second = model("anthropic", BUSY, "I am back"), model("gemini", "one", "two")
    chain = Fallback([first, second], Resting(60, clock))
    chain.complete(request())
    clock.now += 59
    reply = chain.complete(request())
    assert (reply.text, len(first.requests)) == ("two", 1)
    assert "because of anthropic: overloaded" in reply.notice
    clock.now += 2
    reply = chain.complete(request())
    assert (reply.text, reply.notice) == ("I am back", "")


def test_it_rests_as_long_as_the_vendor_asks_for() -> None:
    clock = Clock()
    limited = ModelUnavailable("rate limit", retry_after=300)
    first, second = model("anthropic", limited, "again"), model("gemini", "one", "two")
    chain = Fallback([first, second], Resting(60, clock))
    chain.complete(request())
    clock.now += 299
    assert chain.complete(request()).text == "two"
    clock.now += 2
    assert chain.complete(request()).text == "again"


def test_chains_that_share_their_memory_spare_a_vendor_together() -> None:
    first, second = model("anthropic", BUSY), model("gemini", "one", "two", "three")
    resting = Resting(clock=Clock())
    Fallback([first, second], resting).complete(request())
    reply = Fallback([second, first], resting).complete(request())
    assert (reply.text, reply.notice) == ("two", "")
    assert Fallback([first, second], resting).complete(request()).text == "three"
    assert len(first.requests) == 1


def test_one_that_rests_is_still_asked_when_nobody_else_answers() -> None:
    first, second = model("anthropic", BUSY, "recovered", "still here"), model("gemini", "a", BUSY)
    chain = Fallback([first, second], Resting(clock=Clock()))
    chain.complete(request())
    reply = chain.complete(request())
    assert (reply.text, reply.notice) == ("recovered", "")
    assert chain.complete(request()).text == "still here"


def test_when_nobody_answers_every_reason_is_told() -> None:
    late = ModelUnavailable("timed out", retry_after=1)
    chain = Fallback([model("anthropic", BUSY), model("gemini", late)])
    with pytest.raises(ModelUnavailable) as caught:
        chain.complete(request())
    assert caught.value.message == "no model answers: anthropic: overloaded; gemini: timed out"
    assert (caught.value.retry_after, caught.value.hint) == (1, "try later")


def test_alone_the_error_stays_as_it_was() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        Fallback([model("anthropic", BUSY)]).complete(request())
    assert caught.value is BUSY


@pytest.mark.parametrize("error", [ModelMisbehaved("refused"), Transient("no such thing")])
def test_what_one_vendor_refuses_is_not_shopped_around(error: Any) -> None:
    second = model("gemini", "yes")
    with pytest.raises(type(error)):
        Fallback([model("anthropic", error), second]).complete(request())
    assert second.requests == []


def test_a_fallback_model_of_the_other_vendor_is_what_that_one_is_asked_for() -> None:
    first, second = model("anthropic", BUSY), model("gemini", "yes")
    chain = Fallback([first, second])
    chain.complete(request(model="opus", fallback_model="gemini-2.5-pro"))
    assert (asked(first), asked(second)) == (["opus"], ["gemini-2.5-pro"])


def test_names_of_one_vendor_are_left_for_the_other_to_translate() -> None:
    first, second = model("anthropic", BUSY), model("gemini", "yes")
    Fallback([first, second]).complete(request(model="opus", fallback_model="sonnet"))
    assert first.requests == second.requests == [request(model="opus", fallback_model="sonnet")]


def test_text_of_an_answer_that_broke_off_stays_apart_from_the_next() -> None:
    class Broken(ScriptedModel):
        def complete(self, request: Request, *, on_text: Any = None) -> Reply:
            on_text("It be")
            raise BUSY

    heard: list[str] = []
    chain = Fallback([Broken([], name="anthropic"), model("gemini", "It is.")])
    chain.complete(request(), on_text=heard.append)
    assert "".join(heard) == "It be\nIt is."


def test_text_of_an_unbroken_answer_is_passed_on_as_it_is() -> None:
    heard: list[str] = []
    chain = Fallback([model("anthropic", BUSY), model("gemini", "It is.")])
    chain.complete(request(), on_text=heard.append)
    assert heard == ["It is."]
