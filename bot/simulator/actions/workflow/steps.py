"""The `steps` of a job or of a composite action."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.simulator.actions.expressions.template import has_expression
from bot.simulator.actions.workflow.document import Node, Place, Sequence
from bot.simulator.actions.workflow.fields import Fields, text
from bot.simulator.actions.workflow.model import Step
from bot.simulator.actions.workflow.places import (
    COMPOSITE_IF,
    COMPOSITE_VALUE,
    STEP_IF,
    STEP_VALUE,
    Names,
)

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,98}")
USES = re.compile(r"\./[\w./-]*|docker://\S+|[\w.-]+/[\w.-]+(?:/[\w.-]+)*@\S+")
KEYS = frozenset({"id", "name", "if", "env", "continue-on-error", "timeout-minutes"}) | {
    *("run", "shell", "working-directory", "uses", "with")
}
MAX_STEPS = 1000
MAX_RUN = 21_000
"""GitHub's bound on the length of a `run` that has expressions."""


@dataclass(frozen=True)
class Kind:
    """What differs between steps of jobs and of composite actions."""

    values: Names
    conditions: Names
    needs_shell: bool
    has_timeout: bool


JOB_STEP = Kind(STEP_VALUE, STEP_IF, needs_shell=False, has_timeout=True)
ACTION_STEP = Kind(COMPOSITE_VALUE, COMPOSITE_IF, needs_shell=True, has_timeout=False)


def read_steps(node: Node, kind: Kind) -> tuple[Step, ...]:
    if not isinstance(node, Sequence):
        raise node.place.error("A sequence was expected")
    if not node.items:
        raise node.place.error("The sequence has no steps")
    if len(node.items) > MAX_STEPS:
        raise node.place.error(f"More than {MAX_STEPS} steps")
    steps: list[Step] = []
    taken: set[str] = set()
    for item in node.items:
        step = _step(item, kind, f"__run_{len(steps)}")
        if step.id in taken:
            message = f"The identifier '{step.id}' may not be used more than once"
            raise item.place.error(message + " within the same scope.")
        taken.add(step.id)
        steps.append(step)
    return tuple(steps)


def _step(node: Node, kind: Kind, fallback: str) -> Step:
    fields = Fields(node)
    if "run" not in fields.left and "uses" not in fields.left:
        for key in fields.left.keys() - KEYS:
            raise fields.keys[key].error(f"Unexpected value '{key}'")
        missing = "uses" if "with" in fields.left else "run"
        raise fields.place.error(f"Required property is missing: {missing}")
    read = _use if "uses" in fields.left else _run
    step = read(fields, kind, _identifier(fields, fallback))
    fields.finish()
    return step


def _identifier(fields: Fields, fallback: str) -> str:
    node = fields.take("id")
    if node is None:
        return fallback
    name = text(node)
    check_identifier(name, node.place)
    return name


def check_identifier(name: str, place: Place) -> None:
    if not name:
        raise place.error("Unexpected value ''")
    if not IDENTIFIER.fullmatch(name):
        allowed = "IDs may only contain alphanumeric characters, '_', and '-'."
        start = "IDs must start with a letter or '_' and and must be less than 100 characters."
        raise place.error(f"The identifier '{name[:200]}' is invalid. {allowed} {start}")
    if name.startswith("__"):
        raise place.error(
            f"The identifier '{name}' is invalid. IDs starting with '__' are reserved."
        )


def _run(fields: Fields, kind: Kind, identifier: str) -> Step:
    script = fields.need("run")
    if has_expression(text(script, kind.values)) and len(text(script, kind.values)) > MAX_RUN:
        raise script.place.error(f"Exceeded max expression length {MAX_RUN}")
    if kind.needs_shell and "shell" not in fields.left:
        raise fields.place.error("Required property is missing: shell")
    return Step(
        identifier,
        run=text(script, kind.values),
        shell=fields.text("shell", kind.values),
        working_directory=fields.text("working-directory", kind.values),
        name=fields.text("name", kind.values),
        condition=fields.condition(kind.conditions),
        env=fields.data("env", kind.values) or {},
        continue_on_error=fields.flag("continue-on-error", kind.values),
        timeout_minutes=fields.number("timeout-minutes", kind.values) if kind.has_timeout else None,
    )


def _use(fields: Fields, kind: Kind, identifier: str) -> Step:
    uses = fields.need("uses")
    if not USES.fullmatch(text(uses)) or ".." in text(uses).split("@")[0].split("/"):
        message = f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{text(uses)[:200]}'"
        raise uses.place.error(message)
    return Step(
        identifier,
        uses=text(uses),
        inputs=fields.mapping("with", kind.values),
        name=fields.text("name", kind.values),
        condition=fields.condition(kind.conditions),
        env=fields.data("env", kind.values) or {},
        continue_on_error=fields.flag("continue-on-error", kind.values),
        timeout_minutes=fields.number("timeout-minutes", kind.values) if kind.has_timeout else None,
    )
