"""Stories told to two GitHubs: sequences of calls, of which states and statuses are compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.simulator.judges.peers import Peer

SHOP = "/repos/acme/shop"
UNKNOWN_SHA = "0123456789" * 4


@dataclass(frozen=True)
class Outcome:
    """What came of one step: the status, and what was kept of the body."""

    status: int
    kept: Sequence[tuple[str, Any]] = ()


@dataclass
class Teller:
    """Tells one story to one peer and notes the outcome of each step, by its name."""

    peer: Peer
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.peer.api, trust_env=False, timeout=30)
        self._tokens = dict(self.peer.tokens)

    def close(self) -> None:
        self._client.close()

    def step(self, name: str, who: str, call: str, body: Any = None, keep: str = "") -> Any:
        """`call` is `GET /path`, below the repository; `keep` names keys, `labels.*.name`.

        Gives the body, for what later steps need of it.
        """
        answer = self.ask(who, call, body)
        parsed = _parsed(answer)
        kept = tuple((path, dug(parsed, path.split("."))) for path in keep.split())
        assert name not in self.outcomes, f"two steps are named {name!r}"
        self.outcomes[name] = Outcome(answer.status_code, kept)
        return parsed

    def quietly(self, who: str, call: str, body: Any = None) -> Any:
        """A step that only prepares: it must succeed and is not compared."""
        answer = self.ask(who, call, body)
        assert answer.is_success, f"{self.peer.name}: {call}: {answer.status_code} {answer.text}"
        return _parsed(answer)

    def ask(self, who: str, call: str, body: Any = None) -> httpx.Response:
        """`who` is a login, `nobody`, `stranger` (a wrong token), `app` or `jwt`."""
        method, _, path = call.partition(" ")
        headers = {"user-agent": "stories", "accept": "application/vnd.github+json"}
        if token := self._token(who):
            headers["authorization"] = f"Bearer {token}"
        path = path if path.startswith(("/app", "/user", "/repos", "/orgs")) else SHOP + path
        return self._client.request(method, path, json=body, headers=headers)

    def _token(self, who: str) -> str:
        if who == "nobody":
            return ""
        if who == "stranger":
            return "ghp_" + "0" * 36
        if who == "jwt":
            return self.peer.jwt(time.time())
        if who == "app" and "app" not in self._tokens:
            (found, *_) = self.quietly("jwt", "GET /app/installations")
            made = self.quietly("jwt", f"POST /app/installations/{found['id']}/access_tokens")
            self._tokens["app"] = made["token"]
        return self._tokens[who]

    def head(self, branch: str = "main") -> str:
        """The branch's commit."""
        sha: str = self.quietly("admin", f"GET /git/ref/heads/{branch}")["object"]["sha"]
        return sha

    def commit_on(self, parent: str, path: str = "new.txt", text: str = "new\n") -> str:
        """A commit that nothing points to yet."""
        tree = self.quietly("admin", f"GET /git/commits/{parent}")["tree"]["sha"]
        entry = {"path": path, "mode": "100644", "type": "blob", "content": text}
        made = self.quietly("admin", "POST /git/trees", {"base_tree": tree, "tree": [entry]})
        body = {"message": f"Write {path}", "tree": made["sha"], "parents": [parent]}
        sha: str = self.quietly("admin", "POST /git/commits", body)["sha"]
        return sha

    def branch(self, name: str, path: str, text: str = "new\n") -> str:
        """A branch one commit ahead of main."""
        sha = self.commit_on(self.head(), path, text)
        self.quietly("admin", "POST /git/refs", {"ref": f"refs/heads/{name}", "sha": sha})
        return sha

    def pull(self, name: str, *, draft: bool = False) -> int:
        """A pull request by the writer from a branch of that name, which changes one new file."""
        self.branch(name, f"{name}.txt")
        body = {"title": name, "head": name, "base": "main", "draft": draft}
        number: int = self.quietly("writer", "POST /pulls", body)["number"]
        return number


Story = Callable[[Teller], None]


def issue_states(t: Teller) -> None:
    state = "state state_reason locked comments"
    n = t.step("open", "writer", "POST /issues", {"title": "A"}, f"{state} title body")["number"]
    t.step("without title", "writer", "POST /issues", {"body": "x"})
    t.step("close", "writer", f"PATCH /issues/{n}", {"state": "closed"}, state)
    t.step("close again", "writer", f"PATCH /issues/{n}", {"state": "closed"}, state)
    t.step("reopen", "writer", f"PATCH /issues/{n}", {"state": "open"}, state)
    planned = {"state": "closed", "state_reason": "not_planned"}
    t.step("not planned", "writer", f"PATCH /issues/{n}", planned, state)
    t.step("odd state", "writer", f"PATCH /issues/{n}", {"state": "gone"})
    t.step("retitle", "writer", f"PATCH /issues/{n}", {"title": "B", "body": "text"}, "title body")
    t.step("lock", "writer", f"PUT /issues/{n}/lock", {"lock_reason": "spam"})
    t.step("locked", "writer", f"GET /issues/{n}", keep="locked active_lock_reason")
    t.step("unlock", "writer", f"DELETE /issues/{n}/lock")
    t.step("unlocked", "writer", f"GET /issues/{n}", keep="locked active_lock_reason")
    t.step("no such issue", "writer", "GET /issues/99999")
    t.step("open ones", "writer", "GET /issues?state=open", keep="*.title")
    t.step("closed ones", "writer", "GET /issues?state=closed", keep="*.title")


def labels(t: Teller) -> None:
    blue = {"name": "blue", "color": "0000ff", "description": "Sky"}
    t.step("create", "writer", "POST /labels", blue, "name color description")
    t.step("create again", "writer", "POST /labels", blue)
    t.step("odd colour", "writer", "POST /labels", {"name": "odd", "color": "zzz"})
    n = t.quietly("writer", "POST /issues", {"title": "Labels"})["number"]
    added = {"labels": ["blue"]}
    t.step("add", "writer", f"POST /issues/{n}/labels", added, "*.name")
    t.step("add again", "writer", f"POST /issues/{n}/labels", added, "*.name")
    t.step("shown", "writer", f"GET /issues/{n}", keep="labels.*.name")
    t.step("by a reader", "reader", f"POST /issues/{n}/labels", added)
    t.step("remove", "writer", f"DELETE /issues/{n}/labels/blue", keep="*.name")
    t.step("remove again", "writer", f"DELETE /issues/{n}/labels/blue")
    t.step("set", "writer", f"PUT /issues/{n}/labels", added, "*.name")
    t.step("clear", "writer", f"DELETE /issues/{n}/labels")
    t.step("cleared", "writer", f"GET /issues/{n}", keep="labels")
    t.step("rename", "writer", "PATCH /labels/blue", {"new_name": "navy"}, "name color")
    t.step("old name", "writer", "GET /labels/blue")
    t.step("delete", "writer", "DELETE /labels/navy")
    t.step("delete again", "writer", "DELETE /labels/navy")


def comments(t: Teller) -> None:
    n = t.quietly("writer", "POST /issues", {"title": "Comments"})["number"]
    c = t.step("write", "reader", f"POST /issues/{n}/comments", {"body": "hm"}, "body user.login")
    t.step("empty", "reader", f"POST /issues/{n}/comments", {"body": ""})
    t.step("counted", "writer", f"GET /issues/{n}", keep="comments")
    t.step("edit", "reader", f"PATCH /issues/comments/{c['id']}", {"body": "ah"}, "body")
    t.step("edited by a stranger", "outsider", f"PATCH /issues/comments/{c['id']}", {"body": "x"})
    t.step("delete", "reader", f"DELETE /issues/comments/{c['id']}")
    t.step("deleted", "writer", f"GET /issues/comments/{c['id']}")
    t.step("uncounted", "writer", f"GET /issues/{n}", keep="comments")
    t.step("on nothing", "writer", "POST /issues/99999/comments", {"body": "x"})
    t.step("too long", "writer", f"POST /issues/{n}/comments", {"body": "x" * 65_537})


def refs(t: Teller) -> None:
    base = t.head()
    ahead, aside = t.commit_on(base, "a.txt"), t.commit_on(base, "b.txt")
    new = {"ref": "refs/heads/topic", "sha": base}
    t.step("create", "writer", "POST /git/refs", new, "ref")
    t.step("create again", "writer", "POST /git/refs", new)
    t.step("no such commit", "writer", "POST /git/refs", {**new, "sha": UNKNOWN_SHA})
    t.step("short name", "writer", "POST /git/refs", {"ref": "topic", "sha": base})
    t.step("by a reader", "reader", "POST /git/refs", {"ref": "refs/heads/y", "sha": base})
    t.step("get", "writer", "GET /git/ref/heads/topic", keep="ref object.type")
    t.step("forward", "writer", "PATCH /git/refs/heads/topic", {"sha": ahead}, "ref")
    t.step("sideways", "writer", "PATCH /git/refs/heads/topic", {"sha": aside})
    forced = {"sha": aside, "force": True}
    t.step("sideways by force", "writer", "PATCH /git/refs/heads/topic", forced, "ref")
    t.step("matching", "writer", "GET /git/matching-refs/heads/top", keep="*.ref")
    t.step("matching none", "writer", "GET /git/matching-refs/heads/none", keep="*.ref")
    t.step("compare", "writer", "GET /compare/main...topic", keep="status ahead_by behind_by")
    t.step("delete", "writer", "DELETE /git/refs/heads/topic")
    t.step("delete again", "writer", "DELETE /git/refs/heads/topic")
    t.step("deleted", "writer", "GET /git/ref/heads/topic")


def contents(t: Teller) -> None:
    text = {"message": "Write", "content": "aGVsbG8K"}
    made = t.step("create", "writer", "PUT /contents/docs/a.md", text, "content.path content.size")
    sha = made["content"]["sha"]
    t.step("read", "writer", "GET /contents/docs/a.md", keep="path size type content encoding sha")
    t.step("list", "writer", "GET /contents/docs", keep="*.path *.type")
    t.step("without sha", "writer", "PUT /contents/docs/a.md", text)
    t.step("wrong sha", "writer", "PUT /contents/docs/a.md", {**text, "sha": UNKNOWN_SHA})
    other = {"message": "Change", "content": "aGkK", "sha": sha}
    t.step("change", "writer", "PUT /contents/docs/a.md", other, "content.size")
    t.step("stale sha", "writer", "PUT /contents/docs/a.md", other)
    t.step("by a reader", "reader", "PUT /contents/docs/b.md", text)
    t.step("no such file", "writer", "GET /contents/docs/none.md")
    now = t.quietly("writer", "GET /contents/docs/a.md")["sha"]
    drop = {"message": "Drop", "sha": now}
    t.step("delete", "writer", "DELETE /contents/docs/a.md", drop, "content")
    t.step("deleted", "writer", "GET /contents/docs/a.md")


def pulls(t: Teller) -> None:
    state = "state merged draft"
    t.branch("feature", "feature.txt")
    body = {"title": "F", "head": "feature", "base": "main"}
    n = t.step("open", "writer", "POST /pulls", body, f"{state} title head.ref base.ref")["number"]
    t.step("is an issue too", "writer", f"GET /issues/{n}", keep="state title")
    t.step("changes", "writer", f"GET /pulls/{n}/files", keep="*.filename *.status")
    t.step("commits", "writer", f"GET /pulls/{n}/commits", keep="*.commit.message")
    t.step("close", "writer", f"PATCH /pulls/{n}", {"state": "closed"}, state)
    t.step("reopen", "writer", f"PATCH /pulls/{n}", {"state": "open"}, state)
    t.step("not merged", "writer", f"GET /pulls/{n}/merge")
    t.step("merge a stale head", "writer", f"PUT /pulls/{n}/merge", {"sha": UNKNOWN_SHA})
    t.step("merge", "writer", f"PUT /pulls/{n}/merge", {"merge_method": "squash"}, "merged")
    t.step("merge again", "writer", f"PUT /pulls/{n}/merge", {})
    t.step("merged", "writer", f"GET /pulls/{n}/merge")
    t.step("after", "writer", f"GET /pulls/{n}", keep=state)
    t.step("arrived", "writer", "GET /contents/feature.txt", keep="path")
    draft = t.pull("sketch", draft=True)
    t.step("draft", "writer", f"GET /pulls/{draft}", keep=state)
    t.step("merge a draft", "writer", f"PUT /pulls/{draft}/merge", {})
    closed = t.pull("dropped")
    t.quietly("writer", f"PATCH /pulls/{closed}", {"state": "closed"})
    t.step("merge closed", "writer", f"PUT /pulls/{closed}/merge", {})
    t.step("open ones", "writer", "GET /pulls?state=open", keep="*.title")
    t.step("closed ones", "writer", "GET /pulls?state=closed", keep="*.title")


def refused_pulls(t: Teller) -> None:
    n = t.pull("once")
    body = {"title": "Once", "head": "once", "base": "main"}
    t.step("open again", "writer", "POST /pulls", body)
    t.step("from nowhere", "writer", "POST /pulls", {**body, "head": "no-such-branch"})
    t.step("onto nowhere", "writer", "POST /pulls", {**body, "base": "no-such-branch"})
    t.step("of nothing", "writer", "POST /pulls", {**body, "head": "main"})
    t.step("without title", "writer", "POST /pulls", {"head": "once", "base": "main"})
    t.step("closed by a stranger", "outsider", f"PATCH /pulls/{n}", {"state": "closed"})
    t.step("merged by a reader", "reader", f"PUT /pulls/{n}/merge", {})
    t.step("no such pull", "writer", "GET /pulls/99999")
    m = t.pull("done")
    t.quietly("writer", f"PUT /pulls/{m}/merge", {})
    t.step("reopened after the merge", "writer", f"PATCH /pulls/{m}", {"state": "open"})
    issue = t.quietly("writer", "POST /issues", {"title": "No pull"})["number"]
    t.step("an issue is no pull", "writer", f"GET /pulls/{issue}")


def reviews(t: Teller) -> None:
    n = t.pull("reviewed")
    asked = {"event": "REQUEST_CHANGES", "body": "No"}
    r = t.step("request changes", "admin", f"POST /pulls/{n}/reviews", asked, "state user.login")
    t.step("odd event", "admin", f"POST /pulls/{n}/reviews", {"event": "LOVE"})
    dismissed = {"message": "Done since"}
    path = f"/pulls/{n}/reviews/{r['id']}"
    t.step("dismiss", "admin", f"PUT {path}/dismissals", dismissed, "state")
    t.step("dismiss again", "admin", f"PUT {path}/dismissals", dismissed)
    t.step("approve", "admin", f"POST /pulls/{n}/reviews", {"event": "APPROVE"}, "state")
    p = t.step("begin", "admin", f"POST /pulls/{n}/reviews", {"body": "Well"}, "state body")
    path = f"/pulls/{n}/reviews/{p['id']}"
    t.step("submit", "admin", f"POST {path}/events", {"event": "COMMENT"}, "state")
    t.step("all", "writer", f"GET /pulls/{n}/reviews", keep="*.state")
    ask = {"reviewers": ["reader"]}
    path, asked_of = f"/pulls/{n}/requested_reviewers", "requested_reviewers.*.login"
    t.step("ask a reader", "writer", f"POST {path}", ask, asked_of)
    t.step("unask", "writer", f"DELETE {path}", ask, asked_of)
    t.step("approve one's own", "writer", f"POST /pulls/{n}/reviews", {"event": "APPROVE"})
    t.step("empty request", "admin", f"POST /pulls/{n}/reviews", {"event": "REQUEST_CHANGES"})
    t.step("ask a stranger", "writer", f"POST {path}", {"reviewers": ["outsider"]})


def checks(t: Teller) -> None:
    sha = t.branch("checked", "checked.txt")
    state, runs = "name status conclusion", "total_count check_runs.*.conclusion"
    new = {"name": "test", "head_sha": sha}
    run = t.step("create", "app", "POST /check-runs", new, state)
    path = f"/check-runs/{run['id']}"
    t.step("without name", "app", "POST /check-runs", {"head_sha": sha})
    t.step("begin", "app", f"PATCH {path}", {"status": "in_progress"}, state)
    done = {"status": "completed", "conclusion": "failure"}
    t.step("fail", "app", f"PATCH {path}", done, state)
    t.step("get", "writer", f"GET {path}", keep=state)
    t.step("list", "writer", f"GET /commits/{sha}/check-runs", keep=runs)
    suite = run["check_suite"]["id"]
    t.step("suite", "writer", f"GET /check-suites/{suite}", keep="status conclusion")
    place = {"path": "checked.txt", "start_line": 1, "end_line": 1}
    note = place | {"annotation_level": "notice", "message": "hm"}
    many = {"output": {"title": "T", "summary": "S", "annotations": [note] * 51}}
    few = {"output": {"title": "T", "summary": "S", "annotations": [note] * 2}}
    t.step("2 annotations", "app", f"PATCH {path}", few, "output.annotations_count")
    t.step("annotations", "writer", f"GET {path}/annotations", keep="*.message")
    t.step("51 annotations", "app", f"PATCH {path}", many)
    t.step("by a user", "writer", "POST /check-runs", new)
    t.step("unknown commit", "app", "POST /check-runs", {**new, "head_sha": UNKNOWN_SHA})


def refusals(t: Teller) -> None:
    t.step("nobody reads", "nobody", "GET /issues")
    t.step("nobody writes", "nobody", "POST /issues", {"title": "x"})
    t.step("wrong token", "stranger", "GET /issues")
    t.step("reader pushes", "reader", "PUT /contents/x", {"message": "m", "content": "eA=="})
    t.step("reader edits the repository", "reader", "PATCH /repos/acme/shop", {"description": "x"})
    t.step("outsider opens", "outsider", "POST /issues", {"title": "Hi"}, "author_association")
    t.step("outsider closes another's", "outsider", "PATCH /issues/1", {"state": "closed"})
    t.step("no such repository", "writer", "GET /repos/acme/none")
    t.step("no such user", "admin", "GET /collaborators/nobody-at-all/permission")
    t.step("reader's permission", "admin", "GET /collaborators/reader/permission", keep="role_name")
    both = "role_name permission"
    t.step("writer's permission", "admin", "GET /collaborators/writer/permission", keep=both)
    t.step("App as a user", "app", "GET /user")
    t.step("JWT on a repository", "jwt", "GET /issues")
    t.step("user on the App", "writer", "GET /app")
    t.step("the App", "jwt", "GET /app", keep="slug")


def tokens(t: Teller) -> None:
    path = f"/app/installations/{t.quietly('jwt', 'GET /app/installations')[0]['id']}/access_tokens"
    t.step("all", "jwt", f"POST {path}", None, "repository_selection")
    fewer = {"permissions": {"issues": "read"}}
    t.step("fewer", "jwt", f"POST {path}", fewer, "permissions.issues")
    t.step("ungranted", "jwt", f"POST {path}", {"permissions": {"administration": "write"}})
    shop = {"repositories": ["shop"]}
    t.step("one repository", "jwt", f"POST {path}", shop, "repository_selection")
    t.step("no such repository", "jwt", f"POST {path}", {"repositories": ["none"]})
    t.step("no such installation", "jwt", "POST /app/installations/99999/access_tokens")
    t.step("by a user", "writer", f"POST {path}")


STORIES: Sequence[Story] = (
    issue_states,
    labels,
    comments,
    refs,
    contents,
    pulls,
    refused_pulls,
    reviews,
    checks,
    refusals,
    tokens,
)


def dug(value: Any, path: Sequence[str]) -> Any:
    """What stands at the path; `*` takes all of a list, sorted, as order is not compared."""
    if not path:
        return value
    key, *rest = path
    if key == "*":
        entries = value if isinstance(value, list) else []
        return sorted((dug(entry, rest) for entry in entries), key=repr)
    return dug(value.get(key), rest) if isinstance(value, dict) else None


def told(story: Story, peer: Peer) -> dict[str, Outcome]:
    """The outcomes of the story's steps at this peer."""
    teller = Teller(peer)
    try:
        story(teller)
    finally:
        teller.close()
    return teller.outcomes


def _parsed(answer: httpx.Response) -> Any:
    with suppress(ValueError):
        return answer.json()
    return None
