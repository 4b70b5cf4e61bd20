"""`decide` answers whatever GitHub, the plan's ref and strangers say."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime

from bot.core.lifecycle.commands import AnyCommand, CancelRun
from bot.core.lifecycle.decide import decide
from bot.core.lifecycle.facts import Comment, Facts, IssueFacts, RepositoryFacts, StageFacts
from bot.core.lifecycle.state import BUSY, REVIEWABLE, PlanLife
from bot.core.model import Record
from bot.core.plan import Plan
from bot.core.policy import Limits, Policy
from tests.core.lifecycle.plans import five_stages

TEXTS = st.sampled_from(
    [
        "",
        "5",
        "main",
        "wim",
        "bad[bot]",
        "lib/a.ex",
        "1-supervise",
        "approve",
        "skip-1",
        f"{1:040x}",
        "/genesis approve\n/genesis fix stage 1 1-restart\n/genesis stop",
        "/genesis retry\n/genesis replan\n/genesis skip 2\n/genesis plan",
        "<!-- genesis plan=5 kind=dashboard -->",
        "x\n<!-- genesis plan=5 re=2 kind=reply -->",
        "otp-refactor",
        "--> \x00‮ <!-- @all #1 ]( ```",
        "\U000e0041" * 3,
        "é" * 300,
    ]
)
SAID = st.sampled_from(
    "approve|fix stage 1 1-restart|fix stage 2|retry|retry 1|skip 2|stop|plan|replan|status|cost"
    "|help|explain spawn|fix 1 nothing|what".split("|")
).map(lambda words: f"/genesis {words}")
TIMES = st.sampled_from(
    [
        datetime(2026, 11, 25, tzinfo=UTC),
        datetime(2026, 11, 25, 2, tzinfo=timezone(timedelta(hours=5))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    ]
)
SIMPLE: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(1, 5),
    float: st.sampled_from([1.0, 2.5]),
    bool: st.booleans(),
    AwareDatetime: TIMES,
    Policy: st.sampled_from(
        [
            Policy(),
            Policy(run="auto"),
            Policy(run="auto", limits=Limits(attempts_per_day=2, usd_per_plan_day=2)),
            Policy(run="manual", stages=(2,)),
        ]
    ),
}


def circular() -> Plan:
    """A plan as nobody writes it by mistake: two of its actions wait for each other."""
    plan = five_stages(f"{1:040x}")
    first, second = plan.stages[0].actions
    crossed = (
        first.model_copy(update={"depends_on": (second.id,)}),
        second.model_copy(update={"depends_on": (first.id,)}),
    )
    stage = plan.stages[0].model_copy(update={"actions": crossed})
    return plan.model_copy(update={"stages": (stage, *plan.stages[1:])})


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation."""
    if kind is Plan:
        return st.sampled_from([five_stages(f"{1:040x}"), five_stages("", people=True), circular()])
    if kind in SIMPLE:
        return SIMPLE[kind]
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(inside)
    if origin in (Union, types.UnionType):
        return st.one_of([st.none() if a is type(None) else values(a) for a in inside])
    if origin is tuple and inside[-1] is Ellipsis:
        return st.lists(values(inside[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, inside))
    if origin is dict:
        return st.dictionaries(values(inside[0]), values(inside[1]), max_size=2)
    assert issubclass(kind, Record), kind
    return records(kind)


def records(kind: type[Record]) -> st.SearchStrategy[Any]:
    """Records with any values in all fields."""
    fields = {name: values(field.annotation) for name, field in kind.model_fields.items()}
    return st.builds(kind, **fields)


lives, facts = records(PlanLife), records(Facts)


@st.composite
def going_on(draw: st.DrawFn) -> tuple[PlanLife, Facts]:
    """A plan that nothing holds, with anything in its stages and in what is seen of them."""
    number = st.integers(1, 5)
    life = draw(lives)
    stages = {s.number: s for s in life.stages}
    seen = {n: draw(records(StageFacts)).model_copy(update={"number": n}) for n in stages}
    for n, stage in list(stages.items()):
        if draw(st.booleans()):
            status = draw(st.sampled_from(sorted(BUSY | REVIEWABLE)))
            stages[n] = stage = stage.model_copy(update={"status": status, "past": ()})
        if draw(st.booleans()):
            seen[n] = seen[n].model_copy(update={"branch": stage.head})
        if draw(st.booleans()) and seen[n].pull is not None:
            pull = seen[n].pull.model_copy(update={"head": stage.head, "state": "open"})
            seen[n] = seen[n].model_copy(update={"pull": pull})
    life = life.model_copy(
        update={
            "plan": "5",
            "issue": 5,
            "status": draw(st.sampled_from(["planning", "open", "open", "open", "done"])),
            "stopped": "",
            "labelled": True,
            "base": f"{1:040x}",
            "stages": tuple(sorted(stages.values(), key=lambda s: s.number)),
        }
    )
    there = RepositoryFacts(full_name="o/r", base_branch="main", base=f"{draw(number):040x}")
    issue = IssueFacts(
        number=5, id=1, node="I", title=draw(TEXTS), body="", state="open", labels=("otp-refactor",)
    )
    said = Comment(
        id=9, on=5, author="wim", bot=False, ours=False, body=draw(SAID), edited=False, role="admin"
    )
    more = (*draw(st.lists(records(Comment), max_size=2)), said)
    update = {
        "comments": more,
        "repository": there,
        "policy_problem": "",
        "issue": issue,
    }
    found = draw(facts).model_copy(
        update={**update, "requested": "write", "stages": tuple(seen.values())}
    )
    return life, found


anything = st.one_of(st.tuples(lives, facts), going_on(), going_on(), going_on())


@settings(max_examples=150)
@given(anything)
def test_it_raises_nothing_and_gives_what_can_be_stored(given_: tuple[PlanLife, Facts]) -> None:
    life, facts = given_
    decision = decide(life, facts)
    assert PlanLife.model_validate_json(decision.life.model_dump_json()) == decision.life
    for command in decision.commands:
        kind: type[AnyCommand] = type(command)
        assert kind.model_validate_json(command.model_dump_json()) == command
    if decision.look_again is not None:
        assert decision.look_again > facts.now


@settings(max_examples=60)
@given(anything)
def test_the_same_facts_again_change_nothing(given_: tuple[PlanLife, Facts]) -> None:
    life, facts = given_
    once = decide(life, facts)
    assert decide(once.life, facts).life == once.life


@settings(max_examples=60)
@given(anything)
def test_nothing_is_written_where_nothing_may_be(given_: tuple[PlanLife, Facts]) -> None:
    life, facts = given_
    there = facts.repository
    closed = there.access != "active" or there.archived or bool(facts.policy_problem)
    if closed or facts.issue is None:
        said = decide(life, facts).commands
        assert [c for c in said if closed or not isinstance(c, CancelRun)] == []
