"""Repositories: settings, people, files, commits, refs and git objects, by API and by git."""

from __future__ import annotations

import base64

from tests.simulator.judges.stage import SHOP, Stage, until

TEXT = base64.b64encode(b"Hello\n").decode()


def settings(s: Stage) -> None:
    shown = s.reader("repos/get")
    assert (shown.full_name, shown.default_branch) == ("acme/shop", "main")
    changed = s.admin("repos/update", description="A shop", delete_branch_on_merge=False)
    assert changed.description == "A shop"
    assert s.admin("repos/replace-all-topics", names=["otp", "elixir"]).names == ["otp", "elixir"]
    assert s.reader("repos/get-all-topics").names == ["otp", "elixir"]
    assert s.ask("reader", f"GET {SHOP}/languages").status_code == 200
    s.reader.refused(403, "repos/update", description="Mine")
    s.reader.refused(404, "repos/get", "acme", "none")
    assert s.reader("repos/list-releases") == []
    s.reader.refused(404, "repos/get-latest-release")
    s.reader.refused(404, "repos/get-release", 1)
    s.reader.refused(404, "repos/get-release-by-tag", "v1")
    assert "shop" in [e.name for e in s.reader("repos/list-for-org", "acme")]
    assert s.reader("orgs/get", "acme").login == "acme"
    assert s.writer("repos/list-for-authenticated-user")
    assert s.reader("repos/list-for-user", "acme") is not None


def new_repositories(s: Stage) -> None:
    made = s.writer(
        "repos/create-for-authenticated-user", name="notes", auto_init=True, private=True
    )
    assert (made.full_name, made.private) == ("writer/notes", True)
    s.writer.refused(422, "repos/create-for-authenticated-user", name="notes")
    s.reader.refused(404, "repos/get", "writer", "notes")
    renamed = s.writer("repos/update", "writer", "notes", name="jottings")
    assert renamed.name == "jottings"
    s.writer("repos/delete", "writer", "jottings")
    s.writer.refused(404, "repos/get", "writer", "jottings")
    empty = s.admin("repos/create-in-org", "acme", name="empty")
    assert empty.full_name == "acme/empty"
    s.admin.refused(409, "git/get-ref", "acme", "empty", "heads/main")
    s.admin("repos/delete", "acme", "empty")
    fork = s.writer("repos/create-fork", name="shop-fork")
    assert fork.fork is True
    until(lambda: bool(s.writer("repos/list-forks")), "the fork is listed")


def people(s: Stage) -> None:
    s.admin("repos/add-collaborator", "outsider", permission="triage")
    s.admin("repos/check-collaborator", "writer")
    role = s.admin("repos/get-collaborator-permission-level", "maintainer")
    assert (role.permission, role.role_name) == ("write", "maintain")
    assert "writer" in [e.login for e in s.writer("repos/list-collaborators")]
    s.admin("repos/remove-collaborator", "outsider")
    s.admin.refused(404, "repos/check-collaborator", "outsider")
    s.admin.refused(404, "repos/get-collaborator-permission-level", "nobody-at-all")
    s.reader.refused(403, "repos/add-collaborator", "outsider", permission="pull")
    assert s.reader("users/get-authenticated").login == "reader"
    assert s.reader("users/get-by-username", "writer").type == "User"
    s.reader.refused(404, "users/get-by-username", "nobody-at-all")
    assert s.reader("orgs/list-for-user", "admin") is not None
    (member, *_) = s.admin("orgs/list-members", "acme")
    s.admin("orgs/check-membership-for-user", "acme", member.login)
    assert s.admin("orgs/get-membership-for-user", "acme", member.login).state == "active"
    s.admin.refused(404, "orgs/check-membership-for-user", "acme", "nobody-at-all")
    assert "acme" in [e.login for e in s.admin("orgs/list-for-authenticated-user")]


def files(s: Stage) -> None:
    made = s.writer(
        "repos/create-or-update-file-contents", "docs/a.md", message="Write", content=TEXT
    )
    sha = made.content.sha
    shown = s.ask("reader", f"GET {SHOP}/contents/docs/a.md").json()
    assert base64.b64decode(shown["content"]) == b"Hello\n"
    raw = s.ask("reader", f"GET {SHOP}/contents/docs/a.md", accept="application/vnd.github.raw")
    assert raw.content == b"Hello\n"
    listed = s.ask("reader", f"GET {SHOP}/contents/docs").json()
    assert [e["path"] for e in listed] == ["docs/a.md"]
    as_object = s.ask("reader", f"GET {SHOP}/contents/docs", accept="application/vnd.github.object")
    assert as_object.json()["type"] == "dir"
    assert s.reader("repos/get-readme").name == "README.md"
    assert s.ask("reader", f"GET {SHOP}/contents").json()
    s.writer("repos/create-or-update-file-contents", "docs/README.md", message="R", content=TEXT)
    assert s.reader("repos/get-readme-in-directory", "docs").path == "docs/README.md"
    stale = {"message": "Again", "content": TEXT}
    s.writer.refused(422, "repos/create-or-update-file-contents", "docs/a.md", **stale)
    wrong = stale | {"sha": "0" * 40}
    s.writer.refused(409, "repos/create-or-update-file-contents", "docs/a.md", **wrong)
    s.reader.refused(404, "repos/create-or-update-file-contents", "docs/b.md", **stale)
    s.reader.refused(404, "repos/get-content", "docs/none.md")
    s.writer("repos/delete-file", "docs/a.md", message="Drop", sha=sha)
    path = ".github/workflows/x.yml"
    s.bot.refused(403, "repos/create-or-update-file-contents", path, **stale)


def history(s: Stage) -> None:
    sha = s.branch("history", {"h.txt": "h\n"})
    assert s.reader("repos/list-commits", sha="history")[0].sha == sha
    shown = s.reader("repos/get-commit", "history")
    assert [f.filename for f in shown.files] == ["h.txt"]
    for kind in ("diff", "patch", "sha"):
        accept = f"application/vnd.github.{kind}"
        assert s.ask("reader", f"GET {SHOP}/commits/{sha}", accept=accept).status_code == 200
    compared = s.reader("repos/compare-commits-with-basehead", "main...history")
    assert (compared.status, compared.ahead_by, len(compared.files)) == ("ahead", 1, 1)
    diff = s.ask(
        "reader", f"GET {SHOP}/compare/main...history", accept="application/vnd.github.diff"
    )
    assert diff.content.startswith(b"diff --git")
    s.reader.refused(404, "repos/compare-commits-with-basehead", "main...none")
    s.reader.refused(422, "repos/get-commit", "f" * 40)
    pull = s.writer("pulls/create", title="History", head="history", base="main")
    found = s.reader("repos/list-pull-requests-associated-with-commit", sha)
    assert [e.number for e in found] == [pull.number]
    where = s.reader("repos/list-branches-for-head-commit", sha)
    assert [e.name for e in where] == ["history"]
    names = [e.name for e in s.reader("repos/list-branches", per_page=100)]
    assert "history" in names
    assert s.reader("repos/get-branch", "history").commit.sha == sha
    s.reader.refused(404, "repos/get-branch", "none")
    for kind in ("tarball", "zipball"):
        answer = s.ask("reader", f"GET {SHOP}/{kind}/main")
        assert answer.status_code == 302
        assert s.http.get(answer.headers["location"]).status_code == 200


def refs(s: Stage) -> None:
    base = s.head()
    s.writer("git/create-ref", ref="refs/heads/refs/one", sha=base)
    s.writer.refused(422, "git/create-ref", ref="refs/heads/refs/one", sha=base)
    s.writer.refused(422, "git/create-ref", ref="refs/heads/odd..name", sha=base)
    s.writer.refused(422, "git/create-ref", ref="refs/heads/x", sha="0" * 39 + "1")
    s.reader.refused(404, "git/create-ref", ref="refs/heads/x", sha=base)
    other = s.branch("refs/two", {"two.txt": "2\n"})
    s.writer("git/update-ref", "heads/refs/one", sha=other)
    s.writer.refused(422, "git/update-ref", "heads/refs/one", sha=base)
    s.writer("git/update-ref", "heads/refs/one", sha=base, force=True)
    assert s.reader("git/get-ref", "heads/refs/one").object_.sha == base
    matching = s.reader("git/list-matching-refs", "heads/refs/")
    assert [e.ref for e in matching] == ["refs/heads/refs/one", "refs/heads/refs/two"]
    s.bot("git/create-ref", ref="refs/genesis/plan-1", sha=base)
    assert s.bot("git/get-ref", "genesis/plan-1").object_.sha == base
    s.bot("git/update-ref", "genesis/plan-1", sha=other)
    s.bot("git/delete-ref", "genesis/plan-1")
    s.writer("git/delete-ref", "heads/refs/one")
    s.writer.refused(422, "git/delete-ref", "heads/refs/one")
    s.writer.refused(404, "git/get-ref", "heads/refs/one")


def git_objects(s: Stage) -> None:
    blob = s.writer("git/create-blob", content=TEXT, encoding="base64")
    assert base64.b64decode(s.reader("git/get-blob", blob.sha).content) == b"Hello\n"
    base = s.head()
    tree = s.reader("git/get-tree", base, recursive="1")
    assert tree.truncated is False
    assert s.reader("git/get-tree", "main").tree
    entry = {"path": "o/hello.txt", "mode": "100644", "type": "blob", "sha": blob.sha}
    made = s.writer("git/create-tree", base_tree=tree.sha, tree=[entry])
    author = {"name": "A", "email": "a@example.invalid", "date": "2026-11-01T10:00:00Z"}
    commit = s.writer(
        "git/create-commit", message="Objects", tree=made.sha, parents=[base], author=author
    )
    assert s.reader("git/get-commit", commit.sha).author.name == "A"
    body = {"tag": "v1", "message": "One", "object": commit.sha, "type": "commit"}
    tag = s.writer("git/create-tag", data=body)
    assert s.reader("git/get-tag", tag.sha).tag == "v1"
    s.writer("git/create-ref", ref="refs/tags/v1", sha=tag.sha)
    assert [t.name for t in s.reader("repos/list-tags")] == ["v1"]
    assert s.reader("git/get-ref", "tags/v1").object_.type == "tag"
    s.writer("git/delete-ref", "tags/v1")
    for operation in ("get-blob", "get-commit", "get-tree", "get-tag"):
        s.reader.refused(404, f"git/{operation}", "0" * 39 + "1")
    s.writer.refused(422, "git/create-commit", message="x", tree="0" * 39 + "1", parents=[])
    s.writer.refused(422, "git/create-tree", tree=[entry | {"path": "../x"}])


def merging(s: Stage) -> None:
    s.branch("merge-me", {"m.txt": "m\n"})
    done = s.writer("repos/merge", base="main", head="merge-me", commit_message="Merge it")
    assert done.commit.message == "Merge it"
    assert (
        s.ask("writer", f"POST {SHOP}/merges", {"base": "main", "head": "merge-me"}).status_code
        == 204
    )
    s.writer.refused(404, "repos/merge", base="main", head="none")
    s.writer("repos/rename-branch", "merge-me", new_name="merged-it")
    s.reader("repos/get-branch", "merged-it")
    s.branch("one-side", {"README.md": "one\n"})
    s.branch("other-side", {"README.md": "other\n"})
    s.writer("repos/merge", base="one-side", head="main")
    s.writer.refused(409, "repos/merge", base="one-side", head="other-side")


def plain_git(s: Stage) -> None:
    clone = s.folder / "clone"
    s.git("clone", "-q", s.clone_url("writer"), str(clone))
    s.git("checkout", "-q", "-b", "by-git", cwd=clone)
    (clone / "git.txt").write_text("by git\n")
    s.git("add", "git.txt", cwd=clone)
    s.git("commit", "-q", "-m", "By git", cwd=clone)
    s.git("push", "-q", "origin", "by-git", cwd=clone)
    pushed = s.git("rev-parse", "HEAD", cwd=clone).strip()
    assert s.head("by-git") == pushed
    pull = s.writer("pulls/create", title="By git", head="by-git", base="main")
    (clone / "git.txt").write_text("by git again\n")
    s.git("commit", "-q", "-a", "-m", "Again", cwd=clone)
    s.git("push", "-q", "origin", "by-git", cwd=clone)
    until(
        lambda: s.reader("pulls/get", pull.number).head.sha != pushed, "the pull follows the push"
    )
    fetched = s.git("ls-remote", s.clone_url("reader"), f"refs/pull/{pull.number}/head")
    assert s.head("by-git") in fetched
    s.git("push", "-q", "origin", ":by-git", cwd=clone)
    until(lambda: s.reader("pulls/get", pull.number).state == "closed", "the pull is closed")


def curl(s: Stage) -> None:
    """What a person types; bare of all that libraries add."""
    said = s.curl("--include", f"{s.url}/api/v3{SHOP}/issues?per_page=1")
    assert not said or "200 OK" in said.splitlines()[0]
    token = f"Authorization: token {s.simulator.tokens['writer']}"
    sent = ["--data", '{"title": "From curl"}', "--header", token]
    said = s.curl("--include", *sent, f"{s.url}/api/v3{SHOP}/issues")
    assert not said or "201 Created" in said.splitlines()[0]


SCENARIOS = (
    settings,
    new_repositories,
    people,
    files,
    history,
    refs,
    git_objects,
    merging,
    plain_git,
    curl,
)
