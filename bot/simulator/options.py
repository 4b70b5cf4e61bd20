"""How a simulator is started."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.simulator.faults.plan import FaultPlan

OWNER = r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?$"
NAME = r"^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$"
"""Not dots alone, which lead elsewhere in an address."""
ADDRESS = r"^(?:https?://[^\s/]+\S*)?$"


class Source(BaseModel):
    """A repository to serve and what it is made from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    owner: Annotated[str, Field(pattern=OWNER)] = "acme"
    name: Annotated[str, Field(pattern=NAME, max_length=100)]


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Path
    """The folder that holds everything; made when it is not there."""
    sources: tuple[Source, ...] = ()
    """Those not yet in the state are added."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 4400
    """0: one that is free."""
    private: bool = False
    """Whether new repositories are private."""
    free_plan: bool = False
    """Whether owners have the free plan: their private repositories have no drafts."""
    webhook_url: Annotated[str, Field(pattern=ADDRESS)] = ""
    """Where the App's events go; empty: nowhere, until the App's hook is given an address."""
    enforce_limits: bool = True
    """Rate limits, primary and secondary."""
    faults: FaultPlan = FaultPlan()
    """What goes wrong on purpose."""
    fresh: bool = False
    """Begin anew, losing what the state folder holds."""
    json_output: bool = False
