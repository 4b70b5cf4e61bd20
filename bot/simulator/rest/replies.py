"""Answers: JSON bodies, pages of lists, media types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.rest.numbers import whole_number

T = TypeVar("T")

PER_PAGE = 30
MAX_PER_PAGE = 100
JSON = "application/json; charset=utf-8"


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(to_json(body), status, headers, media_type=JSON)


def created(body: dict[str, Any]) -> Response:
    """201 with the new object's address as its location."""
    return reply(body, 201, {"location": str(body["url"])})


def no_content(status: int = 204) -> Response:
    return Response(status_code=status)


def paginate(
    request: Request,
    rows: Sequence[T],
    view: Callable[[T], Any],
    *,
    envelope: str | None = None,
    per_page: int = PER_PAGE,
    **extra: Any,
) -> Response:
    """One page of `rows` as `?page=` and `?per_page=` ask, with its `Link` header.

    With `envelope`, the list stands under that name beside `total_count` and `extra`.
    """
    page, size = page_asked(request, per_page)
    shown = [view(row) for row in rows[(page - 1) * size : page * size]]
    links = link_header(request, page, -(-len(rows) // size))
    body: Any = shown
    if envelope is not None:
        body = {"total_count": len(rows), envelope: shown, **extra}
    return reply(body, headers={"link": links} if links else None)


def page_asked(request: Request, per_page: int = PER_PAGE) -> tuple[int, int]:
    """Which page, from 1 on, and how many rows there are on one: 100 at most, or the default."""
    size = min(max(number_in(request, "per_page", per_page), 1), max(per_page, MAX_PER_PAGE))
    return max(number_in(request, "page", 1), 1), size


def number_in(request: Request, name: str, default: int) -> int:
    """GitHub takes the default for what is no number."""
    value = whole_number(request.query_params.get(name, ""))
    return default if value is None else value


def link_header(request: Request, page: int, last: int) -> str:
    """The addresses of the other pages; empty where there are none."""
    wanted: list[tuple[str, int]] = []
    if page > 1:
        wanted += [("prev", min(page - 1, max(last, 1)))]
    if page < last:
        wanted += [("next", page + 1), ("last", last)]
    if page > 1:
        wanted += [("first", 1)]
    base = f"{request.app.state.world.urls.base}{request.url.path}"
    others = [(k, v) for k, v in request.query_params.multi_items() if k != "page"]
    return ", ".join(
        f'<{base}?{urlencode([*others, ("page", number)])}>; rel="{name}"'
        for name, number in wanted
    )


def media_of(request: Request) -> str:
    """What the Accept header asks for: diff, patch, raw, html, sha, object or json."""
    for part in request.headers.get("accept", "").lower().split(","):
        kind = part.split(";")[0].strip()
        if kind.startswith("application/vnd.github"):
            words = kind.removeprefix("application/vnd.github").strip(".").split(".")
            last = words[-1].removesuffix("+json")
            if last in ("diff", "patch", "raw", "html", "sha", "object"):
                return last
    return "json"


def as_media(kind: str, data: str | bytes) -> Response:
    """What the request asked for by name: diff, patch, raw, html or sha."""
    return Response(data, media_type=f"application/vnd.github.v3.{kind}; charset=utf-8")
