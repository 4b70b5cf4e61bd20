"""Stage issues, their relations, and labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from bot.core.lifecycle.commands import BlockStage, CloseIssue, LinkStage, PutStageIssue, SetLabels
from bot.core.render.github import markers
from bot.github.doing.context import Doing
from bot.github.errors import NotFound, Rejected

COLOURS = {
    "otp-refactor": ("8250df", "Asks OTP-Genesis for a plan"),
    "genesis:plan": ("8250df", "A plan of OTP-Genesis"),
    "genesis:stage": ("0969da", "One stage of a plan"),
    "genesis:needs-human": ("d1242f", "OTP-Genesis waits for a person"),
}
"""Colour and description by label; others of ours are grey."""


def put_stage_issue(doing: Doing, command: PutStageIssue) -> None:
    """Edit the stage's issue, or open it: no second one while there is one with its marker."""
    marker = stage_marker(doing.life.plan, command.stage)
    body = markers.fit(command.body, marker)
    found = _stage_issue(doing, command.number, marker)
    if found is None:
        make_labels(doing, command.labels)
        wanted = {"title": command.title, "body": body, "labels": list(command.labels)}
        doing.client.post("issues", "./issues", wanted)
    elif (found["title"], found["body"]) != (command.title, body):
        change = {"title": command.title, "body": body}
        doing.client.patch("issues", f"./issues/{found['number']}", change)


def stage_marker(plan: str, stage: int) -> str:
    """What the issue of a stage is found by."""
    return markers.marker(plan, "stage", stage=stage)


def _stage_issue(doing: Doing, number: int, marker: str) -> dict[str, Any] | None:
    if number:
        found: dict[str, Any] | None = doing.client.find(f"./issues/{number}")
        return found
    listed = doing.client.pages(
        "./issues", state="all", labels="genesis:stage", creator=doing.ourselves
    )
    return next((issue for issue in listed if doing.carries(issue, marker)), None)


def link_stage(doing: Doing, command: LinkStage) -> None:
    """Make it a sub-issue; GitHub wants the id of the issue, not its number."""
    here = f"./issues/{command.parent}/sub_issues"
    if any(sub["number"] == command.issue for sub in doing.client.pages(here)):
        return
    issue = doing.client.get(f"./issues/{command.issue}")
    try:
        doing.client.post("issues", here, {"sub_issue_id": issue["id"]}, creates=False)
    except Rejected:
        # Somebody moved it below another issue: theirs to decide.
        return


def block_stage(doing: Doing, command: BlockStage) -> None:
    """Say that an issue waits for another."""
    here = f"./issues/{command.issue}/dependencies/blocked_by"
    if any(other["number"] == command.by for other in doing.client.pages(here)):
        return
    blocker = doing.client.get(f"./issues/{command.by}")
    doing.client.post("issues", here, {"issue_id": blocker["id"]}, creates=False)


def set_labels(doing: Doing, command: SetLabels) -> None:
    """Add and remove; what is so already is no error."""
    if command.add:
        make_labels(doing, command.add)
        wanted = {"labels": list(command.add)}
        doing.client.post("issues", f"./issues/{command.on}/labels", wanted, creates=False)
    for name in command.remove:
        doing.client.delete("issues", f"./issues/{command.on}/labels/{quote(name, safe='')}")


def make_labels(doing: Doing, names: Iterable[str]) -> None:
    """Create those the repository has not, with our colours."""
    for name in names:
        try:
            doing.client.get(f"./labels/{quote(name, safe='')}")
        except NotFound:
            colour, about = COLOURS.get(name, ("6e7781", ""))
            body = {"name": name, "color": colour, "description": about}
            try:
                doing.client.post("issues", "./labels", body)
            except Rejected:
                # Made by another worker since we looked.
                continue


def close_issue(doing: Doing, command: CloseIssue) -> None:
    """Close it with the reason, or open it again."""
    change: dict[str, object] = {"state": command.state}
    if command.state == "closed":
        change["state_reason"] = command.why
    doing.client.patch("issues", f"./issues/{command.number}", change)
