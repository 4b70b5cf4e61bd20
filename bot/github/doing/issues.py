"""Stage issues and their relations."""

from __future__ import annotations

from bot.core.lifecycle.commands import BlockStage, CloseIssue, LinkStage, PutStageIssue
from bot.core.render.github import markers
from bot.github.doing.context import Doing
from bot.github.doing.labels import make_labels
from bot.github.doing.single import Single, Thing
from bot.github.errors import NotFound, Rejected
from bot.github.reading.stage_issues import DEPENDENCIES, SUB_ISSUES

DOUBLE = "It was opened twice at once; #{number} is the one that counts."


def put_stage_issue(doing: Doing, command: PutStageIssue) -> None:
    """Edit the stage's issue, or open it: no second one while there is one with its marker.

    One whose number is known and that is gone was deleted by a person, and is not made again.
    """
    client = doing.client
    marker = stage_marker(doing.life.plan, command.stage)
    body = markers.fit(command.body, marker)

    def update(issue: Thing) -> Thing | None:
        if (issue["title"], (issue["body"] or "").replace("\r\n", "\n")) == (command.title, body):
            return None
        path = f"./issues/{issue['number']}"
        changed: Thing = client.patch("issues", path, {"title": command.title, "body": body})
        return changed

    def create() -> Thing:
        make_labels(doing, command.labels)
        wanted = {"title": command.title, "body": body, "labels": list(command.labels)}
        made: Thing = client.post("issues", "./issues", wanted)
        return made

    def withdraw(ours: Thing, first: Thing) -> None:
        said = DOUBLE.format(number=first["number"])
        change = {"body": said, "state": "closed", "state_reason": "not_planned", "labels": []}
        client.patch("issues", f"./issues/{ours['number']}", change)

    if command.number:
        known = client.find(f"./issues/{command.number}")
        if known is not None:
            update(known)
        return
    Single(
        key=doing.key("stage", marker),
        find=lambda: _marked(doing, marker),
        create=create,
        update=update,
        withdraw=withdraw,
    ).put(doing)


def stage_marker(plan: str, stage: int) -> str:
    """What the issue of a stage is found by."""
    return markers.marker(plan, "stage", stage=stage)


def _marked(doing: Doing, marker: str) -> list[Thing]:
    """Ours with the marker, among those opened since the plan's issue."""
    listed = doing.client.pages(
        "./issues",
        state="all",
        labels="genesis:stage",
        creator=doing.ourselves,
        sort="created",
        direction="desc",
    )
    found: list[Thing] = []
    for issue in listed:
        if issue["number"] < doing.life.issue:
            break
        if doing.carries(issue, marker):
            found.append(issue)
    return found


def link_stage(doing: Doing, command: LinkStage) -> None:
    """Make it a sub-issue; GitHub wants the id of the issue, not its number."""
    if doing.app.lacks.get(SUB_ISSUES):
        return
    issue = doing.client.get(f"./issues/{command.issue}")
    where = f"./issues/{command.parent}/sub_issues"
    if issue.get("parent_issue_url"):
        # Below this one, or below another, where somebody moved it: theirs to decide.
        return
    try:
        if any(sub["number"] == command.issue for sub in doing.client.pages(where)):
            return
        doing.client.post("issues", where, {"sub_issue_id": issue["id"]}, creates=False)
    except Rejected:
        # Linked by another worker since we looked, or there are as many as GitHub allows.
        return
    except NotFound:
        if "sub_issues_summary" in issue:
            raise
        doing.app.lacks.put(SUB_ISSUES, True)


def block_stage(doing: Doing, command: BlockStage) -> None:
    """Say that an issue waits for another."""
    if doing.app.lacks.get(DEPENDENCIES):
        return
    where = f"./issues/{command.issue}/dependencies/blocked_by"
    blocker = doing.client.get(f"./issues/{command.by}")
    try:
        if any(other["number"] == command.by for other in doing.client.pages(where)):
            return
        doing.client.post("issues", where, {"issue_id": blocker["id"]}, creates=False)
    except Rejected:
        if not any(other["number"] == command.by for other in doing.client.pages(where)):
            raise
    except NotFound:
        if "issue_dependencies_summary" in blocker:
            raise
        doing.app.lacks.put(DEPENDENCIES, True)


def close_issue(doing: Doing, command: CloseIssue) -> None:
    """Close it with the reason, or open it again."""
    change: dict[str, object] = {"state": command.state}
    if command.state == "closed":
        change["state_reason"] = command.why
    doing.client.patch("issues", f"./issues/{command.number}", change)
