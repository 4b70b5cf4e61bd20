"""The names an expression can see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.pipeline.results import StepResult, StepView

RESERVED = ("steps", "inputs", "vars", "state", "global_vars", "workflow", "loop", "models")
"""Names with a meaning of their own; inputs, variables and steps cannot have them."""

AMBIENT = ("execution_id", "timestamp", "date", "step", "environment", "variables")
"""Names that are always there, unless the file gives them another meaning."""


class Scope:
    """Inputs, variables, step results and the current loop; inner scopes see outer ones.

    Looking a bare name up finds, in this order: the loop's item, a step, a variable, an input.
    """

    def __init__(
        self,
        inputs: Mapping[str, Any],
        *,
        workflow: Mapping[str, Any] | None = None,
        execution: Mapping[str, Any] | None = None,
        models: tuple[str, ...] = (),
        parent: Scope | None = None,
    ) -> None:
        self._parent = parent
        self._models: tuple[str, ...] = parent._models if parent else models
        self._inputs = dict(parent.inputs if parent else {}) | dict(inputs)
        self._workflow: dict[str, Any] = parent._workflow if parent else dict(workflow or {})
        self._execution: dict[str, Any] = parent._execution if parent else dict(execution or {})
        self._local: dict[str, Any] = {}
        self._steps: dict[str, StepResult] = {}
        self._views: dict[str, StepView] = {}
        self._variables: dict[str, Any] = parent._variables if parent else {}
        self._awaited: frozenset[str] = parent._awaited if parent else frozenset()

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Every input in sight."""
        return self._inputs

    @property
    def outermost(self) -> bool:
        """Whether this is the scope of the file itself, not of a body in it."""
        return self._parent is None

    @property
    def variables(self) -> Mapping[str, Any]:
        """Every variable that was set."""
        return dict(self._variables)

    def child(self, *, inputs: Mapping[str, Any] | None = None, **names: Any) -> Scope:
        """A scope inside this one: a loop's iteration or inline steps."""
        inner = Scope(inputs or {}, parent=self)
        inner._local = {**self._local, **(inputs or {}), **names}
        return inner

    def isolated(self, **names: Any) -> Scope:
        """The same for work side by side: variables set in it stay in it."""
        inner = self.child(**names)
        inner._variables = dict(self._variables)
        return inner

    def awaiting(self, names: Iterable[str]) -> Scope:
        """The same for a loop in which steps of these names are still to come."""
        inner = self.child()
        inner._awaited = self._awaited | frozenset(names)
        return inner

    def awaits(self, name: str) -> bool:
        """Whether the step runs further down in the loop, and has not run in it yet."""
        return name in self._awaited and self.step(name) is None

    def record(self, result: StepResult) -> None:
        """Make a finished step visible."""
        self._steps[result.name] = result
        self._views[result.name] = StepView(result)

    def set_variables(self, values: Mapping[str, Any]) -> None:
        """Visible from now on, in inner and outer scopes of this workflow."""
        self._variables.update(values)

    def set_local(self, values: Mapping[str, Any]) -> None:
        """Visible until this scope ends."""
        self._local.update(values)

    def step(self, name: str) -> StepResult | None:
        """The result of the nearest step with this name."""
        return self.steps().get(name)

    def steps(self) -> dict[str, StepResult]:
        """Every finished step in sight."""
        return {**(self._parent.steps() if self._parent else {}), **self._steps}

    def _all_views(self) -> dict[str, StepView]:
        return {**(self._parent._all_views() if self._parent else {}), **self._views}

    def own_steps(self) -> dict[str, StepResult]:
        """The steps that ran in this very scope."""
        return dict(self._steps)

    def flat(self) -> dict[str, Any]:
        """All names at once."""
        views = self._all_views()
        variables = {**self._variables, **self._local}
        special = {
            "steps": views,
            "inputs": self._inputs,
            "workflow": self._workflow,
            "models": list(self._models),
            **dict.fromkeys(("vars", "state", "global_vars"), variables),
        }
        named = {**self._inputs, **self._variables, **views, **self._local}
        return {**self._execution, "variables": variables, **named, **special}
