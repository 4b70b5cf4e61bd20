"""`GET /search/issues` and `GET /search/labels`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.errors import ApiError, not_found
from bot.simulator.identity.rights import may_see
from bot.simulator.records.issues import Issue
from bot.simulator.rest.issues.search.finding import find_issues
from bot.simulator.rest.issues.search.matching import phrase_pattern
from bot.simulator.rest.issues.search.query import bad_query
from bot.simulator.rest.numbers import whole_number
from bot.simulator.rest.replies import page_asked, paginate
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Calling
from bot.simulator.views.issues import issue_view
from bot.simulator.views.labels import label_view
from bot.simulator.world import World

router = router_for("search")

MAX_RESULTS = 1000

T = TypeVar("T")


@router.get("/search/issues")
async def search_issues(call: Calling) -> Response:
    """Words are compared, whatever kind of search was asked for, and the answer says so."""
    query = call.request.query_params
    found = find_issues(call.world, call.caller, query)
    kind: dict[str, Any] = {"search_type": "lexical"}
    if query.get("search_type") in ("semantic", "hybrid"):
        kind["lexical_fallback_reason"] = ["service_unavailable"]
    return _results(call.request, found, lambda issue: _item(call.world, issue), **kind)


@router.get("/search/labels")
async def search_labels(call: Calling) -> Response:
    """By words of the name or of the description, in the repository of `repository_id`."""
    query = call.request.query_params
    if not query.get("q"):
        raise bad_query("The search query is missing.", "missing")
    id = whole_number(query.get("repository_id", ""))
    repository = call.tables.repositories.get(id)
    if repository is None or not may_see(call.tables, call.caller, repository):
        raise not_found()
    patterns = [phrase_pattern(word) for word in query["q"].split()]
    found = [
        label
        for label in call.tables.labels.where("repository", repository.id)
        if all(p is None or p.search(f"{label.name}\n{label.description}") for p in patterns)
    ]
    return _results(call.request, found, lambda label: label_view(call.world, label))


def _item(world: World, issue: Issue) -> dict[str, Any]:
    """Only here a missing body is described as a text."""
    return issue_view(world, issue) | {"body": issue.body or ""}


def _results(
    request: Request, found: Sequence[T], view: Callable[[T], dict[str, Any]], **extra: Any
) -> Response:
    """Of what was found, the first 1,000 can be seen.

    Raises:
        ApiError: 422 for a page beyond them.
    """
    page, size = page_asked(request)
    if (page - 1) * size >= MAX_RESULTS:
        raise ApiError(422, "Only the first 1000 search results are available")
    return paginate(
        request,
        found[:MAX_RESULTS],
        lambda row: view(row) | {"score": 1.0},
        envelope="items",
        total_count=len(found),
        incomplete_results=False,
        **extra,
    )
