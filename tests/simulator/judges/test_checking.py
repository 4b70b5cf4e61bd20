"""One response or view can be judged by hand."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.judges import library
from tests.simulator.judges.checking import problems_of, problems_of_payload, problems_of_view
from tests.simulator.judges.openapi import RestJudge

ERROR = {"message": "Not Found", "documentation_url": "https://docs.example/", "status": "404"}
RATE = ("limit", "remaining", "used", "reset", "resource")
HEADERS = {"x-github-request-id": "1"} | {f"x-ratelimit-{name}": "1" for name in RATE}


def respond(path: str, body: object, status: int = 404) -> httpx.Response:
    request = httpx.Request("GET", f"http://github.test{path}")
    return httpx.Response(status, json=body, headers=HEADERS, request=request)


@pytest.fixture(autouse=True)
def _judges_are_there(rest_judge: RestJudge) -> None:
    """Skips where they are not."""


def test_a_response() -> None:
    assert problems_of(respond("/api/v3/repos/a/b/issues/1", ERROR)) == []
    assert problems_of(respond("/api/v3/repos/a/b/issues/1", {})) != []
    assert problems_of(respond("/api/graphql", {"data": {}}, 200)) != []


def test_a_page_is_not_the_api() -> None:
    with pytest.raises(AssertionError, match="is not the API"):
        problems_of(respond("/a/b/issues/1", ERROR))


def test_a_view_and_a_payload() -> None:
    label = library.rest_description()["components"]["examples"]["label"]["value"]
    assert problems_of_view("label", label) == []
    assert problems_of_view("label", label | {"color": 7}) != []
    assert problems_of_payload("issues", {"action": "opened"}) != []
    with pytest.raises(KeyError):
        problems_of_payload("issues", {"action": "exploded"})
