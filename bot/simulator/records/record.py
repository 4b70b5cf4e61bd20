"""The base of all records."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bot.simulator.wholeness import whole


class Record(BaseModel):
    """A row: changed in place, then handed to its table's `save`."""

    model_config = ConfigDict(extra="forbid")

    id: int

    def make_whole(self) -> None:
        """Replaces in place what no file can hold, see `whole`."""
        mended = self.model_validate(whole(self.model_dump()))
        for name in type(self).model_fields:
            setattr(self, name, getattr(mended, name))
