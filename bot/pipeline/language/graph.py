"""Draws a pipeline as a Mermaid flowchart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from bot.pipeline.language.flow_steps import (
    ForLoopStep,
    JumpStep,
    PipelineStep,
    SwitchStep,
    WhileLoopStep,
)
from bot.pipeline.language.parts import PreviousResponsePart
from bot.pipeline.language.step_base import Condition, StepBase
from bot.pipeline.language.workflow import Workflow

LONGEST_LABEL = 80

_PLAIN = re.compile(r"[A-Za-z0-9 .,:=/+*!?()\[\]'{}|-]|_")
"""Characters that mean nothing to Mermaid inside a quoted label."""


def mermaid(workflow: Workflow) -> str:
    """A flowchart: conditions are diamonds, loops and inline blocks boxes, quotes dotted."""
    chart = _Chart()
    chart.line(f'start(["{label(workflow.name)}"])')
    exits = chart.block(workflow.steps, [_Exit("start")], prefix="")
    chart.line('finish(["end"])')
    chart.connect(exits, "finish")
    lines = ["flowchart TD", *chart.lines, *chart.links, *chart.dotted]
    return "\n".join(lines) + "\n"


def label(text: str) -> str:
    """Text that stands in a quoted label as it is, whatever it holds."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(shown) > LONGEST_LABEL:
        shown = shown[: LONGEST_LABEL - 1] + "…"
    return "".join(c if _PLAIN.fullmatch(c) else f"#{ord(c)};" for c in shown)


@dataclass(frozen=True)
class _Exit:
    """Where the next step is entered from."""

    node: str
    said: str = ""


@dataclass
class _Chart:
    """The lines so far. Links come after the boxes, so that they pull no node into one."""

    lines: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    dotted: list[str] = field(default_factory=list)
    _depth: int = 1
    _ids: set[str] = field(default_factory=set)

    def line(self, text: str) -> None:
        self.lines.append("  " * self._depth + text)

    def connect(self, exits: Iterable[_Exit], node: str) -> None:
        for end in exits:
            arrow = f'-->|"{label(end.said)}"|' if end.said else "-->"
            self.links.append(f"  {end.node} {arrow} {node}")

    def block(self, steps: Sequence[StepBase], entries: list[_Exit], *, prefix: str) -> list[_Exit]:
        """Steps one after the other; gives where it goes on from."""
        for step in steps:
            entries = self._step(step, entries, prefix)
        return entries

    def _step(self, step: StepBase, entries: list[_Exit], prefix: str) -> list[_Exit]:
        node = self._id(f"{prefix}step_{step.name}")
        for source in _quoted(step):
            self.dotted.append(f"  {prefix}step_{source} -.-> {node}")
        if step.guard is None:
            return self._body(step, node, entries, prefix)
        asked = self._id(f"{prefix}when_{step.name}")
        self.line(f'{asked}{{"{label(condition_text(step.guard))}"}}')
        self.connect(entries, asked)
        taken = self._body(step, node, [_Exit(asked, "yes")], prefix)
        return [*taken, *self.block(step.otherwise, [_Exit(asked, "no")], prefix=prefix)]

    def _body(self, step: StepBase, node: str, entries: list[_Exit], prefix: str) -> list[_Exit]:
        if isinstance(step, SwitchStep):
            return self._switch(step, node, entries, prefix)
        self.connect(entries, node)
        if isinstance(step, PipelineStep) and step.pipeline is not None:
            self._box(node, _title(step), step.pipeline.steps, prefix=f"{node}_")
        elif step.body():
            for _, steps in step.body():
                self._box(node, _title(step), steps, prefix=prefix)
        elif isinstance(step, PipelineStep):
            self.line(f'{node}[["{_title(step)}"]]')
        else:
            self.line(f'{node}["{_title(step)}"]')
        return [] if isinstance(step, JumpStep) else [_Exit(node)]

    def _switch(
        self, step: SwitchStep, node: str, entries: list[_Exit], prefix: str
    ) -> list[_Exit]:
        self.line(f'{node}{{"{_title(step)}"}}')
        self.connect(entries, node)
        exits = [] if step.default else [_Exit(node, "otherwise")]
        for keys, steps in step.branches():
            exits += self.block(steps, [_Exit(node, str(keys[-1]))], prefix=prefix)
        return exits

    def _box(self, node: str, title: str, steps: Sequence[StepBase], *, prefix: str) -> None:
        self.line(f'subgraph {node}["{title}"]')
        self._depth += 1
        self.block(steps, [], prefix=prefix)
        self._depth -= 1
        self.line("end")

    def _id(self, wanted: str) -> str:
        """The wanted name, or one like it where that is taken."""
        free = wanted
        while free in self._ids:
            free += "_"
        self._ids.add(free)
        return free


def condition_text(condition: Condition) -> str:
    """A condition in one line."""
    if isinstance(condition, bool):
        return str(condition).lower()
    if isinstance(condition, list | tuple):
        return " and ".join(map(_joined, condition))
    if isinstance(condition, dict) and len(condition) == 1:
        (key, inner), *_ = condition.items()
        if key == "not":
            return f"not ({condition_text(inner)})"
        if isinstance(inner, list):
            return f" {key} ".join(map(_joined, inner))
    return str(condition)


def _joined(item: Condition) -> str:
    text = condition_text(item)
    return (
        text
        if isinstance(item, bool) or (isinstance(item, str) and " " not in text)
        else f"({text})"
    )


def _title(step: StepBase) -> str:
    about = _about(step)
    kind = str(getattr(step, "type", ""))
    return f"{label(step.name)}<br/>{label(f'{kind}: {about}' if about else kind)}"


def _about(step: StepBase) -> str:
    """What a reader wants to know of the step beside its name."""
    match step:
        case ForLoopStep():
            source = step.data_source if isinstance(step.data_source, str) else "a list"
            return f"{step.iterator} in {source}{', side by side' if step.parallel else ''}"
        case WhileLoopStep():
            return condition_text(step.condition)
        case SwitchStep():
            return step.expression
        case PipelineStep():
            return step.pipeline_file or step.pipeline_ref
    return ""


def _quoted(step: StepBase) -> list[str]:
    """The steps whose responses this one quotes."""
    found = [part.source for part in _parts(step) if isinstance(part, PreviousResponsePart)]
    return list(dict.fromkeys(found))


def _parts(value: Any) -> Iterator[Any]:
    """Every record in a step, but not those of steps inside it."""
    if isinstance(value, BaseModel):
        yield value
        for _, inner in value:
            yield from _parts(inner)
    elif isinstance(value, list | tuple):
        for item in value:
            if not isinstance(item, StepBase):
                yield from _parts(item)
