"""Pull requests, reviews, checks, statuses, protection."""

from __future__ import annotations

from typing import Any

from tests.simulator.judges.stage import SHOP, Stage, until


def life_of_a_pull(s: Stage) -> None:
    made = s.pull("life", body="Adds a file.")
    number = made.number
    assert (made.state, made.draft, made.head.ref, made.base.ref) == ("open", False, "life", "main")
    until(lambda: s.reader("pulls/get", number).mergeable is True, "mergeability is known")
    shown = s.reader("pulls/get", number)
    assert (shown.commits, shown.additions, shown.changed_files) == (1, 3, 1)
    assert [e.filename for e in s.reader("pulls/list-files", number)] == ["life.txt"]
    assert len(s.reader("pulls/list-commits", number)) == 1
    assert number in [e.number for e in s.reader("pulls/list", head="acme:life", state="all")]
    edited = s.writer("pulls/update", number, title="Live", body="More.")
    assert edited.title == "Live"
    assert s.writer("pulls/update", number, state="closed").state == "closed"
    assert s.writer("pulls/update", number, state="open").state == "open"
    for kind, start in (("diff", b"diff --git"), ("patch", b"From ")):
        accept = f"application/vnd.github.{kind}"
        got = s.ask("reader", f"GET {SHOP}/pulls/{number}", accept=accept)
        assert got.content.startswith(start)
    s.reader.refused(404, "pulls/check-if-merged", number)
    s.writer.refused(409, "pulls/merge", number, sha="0" * 40)
    merged = s.writer("pulls/merge", number, merge_method="squash", commit_title="Live (#1)")
    assert merged.merged is True
    s.reader("pulls/check-if-merged", number)
    s.writer.refused(405, "pulls/merge", number)
    s.writer.refused(422, "pulls/update", number, state="open")
    assert s.reader("pulls/get", number).merged_by.login == "writer"


def refused_pulls(s: Stage) -> None:
    s.pull("twice")
    for head, base in (("twice", "main"), ("no-such", "main"), ("twice", "none"), ("main", "main")):
        s.writer.refused(422, "pulls/create", title="x", head=head, base=base)
    draft = s.pull("draft", draft=True)
    assert draft.draft is True
    s.writer.refused(405, "pulls/merge", draft.number)
    s.reader.refused(403, "pulls/merge", draft.number)
    s.reader.refused(404, "pulls/get", 99_999)


def closing_words(s: Stage) -> None:
    issue = s.writer("issues/create", title="To be closed").number
    pull = s.pull("closing", body=f"Closes #{issue}")
    s.writer("pulls/merge", pull.number, merge_method="merge")
    until(lambda: s.reader("issues/get", issue).state == "closed", "the issue is closed")
    timeline = s.ask("reader", f"GET {SHOP}/issues/{issue}/timeline").json()
    assert "closed" in [e["event"] for e in timeline]
    shown = s.ask("reader", f"GET {SHOP}/issues/{pull.number}/timeline").json()
    assert {"committed", "merged"} <= {e["event"] for e in shown}


def rebase_and_update(s: Stage) -> None:
    pull = s.pull("behind")
    s.branch("ahead-of-main", {"other.txt": "x\n"})
    s.writer("repos/merge", base="main", head="ahead-of-main")
    head = s.head("behind")
    s.writer.refused(422, "pulls/update-branch", pull.number, expected_head_sha="0" * 40)
    s.writer("pulls/update-branch", pull.number, expected_head_sha=head)
    until(lambda: s.head("behind") != head, "the branch is updated")
    other = s.pull("rebased")
    done = s.writer("pulls/merge", other.number, merge_method="rebase")
    assert done.merged is True
    s.writer("git/delete-ref", "heads/rebased")


def review(s: Stage) -> None:
    pull = s.pull("reviewed")
    n, sha = pull.number, pull.head.sha
    comment = {"path": "reviewed.txt", "line": 2, "side": "RIGHT", "body": "Why?"}
    asked = s.admin(
        "pulls/create-review", n, event="REQUEST_CHANGES", body="Not yet", comments=[comment]
    )
    assert asked.state == "CHANGES_REQUESTED"
    assert s.reader("pulls/get-review", n, asked.id).body == "Not yet"
    (written,) = s.reader("pulls/list-comments-for-review", n, asked.id)
    assert s.reader("pulls/get-review-comment", written.id).body == "Why?"
    reply = s.writer("pulls/create-reply-for-review-comment", n, written.id, body="Because")
    assert reply.in_reply_to_id == written.id
    assert len(s.reader("pulls/list-review-comments", n)) == 2
    assert s.reader("pulls/list-review-comments-for-repo", per_page=100)
    assert s.writer("pulls/update-review-comment", reply.id, body="Since").body == "Since"
    made = s.admin("reactions/create-for-pull-request-review-comment", reply.id, content="heart")
    assert len(s.admin("reactions/list-for-pull-request-review-comment", reply.id)) == 1
    s.admin("reactions/delete-for-pull-request-comment", reply.id, made.id)
    s.writer("pulls/delete-review-comment", reply.id)
    s.reader.refused(404, "pulls/get-review-comment", reply.id)
    own = s.reader(
        "pulls/create-review-comment", n, commit_id=sha, path="reviewed.txt", line=1, body="Hm"
    )
    assert own.user.login == "reader"
    assert s.admin("pulls/update-review", n, asked.id, body="Not quite").body == "Not quite"
    gone = s.admin("pulls/dismiss-review", n, asked.id, message="Answered")
    assert gone.state == "DISMISSED"
    pending = s.admin("pulls/create-review", n, body="Thinking")
    assert pending.state == "PENDING"
    s.admin("pulls/delete-pending-review", n, pending.id)
    pending = s.admin("pulls/create-review", n, body="Again")
    assert s.admin("pulls/submit-review", n, pending.id, event="APPROVE").state == "APPROVED"
    assert len(s.reader("pulls/list-reviews", n)) >= 2
    s.writer.refused(422, "pulls/create-review", n, event="APPROVE")
    outside = comment | {"line": 99}
    s.admin.refused(422, "pulls/create-review", n, event="COMMENT", body="x", comments=[outside])
    s.writer("pulls/request-reviewers", n, reviewers=["reader"])
    asked_for = s.reader("pulls/list-requested-reviewers", n)
    assert [u.login for u in asked_for.users] == ["reader"]
    s.writer("pulls/remove-requested-reviewers", n, reviewers=["reader"])
    s.writer.refused(422, "pulls/request-reviewers", n, reviewers=["outsider"])


def checks(s: Stage) -> None:
    sha = s.pull("checked").head.sha
    output = {"title": "Tests", "summary": "2 failures", "text": "…"}
    action = {"label": "Fix", "description": "Fix it", "identifier": "fix"}
    run = s.bot(
        "checks/create",
        name="genesis/test",
        head_sha=sha,
        status="in_progress",
        external_id="42",
        details_url="https://example.invalid/42",
        output=output,
        actions=[action],
    )
    assert (run.status, run.conclusion, run.app.slug) == ("in_progress", None, "otp-genesis")
    place = {"path": "checked.txt", "start_line": 1, "end_line": 2}
    note = place | {"annotation_level": "failure", "message": "Wrong", "title": "T"}
    full = output | {"annotations": [note] * 50}
    done = s.bot("checks/update", run.id, conclusion="failure", output=full, actions=[action])
    assert (done.status, done.conclusion) == ("completed", "failure")
    s.bot("checks/update", run.id, output=output | {"annotations": [note]})
    s.bot.refused(422, "checks/update", run.id, output=output | {"annotations": [note] * 51})
    assert s.reader("checks/get", run.id).output.annotations_count == 51
    assert len(s.reader("checks/list-annotations", run.id, per_page=100)) == 51
    found = s.reader("checks/list-for-ref", "checked", check_name="genesis/test")
    assert [e.id for e in found.check_runs] == [run.id]
    suites = s.reader("checks/list-suites-for-ref", sha)
    assert run.check_suite.id in [e.id for e in suites.check_suites]
    suite = s.reader("checks/get-suite", run.check_suite.id)
    assert suite.conclusion == "failure"
    assert s.reader("checks/list-for-suite", suite.id).total_count >= 1
    s.writer("checks/rerequest-run", run.id)
    s.writer("checks/rerequest-suite", suite.id)
    s.writer.refused(403, "checks/create", name="x", head_sha=sha)
    s.bot.refused(422, "checks/create", name="x", head_sha="0" * 40)
    again = s.bot("checks/create-suite", head_sha=sha)
    assert again.head_sha == sha
    preferences = [{"app_id": s.simulator.app["id"], "setting": True}]
    s.admin("checks/set-suites-preferences", auto_trigger_checks=preferences)


def statuses(s: Stage) -> None:
    sha = s.pull("status").head.sha
    made = s.writer(
        "repos/create-commit-status",
        sha,
        state="pending",
        context="ci/old",
        description="Waiting",
        target_url="https://example.invalid/1",
    )
    assert made.state == "pending"
    s.writer("repos/create-commit-status", sha, state="success", context="ci/old")
    combined = s.reader("repos/get-combined-status-for-ref", "status")
    assert (combined.state, combined.total_count) == ("success", 1)
    assert len(s.reader("repos/list-commit-statuses-for-ref", sha)) == 2
    s.writer.refused(422, "repos/create-commit-status", sha, state="fine")
    s.reader.refused(403, "repos/create-commit-status", sha, state="success")


def protection(s: Stage) -> None:
    s.branch("guarded", {"g.txt": "g\n"})
    rules: dict[str, Any] = {
        "required_status_checks": {"strict": True, "contexts": ["ci"]},
        "enforce_admins": True,
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "restrictions": None,
    }
    s.reader.refused(403, "repos/get-branch-protection", "guarded")
    s.admin.refused(404, "repos/get-branch-protection", "guarded")
    put = s.admin("repos/update-branch-protection", "guarded", **rules)
    assert put.enforce_admins.enabled is True
    assert s.admin("repos/get-branch-protection", "guarded").required_status_checks.strict is True
    assert s.reader("repos/get-branch", "guarded").protected is True
    s.writer.refused(422, "git/delete-ref", "heads/guarded")
    s.admin("repos/delete-branch-protection", "guarded")
    assert s.reader("repos/get-branch", "guarded").protected is False


def parts_of_protection(s: Stage) -> None:
    s.branch("parts", {"p.txt": "p\n"})
    rules: dict[str, Any] = {
        "required_status_checks": {"strict": False, "contexts": ["a"]},
        "enforce_admins": False,
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "restrictions": None,
    }
    s.admin("repos/update-branch-protection", "parts", **rules)
    contexts = "repos/{}-status-check-contexts"
    assert s.admin("repos/get-status-checks-protection", "parts").contexts == ["a"]
    assert s.admin("repos/update-status-check-protection", "parts", strict=True).strict is True
    assert s.admin(contexts.format("add"), "parts", data={"contexts": ["b"]}) == ["a", "b"]
    assert s.admin(contexts.format("remove"), "parts", data={"contexts": ["a"]}) == ["b"]
    assert s.admin(contexts.format("set"), "parts", data={"contexts": ["c"]}) == ["c"]
    assert s.admin("repos/get-all-status-check-contexts", "parts") == ["c"]
    s.admin("repos/remove-status-check-protection", "parts")
    s.admin.refused(404, "repos/get-status-checks-protection", "parts")
    reviews = "repos/{}-pull-request-review-protection"
    changed = s.admin(reviews.format("update"), "parts", required_approving_review_count=2)
    assert changed.required_approving_review_count == 2
    assert s.admin(reviews.format("get"), "parts").required_approving_review_count == 2
    s.admin(reviews.format("delete"), "parts")
    s.admin.refused(404, reviews.format("get"), "parts")
    assert s.admin("repos/set-admin-branch-protection", "parts").enabled is True
    assert s.admin("repos/get-admin-branch-protection", "parts").enabled is True
    s.admin("repos/delete-admin-branch-protection", "parts")
    assert s.admin("repos/get-commit-signature-protection", "parts").enabled is False
    s.admin("repos/delete-branch-protection", "parts")


def rulesets(s: Stage) -> None:
    s.branch("ruled", {"r.txt": "r\n"})
    conditions = {"ref_name": {"include": ["refs/heads/ruled"], "exclude": []}}
    made = s.admin(
        "repos/create-repo-ruleset",
        name="No deletion",
        target="branch",
        enforcement="active",
        conditions=conditions,
        rules=[{"type": "deletion"}, {"type": "non_fast_forward"}],
    )
    assert made.name == "No deletion"
    assert [r.id for r in s.reader("repos/get-repo-rulesets")] == [made.id]
    assert s.reader("repos/get-repo-ruleset", made.id).enforcement == "active"
    types = [r["type"] for r in s.ask("reader", f"GET {SHOP}/rules/branches/ruled").json()]
    assert sorted(types) == ["deletion", "non_fast_forward"]
    s.writer.refused(409, "git/delete-ref", "heads/ruled")
    off = s.admin("repos/update-repo-ruleset", made.id, enforcement="disabled")
    assert off.enforcement == "disabled"
    s.admin("repos/delete-repo-ruleset", made.id)
    s.reader.refused(404, "repos/get-repo-ruleset", made.id)


SCENARIOS = (
    life_of_a_pull,
    refused_pulls,
    closing_words,
    rebase_and_update,
    review,
    checks,
    statuses,
    protection,
    parts_of_protection,
    rulesets,
)
