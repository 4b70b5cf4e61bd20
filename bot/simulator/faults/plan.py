"""The plan of faults, as a file, the API and the pages give it."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "drop",
    "lose",
    "duplicate",
    "delay",
    "reorder",
    "error",
    "cut",
    "slow",
    "absent",
    "secondary_limit",
    "token_expired",
    "token_life",
    "runner_lost",
    "log_missing",
    "artifact_altered",
    "event_refused",
    "approval_required",
]
Target = Literal["api", "git", "all"]

KINDS: tuple[Kind, ...] = get_args(Kind)
MEANINGS: dict[Kind, str] = {
    "drop": "The delivery fails; the delivery log shows it, so it can be redelivered.",
    "lose": "The delivery is neither sent nor logged.",
    "duplicate": "The delivery is sent twice, with one GUID.",
    "delay": "The delivery waits for some seconds.",
    "reorder": "The delivery waits until the next one was sent, or for some seconds.",
    "error": "A 5xx, before the work or after it was done.",
    "cut": "The connection ends without an answer, before the work or after it was done.",
    "slow": "The answer waits for some seconds.",
    "absent": "404 for what is younger than some seconds.",
    "secondary_limit": "403 with Retry-After.",
    "token_expired": "The installation token of the call expires at once: 401.",
    "token_life": "New installation tokens live for some seconds only.",
    "runner_lost": "The runner of an Actions job is lost while it works.",
    "log_missing": "The log of an Actions job cannot be had.",
    "artifact_altered": "The bytes of an artifact are others than its digest says.",
    "event_refused": "A policy does not allow workflows to be started by the event.",
    "approval_required": "What a pull request starts waits until somebody approves it.",
}
_CALL = frozenset({"agent", "method", "path"})
READS: dict[Kind, frozenset[str]] = {
    "drop": frozenset({"event"}),
    "lose": frozenset({"event"}),
    "duplicate": frozenset({"event"}),
    "delay": frozenset({"event", "seconds"}),
    "reorder": frozenset({"event", "seconds"}),
    "error": _CALL | {"target", "when", "status"},
    "cut": _CALL | {"target", "when"},
    "slow": _CALL | {"target", "seconds"},
    "absent": frozenset({"agent", "path", "seconds"}),
    "secondary_limit": _CALL | {"seconds"},
    "token_expired": _CALL,
    "token_life": frozenset({"seconds"}),
    "runner_lost": frozenset({"name"}),
    "log_missing": frozenset({"name"}),
    "artifact_altered": frozenset({"name"}),
    "event_refused": frozenset({"name"}),
    "approval_required": frozenset({"name"}),
}
"""What each kind goes by, besides probability, count and skip."""
SECONDS: dict[Kind, float] = {
    "delay": 2,
    "reorder": 1,
    "slow": 1,
    "absent": 2,
    "secondary_limit": 60,
    "token_life": 60,
}
_ALWAYS = {"kind", "probability", "count", "skip"}


class Fault(BaseModel):
    """One thing that goes wrong: how often, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    count: Annotated[int, Field(ge=1)] | None = None
    """At most so many times."""
    skip: Annotated[int, Field(ge=0)] = 0
    """Lets the first ones pass."""
    event: Annotated[str, Field(max_length=100)] = ""
    """Of a delivery: `issues` or `issues/opened`; empty: every one."""
    agent: Annotated[str, Field(max_length=100)] = ""
    """A pattern of what the caller calls itself in `User-Agent`; empty: whoever calls."""
    method: Annotated[str, Field(max_length=10)] = ""
    path: Annotated[str, Field(max_length=300)] = ""
    """A pattern (`*`, `?`) of the path: `/repos/*/issues/*`, `/graphql`, `/acme/shop.git/*`."""
    target: Target = "api"
    when: Literal["before", "after"] = "before"
    """The work was not done, or it was and the caller does not hear of it."""
    status: Annotated[int, Field(ge=500, le=599)] = 502
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
    name: Annotated[str, Field(max_length=100)] = ""
    """A pattern of the name of an Actions job, an artifact or an event that starts workflows."""

    @model_validator(mode="after")
    def _reads_what_is_given(self) -> Self:
        unread = sorted(self.model_fields_set - READS[self.kind] - _ALWAYS)
        if unread:
            raise ValueError(f"a fault {self.kind!r} does not go by {', '.join(unread)}")
        return self

    @property
    def duration(self) -> float:
        """`seconds`, or what is usual for the kind."""
        return SECONDS.get(self.kind, 0) if self.seconds is None else self.seconds


class FaultPlan(BaseModel):
    """Same seed and same calls: same faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    faults: Annotated[tuple[Fault, ...], Field(max_length=100)] = ()
