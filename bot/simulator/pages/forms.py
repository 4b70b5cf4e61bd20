"""The fields of a submitted form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.simulator.errors import ApiError
from bot.simulator.pages.numbers import number_in

T = TypeVar("T", bound=str)

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
        value = number_in(self.text(name))
        if value is None:
            raise ApiError(422, f"{name!r} should be a number.")
        return value

    def numbers(self, name: str) -> list[int]:
        return [value for text in self.all(name) if (value := number_in(text)) is not None]

    def choice(self, name: str, values: Sequence[T], refusal: str) -> T:
        """The one of `values` that was chosen.

        Raises:
            ApiError: 422 in the words of `refusal` for anything else.
        """
        chosen = self.text(name)
        for value in values:
            if value == chosen:
                return value
        raise ApiError(422, refusal)


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
