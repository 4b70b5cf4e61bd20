"""GraphQL: all fields that are offered, all mutations, and refusals."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from graphql import GraphQLSchema, build_schema, get_named_type, is_leaf_type, is_required_argument
from graphql import is_union_type as is_union

from tests.simulator.judges.stage import Stage

READY = "mutation($i: ID!) { %s(input: {pullRequestId: $i}) { pullRequest { isDraft number } } }"
THREADS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      isDraft
      reviewThreads(first: 10) { nodes { id isResolved comments(first: 5) { nodes { body } } } }
    }
  }
}
"""
REPLY = """
mutation($i: ID!) {
  addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $i, body: "Aha"}) {
    comment { body }
  }
}
"""
RESOLVE = "mutation($i: ID!) { %s(input: {threadId: $i}) { thread { id isResolved } } }"


def drafts_and_threads(s: Stage) -> None:
    pull = s.pull("graphed", draft=True)
    ready = s.graphql("writer", READY % "markPullRequestReadyForReview", i=pull.node_id).json()
    assert ready["data"]["markPullRequestReadyForReview"]["pullRequest"]["isDraft"] is False
    back = s.graphql("writer", READY % "convertPullRequestToDraft", i=pull.node_id).json()
    assert back["data"]["convertPullRequestToDraft"]["pullRequest"]["isDraft"] is True
    comment = {"path": "graphed.txt", "line": 1, "side": "RIGHT", "body": "Hm"}
    s.admin("pulls/create-review", pull.number, event="COMMENT", body="x", comments=[comment])
    asked = {"owner": "acme", "name": "shop", "number": pull.number}
    shown = s.graphql("reader", THREADS, **asked).json()["data"]["repository"]["pullRequest"]
    (thread,) = shown["reviewThreads"]["nodes"]
    assert thread["comments"]["nodes"][0]["body"] == "Hm"
    for name, resolved in (("resolveReviewThread", True), ("unresolveReviewThread", False)):
        done = s.graphql("writer", RESOLVE % name, i=thread["id"]).json()
        assert done["data"][name]["thread"]["isResolved"] is resolved
    answered = s.graphql("writer", REPLY, i=thread["id"]).json()
    assert answered["data"]["addPullRequestReviewThreadReply"]["comment"]["body"] == "Aha"
    every_field(s, "PullRequest", pull.number)
    wrong = s.graphql("writer", READY % "markPullRequestReadyForReview", i="no id").json()
    assert wrong["errors"][0]["type"] == "NOT_FOUND"
    assert s.graphql("writer", "{ nothing }").json()["errors"]
    assert s.graphql("no token at all", "{ viewer { login } }").status_code == 401


HIDE = """
mutation($i: ID!) {
  minimizeComment(input: {subjectId: $i, classifier: OUTDATED}) {
    minimizedComment { isMinimized minimizedReason }
  }
}
"""
SHOW = """
mutation($i: ID!) {
  unminimizeComment(input: {subjectId: $i}) { unminimizedComment { isMinimized } }
}
"""


def hidden_comments(s: Stage) -> None:
    number = s.writer("issues/create", title="Noise", labels=["bug"], assignees=["writer"]).number
    comment = s.reader("issues/create-comment", number, body="First!")
    hidden = s.graphql("writer", HIDE, i=comment.node_id).json()
    assert hidden["data"]["minimizeComment"]["minimizedComment"]["isMinimized"] is True
    shown = s.graphql("writer", SHOW, i=comment.node_id).json()
    assert shown["data"]["unminimizeComment"]["unminimizedComment"]["isMinimized"] is False
    assert s.graphql("outsider", HIDE, i=comment.node_id).json()["errors"]
    every_field(s, "Issue", number)


MOVE = """
mutation($repository: ID!, $before: GitObjectID!, $after: GitObjectID!) {
  updateRefs(input: {
    repositoryId: $repository
    refUpdates: [{name: "refs/heads/moved", beforeOid: $before, afterOid: $after}]
  }) { clientMutationId }
}
"""


def refs_at_once(s: Stage) -> None:
    before = s.head()
    after = s.branch("to-move-to", {"moved.txt": "moved\n"})
    s.writer("git/create-ref", ref="refs/heads/moved", sha=before)
    asked = {"repository": s.reader("repos/get").node_id, "before": before, "after": after}
    assert "errors" not in s.graphql("writer", MOVE, **asked).json()
    assert s.head("moved") == after
    assert s.graphql("writer", MOVE, **asked).json()["errors"]
    assert s.graphql("reader", MOVE, **asked | {"before": after}).json()["errors"]


AUTO = """
mutation($i: ID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $i}) { pullRequest { number } }
}
"""


def refused_auto_merge(s: Stage) -> None:
    pull = s.pull("by-itself")
    assert s.graphql("writer", AUTO, i=pull.node_id).json()["errors"]
    asked = "query($i: ID!) { node(id: $i) { __typename id } nodes(ids: [$i]) { __typename id } }"
    found = s.graphql("reader", asked, i=pull.node_id).json()["data"]
    assert found["node"] == found["nodes"][0] == {"__typename": "PullRequest", "id": pull.node_id}
    rest = '{ viewer { login } rateLimit { limit cost } user(login: "admin") { name } }'
    assert s.graphql("reader", rest).json()["data"]["viewer"]["login"] == "reader"


KINDS = {"PullRequest": "pullRequest", "Issue": "issue"}
QUERY = """
query($number: Int!) {
  repository(owner: "acme", name: "shop") { %s %s(number: $number) { %s } }
}
"""


def every_field(s: Stage, kind: str, number: int) -> Any:
    """All that the schema has of the repository and this object, two steps deep."""
    text = files("bot.simulator.graphql").joinpath("schema.graphql").read_text()
    schema = build_schema(text)
    query = QUERY % (
        fields_of(schema, "Repository", 0),
        KINDS[kind],
        fields_of(schema, kind, 2),
    )
    answer = s.graphql("reader", query, number=number).json()
    assert "errors" not in answer, answer["errors"]


def fields_of(schema: GraphQLSchema, kind: str, depth: int) -> str:
    """A selection of all fields that need no argument; two entries of each list."""
    chosen = ["__typename"]
    for name, field in schema.type_map[kind].fields.items():  # type: ignore[attr-defined]  # objects only
        inner = get_named_type(field.type)
        if any(map(is_required_argument, field.args.values())) or is_union(inner):
            continue
        pages = "(first: 2)" if "first" in field.args else ""
        if is_leaf_type(inner):
            chosen.append(name)
        elif depth:
            chosen.append(f"{name}{pages} {{ {fields_of(schema, inner.name, depth - 1)} }}")
    return " ".join(chosen)


SCENARIOS = (drafts_and_threads, hidden_comments, refs_at_once, refused_auto_merge)
