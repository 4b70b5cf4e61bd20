"""Every model call is counted, kept and paid for once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ModelUnavailable, OtpError
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Part, Reply, Request, Usage
from bot.pipeline.budget import Budget, BudgetSpent, Limits
from bot.pipeline.record.calls import Calls
from bot.pipeline.record.checkpoints import Checkpoints


class Kept:
    """A recorder in memory."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def record(self, where: str, model: str, request: Request, reply: Reply) -> None:
        self.lines.append((where, model, reply.text))

    def record_failure(self, where: str, model: str, request: Request, error: OtpError) -> None:
        self.lines.append((where, model, error.message))


def ask(text: str = "q") -> Request:
    return Request((Part("instructions", text),), step="s")


def paid(text: str) -> Reply:
    return Reply(text, "m", usage=Usage(10, 5, usd=0.5, calls=1))


def test_a_paid_answer_is_given_again_by_another_life_of_the_run(tmp_path: Path) -> None:
    first, second = Budget(), Budget()
    model = ScriptedModel([paid("a")])
    one = Calls(first, Checkpoints(tmp_path)).bind({"m": model}, "w/s")["m"]
    assert one.complete(ask()).text == "a"
    again = Calls(second, Checkpoints(tmp_path)).bind({"m": model}, "w/s")["m"].complete(ask())
    assert (again.text, again.restored, again.usage) == ("a", True, Usage())
    assert (first.usage.usd, second.usage.usd, len(model.requests)) == (0.5, 0, 1)


def test_asking_the_same_twice_is_two_calls_in_every_life(tmp_path: Path) -> None:
    model = ScriptedModel([paid("a"), paid("b")])
    for _ in range(2):
        bound = Calls(Budget(), Checkpoints(tmp_path)).bind({"m": model}, "w/s")["m"]
        assert [bound.complete(ask()).text, bound.complete(ask()).text] == ["a", "b"]
    assert len(model.requests) == 2


@pytest.mark.parametrize("path", ["w/other", "w/s[1]"])
def test_another_step_asks_for_itself(tmp_path: Path, path: str) -> None:
    model = ScriptedModel([paid("a"), paid("b")])
    calls = Calls(Budget(), Checkpoints(tmp_path))
    assert calls.bind({"m": model}, "w/s")["m"].complete(ask()).text == "a"
    assert calls.bind({"m": model}, path)["m"].complete(ask()).text == "b"


def test_a_call_that_failed_is_asked_again(tmp_path: Path) -> None:
    model = ScriptedModel([ModelUnavailable("busy"), paid("a")])
    bound = Calls(Budget(), Checkpoints(tmp_path)).bind({"m": model}, "w/s")["m"]
    with pytest.raises(ModelUnavailable):
        bound.complete(ask())
    assert bound.complete(ask()).text == "a"
    assert not list(tmp_path.glob("*.tmp"))


def test_a_local_model_is_asked_every_time(tmp_path: Path) -> None:
    model = ScriptedModel(["a", "b"], local=True)
    for expected in ("a", "b"):
        calls = Calls(Budget(), Checkpoints(tmp_path))
        assert calls.bind({"m": model}, "w/s")["m"].complete(ask()).text == expected


def test_a_spent_budget_asks_nobody_but_gives_what_was_paid_for(tmp_path: Path) -> None:
    model = ScriptedModel([paid("a")])
    budget = Budget(Limits(usd=0.4))
    Calls(budget, Checkpoints(tmp_path)).bind({"m": model}, "w/s")["m"].complete(ask())
    later = Calls(budget, Checkpoints(tmp_path)).bind({"m": model}, "w/s")["m"]
    assert later.complete(ask()).text == "a"
    with pytest.raises(BudgetSpent, match=r"0.4 US dollars"):
        later.complete(ask("another"))
    assert len(model.requests) == 1


def test_calls_are_recorded_by_step_and_number() -> None:
    kept = Kept()
    model = ScriptedModel([paid("a"), paid("b")], name="m")
    bound = Calls(Budget(), recorder=kept).bind({"m": model}, "w/s")["m"]
    bound.complete(ask("one"))
    bound.complete(ask("two"))
    assert kept.lines == [("w/s#0", "m", "a"), ("w/s#1", "m", "b")]


def test_a_call_that_failed_is_recorded_under_the_number_of_the_next_try() -> None:
    kept = Kept()
    model = ScriptedModel([ModelUnavailable("busy"), paid("a")], name="m")
    bound = Calls(Budget(), recorder=kept).bind({"m": model}, "w/s")["m"]
    with pytest.raises(ModelUnavailable):
        bound.complete(ask())
    bound.complete(ask())
    assert kept.lines == [("w/s#0", "m", "busy"), ("w/s#0", "m", "a")]


class Told:
    """Recorded answers, the first of which is a failure."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(self, where: str, model: str, request: Request) -> Reply:
        self.asked.append(where)
        if len(self.asked) == 1:
            raise ModelUnavailable("busy")
        return paid("a")


def test_in_a_replay_a_failure_counts_as_it_did_in_the_run() -> None:
    told = Told()
    calls = Calls(Budget(), answers=told)
    bound = calls.bind({"m": ScriptedModel([], name="m")}, "w/s")["m"]
    with pytest.raises(ModelUnavailable):
        bound.complete(ask())
    assert calls.failures("m") == 1
    assert bound.complete(ask()).text == "a"
    assert (told.asked, calls.failures("m")) == (["w/s#0", "w/s#0"], 0)


def test_what_arrives_is_heard_by_the_step_and_by_the_run() -> None:
    heard: list[str] = []
    model = ScriptedModel(["a"])
    bound = Calls(Budget(), on_text=heard.append).bind({"m": model}, "w/s")["m"]
    bound.complete(ask(), on_text=lambda text: heard.append(text.upper()))
    assert sorted(heard) == ["A", "a"]


def test_answers_that_were_of_no_use_are_asked_for_anew(tmp_path: Path) -> None:
    model = ScriptedModel([paid("prose"), paid("other"), paid("again")])
    first = Calls(Budget(), Checkpoints(tmp_path))
    first.bind({"m": model}, "w/s")["m"].complete(ask())
    first.bind({"m": model}, "w/other")["m"].complete(ask())
    first.forget("w/s")
    later = Calls(Budget(), Checkpoints(tmp_path))
    assert later.bind({"m": model}, "w/s")["m"].complete(ask()).text == "again"
    assert later.bind({"m": model}, "w/other")["m"].complete(ask()).text == "other"
    assert len(model.requests) == 3
