"""Check suites, check runs and commit statuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.domain.checks.results import latest_runs
from bot.simulator.nodes import node_id
from bot.simulator.records.checks import Annotation, CheckRun, CheckSuite, CommitStatus
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view
from bot.simulator.views.apps import maybe_app_view
from bot.simulator.views.pulls import minimal_pull_view
from bot.simulator.views.repositories import minimal_repository_view
from bot.simulator.world import World


def pulls_at(world: World, repository: Repository, sha: str) -> list[PullRequest]:
    """The open pull requests with this head, from branches of the repository itself: those of
    forks are not named with checks."""
    return [
        pull
        for pull in world.tables.pulls.where("head_sha", sha)
        if pull.repository_id == repository.id
        and pull.head_repository_id == repository.id
        and world.tables.issues[pull.issue_id].state == "open"
    ]


def check_suite_view(world: World, suite: CheckSuite) -> dict[str, Any]:
    repository = world.tables.repositories[suite.repository_id]
    url = f"{world.urls.repository(world.full_name(repository))}/check-suites/{suite.id}"
    runs = latest_runs(world.tables.check_runs.where("suite", suite.id))
    return {
        "id": suite.id,
        "node_id": node_id("CheckSuite", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": suite.status,
        "conclusion": suite.conclusion,
        "url": url,
        "before": suite.before,
        "after": suite.after,
        "pull_requests": [
            minimal_pull_view(world, pull) for pull in pulls_at(world, repository, suite.head_sha)
        ],
        "app": maybe_app_view(world, suite.app_id),
        "repository": minimal_repository_view(world, repository),
        "created_at": stamp(suite.created_at),
        "updated_at": stamp(suite.updated_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "head_commit": suite.head_commit.model_dump(),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{url}/check-runs",
    }


def check_suite_payload(world: World, suite: CheckSuite) -> dict[str, Any]:
    """As webhooks show it: without the repository, which stands beside it."""
    view = check_suite_view(world, suite)
    del view["repository"]
    return view


def check_run_view(world: World, run: CheckRun) -> dict[str, Any]:
    repository = world.tables.repositories[run.repository_id]
    full_name = world.full_name(repository)
    url = f"{world.urls.repository(full_name)}/check-runs/{run.id}"
    page = world.urls.page(full_name, "runs", run.id)
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": page,
        "details_url": run.details_url or page,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": maybe_stamp(run.started_at),
        "completed_at": maybe_stamp(run.completed_at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite_id},
        "app": maybe_app_view(world, run.app_id),
        "pull_requests": [
            minimal_pull_view(world, pull) for pull in pulls_at(world, repository, run.head_sha)
        ],
    }


def check_run_payload(world: World, run: CheckRun) -> dict[str, Any]:
    """As webhooks show it: with more of the suite."""
    suite = world.tables.suites[run.suite_id]
    kept = (
        "id",
        "node_id",
        "head_branch",
        "head_sha",
        "status",
        "conclusion",
        "url",
        "before",
        "after",
        "pull_requests",
        "app",
        "created_at",
        "updated_at",
    )
    shown = check_suite_view(world, suite)
    return check_run_view(world, run) | {"check_suite": {key: shown[key] for key in kept}}


def annotation_view(world: World, run: CheckRun, annotation: Annotation) -> dict[str, Any]:
    repository = world.tables.repositories[run.repository_id]
    url = world.urls.repository(world.full_name(repository))
    return annotation.model_dump() | {
        "blob_href": f"{url}/contents/{quote(annotation.path)}?ref={run.head_sha}"
    }


def status_view(world: World, status: CommitStatus) -> dict[str, Any]:
    creator = account_view(world, world.tables.accounts[status.creator_id])
    return _bare_status(world, status) | {"creator": creator}


def _bare_status(world: World, status: CommitStatus) -> dict[str, Any]:
    """As the combined status lists it."""
    repository = world.tables.repositories[status.repository_id]
    url = world.urls.repository(world.full_name(repository))
    return {
        "url": f"{url}/statuses/{status.sha}",
        "avatar_url": f"{world.urls.base}/avatars/{status.creator_id}",
        "id": status.id,
        "node_id": node_id("CommitStatus", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.updated_at),
    }


def combined_status_view(
    world: World,
    repository: Repository,
    sha: str,
    statuses: Sequence[CommitStatus],
    shown: Sequence[CommitStatus],
) -> dict[str, Any]:
    """`statuses` are the latest of every context, `shown` one page of them."""
    url = world.urls.repository(world.full_name(repository))
    return {
        "state": combined_state([status.state for status in statuses]),
        "statuses": [_bare_status(world, status) for status in shown],
        "sha": sha,
        "total_count": len(statuses),
        "repository": minimal_repository_view(world, repository),
        "commit_url": f"{url}/commits/{sha}",
        "url": f"{url}/commits/{sha}/status",
    }


def combined_state(states: Sequence[str]) -> str:
    """Pending, too, where there are none."""
    if any(state in ("error", "failure") for state in states):
        return "failure"
    return "success" if states and all(state == "success" for state in states) else "pending"
