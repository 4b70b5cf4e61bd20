"""What is defined at one point of a file: names, steps that have run, loops around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.pipeline.checks.shapes import ANYTHING, GENERAL, Either, Fields, Shape, named
from bot.pipeline.language.workflow import Workflow

VARIABLE_SPACES = ("vars", "state", "global_vars", "variables")
"""Names under which all variables are found."""


class Missing(Exception):
    """What an expression looks at is certainly not there."""


@dataclass(frozen=True)
class Ran:
    """A step that has been passed by now."""

    data: Shape = ANYTHING
    never: bool = False
    """Its condition is always false, so it has no data."""
    maybe: bool = False
    """It has a condition."""

    def view(self) -> Shape:
        """What expressions see of it."""
        if self.never:
            return GENERAL
        return Either(self.data, Fields({**GENERAL.known, "data": self.data}))


@dataclass(frozen=True)
class Known:
    """What is defined at one point of the file."""

    inputs: Mapping[str, Shape] = field(default_factory=dict)
    variables: Mapping[str, Shape] = field(default_factory=dict)
    local: Mapping[str, Shape] = field(default_factory=dict)
    """The item of a loop, `loop` itself, inputs of inline steps."""
    steps: Mapping[str, Ran] = field(default_factory=dict)
    ahead: Mapping[str, Ran] = field(default_factory=dict)
    """Steps further down in the body of a while_loop: there from its second iteration on."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """Variables that iterations of a parallel loop keep to themselves, and that loop."""
    loops: tuple[str, ...] = ()
    """Names of the loops around, the innermost last."""
    head: Shape = ANYTHING
    """What `workflow` has."""

    def plus(
        self,
        *,
        names: Iterable[str] | Mapping[str, Shape] = (),
        steps: Mapping[str, Ran] | None = None,
        step: str = "",
    ) -> Known:
        """The same with more names (seen in the block at hand) and more steps."""
        local = names if isinstance(names, Mapping) else named(names)
        ran = {**(steps or {}), **({step: Ran()} if step else {})}
        return replace(
            self,
            local={**self.local, **local} if local else self.local,
            steps={**self.steps, **ran} if ran else self.steps,
        )

    def with_variables(self, names: Iterable[str]) -> Known:
        """The same after a set_variable."""
        if not (new := named(names)):
            return self
        apart = {name: loop for name, loop in self.apart.items() if name not in new}
        return replace(self, variables={**self.variables, **new}, apart=apart)

    @property
    def everything(self) -> frozenset[str]:
        """Every bare name that means something here."""
        return frozenset((*self.inputs, *self.variables, *self.local, *self.steps))

    def variable_space(self) -> dict[str, Shape]:
        """What `vars.<name>` may be."""
        return {**self.variables, **self.local}


def opening(workflow: Workflow, inputs: Mapping[str, Shape]) -> Known:
    """What the first step of a workflow finds."""
    variables = named(workflow.variables)
    head = named(("name", "version", "description"))
    return Known(
        inputs=inputs,
        variables=variables,
        head=Fields({**variables, **head, "variables": Fields(variables)}),
    )


def joined(before: Known, branches: Iterable[Known]) -> Known:
    """After branches of which one ran: later steps may ask about the steps of each."""
    first, *others = branches
    if not others:
        return first
    after = replace(before, apart={})
    for branch in (first, *others):
        after = replace(
            after,
            steps={**after.steps, **branch.steps},
            variables={**after.variables, **branch.variables},
            local={**after.local, **branch.local},
            apart={**after.apart, **branch.apart},
        )
    return after
