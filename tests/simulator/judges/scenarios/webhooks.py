"""A hook that hears everything, and what the other scenarios do not cause."""

from __future__ import annotations

from tests.simulator.judges.stage import Stage

KINDS = """
check_run/completed check_run/created check_run/rerequested
check_suite/completed check_suite/requested check_suite/rerequested
create delete fork
installation/created installation/deleted installation/suspend installation/unsuspend
installation_repositories/added installation_repositories/removed
issue_comment/created issue_comment/deleted issue_comment/edited
issue_dependencies/blocked_by_added issue_dependencies/blocked_by_removed
issue_dependencies/blocking_added issue_dependencies/blocking_removed
issues/assigned issues/closed issues/demilestoned issues/edited issues/labeled issues/locked
issues/milestoned issues/opened issues/reopened issues/unassigned issues/unlabeled issues/unlocked
label/created label/deleted label/edited
member/added member/removed
milestone/closed milestone/created milestone/deleted milestone/edited milestone/opened
ping
pull_request/assigned pull_request/closed pull_request/converted_to_draft pull_request/edited
pull_request/labeled pull_request/opened pull_request/ready_for_review pull_request/reopened
pull_request/review_request_removed pull_request/review_requested pull_request/synchronize
pull_request/unassigned pull_request/unlabeled
pull_request_review/dismissed pull_request_review/edited pull_request_review/submitted
pull_request_review_comment/created pull_request_review_comment/deleted
pull_request_review_comment/edited
pull_request_review_thread/resolved pull_request_review_thread/unresolved
push
repository/created repository/deleted repository/edited
repository_dispatch
status
sub_issues/parent_issue_added sub_issues/parent_issue_removed
sub_issues/sub_issue_added sub_issues/sub_issue_removed
workflow_dispatch
workflow_job/completed workflow_job/in_progress workflow_job/queued
workflow_run/completed workflow_run/in_progress workflow_run/requested
""".split()
"""What is sent at least once while all scenarios are played."""


def a_hook_for_everything(s: Stage) -> None:
    secret = s.simulator.app["webhook_secret"]
    config = {"url": s.hook_url, "content_type": "json", "secret": secret}
    s.admin("repos/create-webhook", config=config, events=["*"])
    s.receiver.wait_for("ping")


def a_pull_as_an_issue(s: Stage) -> None:
    number = s.pull("also-an-issue").number
    s.writer("issues/add-labels", number, labels=["bug"])
    s.writer("issues/remove-label", number, "bug")
    s.writer("issues/add-assignees", number, assignees=["writer"])
    s.writer("issues/remove-assignees", number, assignees=["writer"])
    s.reader("issues/create-comment", number, body="Nice")
    s.writer("issues/update", number, state="closed")
    s.writer("issues/update", number, state="open")
    s.branch("its-own", {"x.txt": "x\n"}, base="also-an-issue")
    s.writer("repos/merge", base="also-an-issue", head="its-own")
    s.receiver.wait_for("pull_request", "synchronize")


def milestones(s: Stage) -> None:
    made = s.writer("issues/create-milestone", title="Opened and closed")
    s.writer("issues/update-milestone", made.number, title="Closed and opened")
    s.writer("issues/update-milestone", made.number, state="closed")
    s.writer("issues/update-milestone", made.number, state="open")
    s.receiver.wait_for("milestone", "opened")


SCENARIOS = (a_hook_for_everything, a_pull_as_an_issue, milestones)
