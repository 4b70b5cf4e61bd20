"""What one run keeps for the next, through the real workflow: caches of `prepare`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bot.codebase.sandbox import open_sandbox
from tests.e2e.stage_support import Hub, git, hub, planned, with_caller
from tests.flows.stage_run.served_git import served
from tests.flows.stage_run.test_jobs import using_tiny

pytestmark = [
    pytest.mark.elixir,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(
        not open_sandbox("auto", os.environ).isolated, reason="without a sandbox nothing is kept"
    ),
]


@dataclass(frozen=True)
class Twice:
    """Two attempts at one stage of one base, one after the other; the first only prepares."""

    hub: Hub
    name: str
    runs: tuple[int, int]

    def logs(self, run: int) -> dict[str, str]:
        """By job."""
        text = self.hub.logs(self.name, run)
        parts = [part.split("\n", 1) for part in text.split("--- ") if part]
        return {head.split(":")[0].rpartition("/")[2].strip().lower(): body for head, body in parts}


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twice]:
    work = tmp_path_factory.mktemp("caches")
    (work / "served").mkdir()
    with served(work / "served") as url:
        source = with_caller(work / "shop", using_tiny(work, url))
        plan = planned(source, work / "cache", "7")
        base = git("rev-parse", "HEAD", cwd=source)
        with hub(work, source) as running:
            commit = running.store("shop", source, plan)
            ran = []
            every = ",".join(action.id for action in plan.actions() if action.stage == 1)
            for attempt, dropped in ((1, every), (2, "")):
                asked = {"plan": "7", "plan_commit": commit, "stage": "1", "attempt": str(attempt)}
                asked |= {"cause": "first", "base": base, "minutes": "30", "dropped": dropped}
                running.dispatch("shop", **asked)
                ran.append(running.ended("shop", "7", attempt)["id"])
            yield Twice(running, "shop", (ran[0], ran[1]))


def test_a_second_attempt_at_a_base_takes_what_the_first_prepared(twice: Twice) -> None:
    first, second = (twice.logs(run) for run in twice.runs)
    assert twice.hub.outcome("shop", twice.runs[0]).status == "nothing", first
    assert twice.hub.outcome("shop", twice.runs[1]).status == "published", second
    kept = "a run before prepared this very base with these tools"
    assert "mix deps.get" in first["prepare"]
    assert kept not in first["prepare"]
    assert kept in second["prepare"]
    assert "mix deps.get" not in second["prepare"]


def test_no_job_but_prepare_touches_a_cache(twice: Twice) -> None:
    with twice.hub.http as http:
        found = http.get("/repos/acme/shop/actions/caches").raise_for_status().json()
    keys = [cache["key"] for cache in found["actions_caches"]]
    assert len(keys) == 1
    assert keys[0].startswith("genesis-build-")
    for run in twice.runs:
        for job, text in twice.logs(run).items():
            assert ("genesis-build-" in text) == (job == "prepare"), job
