"""A run that asks nobody and changes nothing: every prompt is rendered, by the code that would.

Steps run in the order of the file, every branch once and every loop for one item. What only a
real run can know is stood in for by the smallest value of the right form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import OtpError
from bot.llm.tokens import estimate_request
from bot.llm.types import Model, OnText, Reply, Request, ToolCall, unheard
from bot.pipeline.context import Handler, Outcome, StepContext
from bot.pipeline.engine import Engine
from bot.pipeline.language.flow_steps import ForLoopStep, JumpStep, SwitchStep, WhileLoopStep
from bot.pipeline.language.named_types import resolved_schema
from bot.pipeline.language.spec import Step, walk
from bot.pipeline.results import StepResult
from bot.pipeline.samples import UNKNOWN, sample
from bot.pipeline.scope import Scope
from bot.pipeline.steps import default_handlers
from bot.pipeline.steps.loops import items_of_loop, names_in_body

NO_KEY = "a model, for which no key is set"
"""Who would be asked where nobody can be."""

END_TOOL = "done"
"""The tool an agent ends with."""


@dataclass(frozen=True)
class Asking:
    """One prompt as a model would get it."""

    path: str
    provider: str
    request: Request
    tokens: int
    """Of the input, estimated."""
    times: int | None = 1
    """How often, as far as loops around it tell; None where they do not."""


@dataclass(frozen=True)
class Unrendered:
    """A step whose prompt cannot be made before the run, and why."""

    path: str
    reason: str


@dataclass
class Rehearsal:
    """What a dry run found, in the order of the file."""

    askings: list[Asking] = field(default_factory=list)
    unrendered: list[Unrendered] = field(default_factory=list)
    _path: str = ""
    _times: list[int | None] = field(default_factory=list)

    @property
    def times(self) -> int | None:
        """How often the step in hand runs, as far as is known."""
        product = 1
        for times in self._times:
            if times is None:
                return None
            product *= times
        return product


@dataclass(frozen=True)
class DryModel:
    """Notes what it is asked and answers with a stand-in."""

    name: str
    rehearsal: Rehearsal
    inner: Model | None = None
    """The embedded model: it costs nothing and changes nothing, so it answers as it would."""
    local: bool = True

    def count_tokens(self, request: Request) -> int:
        """Estimated."""
        return estimate_request(request)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """Something of the form the request wants."""
        seen = self.rehearsal
        asking = Asking(seen._path, self.name, request, estimate_request(request), seen.times)
        seen.askings.append(asking)
        if self.inner is not None:
            with suppress(OtpError):
                return self.inner.complete(request)
        end = next((tool for tool in request.tools if tool.name == END_TOOL), None)
        if end is not None:
            call = ToolCall("dry", END_TOOL, sample(end.parameters))
            return Reply("", "dry", stop_reason="tool_use", calls=(call,))
        if request.output_schema is not None:
            return Reply(json.dumps(sample(request.output_schema)), "dry")
        return Reply(f"[what step {request.step!r} answers]", "dry")


class DryEngine(Engine):
    """Visits every step once, whatever conditions say, and goes on after every error."""

    def __init__(self, models: Mapping[str, Model], **rest: Any) -> None:
        self.rehearsal = Rehearsal()
        inner = models.get("offline")
        super().__init__(
            {**default_handlers(), **_handlers(self.rehearsal)},
            {
                name: DryModel(name, self.rehearsal, inner if name == "offline" else None)
                for name in models
            },
            **rest,
        )

    def run_steps(self, steps: tuple[Step, ...], context: StepContext) -> None:
        """Each step, then its `else`."""
        for step in steps:
            inner = replace(context, path=f"{context.path}/{step.name}", step=step)
            self.rehearsal._path = inner.path
            context.scope.record(self._visited(step, inner))
            self.run_steps(step.otherwise, context)

    def _visited(self, step: Step, context: StepContext) -> StepResult:
        try:
            outcome = self._handlers[step.type](step, self._with_model(step, context))
        except OtpError as error:
            self.rehearsal.unrendered.append(Unrendered(context.path, str(error)))
            wanted = resolved_schema(step.output_schema, context.workflow.types)
            outcome = Outcome(data=sample(wanted) if wanted else {}, text="[unknown]")
        return StepResult(step.name, step.type, "succeeded", outcome.data, outcome.text)

    def _with_model(self, step: Step, context: StepContext) -> StepContext:
        """An agent cannot do without a model; what it would be told is shown all the same."""
        vendors = [name for name in context.run.models if name != "offline"]
        if vendors or step.type != "agent":
            return context
        models = {NO_KEY: DryModel(NO_KEY, self.rehearsal)}
        return replace(context, run=replace(context.run, models=models))


def _handlers(rehearsal: Rehearsal) -> dict[str, Handler]:
    """Loops run once, switches take every case, jumps jump nowhere."""

    def for_loop(step: ForLoopStep, context: StepContext) -> Outcome:
        items = _items(step, context)
        names = names_in_body(step, context, 0, items or [UNKNOWN])
        count = len(items) if items is not None else None
        return _body(step.steps, context, context.scope.child(**names), rehearsal, count)

    def while_loop(step: WhileLoopStep, context: StepContext) -> Outcome:
        scope = context.scope.awaiting(inner.name for inner in walk(step.steps))
        inner = scope.child(**names_in_body(step, context, 0, None))
        return _body(step.steps, context, inner, rehearsal, None)

    def switch(step: SwitchStep, context: StepContext) -> Outcome:
        for _, steps in step.branches():
            context.engine.run_steps(steps, context)
        data = {"value": UNKNOWN, "case": UNKNOWN, "matched": True, "last": None}
        return Outcome(data=data)

    def jump(step: JumpStep, context: StepContext) -> Outcome:
        return Outcome()

    return {
        "for_loop": for_loop,
        "while_loop": while_loop,
        "switch": switch,
        "break": jump,
        "continue": jump,
    }


def _items(step: ForLoopStep, context: StepContext) -> list[Any] | None:
    """The items where they are known by now; None where they are not."""
    try:
        found = items_of_loop(step, context)
    except OtpError:
        return None
    return None if UNKNOWN in json.dumps(found, default=str) else found


def _body(
    steps: tuple[Step, ...],
    context: StepContext,
    scope: Scope,
    rehearsal: Rehearsal,
    times: int | None,
) -> Outcome:
    rehearsal._times.append(times)
    try:
        context.engine.run_steps(steps, replace(context, scope=scope))
    finally:
        rehearsal._times.pop()
    last = {name: result.data for name, result in scope.own_steps().items()}
    round_ = {"index": 0, "item": UNKNOWN, "outcome": "succeeded", "error": "", "data": last}
    told = {"results": [round_], "count": 1, "failed": 0, "broke": False}
    return Outcome(data={**told, "last": last})


def providers(askings: list[Asking]) -> Iterator[str]:
    """Who would be asked, each once."""
    yield from dict.fromkeys(asking.provider for asking in askings)
