"""The base of all records."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A row: changed in place, then handed to its table's `save`."""

    model_config = ConfigDict(extra="forbid")

    id: int
