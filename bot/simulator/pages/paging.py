"""Long lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.requests import Request

from bot.simulator.pages.numbers import number_in

T = TypeVar("T")

PER_PAGE = 30
LAST = 10_000_000


@dataclass(frozen=True)
class Page(Generic[T]):
    rows: Sequence[T]
    number: int
    last: int
    total: int


def number_of(request: Request) -> int:
    """The page that the address asks for; 1 for anything that is no number."""
    return min(number_in(request.query_params.get("page", "")) or 1, LAST)


def page_of(request: Request, rows: Sequence[T], per_page: int = PER_PAGE) -> Page[T]:
    """The rows of the page that was asked for; the last one for a number beyond."""
    last = max(-(-len(rows) // per_page), 1)
    number = min(number_of(request), last)
    return Page(rows[(number - 1) * per_page : number * per_page], number, last, len(rows))
