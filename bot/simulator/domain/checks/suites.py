"""Check suites: one for each App and commit, which sums up the App's check runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.checks.results import latest_runs
from bot.simulator.git import Commit, Person, RefChange, UnknownObject
from bot.simulator.identity.caller import Caller
from bot.simulator.records.apps import App, Installation
from bot.simulator.records.checks import CheckRun, CheckStatus, CheckSuite, Conclusion, HeadCommit
from bot.simulator.records.repositories import Repository
from bot.simulator.views.checks import check_suite_payload
from bot.simulator.world import World

HEADS = "refs/heads/"
ACTIONS = "github-actions"
"""Has no suite for a push, but one for every workflow run."""
GRAVEST_FIRST: tuple[Conclusion, ...] = (
    "failure",
    "startup_failure",
    "timed_out",
    "cancelled",
    "action_required",
    "stale",
    "success",
    "neutral",
    "skipped",
)
"""The conclusion of a suite is the first of these that one of its runs has."""


async def new_suite(
    world: World,
    repository: Repository,
    app_id: int,
    sha: str,
    *,
    branch: str | None = None,
    before: str | None = None,
) -> CheckSuite:
    """A further suite, as every workflow run has one of its own; nobody is told.

    Raises UnknownObject for a sha that is no commit of the repository.
    """
    commit = await world.git(repository).commit(sha)
    return _add(world, repository, app_id, commit, branch, before)


async def suite_for(
    world: World,
    repository: Repository,
    app_id: int,
    sha: str,
    *,
    branch: str | None = None,
    before: str | None = None,
) -> tuple[CheckSuite, bool]:
    """The App's suite at a commit, and whether it was made for this. Raises UnknownObject."""
    commit = await world.git(repository).commit(sha)
    # Looked for only now: whoever asks at the same time must find what is made here.
    found = world.tables.suites.one("one", (repository.id, sha, app_id))
    if found is not None:
        return found, False
    return _add(world, repository, app_id, commit, branch, before), True


def _add(
    world: World,
    repository: Repository,
    app_id: int,
    commit: Commit,
    branch: str | None,
    before: str | None,
) -> CheckSuite:
    if branch is None:
        branches = world.git(repository).branches().items()
        branch = next((name for name, tip in branches if tip == commit.sha), None)
    now = world.clock.now()
    return world.tables.suites.add(
        CheckSuite(
            id=world.tables.next_id(),
            repository_id=repository.id,
            app_id=app_id,
            head_sha=commit.sha,
            head_branch=branch,
            head_commit=HeadCommit(
                id=commit.sha,
                tree_id=commit.tree,
                message=commit.message.removesuffix("\n"),
                timestamp=commit.committer.date,
                author=_named(commit.author),
                committer=_named(commit.committer),
            ),
            before=before,
            after=commit.sha,
            created_at=now,
            updated_at=now,
        )
    )


def _named(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email}


async def request_suites(
    world: World, caller: Caller, repository: Repository, changes: Sequence[RefChange]
) -> None:
    """What GitHub does after each push: a queued suite for every App that may write checks."""
    for change in changes:
        if not change.name.startswith(HEADS) or change.new is None:
            continue
        for app, installation in checking_apps(world, repository):
            branch = change.name.removeprefix(HEADS)
            try:
                suite, made = await suite_for(
                    world, repository, app.id, change.new, branch=branch, before=change.old
                )
            except UnknownObject:
                break
            if made:
                tell_suite(world, "requested", caller, repository, suite, installation)


def checking_apps(world: World, repository: Repository) -> Iterator[tuple[App, Installation]]:
    """The Apps with `checks: write` here."""
    for installation in world.tables.installations.where("account", repository.owner_id):
        everywhere = installation.repository_selection == "all"
        if not everywhere and repository.id not in installation.repository_ids:
            continue
        app = world.tables.apps[installation.app_id]
        may_check = installation.permissions.get("checks") == "write"
        wanted = repository.auto_suites.get(app.id, True)
        if wanted and may_check and not installation.suspended_at and app.slug != ACTIONS:
            yield app, installation


def installation_of(world: World, repository: Repository, app_id: int) -> Installation | None:
    there = world.tables.installations.where("account", repository.owner_id)
    return next((each for each in there if each.app_id == app_id), None)


def tell_suite(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    suite: CheckSuite,
    only: Installation | None = None,
) -> None:
    """With `only`, to nobody but the App of this installation."""
    tell(
        world,
        "check_suite",
        action,
        caller,
        repository,
        installation_id=None if only is None else only.id,
        check_suite=check_suite_payload(world, suite),
    )


def rerequest_suite(
    world: World, caller: Caller, repository: Repository, suite: CheckSuite
) -> None:
    """Asks its App to run the checks anew; the runs there are stay as they are."""
    reopen_suite(world, suite)
    only = installation_of(world, repository, suite.app_id)
    tell_suite(world, "rerequested", caller, repository, suite, only)


def reopen_suite(world: World, suite: CheckSuite) -> None:
    suite.status, suite.conclusion = "queued", None
    suite.updated_at = world.clock.now()
    world.tables.suites.save(suite)


def sum_up(world: World, caller: Caller, repository: Repository, suite: CheckSuite) -> None:
    """Brings the suite in line with its runs, and tells when it has been completed."""
    runs = latest_runs(world.tables.check_runs.where("suite", suite.id))
    status, conclusion = status_of(runs), conclusion_of(runs)
    if (status, conclusion) == (suite.status, suite.conclusion):
        return
    suite.status, suite.conclusion = status, conclusion
    suite.updated_at = world.clock.now()
    world.tables.suites.save(suite)
    if status == "completed":
        tell_suite(world, "completed", caller, repository, suite)


def status_of(runs: Sequence[CheckRun]) -> CheckStatus:
    if runs and all(run.status == "completed" for run in runs):
        return "completed"
    begun = any(run.status in ("completed", "in_progress") for run in runs)
    return "in_progress" if begun else "queued"


def conclusion_of(runs: Sequence[CheckRun]) -> Conclusion | None:
    """None before all of them have one."""
    if status_of(runs) != "completed":
        return None
    reached = {run.conclusion for run in runs}
    return next((each for each in GRAVEST_FIRST if each in reached), None)
