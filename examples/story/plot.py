"""What happens, step by step; each step waits for what it expects and says what it saw."""

from __future__ import annotations

import time
from typing import Any

from examples.story.cast import Cast, Failed

LABEL, NEEDS_HUMAN = "otp-refactor", "genesis:needs-human"
GOAL = "Make this truly fault-tolerant"


def play(cast: Cast) -> int:
    """The whole plan; the number of its issue."""
    number = labelled(cast)
    refused(cast, number)
    cast.ask("writer", "POST", f"/issues/{number}/comments", body="/genesis approve")
    cast.tell("writer comments `/genesis approve`")
    for stage in (1, 2, 3, 4):
        if stage_issue(cast, number, stage) is not None:
            staged(cast, number, stage)
    closing(cast, number)
    done = cast.until("the plan is done", lambda: _closed(cast, number), 120)
    cast.tell(
        f"the plan is done: issue #{done['number']} is {done['state']} ({done['state_reason']})"
    )
    return number


def labelled(cast: Cast) -> int:
    """An issue gets the label; the plan comes."""
    issue = cast.ask("writer", "POST", "/issues", title=GOAL, body="It falls over at night.")
    number = int(issue["number"])
    began = time.monotonic()
    cast.ask("writer", "POST", f"/issues/{number}/labels", labels=[LABEL])
    cast.tell(f"writer opens issue #{number} and labels it `{LABEL}`")
    cast.until("eyes on the issue", lambda: _eyes(cast, number), 120)
    cast.tell(f"  eyes on it after {time.monotonic() - began:.1f} s")
    board = cast.until("a dashboard", lambda: dashboard(cast, number), 120)
    cast.tell(f"{board['user']['login']} answers:\n\n{_indented(_shown(board['body']))}\n")
    subs = cast.until("its stages", lambda: _subs(cast, number), 120)
    for sub in subs:
        cast.tell(f"  sub-issue #{sub['number']}: {sub['title']}")
    return number


def refused(cast: Cast, number: int) -> None:
    """Who may not write may not approve."""
    said = cast.ask("reader", "POST", f"/issues/{number}/comments", body="/genesis approve")
    answer = cast.until("a refusal", lambda: reply(cast, number, said["id"]), 60)
    cast.tell(f"reader comments `/genesis approve` and is told: {_shown(answer['body'])[:160]}")
    if runs(cast, number):
        raise Failed("a reader started a run")


def staged(cast: Cast, number: int, stage: int) -> None:
    """One stage: to its pull request and the merge, or to where it says that people must act."""
    issue = cast.until(f"stage {stage} ends or asks", lambda: _turn(cast, number, stage), 900)
    pull = pull_of(cast, number, stage)
    names = ", ".join(sorted(label["name"] for label in issue["labels"]))
    if pull is None:
        cast.tell(
            f"stage {stage}: issue #{issue['number']} is {issue['state']} [{names}], no changes"
        )
        if issue["state"] == "open":
            cast.ask("writer", "POST", f"/issues/{number}/comments", body=f"/genesis skip {stage}")
            cast.tell(f"writer comments `/genesis skip {stage}`")
            cast.until(f"stage {stage} is skipped", lambda: _ended(cast, number, stage), 120)
        return
    for run in runs(cast, number, stage):
        cast.tell(f"  run `{run['display_title']}`: {run['conclusion']}")
    cast.tell(
        f"stage {stage}: pull request #{pull['number']} by {pull['user']['login']}: {pull['title']}"
    )
    for commit in cast.get(f"/pulls/{pull['number']}/commits"):
        cast.tell(f"  {commit['sha'][:10]} {commit['commit']['message'].splitlines()[0]}")
    for check in checks(cast, pull["head"]["sha"]):
        cast.tell(f"  check {check['name']}: {check['conclusion']}")
    where = f"/pulls/{pull['number']}"
    cast.ask("maintainer", "POST", f"{where}/reviews", event="APPROVE", body="Good.")
    cast.ask("maintainer", "PUT", f"{where}/merge", merge_method="squash")
    cast.tell(f"maintainer approves #{pull['number']} and merges it by squash")
    cast.until(f"stage {stage} is closed", lambda: _ended(cast, number, stage), 120)


def closing(cast: Cast, number: int) -> None:
    """The roll-out is for people: one of them says that it is done."""
    issue = stage_issue(cast, number, 5)
    if issue is not None:
        cast.ask("maintainer", "PATCH", f"/issues/{issue['number']}", state="closed")
        cast.tell(f"maintainer closes #{issue['number']}: {issue['title']}")


def dashboard(cast: Cast, number: int) -> dict[str, Any] | None:
    """Our comment with the stages."""
    listed = cast.get(f"/issues/{number}/comments?per_page=100")
    return next((c for c in listed if "kind=dashboard" in c["body"] and "| 1." in c["body"]), None)


def reply(cast: Cast, number: int, comment: int) -> dict[str, Any] | None:
    """Our answer to a comment."""
    listed = cast.get(f"/issues/{number}/comments?per_page=100")
    return next((c for c in listed if f"re={comment} " in c["body"]), None)


def runs(cast: Cast, number: int, stage: int | None = None) -> list[dict[str, Any]]:
    """Workflow runs of the plan, oldest first."""
    wanted = f"genesis {number} stage {stage if stage is not None else ''}".rstrip()
    listed = cast.get("/actions/runs?event=workflow_dispatch&per_page=100")["workflow_runs"]
    return sorted(
        (run for run in listed if run["display_title"].startswith(wanted)), key=lambda r: r["id"]
    )


def checks(cast: Cast, head: str) -> list[dict[str, Any]]:
    """Check runs on a commit."""
    found: list[dict[str, Any]] = cast.get(f"/commits/{head}/check-runs")["check_runs"]
    return found


def pull_of(cast: Cast, number: int, stage: int) -> dict[str, Any] | None:
    """The stage's pull request."""
    head = f"acme:genesis/{number}/stage-{stage}"
    found = cast.get(f"/pulls?state=all&head={head}")
    return found[0] if found else None


def stage_issue(cast: Cast, number: int, stage: int) -> dict[str, Any] | None:
    """The stage's issue."""
    return next(
        (s for s in _subs(cast, number) or () if s["title"].startswith(f"OTP stage {stage}:")), None
    )


def _eyes(cast: Cast, number: int) -> bool:
    listed = cast.get(f"/issues/{number}/reactions")
    return any(reaction["content"] == "eyes" for reaction in listed)


def _subs(cast: Cast, number: int) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] = cast.get(f"/issues/{number}/sub_issues?per_page=100")
    return found if any("stage 5" in sub["title"] for sub in found) else None


def _turn(cast: Cast, number: int, stage: int) -> dict[str, Any] | None:
    """The stage's issue once it is a person's turn, or nobody's any more."""
    issue = stage_issue(cast, number, stage)
    if issue is None:
        return None
    told = (issue, cast.get(f"/issues/{number}"))
    waits = any(label["name"] == NEEDS_HUMAN for i in told for label in i["labels"])
    pull = pull_of(cast, number, stage)
    ready = (
        pull is not None and pull["state"] == "open" and not pull["draft"] and _green(cast, pull)
    )
    return issue if issue["state"] == "closed" or waits or ready else None


def _green(cast: Cast, pull: dict[str, Any]) -> bool:
    found = checks(cast, pull["head"]["sha"])
    return len(found) >= 2 and all(c["conclusion"] == "success" for c in found)


def _ended(cast: Cast, number: int, stage: int) -> dict[str, Any] | None:
    issue = stage_issue(cast, number, stage)
    return issue if issue is not None and issue["state"] == "closed" else None


def _closed(cast: Cast, number: int) -> dict[str, Any] | None:
    issue: dict[str, Any] = cast.get(f"/issues/{number}")
    return issue if issue["state"] == "closed" else None


def _shown(body: str) -> str:
    """Without what a reader on GitHub does not see at first."""
    lines = body.split("<details>")[0].splitlines()
    return "\n".join(line.split("<!--")[0].rstrip() for line in lines).strip()


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
