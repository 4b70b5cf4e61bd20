"""Which events of the simulator start runs, with which commit, ref and rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.simulator.actions.service.tokens import mint_token
from bot.simulator.actions.workflow.model import Permissions
from bot.simulator.faults.plan import Fault, FaultPlan
from tests.simulator.actions.service.staging import RUNS, Stage, staged, workflow
from tests.simulator.support import SHOP

pytestmark = pytest.mark.anyio

SAY = 'echo "$GITHUB_EVENT_NAME $GITHUB_REF $GITHUB_SHA"'


def main_of(stage: Stage) -> str:
    sha = stage.sim.world.git(stage.sim.repository).ref("refs/heads/main")
    assert sha is not None
    return sha


async def test_a_push_starts_what_waits_for_it(tmp_path: Path) -> None:
    files = {
        "push.yml": workflow("push", SAY),
        "docs.yml": workflow("{push: {paths: ['docs/**']}}"),
        "tags.yml": workflow("{push: {tags: ['v*']}}"),
        "issue.yml": workflow("issues"),
    }
    async with staged(tmp_path, files) as stage:
        await stage.write("lib/new.ex", "x")
        (run,) = await stage.ended()
        assert (run.event, run.head_branch, run.head_sha) == ("push", "main", main_of(stage))
        assert (run.latest.conclusion, run.display_title) == ("success", "Write lib/new.ex")
        assert f"push refs/heads/main {main_of(stage)}" in stage.log(run)


async def test_a_new_file_runs_at_its_own_push(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        await stage.branch("dev")
        text = workflow("push").replace("on:", "name: New\non:", 1)
        await stage.write(".github/workflows/new.yml", text, branch="dev")
        (run,) = await stage.ended()
        assert (run.name, run.head_branch) == ("New", "dev")


async def test_a_broken_file_fails_at_its_push_and_says_why(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        await stage.write(".github/workflows/bad.yml", "on: push\njobs:\n  a: {runs_on: x}\n")
        (run,) = await stage.ended()
        assert (run.latest.conclusion, stage.jobs(run)) == ("failure", {})
        assert "(Line: 3, Col: " in run.problem
        assert run.name == ".github/workflows/bad.yml"


async def test_issues_run_what_the_default_branch_says(tmp_path: Path) -> None:
    script = 'echo "issue=${{ github.event.issue.title }} $GITHUB_REF"'
    async with staged(
        tmp_path, {"i.yml": workflow("{issues: {types: [opened]}}", script)}
    ) as stage:
        made = await stage.post(f"{SHOP}/issues", "reader", title="Broken")
        await stage.sim.as_("writer").patch(f"{SHOP}/issues/{made['number']}", json={"body": "x"})
        (run,) = await stage.ended()
        assert "issue=Broken refs/heads/main" in stage.log(run)
        assert run.display_title == "Broken"
        await stage.idle()
        assert len(stage.runs) == 1


async def test_a_pull_request_runs_its_test_merge(tmp_path: Path) -> None:
    async with staged(tmp_path, {"p.yml": workflow("pull_request", SAY)}) as stage:
        await stage.branch("topic")
        await stage.write("lib/topic.ex", "x", branch="topic")
        made = await stage.post(f"{SHOP}/pulls", title="Topic", head="topic", base="main")
        (run,) = await stage.ended()
        merge = stage.sim.world.git(stage.sim.repository).ref("refs/pull/1/merge")
        assert f"pull_request refs/pull/1/merge {merge}" in stage.log(run)
        assert (run.head_branch, run.head_sha) == ("topic", made["head"]["sha"])
        shown = (await stage.sim.as_("reader").get(f"{RUNS}/{run.id}")).json()
        assert [pull["number"] for pull in shown["pull_requests"]] == [1]
        checks = await stage.sim.as_("reader").get(f"{SHOP}/commits/{run.head_sha}/check-runs")
        assert [c["name"] for c in checks.json()["check_runs"]] == ["build"]


async def test_a_strangers_pull_request_waits_and_then_may_little(tmp_path: Path) -> None:
    script = '''echo "secret=[${{ secrets.KEY }}]"; echo "actor=${{ github.actor }}"'''
    text = workflow("pull_request", script, extra="permissions: write-all\n")
    async with staged(tmp_path, {"p.yml": text}) as stage:
        await stage.post(f"{SHOP}/forks", "outsider")
        fork = "/repos/outsider/shop"
        await stage.write("lib/gift.ex", "x", "outsider", fork)
        await stage.post(
            f"{SHOP}/pulls", "outsider", title="Gift", head="outsider:main", base="main"
        )
        (run,) = await stage.ended()
        assert (run.latest.status, run.latest.conclusion) == ("completed", "action_required")
        assert stage.jobs(run) == {}
        refused = await stage.sim.as_("outsider").post(f"{RUNS}/{run.id}/approve")
        assert refused.status_code == 403
        approved = await stage.sim.as_("writer").post(f"{RUNS}/{run.id}/approve")
        assert approved.status_code == 201
        (run,) = await stage.ended()
        assert (run.latest.conclusion, run.latest.number) == ("success", 1)
        assert "secret=[]" in stage.log(run)
        assert "Contents: read" in stage.log(run)
        assert "Contents: write" not in stage.log(run)


async def test_what_a_policy_does_not_allow_starts_nothing(tmp_path: Path) -> None:
    plan = FaultPlan(faults=(Fault(kind="event_refused", name="workflow_dispatch"),))
    text = workflow("[push, workflow_dispatch]")
    async with staged(tmp_path, {"ci.yml": text}, faults=plan) as stage:
        path = f"{SHOP}/actions/workflows/ci.yml/dispatches"
        refused = await stage.sim.as_("writer").post(path, json={"ref": "main"})
        assert refused.status_code == 403
        assert refused.json()["message"] == "Event 'workflow_dispatch' is not allowed"
        await stage.write("lib/new.ex", "x")
        assert [run.event for run in await stage.ended()] == ["push"]
        stage.sim.world.faults.set(FaultPlan(faults=(Fault(kind="event_refused", name="push"),)))
        await stage.write("lib/more.ex", "x")
        await stage.idle()
        assert len(stage.runs) == 1


async def test_what_needs_approval_waits_though_a_writer_asked(tmp_path: Path) -> None:
    plan = FaultPlan(faults=(Fault(kind="approval_required", name="pull_request"),))
    async with staged(tmp_path, {"p.yml": workflow("pull_request")}, faults=plan) as stage:
        await stage.branch("topic")
        await stage.write("lib/topic.ex", "x", branch="topic")
        await stage.post(f"{SHOP}/pulls", title="Topic", head="topic", base="main")
        (run,) = await stage.ended()
        assert (run.latest.conclusion, stage.jobs(run)) == ("action_required", {})
        approved = await stage.sim.as_("writer").post(f"{RUNS}/{run.id}/approve")
        assert approved.status_code == 201
        assert [r.latest.conclusion for r in await stage.ended()] == ["success"]


async def test_what_a_run_does_with_its_token_starts_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path, {"i.yml": workflow("[issues, workflow_dispatch]")}) as stage:
        token = await _token_of_a_run(stage, {"issues": "write"})
        client = stage.sim.client(token)
        made = await client.post(f"{SHOP}/issues", json={"title": "By Actions"})
        assert made.status_code == 201, made.text
        assert made.json()["user"]["login"] == "github-actions[bot]"
        await stage.idle()
        assert [run.event for run in stage.runs] == ["workflow_dispatch"]


async def _token_of_a_run(stage: Stage, permissions: Permissions) -> str:
    run = await stage.dispatch("i.yml")
    await stage.ended()
    world = stage.sim.world
    token = mint_token(world, stage.sim.repository, run, permissions)
    world.commit()
    return token.value


async def test_repository_dispatch(tmp_path: Path) -> None:
    script = 'echo "go=${{ github.event.action }} ${{ github.event.client_payload.n }}"'
    text = workflow("{repository_dispatch: {types: [go]}}", script)
    async with staged(tmp_path, {"d.yml": text}) as stage:
        for kind in ("go", "stop"):
            await stage.post(f"{SHOP}/dispatches", event_type=kind, client_payload={"n": 7})
        (run,) = await stage.ended()
        assert "go=go 7" in stage.log(run)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"event_type": "x" * 100}, 204),
        ({"event_type": "x" * 101}, 422),
        ({"event_type": ""}, 422),
        ({}, 422),
        ({"event_type": "x", "client_payload": dict.fromkeys("abcdefghij", 1)}, 204),
        ({"event_type": "x", "client_payload": dict.fromkeys("abcdefghijk", 1)}, 422),
        ({"event_type": "x", "client_payload": {"a": "b" * 65_536}}, 422),
    ],
)
async def test_limits_of_repository_dispatch(
    tmp_path: Path, body: dict[str, object], status: int
) -> None:
    async with staged(tmp_path, {}) as stage:
        answer = await stage.sim.as_("writer").post(f"{SHOP}/dispatches", json=body)
        assert answer.status_code == status


async def test_runs_start_runs_but_no_chain_is_long(tmp_path: Path) -> None:
    follow = workflow("{workflow_run: {workflows: [First, Next], types: [completed]}}")
    files = {
        "first.yml": "name: First\n" + workflow("workflow_dispatch"),
        "next.yml": "name: Next\n" + follow,
    }
    async with staged(tmp_path, files) as stage:
        await stage.dispatch("first.yml")
        runs = await stage.ended(4)
        await stage.idle()
        assert [run.name for run in stage.runs] == ["First", "Next", "Next", "Next"]
        assert len(runs) == 4


async def test_checks_of_actions_start_nothing_those_of_apps_do(tmp_path: Path) -> None:
    text = workflow("{check_run: {types: [created]}, workflow_dispatch: null}")
    async with staged(tmp_path, {"c.yml": text}) as stage:
        await stage.dispatch("c.yml")
        await stage.ended()
        await stage.idle()
        assert len(stage.runs) == 1
        minted = await stage.sim.as_app().post(
            f"/app/installations/{stage.sim.installation.id}/access_tokens"
        )
        app = stage.sim.client(minted.json()["token"])
        check = {"name": "genesis", "head_sha": main_of(stage)}
        assert (await app.post(f"{SHOP}/check-runs", json=check)).status_code == 201
        runs = await stage.ended(2)
        assert runs[-1].event == "check_run"


async def test_nothing_runs_where_actions_or_the_workflow_are_off(tmp_path: Path) -> None:
    async with staged(tmp_path, {"p.yml": workflow("push")}) as stage:
        writer = stage.sim.as_("writer")
        assert (await writer.put(f"{SHOP}/actions/workflows/p.yml/disable")).status_code == 204
        await stage.write("a", "x")
        await stage.idle()
        assert stage.runs == []
        assert (await writer.put(f"{SHOP}/actions/workflows/p.yml/enable")).status_code == 204
        admin = stage.sim.as_("admin")
        off = await admin.put(f"{SHOP}/actions/permissions", json={"enabled": False})
        assert off.status_code == 204
        await stage.write("b", "x")
        await stage.idle()
        assert stage.runs == []


async def test_skip_ci_skips(tmp_path: Path) -> None:
    async with staged(tmp_path, {"p.yml": workflow("push")}) as stage:
        await stage.write("a", "x", message="Small change [skip ci]")
        await stage.idle()
        assert stage.runs == []


async def test_workflows_come_and_go_with_their_files(tmp_path: Path) -> None:
    async with staged(tmp_path, {"p.yml": workflow("workflow_dispatch")}) as stage:
        listed = f"{SHOP}/actions/workflows"
        reader = stage.sim.as_("reader")
        (shown,) = (await reader.get(listed)).json()["workflows"]
        got = (await reader.get(f"{SHOP}/contents/.github/workflows/p.yml")).json()
        gone = await stage.sim.as_("writer").request(
            "DELETE",
            f"{SHOP}/contents/.github/workflows/p.yml",
            json={"message": "Remove", "sha": got["sha"]},
        )
        assert gone.status_code == 200
        await stage.idle()
        assert (await reader.get(listed)).json()["total_count"] == 0
        assert (await reader.get(f"{listed}/{shown['id']}")).status_code == 404
