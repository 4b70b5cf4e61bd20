"""The judge of REST lets good exchanges pass and sees what is wrong with bad ones."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.simulator.judges import library
from tests.simulator.judges.exchanges import Exchange
from tests.simulator.judges.openapi import RestJudge, read

RATE = {f"x-ratelimit-{n}": "1" for n in ("limit", "remaining", "used", "reset", "resource")}
HEADERS = RATE | {
    "x-github-request-id": "A1:B2",
    "content-type": "application/json; charset=utf-8",
}
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.example/", "status": "404"}


def exchange(
    call: str, status: int = 200, body: Any = None, sent: Any = None, **headers: str
) -> Exchange:
    """`call` is `GET /path`; a None among the headers removes one."""
    method, target = call.split(" ")
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(
        method=method,
        target=target,
        status=status,
        request_headers={"accept": given.pop("accept", "*/*")},
        request_body=b"" if sent is None else json.dumps(sent).encode(),
        response_headers={k: v for k, v in (HEADERS | given).items() if v},
        response_body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


@pytest.fixture(scope="module")
def examples(rest_judge: RestJudge) -> Any:
    """GitHub's own examples of answers, by name; only those used here."""
    named = library.rest_description()["components"]["examples"]
    wanted = ("issue", "check-run", "label", "issue-items", "git-ref")
    return {name: named[name]["value"] for name in wanted}


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        ("GET /repos/a/b/contents/lib/x.ex", "repos/get-content"),
        ("GET /repos/a/b/contents", "repos/get-content"),
        ("GET /repos/a/b/contents/", "repos/get-content"),
        ("GET /repos/a/b/contentsx", None),
        ("GET /repos/a/b/tarball", "repos/download-tarball-archive"),
        ("GET /repos/a/b/tarball/v1/x", "repos/download-tarball-archive"),
        ("GET /repos/a/b/commits/feature/x/check-runs", "checks/list-for-ref"),
        ("GET /repos/a/b/git/ref/heads/x/y", "git/get-ref"),
        ("GET /repos/a/b/pulls/comments", "pulls/list-review-comments-for-repo"),
        ("GET /repos/a/b/pulls/7", "pulls/get"),
        ("GET /repos/a/b/labels/a%2Fb", "issues/get-label"),
        ("HEAD /user", "users/get-authenticated"),
        ("POST /user", None),
        ("GET /repos/a/b/issues/", None),
        ("GET /_simulator/routes", None),
    ],
)
def test_the_operation_that_a_request_means(
    rest_judge: RestJudge, call: str, operation: str | None
) -> None:
    method, path = call.split(" ")
    found = rest_judge.description.operation(method, path)
    assert (found and found.id) == operation


def test_githubs_own_examples_pass(rest_judge: RestJudge, examples: Any) -> None:
    good = [
        exchange("GET /repos/a/b/issues/1", body=examples["issue"]),
        exchange("GET /repos/a/b/check-runs/1", body=examples["check-run"]),
        exchange("GET /repos/a/b/issues?labels=x&per_page=5", body=examples["issue-items"]),
        exchange("GET /repos/a/b/issues/1", 404, NOT_FOUND),
        exchange("DELETE /repos/a/b/git/refs/heads/x", 204, b""),
        exchange("GET /repos/a/b/issues/1", 304, b""),
        exchange("GET /repos/a/b/issues", 304, b""),
    ]
    assert [rest_judge.judge(each).errors for each in good] == [()] * len(good)


@pytest.mark.parametrize(
    ("name", "path", "value", "error"),
    [
        ("issue", ["number"], "1", "/number: '1' is not of type 'integer'"),
        ("issue", ["user"], {"login": "x"}, "/user"),
        ("issue", ["created_at"], "today", "/created_at: 'today' is not a 'date-time'"),
        ("issue", ["html_url"], "/o/r/issues/1", "is not a 'uri'"),
        ("check-run", ["status"], "done", "'done' is not one of"),
        ("check-run", ["output"], None, "/output: None is not of type 'object'"),
    ],
)
def test_a_mutilated_example_fails(
    rest_judge: RestJudge, examples: Any, name: str, path: list[str], value: Any, error: str
) -> None:
    body = copy.deepcopy(examples[name])
    target = body
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    call = {"issue": "GET /repos/a/b/issues/1", "check-run": "GET /repos/a/b/check-runs/1"}[name]
    verdict = rest_judge.judge(exchange(call, body=body))
    assert any(error in each for each in verdict.errors), verdict.errors


def test_every_required_key_is_missed(rest_judge: RestJudge, examples: Any) -> None:
    for key in ("url", "title", "state", "labels", "created_at"):
        body = {k: v for k, v in examples["issue"].items() if k != key}
        verdict = rest_judge.judge(exchange("GET /repos/a/b/issues/1", body=body))
        assert verdict.errors == (f"response /: {key!r} is a required property",)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (exchange("GET /repos/a/b/nothing/1"), "GitHub describes no GET"),
        (exchange("POST /repos/a/b/issues", 304, b""), "status 304 is not described"),
        (exchange("GET /repos/a/b/issues/1", 418), "status 418 is not described"),
        (exchange("GET /repos/a/b/issues/1", 500), "status 500 is not described"),
        (exchange("GET /repos/a/b/issues/1", 200, b"{"), "is not JSON"),
        (exchange("GET /repos/a/b/issues/1", 200, b'{"id": NaN}'), "is not JSON"),
        (exchange("GET /repos/a/b/issues/1", 404, {"detail": "Not Found"}), "error lacks"),
        (exchange("GET /repos/a/b/issues/1", 404, NOT_FOUND | {"status": "403"}), "'403' in a 404"),
        (exchange("DELETE /repos/a/b/git/refs/heads/x", 204, b"{}"), "204 has a body"),
        (exchange("GET /repos/a/b/issues/1", 304, b"{}"), "304 has a body"),
        (exchange("GET /repos/a/b/issues", body=[{}] * 31), "more than the 30 entries"),
        (exchange("GET /repos/a/b/issues?per_page=2", body=[{}] * 3), "more than the 2 entries"),
        (exchange("GET /repos/a/b/issues", body=[], link="next: 2"), "Link cannot be read"),
        (exchange("GET /repos/a/b/issues", body=[], x_github_request_id=""), "X-GitHub-Request-Id"),
        (exchange("GET /repos/a/b/issues", body=[], x_ratelimit_used=""), "['used']"),
        (exchange("GET /repos/a/b/issues", body=b"[]", content_type="text/html"), "'text/html'"),
        (exchange("GET /repos/a/b/actions/jobs/1/logs", 302, b"", location="/x"), "absolute URL"),
        (exchange("GET /repos/a/b/issues?per_page=x", body=[]), "request ?per_page"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said(rest_judge: RestJudge, bad: Exchange, error: str) -> None:
    verdict = rest_judge.judge(bad)
    assert any(error in each for each in verdict.errors), verdict.errors


def test_a_redirect_to_a_log_passes(rest_judge: RestJudge) -> None:
    good = exchange("GET /repos/a/b/actions/jobs/1/logs", 302, b"", location="http://h.example/x")
    assert rest_judge.judge(good).valid


@pytest.mark.parametrize(
    ("accept", "kind", "body", "valid"),
    [
        ("application/vnd.github.diff", "application/vnd.github.diff", b"diff --git a b", True),
        ("application/vnd.github.v3.diff", "application/vnd.github.v3.diff", b"", True),
        ("application/vnd.github.diff", "application/json", b"{}", False),
        ("application/vnd.github.diff", "application/vnd.github.diff", b"@@", False),
        ("application/vnd.github.patch", "application/vnd.github.patch", b"diff --git", False),
        ("application/vnd.github.raw+json", "application/vnd.github.raw", b"x", False),
    ],
)
def test_media_types(
    rest_judge: RestJudge, accept: str, kind: str, body: bytes, valid: bool
) -> None:
    asked = exchange("GET /repos/a/b/pulls/1", 200, body, accept=accept, content_type=kind)
    assert rest_judge.judge(asked).valid is valid


def test_what_the_server_accepted_must_be_acceptable(rest_judge: RestJudge, examples: Any) -> None:
    label = examples["label"]
    good = exchange("POST /repos/a/b/labels", 201, label, sent={"name": "x"})
    nameless = exchange("POST /repos/a/b/labels", 201, label, sent={"color": "fff"})
    bodiless = exchange("POST /repos/a/b/labels", 201, label)
    assert rest_judge.judge(good).errors == ()
    assert rest_judge.judge(nameless).errors == ("request /: 'name' is a required property",)
    assert rest_judge.judge(bodiless).errors == ("request has no body",)


def test_a_refused_request_may_be_bad(rest_judge: RestJudge) -> None:
    told = {"resource": "Label", "code": "missing_field", "field": "name"}
    answer = NOT_FOUND | {"message": "Validation Failed", "status": "422", "errors": [told]}
    assert rest_judge.judge(exchange("POST /repos/a/b/labels", 422, answer, sent={})).valid
    answer["errors"] = [{"field": "name"}]
    assert not rest_judge.judge(exchange("POST /repos/a/b/labels", 422, answer, sent={})).valid


def test_what_the_description_does_not_name_is_noticed(
    rest_judge: RestJudge, examples: Any
) -> None:
    body = examples["issue"] | {"mood": "good"}
    verdict = rest_judge.judge(exchange("GET /repos/a/b/issues/1?colour=red", body=body))
    assert verdict.errors == ()
    assert verdict.notices == (
        "request ?colour is not described",
        "response key 'mood' is not described",
    )


@pytest.mark.parametrize(
    ("status", "body", "valid"),
    [
        (200, {"data": {"viewer": None}}, True),
        (200, {"errors": [{"message": "no such field"}]}, True),
        (200, {"data": None, "errors": [{"message": "x"}]}, True),
        (200, {}, False),
        (200, {"errors": [{}]}, False),
        (401, {"message": "Bad credentials"}, False),
    ],
)
def test_the_envelope_of_graphql(
    rest_judge: RestJudge, status: int, body: Any, valid: bool
) -> None:
    assert rest_judge.judge(exchange("POST /graphql", status, body)).valid is valid


@pytest.mark.parametrize(
    ("schema", "value", "read_as"),
    [
        ({"type": "integer"}, "3", 3),
        ({"type": "integer"}, "x", "x"),
        ({"type": "boolean"}, "true", True),
        ({"type": ["integer", "null"]}, "3", 3),
        ({"type": "array"}, "a,b", ["a", "b"]),
        ({"type": "string"}, "3", "3"),
    ],
)
def test_query_values_are_read_by_their_schema(schema: Any, value: str, read_as: Any) -> None:
    assert read(schema, value) == read_as
