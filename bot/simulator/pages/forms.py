"""The fields of a submitted form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.simulator.errors import ApiError

MOST_FIELDS = 2000


@dataclass(frozen=True)
class Fields:
    """Texts by name, in the order of the form. Uploads are not taken."""

    pairs: tuple[tuple[str, str], ...]

    def items(self) -> tuple[tuple[str, str], ...]:
        return self.pairs

    def given(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)

    def text(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name and value]

    def number(self, name: str) -> int:
        """Raises:
        ApiError: 422 when it is none.
        """
        value = self.text(name)
        if not (value.isascii() and value.isdecimal() and len(value) < 16):
            raise ApiError(422, f"{name!r} should be a number.")
        return int(value)

    def numbers(self, name: str) -> list[int]:
        return [int(v) for v in self.all(name) if v.isascii() and v.isdecimal() and len(v) < 16]


NO_FIELDS = Fields(())


async def fields_of(request: Request) -> Fields:
    """Kept as `request.state.fields`, too, for who has to show them again.

    Raises:
        ApiError: 400 for a body that is no form.
    """
    try:
        form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    except (HTTPException, ValueError) as error:
        raise ApiError(400, "The form could not be read.") from error
    fields = Fields(tuple((k, v) for k, v in form.multi_items() if isinstance(v, str)))
    request.state.fields = fields
    return fields


Form = Annotated[Fields, Depends(fields_of)]
