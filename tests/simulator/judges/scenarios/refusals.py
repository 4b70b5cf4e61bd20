"""Every route refused in the ways in which all routes refuse."""

from __future__ import annotations

from tests.simulator.judges.exchanges import ENTERPRISE_REST
from tests.simulator.judges.routes import filled, served
from tests.simulator.judges.stage import Stage


def wrong_tokens(s: Stage) -> None:
    for method, template in routes(s):
        assert s.ask("ghp_wrong", f"{method} {filled(template)}").status_code == 401, template


def absent_repositories(s: Stage) -> None:
    for method, template in routes(s):
        if "{owner}/{repo}" in template:
            path = filled(template, "acme/absent")
            answer = s.ask("admin", f"{method} {path}", {} if method != "GET" else None)
            assert answer.status_code in (401, 404, 422), (method, path, answer.text)


def broken_json(s: Stage) -> None:
    for method, template in routes(s):
        if method != "GET" and not template.endswith("/{repo}"):
            path = f"{s.url}{ENTERPRISE_REST}{filled(template, 'acme/shop')}"
            headers = {"authorization": f"Bearer {s.simulator.tokens['reader']}"}
            answer = s.http.request(method, path, content=b'{"a": ', headers=headers)
            assert 400 <= answer.status_code < 500, (method, path, answer.status_code)


def nobody(s: Stage) -> None:
    for method, template in routes(s):
        if method != "GET":
            answer = s.ask("", f"{method} {filled(template, 'acme/shop')}", {})
            assert answer.status_code in (401, 403, 404, 422), (method, template, answer.text)


def routes(s: Stage) -> list[tuple[str, str]]:
    """(method, template) of all that is served and described."""
    described = (route for route, operation in served(s.description).items() if operation)
    pairs = (route.partition(" ") for route in described)
    return [(method, template) for method, _, template in pairs]


SCENARIOS = (wrong_tokens, absent_repositories, broken_json, nobody)
