"""The judge of GraphQL sees queries that GitHub would not take and answers it would not give."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from graphql import build_schema

from tests.simulator.judges import library
from tests.simulator.judges.exchanges import Exchange
from tests.simulator.judges.graph import GraphJudge


@pytest.fixture(scope="module")
def judge() -> GraphJudge:
    if reason := library.missing():
        pytest.skip(reason)
    return GraphJudge.load()


def found(judge: GraphJudge, query: str, data: Any, **more: Any) -> list[str]:
    answer = {"data": data, **more}
    sent, got = json.dumps({"query": query}).encode(), json.dumps(answer).encode()
    return list(judge.problems(Exchange("POST", "/graphql", 200, {}, sent, {}, got)))


PULL = '{ repository(owner: "a", name: "b") { pullRequest(number: 1) { isDraft title %s } } }'


def data(**pull: Any) -> Any:
    return {"repository": {"pullRequest": {"isDraft": False, "title": "T", **pull}}}


def test_what_the_simulator_offers_is_githubs(judge: GraphJudge) -> None:
    text = files("bot.simulator.graphql").joinpath("schema.graphql").read_text()
    assert judge.offered(build_schema(text)) == []


def test_a_schema_of_another_is_noticed(judge: GraphJudge) -> None:
    other = build_schema("type Query { viewer: User! moon: Int } type User { login: Int! }")
    assert sorted(judge.offered(other)) == [
        "Query.moon was removed.",
        "User.login changed type from Int! to String!.",
    ]


def test_a_good_answer_passes(judge: GraphJudge) -> None:
    assert found(judge, PULL % "", data()) == []
    assert found(judge, PULL % "author { login }", data(author={"login": "x"})) == []
    assert found(judge, PULL % "author { login }", data(author=None)) == []


@pytest.mark.parametrize(
    ("extra", "pull", "problem"),
    [
        ("", {"title": None}, "Cannot return null for non-nullable field PullRequest.title."),
        ("", {"isDraft": "no"}, "Boolean cannot represent a non boolean value: 'no'"),
        ("number", {}, "is missing"),
        ("state", {"state": "ajar"}, "Enum 'PullRequestState' cannot represent value: 'ajar'"),
        ("labels(first: 1) { nodes { name } }", {"labels": {"nodes": 3}}, "Expected Iterable"),
        ("mood", {"mood": "good"}, "Cannot query field 'mood' on type 'PullRequest'."),
    ],
)
def test_a_bad_one_does_not(
    judge: GraphJudge, extra: str, pull: dict[str, Any], problem: str
) -> None:
    [error] = found(judge, PULL % extra, data(**pull))
    assert problem in error


def test_what_the_server_refused_itself_is_no_fault(judge: GraphJudge) -> None:
    refused = {"message": "no", "path": ["repository", "pullRequest", "title"]}
    assert found(judge, PULL % "", data(title=None), errors=[refused]) == []


def test_an_answer_without_data_is_not_its_business(judge: GraphJudge) -> None:
    assert found(judge, "{ nothing }", None) == []
    assert found(judge, "{", data()) == []
