"""Loops: bodies run like any other steps and are rendered anew each time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import OtpError, Refused
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.expr import ExpressionError, evaluate
from bot.pipeline.failures import is_fatal
from bot.pipeline.sandbox import kind_of
from bot.pipeline.scope import Scope
from bot.pipeline.spec import ForLoopStep, LoopStep, WhileLoopStep


@dataclass
class _Rounds:
    """What the iterations so far did."""

    done: list[dict[str, Any]] = field(default_factory=list)
    failures: list[OtpError] = field(default_factory=list)
    broke: bool = False
    last: dict[str, Any] = field(default_factory=dict)


def run_for_loop(step: ForLoopStep, context: StepContext) -> Outcome:
    """Data: `{iterations: [{index, item, outcome, error}], count, failed, broke, last}`.

    `last` holds the data of the last iteration's steps; keeping everybody's would keep every
    verdict of a long run in memory.
    """
    items = _items(step, context)
    if len(items) > step.max_iterations:
        raise Refused(
            f"step {step.name!r}: {len(items)} items, but max_iterations is {step.max_iterations}",
            hint="raise max_iterations, or filter the list",
        )
    rounds = _Rounds()
    for index, item in enumerate(items):
        loop = {"index": index, "number": index + 1, "count": len(items), "item": item}
        inner = context.scope.child(**{"loop": loop, step.iterator: item})
        _one_round(step, context, inner, rounds, index, item)
        if rounds.broke or (rounds.failures and step.break_on_error):
            break
    return _outcome(rounds)


def run_while_loop(step: WhileLoopStep, context: StepContext) -> Outcome:
    """Data as for_loop's, without items. Still true after `max_iterations` rounds: a failure."""
    rounds = _Rounds()
    for index in range(step.max_iterations + 1):
        loop = {"index": index, "number": index + 1}
        inner = context.scope.child(loop=loop)
        if not replace(context, scope=inner).holds(step.condition):
            break
        if index == step.max_iterations:
            rounds.failures.append(
                Refused(f"step {step.name!r}: its condition still holds after {index} iterations")
            )
            break
        _one_round(step, context, inner, rounds, index, None)
        if rounds.broke or rounds.failures:
            break
    return _outcome(rounds)


def _one_round(
    step: LoopStep, context: StepContext, inner: Scope, rounds: _Rounds, index: int, item: Any
) -> None:
    context.run.check_cancelled()
    body = replace(context, scope=inner, path=f"{context.path}[{index}]")
    if step.continue_condition is not None and body.holds(step.continue_condition):
        _record(rounds, inner, index, item, "skipped")
        return
    try:
        context.engine.run_steps(step.steps, body)
    except OtpError as error:
        rounds.failures.append(error)
        _record(rounds, inner, index, item, "failed", error)
        if is_fatal(error):
            raise
        return
    _record(rounds, inner, index, item, "succeeded")
    rounds.broke = step.break_condition is not None and body.holds(step.break_condition)


def _record(
    rounds: _Rounds,
    scope: Scope,
    index: int,
    item: Any,
    outcome: str,
    error: OtpError | None = None,
) -> None:
    reason = str(error) if error else ""
    rounds.done.append({"index": index, "item": item, "outcome": outcome, "error": reason})
    rounds.last = {name: result.data for name, result in scope.own_steps().items()}


def _outcome(rounds: _Rounds) -> Outcome:
    data = {
        "iterations": rounds.done,
        "count": len(rounds.done),
        "failed": sum(done["outcome"] == "failed" for done in rounds.done),
        "broke": rounds.broke,
        "last": rounds.last,
    }
    return Outcome(
        data=data,
        text=json.dumps(data, ensure_ascii=False, default=str),
        status="failed" if rounds.failures else "succeeded",
        error=rounds.failures[0] if rounds.failures else None,
    )


def _items(step: ForLoopStep, context: StepContext) -> list[Any]:
    source = step.data_source
    items = (
        evaluate(source, context.scope.flat())
        if isinstance(source, str)
        else context.resolve(source)
    )
    if not isinstance(items, list | tuple):
        raise ExpressionError(
            f"step {step.name!r}: data_source must give a list, got {kind_of(items)}"
        )
    return list(items)
