"""What a stage's workflow run is asked to do: the inputs of its dispatch, checked."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from bot.codebase.git import COMMIT
from bot.core.lifecycle.outcome import run_name
from bot.core.lifecycle.state import Cause
from bot.core.model import Record
from bot.errors import Unusable

VERSION = r"^[0-9A-Za-z.-]{0,40}$"
ACTION_ID = r"^[1-5]-[a-z0-9-]{1,180}$"


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _amount(value: Any) -> Any:
    return None if value == "" else value


Commit = Annotated[str, Field(pattern=f"^{COMMIT.pattern}".replace(r"\Z", "$"))]


class StageOrder(Record):
    """One attempt at one stage."""

    plan: str = Field(pattern=r"^(?:local-[1-9][0-9]{0,8}|[1-9][0-9]{0,17})$")
    plan_commit: Commit
    """Commit of the plan's ref: what was approved."""
    stage: int = Field(ge=1, le=4)
    attempt: int = Field(ge=1, le=100_000)
    cause: Cause = "first"
    base: Commit
    head: str = Field(default="", pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})?$")
    only: str = Field(default="", max_length=200, pattern=r"^[a-z0-9-]*$")
    dropped: Annotated[
        tuple[Annotated[str, Field(pattern=ACTION_ID)], ...], BeforeValidator(_listed)
    ] = ()
    minutes: float = Field(default=120, gt=0, le=360, allow_inf_nan=False)
    usd: Annotated[float | None, BeforeValidator(_amount)] = Field(default=None, gt=0)
    elixir: str = Field(default="", pattern=VERSION)
    otp: str = Field(default="", pattern=VERSION)

    @property
    def run_name(self) -> str:
        """What the run must be called."""
        return run_name(self.plan, self.stage, self.attempt)


def parse_order(text: str) -> StageOrder:
    """The order in the JSON of a dispatch's inputs, all of them texts; raises `Unusable`."""
    try:
        given = json.loads(text)
        # The workflow has inputs of its own besides: our version, labels of runners.
        known = {k: v for k, v in dict(given).items() if k in StageOrder.model_fields}
        order = StageOrder.model_validate(known)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise Unusable(
            f"input {name!r}: {first['msg']}", hint="Genesis itself starts this"
        ) from None
    except (ValueError, TypeError, RecursionError):
        raise Unusable("the inputs of the workflow are no JSON") from None
    if order.usd is not None and not math.isfinite(order.usd):
        raise Unusable("input 'usd': not an amount")
    return order
