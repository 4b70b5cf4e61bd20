"""Checks of the steps that hold other steps: guards, loops, switches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from bot.pipeline.checks.known import Known, Ran, joined
from bot.pipeline.checks.reachability import Truth, check_switch, endless, never_equal, truth
from bot.pipeline.checks.references import (
    Checker,
    check_condition,
    check_expression,
    check_value,
    shape_of,
)
from bot.pipeline.checks.shapes import ANYTHING, Fields, ListOf, Shape, named
from bot.pipeline.language.data_source import expression_of, is_previous
from bot.pipeline.language.flow_steps import (
    ForLoopStep,
    JumpStep,
    LoopStep,
    SwitchStep,
    WhileLoopStep,
)
from bot.pipeline.language.spec import walk
from bot.pipeline.language.step_base import At, StepBase

Walk = Callable[[Checker, tuple[StepBase, ...], At, Known], Known]
"""Checks a block of steps; gives what is known after it."""

_ITERATION = ("index", "item", "outcome", "error")


def check_guard(checker: Checker, step: StepBase, at: At, known: Known) -> Truth:
    """The step's condition; what is certain about it is reported."""
    if step.guard is None:
        return True
    where = (*at, step.guard_key)
    check_condition(checker, step.guard, where, known)
    certain, why = truth(checker, step.guard, known), never_equal(checker, step.guard, known)
    because = f": {why}" if why else ""
    if certain is False:
        checker.warn(f"step {step.name!r} never runs, its condition never holds{because}", where)
    elif certain is True and step.otherwise:
        checker.warn(f"'else' of step {step.name!r} never runs{because}", where)
    elif why:
        checker.warn(why, where)
    return certain


def check_jump(checker: Checker, step: JumpStep, at: At, known: Known) -> None:
    """A jump needs a loop to jump in."""
    if not known.loops:
        checker.error(
            f"{step.type!r} stands outside a loop",
            (*at, "type"),
            hint="a pipeline called from a loop cannot end it; let it give an output instead",
        )


def check_switch_step(
    checker: Checker, step: SwitchStep, at: At, known: Known, walk: Walk
) -> tuple[Known, Ran]:
    """Each case starts from the same point; afterwards the steps of all of them may be asked."""
    dead = check_switch(checker, step, at, known)
    branches = [known]
    for keys, block in step.branches():
        after = walk(checker, block, (*at, *keys), known)
        branches.append(unreached(known, after) if keys[-1] in dead else after)
    return joined(known, branches), Ran(Fields(named(("value", "case", "matched", "last"))))


def check_loop(
    checker: Checker, step: LoopStep, at: At, known: Known, walk: Walk
) -> tuple[Known, Ran]:
    """The body sees the loop's names; afterwards only the variables it set are left."""
    inner = replace(known, loops=(*known.loops, step.name))
    if isinstance(step, ForLoopStep):
        inner = inner.plus(names=_for_names(step, known, _items(checker, step, at, known)))
    else:
        ahead = {name: Ran() for name in visible(step.steps)}
        inner = replace(inner, ahead={**known.ahead, **ahead}).plus(names=_while_names(known))
    check_condition(checker, step.continue_condition, (*at, "continue_condition"), inner)
    after = walk(checker, step.steps, (*at, "steps"), inner)
    check_condition(checker, step.break_condition, (*at, "break_condition"), after)
    if isinstance(step, WhileLoopStep):
        _check_while(checker, step, at, after)
    body = {n: r.data for n, r in after.steps.items() if n not in known.steps or inner is not known}
    own = Fields({name: body[name] for name in visible(step.steps) if name in body})
    return _after_loop(step, known, after), Ran(_loop_shape(own))


def unreached(before: Known, after: Known) -> Known:
    """The same, but the steps that came in between never ran."""
    return replace(
        after,
        steps={
            name: ran if name in before.steps else replace(ran, never=True)
            for name, ran in after.steps.items()
        },
    )


def visible(steps: Iterable[StepBase]) -> list[str]:
    """Names of the steps that later steps of the same block may ask about."""
    found: list[str] = []
    for step in steps:
        found.append(step.name)
        for _, block in (*step.branches(), ((), step.otherwise)):
            found += visible(block)
    return found


def _check_while(checker: Checker, step: WhileLoopStep, at: At, after: Known) -> None:
    where = (*at, "condition")
    check_condition(checker, step.condition, where, after)
    certain = truth(checker, step.condition, after)
    if certain is False:
        checker.warn(f"the body of {step.name!r} never runs, the condition never holds", where)
    elif certain is True and endless(step):
        checker.warn(
            f"nothing ends the loop {step.name!r}: its condition always holds",
            where,
            hint="add a break step or a break_condition; reaching max_iterations is a failure",
        )


def _items(checker: Checker, step: ForLoopStep, at: At, known: Known) -> Shape:
    """The shape of one item."""
    where = (*at, "data_source")
    if not isinstance(step.data_source, str):
        check_value(checker, step.data_source, where, known)
        return ANYTHING
    previous = next(reversed(list(known.steps)), "")
    expression = expression_of(step.data_source, previous=previous)
    if not expression:
        checker.error("there is no step before this one to take the list from", where)
        return ANYTHING
    if is_previous(step.data_source) and known.steps[previous].maybe:
        # Which step ran last is known only then.
        return ANYTHING
    check_expression(checker, expression, where, known)
    source = shape_of(checker, expression, known)
    if source.kind() not in ("", "a list"):
        checker.error(f"{expression!r} is {source.kind()}, and a loop goes over a list", where)
    return source.items()


def _for_names(step: ForLoopStep, known: Known, item: Shape) -> Mapping[str, Shape]:
    counted = ("index", "number", "count", "length", "is_first", "is_last")
    loop = {**named(counted), "item": item, step.iterator: item, **_parent(known)}
    return {"loop": Fields(loop), step.iterator: item}


def _while_names(known: Known) -> Mapping[str, Shape]:
    return {"loop": Fields({**named(("index", "number", "is_first")), **_parent(known)})}


def _parent(known: Known) -> dict[str, Shape]:
    return {"parent": known.local["loop"]} if "loop" in known.local else {}


def _after_loop(step: LoopStep, known: Known, after: Known) -> Known:
    """Variables set in the body outlive the loop; its steps, its item and `loop` do not."""
    if not (isinstance(step, ForLoopStep) and step.parallel):
        return replace(known, variables=after.variables, apart=after.apart)
    changed = {name: step.name for inner in walk(step.steps) for name in inner.defines()}
    return replace(known, apart={**known.apart, **changed})


def _loop_shape(body: Fields) -> Shape:
    iteration = Fields({**named(_ITERATION), "data": body})
    return Fields(
        {**named(("count", "failed", "broke")), "results": ListOf(iteration), "last": body}
    )
