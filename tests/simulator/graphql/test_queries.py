"""Reading by GraphQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query

from bot.simulator.graphql.bounds import connection
from bot.simulator.graphql.refusals import Refused
from bot.simulator.graphql.schema import FIELDS, schema
from bot.simulator.nodes import node_id
from bot.simulator.options import Source
from bot.simulator.seed import add_repository
from tests.simulator.graphql.asking import URL, ask, data, error
from tests.simulator.proposing import as_genesis, propose
from tests.simulator.support import SHOP, Simulated, make_source

pytestmark = pytest.mark.anyio

REVIEWS = f"{SHOP}/pulls/1/reviews"
PULL = """
query ($number: Int!) {
  repository(owner: "acme", name: "shop") {
    nameWithOwner viewerPermission defaultBranchRef { name prefix target { oid } }
    pullRequest(number: $number) {
      id number title state isDraft mergeable mergeStateStatus reviewDecision
      headRefName baseRefName
      headRefOid baseRefOid isCrossRepository author { __typename login } changedFiles additions
      commits(last: 1) { totalCount nodes { commit { oid message statusCheckRollup { state } } } }
      reviews(first: 10) { nodes { state author { login } submittedAt commit { oid } } }
      closingIssuesReferences(first: 5) { nodes { number } }
      reviewThreads(first: 10) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line diffSide viewerCanResolve
          comments(first: 10) { nodes {
            databaseId body path line author { login } replyTo { id } } }
        }
      }
    }
  }
}
"""


async def with_review(sim: Simulated) -> dict[str, Any]:
    issue = await sim.as_("reader").post(f"{SHOP}/issues", json={"title": "A module, please"})
    assert issue.status_code == 201
    pull = await propose(sim, body="Closes #1.")
    remark = {"path": "lib/new.ex", "line": 1, "body": "Why?"}
    body = {"event": "REQUEST_CHANGES", "body": "Hm.", "comments": [remark]}
    made = await sim.as_("maintainer").post(f"{SHOP}/pulls/2/reviews", json=body)
    assert made.status_code == 200
    return pull


async def test_a_pull_request_with_its_threads(sim: Simulated) -> None:
    pull = await with_review(sim)
    repository = (await data(sim, PULL, number=2))["repository"]
    assert repository["viewerPermission"] == "WRITE"
    assert repository["defaultBranchRef"]["prefix"] == "refs/heads/"
    shown = repository["pullRequest"]
    assert shown["id"] == pull["node_id"]
    assert (shown["state"], shown["isDraft"]) == ("OPEN", False)
    assert (shown["mergeable"], shown["mergeStateStatus"]) == ("MERGEABLE", "CLEAN")
    assert shown["reviewDecision"] == "CHANGES_REQUESTED"
    assert shown["commits"]["nodes"][0]["commit"]["oid"] == pull["head"]["sha"]
    assert shown["commits"]["nodes"][0]["commit"]["statusCheckRollup"] is None
    assert [issue["number"] for issue in shown["closingIssuesReferences"]["nodes"]] == [1]
    (thread,) = shown["reviewThreads"]["nodes"]
    assert (thread["path"], thread["line"], thread["diffSide"]) == ("lib/new.ex", 1, "RIGHT")
    assert thread["viewerCanResolve"] is True
    assert thread["comments"]["nodes"][0]["author"]["login"] == "maintainer"


async def test_a_node_is_found_by_the_id_of_rest(sim: Simulated) -> None:
    pull = await with_review(sim)
    query = "query ($id: ID!) { node(id: $id) { __typename id ... on PullRequest { number } } }"
    found = (await data(sim, query, id=pull["node_id"]))["node"]
    assert found == {"__typename": "PullRequest", "id": pull["node_id"], "number": 2}
    issue = (await sim.as_("reader").get(f"{SHOP}/issues/2")).json()
    assert (await data(sim, query, id=issue["node_id"]))["node"] == found
    (comment,) = (await sim.as_("reader").get(f"{SHOP}/pulls/2/comments")).json()
    found = (await data(sim, query, id=comment["node_id"]))["node"]
    assert found["__typename"] == "PullRequestReviewComment"


@pytest.mark.parametrize("id", ["", "PR_", "PR_AAAAAAAAAAE", "what", "X" * 500, "PR_é"])
async def test_no_such_node(sim: Simulated, id: str) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } }"
    told = await error(sim, query, id=id)
    assert told["type"] == "NOT_FOUND"
    assert told["path"] == ["node"]
    assert told["message"].startswith("Could not resolve to a node with the global id of")


async def test_of_several_nodes_the_missing_ones_are_null(sim: Simulated) -> None:
    pull = await propose(sim)
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    answer = await ask(sim, query, ids=[pull["node_id"], "nothing"])
    assert answer["data"]["nodes"] == [{"id": pull["node_id"]}, None]
    assert [told["path"] for told in answer["errors"]] == [["nodes", 1]]


async def test_an_issue(sim: Simulated) -> None:
    writer = sim.as_("writer")
    body = {"title": "Bug", "body": "It is broken.", "labels": ["bug"], "assignees": ["writer"]}
    await writer.post(f"{SHOP}/issues", json=body)
    await writer.post(f"{SHOP}/issues/1/comments", json={"body": "Yes."})
    query = """{ repository(owner: "acme", name: "shop") { issue(number: 1) {
      title body state stateReason author { login } authorAssociation
      labels(first: 5) { nodes { name } } assignees(first: 5) { nodes { login } }
      parent { id } subIssues(first: 1) { totalCount }
      comments(first: 5) { nodes { body isMinimized url pullRequest { id } issue { number } } } }
      issues(first: 5, states: [OPEN], labels: ["bug"]) { totalCount }
      issueOrPullRequest(number: 1) { __typename }
      label(name: "Bug") { name color isDefault } } }"""
    repository = (await data(sim, query))["repository"]
    issue = repository["issue"]
    assert (issue["title"], issue["state"], issue["stateReason"]) == ("Bug", "OPEN", None)
    assert issue["labels"]["nodes"] == [{"name": "bug"}]
    assert issue["assignees"]["nodes"] == [{"login": "writer"}]
    assert issue["comments"]["nodes"][0]["issue"] == {"number": 1}
    assert repository["issues"]["totalCount"] == 1
    assert repository["issueOrPullRequest"] == {"__typename": "Issue"}
    assert repository["label"]["isDefault"] is True


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('{ repository(owner: "acme", name: "none") { id } }', "a Repository with the name"),
        ('{ repository(owner: "acme", name: "shop") { issue(number: 9) { id } } }', "an Issue"),
        (
            '{ repository(owner: "acme", name: "shop") { pullRequest(number: 9) { id } } }',
            "a PullRequest with the number of 9.",
        ),
        ('{ user(login: "ghost") { id } }', "a User with the login of 'ghost'."),
    ],
)
async def test_what_is_not_there(sim: Simulated, query: str, message: str) -> None:
    told = await error(sim, query)
    assert told["type"] == "NOT_FOUND"
    assert f"Could not resolve to {message}" in told["message"]


async def test_who_asks_and_what_is_left(sim: Simulated) -> None:
    found = await data(sim, "{ viewer { login } rateLimit { limit cost remaining resetAt } }")
    assert found["viewer"] == {"login": "writer"}
    assert found["rateLimit"]["limit"] == 5000


async def test_the_schema_can_be_asked_for(sim: Simulated) -> None:
    shown = (await data(sim, get_introspection_query()))["__schema"]
    assert {"PullRequest", "Mutation"} <= {kind["name"] for kind in shown["types"]}


async def test_an_app_asks_and_changes_as_its_permissions_let_it(sim: Simulated) -> None:
    pull = await propose(sim, draft=True)
    app = as_genesis(sim, pull_requests="write")
    assert (await data(sim, "{ viewer { login } }", as_=app))["viewer"]["login"] == (
        "otp-genesis[bot]"
    )
    said = f"{SHOP}/issues/{pull['number']}/comments"
    made = await as_genesis(sim, issues="write").post(said, json={"body": "Ours."})
    assert made.json()["user"]["login"] == "otp-genesis[bot]"
    # GraphQL has a bot's login without the suffix, other than REST and other than `viewer`.
    query = """query ($id: ID!) { node(id: $id) { ... on IssueComment {
        author { __typename login } } } }"""
    author = (await data(sim, query, id=made.json()["node_id"]))["node"]["author"]
    assert author == {"__typename": "Bot", "login": "otp-genesis"}
    ready = """mutation ($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) {
        pullRequest { isDraft } } }"""
    weak = as_genesis(sim, pull_requests="read")
    told = await error(sim, ready, as_=weak, id=pull["node_id"])
    assert (told["type"], told["message"]) == (
        "FORBIDDEN",
        "Resource not accessible by integration",
    )
    found = await data(sim, ready, as_=app, id=pull["node_id"])
    assert found["markPullRequestReadyForReview"]["pullRequest"]["isDraft"] is False
    sim.repository.private = True
    nobody = as_genesis(sim, issues="read")
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await error(sim, query, as_=nobody, id=pull["node_id"]))["type"] == "NOT_FOUND"
    assert (await error(sim, query, as_="outsider", id=pull["node_id"]))["type"] == "NOT_FOUND"


async def test_only_who_signed_in_may_ask(sim: Simulated) -> None:
    for client in (sim.client(), sim.client("ghp_wrong"), sim.as_app()):
        answer = await client.post(URL, json={"query": "{ viewer { login } }"})
        assert answer.status_code == 401
        assert answer.json()["status"] == "401"


async def test_a_pending_review_is_seen_by_its_author_alone(sim: Simulated) -> None:
    await propose(sim)
    remark = {"path": "lib/new.ex", "line": 1, "body": "Why?"}
    await sim.as_("maintainer").post(REVIEWS, json={"comments": [remark]})
    query = """{ repository(owner: "acme", name: "shop") { pullRequest(number: 1) {
        reviews(first: 9) { totalCount } reviewThreads(first: 9) { totalCount } } } }"""
    for login, count in (("maintainer", 1), ("writer", 0)):
        shown = (await data(sim, query, as_=login))["repository"]["pullRequest"]
        assert shown["reviews"]["totalCount"] == count
        assert shown["reviewThreads"]["totalCount"] == count


async def test_what_is_hidden_is_not_reached_over_what_is_not(
    sim: Simulated, tmp_path: Path
) -> None:
    """A parent, a fork and a thread of a review that was not submitted."""
    pull = await propose(sim)
    await sim.as_("admin").post(f"{SHOP}/issues", json={"title": "Child"})
    now = sim.world.clock.now()
    source = Source(path=make_source(tmp_path / "vault"), name="vault")
    vault = await add_repository(sim.world, source, now)
    vault.private = True
    hidden = await sim.as_("admin").post("/repos/acme/vault/issues", json={"title": "Secret"})
    child = sim.world.tables.issues.one("number", (sim.repository.id, 2))
    row = sim.world.tables.pulls.get(pull["id"])
    assert child is not None
    assert row is not None
    child.parent_id = hidden.json()["id"]
    row.head_repository_id = vault.id
    remark = {"path": "lib/new.ex", "line": 1, "body": "Why?"}
    await sim.as_("maintainer").post(REVIEWS, json={"comments": [remark]})
    (thread,) = sim.world.tables.threads
    query = """query ($thread: ID!) {
        repository(owner: "acme", name: "shop") {
            issue(number: 2) { parent { title } }
            pullRequest(number: 1) { headRepository { name } headRef { name } } }
        node(id: $thread) { id } }"""
    named = node_id("ReviewThread", thread.id)
    seen = await data(sim, query, as_="maintainer", thread=named)
    assert seen["repository"]["issue"]["parent"] == {"title": "Secret"}
    assert seen["repository"]["pullRequest"]["headRepository"] == {"name": "vault"}
    assert seen["node"] == {"id": named}
    answer = await ask(sim, query, as_="outsider", thread=named)
    shown = answer["data"]["repository"]
    assert shown["issue"] == {"parent": None}
    assert shown["pullRequest"] == {"headRepository": None, "headRef": None}
    assert answer["data"]["node"] is None
    assert [told["type"] for told in answer["errors"]] == ["NOT_FOUND"]


async def test_a_renamed_repository_is_followed_unless_told_not_to(sim: Simulated) -> None:
    await sim.as_("admin").patch(SHOP, json={"name": "store"})
    query = 'repository(owner: "acme", name: "shop"'
    assert await data(sim, f"{{ {query}) {{ name }} }}") == {"repository": {"name": "store"}}
    told = await error(sim, f"{{ {query}, followRenames: false) {{ name }} }}")
    assert told["type"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("head", "size"),
    [("", "100"), ("query ($n: Int)", "$n"), ("query ($m: Int = 100)", "$m")],
)
async def test_a_query_may_not_ask_for_too_many_nodes(sim: Simulated, head: str, size: str) -> None:
    await sim.as_("reader").post(f"{SHOP}/issues", json={"title": "One"})

    def nested(levels: int) -> str:
        inner = "id"
        for _ in range(levels):
            inner = f"issues(first: {size}) {{ nodes {{ repository {{ {inner} }} }} }}"
        return f'{head} {{ repository(owner: "acme", name: "shop") {{ {inner} }} }}'

    assert "errors" not in await ask(sim, nested(2), n=100)
    answer = await ask(sim, nested(3), n=100)
    (told,) = answer["errors"]
    assert told["type"] == "MAX_NODE_LIMIT_EXCEEDED"
    assert "1,010,100 possible nodes" in told["message"]
    assert answer.get("data") is None


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nonsense }",
        "{ viewer { login(x: 1) } }",
        "query ($x: Nope) { viewer { login } }",
        "query A { viewer { login } } query B { viewer { login } }",
        "{ ...F } fragment F on Query { ...F }",
        "{" * 900,
        "{ node(id: " + "[" * 2000 + "]" * 2000 + ") { id } }",
        "{ " + "viewer { login } " * 600 + "}",
        "{ repository(owner: 1, name: null) { id } }",
        "\x00",
        "subscription { viewer { login } }",
    ],
)
async def test_bad_queries_are_told_as_errors(sim: Simulated, query: str) -> None:
    answer = await ask(sim, query)
    assert answer.get("data") is None
    assert answer["errors"]
    assert all(told["message"] for told in answer["errors"])


async def test_a_query_may_not_be_too_deep(sim: Simulated) -> None:
    deep = "{ viewer { login } }"
    for _ in range(30):
        deep = "{ issue(number: 1) { repository " + deep + " } }"
    deep = deep.replace("viewer { login }", "id")
    told = (await ask(sim, f'{{ repository(owner: "acme", name: "shop") {deep} }}'))["errors"][0]
    assert told["message"] == "The query is nested deeper than 25 levels."


BODIES = [b"", b"[]", b"{", b'{"query": 7}', b'{"query": "", "variables": []}']


@pytest.mark.parametrize("body", BODIES)
async def test_bodies_that_are_no_query(sim: Simulated, body: bytes) -> None:
    answer = await sim.as_("writer").post(URL, content=body)
    assert answer.status_code in (200, 400, 422)
    assert "message" in answer.text


@pytest.mark.parametrize(
    ("arguments", "shown", "more"),
    [
        ({"first": 2}, [0, 1], True),
        ({"first": 100}, [0, 1, 2, 3, 4], False),
        ({"last": 2}, [3, 4], False),
        ({"first": 0}, [], True),
    ],
)
def test_pages(arguments: dict[str, Any], shown: list[int], more: bool) -> None:
    page = connection("rows", range(5), arguments)
    assert page["nodes"] == shown
    assert page["totalCount"] == 5
    assert page["pageInfo"]["hasNextPage"] is more


def test_pages_follow_their_cursors() -> None:
    rows = list(range(7))
    seen, after = [], None
    while True:
        page = connection("rows", rows, {"first": 3, "after": after})
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == rows
    back = connection("rows", rows, {"last": 2, "before": page["pageInfo"]["startCursor"]})
    assert back["nodes"] == [4, 5]
    assert back["pageInfo"]["hasPreviousPage"] is True


@pytest.mark.parametrize(
    ("arguments", "type"),
    [
        ({}, "MISSING_PAGINATION_BOUNDARIES"),
        ({"first": 101}, "EXCESSIVE_PAGINATION"),
        ({"last": -1}, "EXCESSIVE_PAGINATION"),
        ({"first": 1, "after": "x"}, "INVALID_CURSOR_ARGUMENTS"),
        ({"first": 1, "after": "Y3Vyc29yOnYyOi0x"}, "INVALID_CURSOR_ARGUMENTS"),
    ],
)
def test_bad_pages(arguments: dict[str, Any], type: str) -> None:
    with pytest.raises(Refused) as caught:
        connection("rows", range(5), arguments)
    assert caught.value.type == type


def test_every_reader_belongs_to_a_field() -> None:
    kinds = schema().type_map
    unknown = {
        f"{name}.{field}"
        for name, reads in FIELDS.items()
        for field in reads
        if field not in kinds[name].fields  # type: ignore[attr-defined]  # all are object types
    }
    shared = {"email", "name", "stateReason", "fullDatabaseId", "repository"}
    assert {each for each in unknown if each.split(".")[1] not in shared} == set()
