"""Every call has a token of the least rights, and the page that lists them is true."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.lifecycle.commands import (
    AnswerThread,
    BlockStage,
    CancelRun,
    CloseIssue,
    Dispatch,
    LinkStage,
    MarkReady,
    MoveBranch,
    PutCheck,
    PutComment,
    PutPull,
    PutStageIssue,
    React,
    RerunFailed,
    SetLabels,
    StartCheck,
)
from bot.errors import OtpError
from bot.github.client import Client
from bot.github.doing.executor import HANDLERS
from bot.github.purposes import PERMISSIONS, Purpose, granted
from tests.github.between import Between, Call
from tests.github.hub import Hub, Place
from tests.github.scenes import Scene
from tests.github.waiting import until, with_workflow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"

CHECK = "on: workflow_dispatch\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n"
WORKFLOW = """\
run-name: genesis ${{ inputs.plan }} stage ${{ inputs.stage }} attempt ${{ inputs.attempt }}
on:
  workflow_dispatch:
    inputs: {plan: {}, plan_commit: {}, stage: {}, attempt: {}, cause: {}, base: {}, head: {},
      only: {}, dropped: {}, minutes: {}, usd: {}}
jobs: {work: {runs-on: ubuntu-latest, steps: [{run: 'false'}]}}
"""

KINDS: tuple[tuple[str, Purpose], ...] = (
    (r"^(POST|PATCH) /repos/[^/]+/[^/]+/pulls", "pulls"),
    (r"^(POST|PATCH|DELETE) /repos/[^/]+/[^/]+/(issues|labels)", "issues"),
    (r"^(POST|PATCH) /repos/[^/]+/[^/]+/check-runs", "checks"),
    (r"^POST /repos/[^/]+/[^/]+/actions", "actions"),
    (r"^GET /repos/", "read"),
)


def purpose_of(call: Call) -> Purpose:
    if call.what == "POST /api/graphql":
        if "mutation" not in call.body:
            return "read"
        return "contents" if "updateRefs" in call.body else "reviews"
    return next(purpose for pattern, purpose in KINDS if re.search(pattern, call.what))


def rows(heading: str) -> list[list[str]]:
    text = PAGE.read_text().partition(f"| {heading} |")[2].partition("\n\n")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_lists_every_purpose_with_its_rights() -> None:
    told = {
        purpose.strip("`"): dict(pair.split(": ") for pair in rights.split(", "))
        for purpose, rights, _ in rows("purpose")
    }
    assert told == {purpose: dict(rights) for purpose, rights in PERMISSIONS.items()}


def test_the_page_lists_what_has_to_be_granted() -> None:
    names = {"commit statuses": "statuses", "pull requests": "pull_requests"}
    told = {
        names.get(name.lower(), name.lower()): "write" if "write" in access else "read"
        for name, access in rows("permission")
    }
    assert told == dict(granted())


def do_everything(scene: Scene, client: Client) -> None:
    """Each kind of command once, with what each needs to do something."""
    place = scene.place
    one, two = scene.stage_issue(1), scene.stage_issue(2)
    first, head = place.tip("main"), scene.published(1, 1, {"lib/fix.ex": "x\n"})
    scene.do(
        React(issue=scene.issue, content="eyes"),
        PutComment(on=scene.issue, marker=scene.marker("dashboard"), body="x"),
        SetLabels(on=scene.issue, add=("genesis:new",), remove=("otp-refactor",)),
        PutStageIssue(stage=3, title="S", body="b", labels=("genesis:stage",)),
        LinkStage(stage=1, parent=scene.issue, issue=one["number"]),
        BlockStage(issue=two["number"], by=one["number"]),
        CloseIssue(number=two["number"]),
        MoveBranch(stage=1, attempt=1, to=head, expected=""),
        PutPull(stage=1, base="main", title="T", body="b", draft=True, labels=("genesis:other",)),
        PutCheck(stage=1, head=head, status="in_progress", title="T", summary="s"),
        Dispatch(
            stage=1,
            attempt=1,
            cause="first",
            workflow="otp-genesis.yml",
            base=first,
            head="",
            minutes=1,
        ),
        client=client,
    )
    scene.stage(1, head=head)
    (pull,) = place.by("admin", "GET", "/pulls")
    remark = {"body": "?", "commit_id": head, "path": "lib/fix.ex", "line": 1, "side": "RIGHT"}
    place.by("writer", "POST", f"/pulls/{pull['number']}/comments", remark)
    seen = scene.facts(client).stages[0].pull
    assert seen is not None
    (thread,) = seen.threads
    run = place.by("admin", "GET", "/actions/runs")["workflow_runs"][0]["id"]
    where = f"/actions/runs/{run}"
    until(lambda: place.by("admin", "GET", where)["status"] == "completed", "the run ends")
    scene.do(
        MarkReady(pull=pull["number"], node=pull["node_id"]),
        AnswerThread(
            pull=pull["number"],
            thread=thread.id,
            reply_to=thread.reply_to,
            body="Done",
            resolve=True,
        ),
        RerunFailed(run=run),
        CancelRun(run=run),
        StartCheck(stage=1, workflow="check.yml", head=head),
        client=client,
    )
    scene.facts(client)


def test_every_call_has_just_the_rights_of_its_purpose(
    hub: Hub, place: Place, spy: Between
) -> None:
    with_workflow(place, "otp-genesis.yml", WORKFLOW)
    with_workflow(place, "check.yml", CHECK)
    scene = Scene.begin(place, stages=3)
    scene.app = hub.app(spy.api)
    with scene.client() as client:
        do_everything(scene, client)
    asked = [call for call in spy.calls if call.permissions is not None]
    wrong = [
        (call.what, call.permissions)
        for call in asked
        if call.permissions != {**PERMISSIONS[purpose_of(call)], "metadata": "read"}
    ]
    assert wrong == []
    assert {purpose_of(call) for call in asked} == set(PERMISSIONS) - {"list"}
    assert len(HANDLERS) == 16, "a new command: let `do_everything` do it, too"
    # Whatever else was asked had no token at all, or was the App's own business.
    rest = {call.what.rpartition("/")[0] for call in spy.calls if call.permissions is None}
    assert all("/app/" in what or "/installation" in what for what in rest), rest


ACTS: dict[tuple[Purpose, str], Callable[[Scene, Client], object]] = {
    ("read", "actions"): lambda s, c: c.get("./actions/runs"),
    ("read", "checks"): lambda s, c: c.get(f"./commits/{s.life.base}/check-runs"),
    ("read", "contents"): lambda s, c: c.get("./git/ref/heads/main"),
    ("read", "issues"): lambda s, c: c.get(f"./issues/{s.issue}"),
    ("read", "pull_requests"): lambda s, c: c.get("./pulls"),
    ("read", "statuses"): lambda s, c: c.get(f"./commits/{s.life.base}/status"),
    ("issues", "issues"): lambda s, c: s.do(React(issue=s.issue, content="eyes"), client=c),
    ("pulls", "contents"): lambda s, c: s.do(
        PutPull(stage=1, base="main", title="T", body="b"), client=c
    ),
    ("pulls", "pull_requests"): lambda s, c: s.do(
        PutPull(stage=1, base="main", title="T", body="b"), client=c
    ),
    ("reviews", "pull_requests"): lambda s, c: s.do(
        MarkReady(pull=s.pull(1, draft=True), node=_node(s)), client=c
    ),
    ("checks", "checks"): lambda s, c: s.do(
        PutCheck(stage=1, head=s.life.base, status="in_progress", title="T", summary="s"), client=c
    ),
    ("actions", "actions"): lambda s, c: c.post("actions", "./actions/runs/1/cancel", {}),
    ("contents", "contents"): lambda s, c: s.do(
        MoveBranch(stage=2, attempt=1, to=s.published(2, 1, {"x": "y"}), expected=""), client=c
    ),
}
"""What cannot be done without a right, by purpose and right."""

UNPROVEN = {("list", "metadata"), ("read", "metadata"), ("reviews", "contents")}
"""Metadata comes with every token; the local GitHub resolves without `contents`."""


def _node(scene: Scene) -> str:
    number = scene.life.stage(1).pull
    return str(scene.place.by("admin", "GET", f"/pulls/{number}")["node_id"])


def test_no_right_is_without_a_use() -> None:
    rights = {(p, name) for p, wanted in PERMISSIONS.items() for name in wanted}
    assert rights == set(ACTS) | UNPROVEN


@pytest.mark.parametrize(("purpose", "right"), sorted(ACTS))
def test_without_one_right_the_work_is_refused(
    hub: Hub, place: Place, spy: Between, purpose: Purpose, right: str
) -> None:
    scene = Scene.begin(place, stages=2)
    scene.pushed(1)

    def dropping(path: str, body: bytes) -> bytes:
        told = json.loads(body) if path.endswith("/access_tokens") else {}
        if told.get("permissions") != PERMISSIONS[purpose]:
            return body
        del told["permissions"][right]
        # Without any the token would have all of them.
        told["permissions"].setdefault("metadata", "read")
        return json.dumps(told).encode()

    spy.rewrite = dropping
    with scene.place.client(hub.app(spy.api)) as client, pytest.raises(OtpError):
        ACTS[purpose, right](scene, client)
