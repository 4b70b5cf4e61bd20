"""Loops: bodies run like any other steps and are rendered anew each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.errors import OtpError, Refused
from bot.pipeline.budget import Limits
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.expressions.expr import ExpressionError, condition_sources
from bot.pipeline.expressions.values import kind_of
from bot.pipeline.failures import spent_within
from bot.pipeline.language.data_source import expression_of
from bot.pipeline.language.flow_steps import ForLoopStep, LoopStep, WhileLoopStep
from bot.pipeline.language.spec import walk
from bot.pipeline.parallel import run_parallel
from bot.pipeline.scope import Scope
from bot.pipeline.steps.rounds import Rounds, run_round


def run_for_loop(step: ForLoopStep, context: StepContext) -> Outcome:
    """Data: see `Rounds.outcome`; `last` holds the data of the iteration that ended last."""
    items = items_of_loop(step, context)
    if len(items) > step.max_iterations:
        raise Refused(
            f"step {step.name!r}: {len(items)} items, but max_iterations is {step.max_iterations}",
            hint="raise max_iterations, or filter the list",
        )
    rounds = Rounds()
    over = _side_by_side if step.parallel else _one_by_one
    _bounded(step, context, rounds, lambda inner: over(step, inner, items, rounds))
    return rounds.outcome(ordered=step.ordered_results)


def run_while_loop(step: WhileLoopStep, context: StepContext) -> Outcome:
    """Data as for_loop's, without items. Still true after `max_iterations` rounds: a failure."""
    rounds = Rounds()
    _bounded(step, context, rounds, lambda inner: _while(step, inner, rounds))
    return rounds.outcome()


def _bounded(
    step: LoopStep, context: StepContext, rounds: Rounds, work: Callable[[StepContext], None]
) -> None:
    """Do the work within `timeout_seconds`; running out is this loop's failure, not the run's."""
    if step.timeout_seconds is None:
        return work(context)
    inner = context.within(Limits(steps=None, seconds=step.timeout_seconds))
    try:
        work(inner)
    except OtpError as error:
        if not spent_within(error, inner.run.budget):
            raise
        spent = f"step {step.name!r}: not done after {step.timeout_seconds:g} seconds"
        rounds.failures.insert(0, Refused(spent, hint="raise its timeout_seconds"))


def _one_by_one(step: ForLoopStep, context: StepContext, items: list[Any], rounds: Rounds) -> None:
    for index, item in enumerate(items):
        context.run.budget.require()
        scope = context.scope.child(**names_in_body(step, context, index, items))
        run_round(step, context, scope, rounds, index, item)
        if rounds.over(break_on_error=step.break_on_error):
            return


def _side_by_side(
    step: ForLoopStep, context: StepContext, items: list[Any], rounds: Rounds
) -> None:
    """Iterations in threads. After a break or a failure no further ones begin."""

    def work(index: int) -> Callable[[], None]:
        def one() -> None:
            if not rounds.over(break_on_error=step.break_on_error):
                scope = context.scope.isolated(**names_in_body(step, context, index, items))
                run_round(step, context, scope, rounds, index, items[index])

        return one

    def check() -> None:
        context.run.check_cancelled()
        context.run.budget.require()

    size = step.batch_size or max(len(items), 1)
    for start in range(0, len(items), size):
        tasks = [work(index) for index in range(start, min(start + size, len(items)))]
        ended = run_parallel(tasks, max_parallel=step.max_parallel, check=check)
        for error in ended:
            if error is not None:
                raise error


def _while(step: WhileLoopStep, context: StepContext, rounds: Rounds) -> None:
    """The loop proper. What an iteration found stays in sight for the next one."""
    seen = context.scope.awaiting(inner.name for inner in walk(step.steps))
    for index in range(step.max_iterations + 1):
        context.run.budget.require()
        scope = seen.child(**names_in_body(step, context, index, None))
        if not _goes_on(step, replace(context, scope=scope), first=index == 0):
            return
        if index == step.max_iterations:
            still = f"step {step.name!r}: its condition still holds after {index} iterations"
            rounds.failures.append(Refused(still))
            return
        run_round(step, context, scope, rounds, index, None)
        if rounds.over(break_on_error=True):
            return
        for result in scope.own_steps().values():
            seen.record(result)


def _goes_on(step: WhileLoopStep, context: StepContext, *, first: bool) -> bool:
    """A condition on steps of the body cannot be checked before they ran; then it holds."""
    try:
        return context.holds(step.condition)
    except ExpressionError:
        if first and _awaited(step, context.scope):
            return True
        raise


def _awaited(step: WhileLoopStep, scope: Scope) -> bool:
    body = list(walk(step.steps))
    made = {name for inner in body for name in (inner.name, *inner.defines())}
    ahead = made - scope.steps().keys() - scope.variables.keys()
    words = re.findall(r"[A-Za-z_]\w*", " ".join(condition_sources(step.condition)))
    return not ahead.isdisjoint(words)


def names_in_body(
    step: LoopStep, context: StepContext, index: int, items: list[Any] | None
) -> Mapping[str, Any]:
    """What the body sees: `loop`, and in a for_loop the item under the iterator's name."""
    loop: dict[str, Any] = {"index": index, "number": index + 1, "is_first": index == 0}
    if isinstance(outer := context.scope.flat().get("loop"), Mapping):
        loop["parent"] = outer
    if items is None or not isinstance(step, ForLoopStep):
        return {"loop": loop}
    item, count = items[index], len(items)
    loop |= {"count": count, "length": count, "is_last": index == count - 1, "item": item}
    return {"loop": {**loop, step.iterator: item}, step.iterator: item}


def items_of_loop(step: ForLoopStep, context: StepContext) -> list[Any]:
    """What a for_loop goes over; raises `ExpressionError` for anything but a list."""
    source = step.data_source
    if isinstance(source, str):
        expression = expression_of(source, previous=_previous(context.scope))
        items = context.evaluate(expression) if expression else None
    else:
        items = context.resolve(source)
    if not isinstance(items, list | tuple):
        raise ExpressionError(
            f"step {step.name!r}: data_source must give a list, got {kind_of(items)}"
        )
    return list(items)


def _previous(scope: Scope) -> str:
    """The step that ran last, in this block or around it."""
    steps = scope.own_steps() or scope.steps()
    return next((name for name in reversed(steps) if steps[name].status != "skipped"), "")
