"""The simulator before its judges: every operation it serves and every webhook it sends."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import pytest

from tests.simulator.judges.coverage import Coverage
from tests.simulator.judges.deviations import Deviations
from tests.simulator.judges.exchanges import Delivery, Exchange, Verdict
from tests.simulator.judges.openapi import RestJudge
from tests.simulator.judges.report import RESULT
from tests.simulator.judges.routes import served
from tests.simulator.judges.scenarios import (
    actions,
    apps,
    graphql,
    issues,
    pulls,
    refusals,
    registration,
    repository,
    webhooks,
)
from tests.simulator.judges.stage import REPO, Stage, staged
from tests.simulator.judges.webhooks import WebhookJudge
from tests.simulator.support import make_source

PARTS: Sequence[ModuleType] = (
    webhooks,
    issues,
    pulls,
    graphql,
    repository,
    actions,
    apps,
    registration,
    refusals,
)
SCENARIOS: Mapping[str, Callable[[Stage], None]] = {
    f"{part.__name__.rpartition('.')[2]}.{scenario.__name__}": scenario
    for part in PARTS
    for scenario in part.SCENARIOS
}
FILES = {"README.md": "# Shop\n", "lib/shop.ex": "defmodule Shop do\nend\n"} | actions.WORKFLOWS

NEVER_GRANTED = {"repos/get-latest-release", "repos/get-release", "repos/get-release-by-tag"}
"""There are no releases here, which is how most repositories of GitHub answer, too."""
NO_LONGER_DESCRIBED = {"GET /repos/{owner}/{repo}/git/refs/{ref:path}"}
"""Answered by GitHub all the same: old clients ask so for a ref."""


@dataclass(frozen=True)
class Performance:
    """All that passed while every scenario was played once, and how each ended."""

    failures: Mapping[str, str]
    exchanges: Sequence[Exchange]
    deliveries: Sequence[Delivery]
    rest: Sequence[Verdict]
    webhooks: Sequence[Verdict]
    stderr: str
    alive: bool

    @property
    def verdicts(self) -> Sequence[Verdict]:
        return [*self.rest, *self.webhooks]


@pytest.fixture(scope="module")
def performance(
    tmp_path_factory: pytest.TempPathFactory, rest_judge: RestJudge, webhook_judge: WebhookJudge
) -> Performance:
    folder = tmp_path_factory.mktemp("stage")
    source = make_source(tmp_path_factory.mktemp("source") / REPO, FILES)
    with staged(folder, source, rest_judge.description) as stage:
        failures = played(stage)
        exchanges = [e for each in stage.recorder.exchanges if (e := each.at_github())]
        deliveries = list(stage.receiver.deliveries)
        performance = Performance(
            failures=failures,
            exchanges=exchanges,
            deliveries=deliveries,
            rest=[rest_judge.judge(each) for each in exchanges],
            webhooks=[webhook_judge.judge(each) for each in deliveries],
            stderr=stage.simulator.stderr(),
            alive=stage.simulator.alive(),
        )
    Coverage.of(performance.verdicts).save(RESULT)
    return performance


def played(stage: Stage) -> Mapping[str, str]:
    """Traces of the scenarios that failed."""
    failures = {}
    for name, scenario in SCENARIOS.items():
        try:
            scenario(stage)
        except Exception:
            failures[name] = traceback.format_exc(limit=-6)
    return failures


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(performance: Performance, name: str) -> None:
    if name in performance.failures:
        pytest.fail(performance.failures[name], pytrace=False)


def test_every_exchange_and_webhook_is_as_github_describes(performance: Performance) -> None:
    assert Deviations.load().unlisted(performance.verdicts) == []


def test_no_listed_deviation_has_gone(performance: Performance) -> None:
    assert Deviations.load().gone(performance.verdicts) == []


def test_every_operation_served_was_judged(performance: Performance, rest_judge: RestJudge) -> None:
    succeeded = {v.subject for v in performance.rest if v.status < 400}
    operations = {o for o in served(rest_judge.description).values() if o}
    assert operations - succeeded == NEVER_GRANTED


def test_only_operations_of_github_are_served(rest_judge: RestJudge) -> None:
    unknown = {r for r, o in served(rest_judge.description).items() if not o}
    assert unknown == NO_LONGER_DESCRIBED


def test_refusals_were_judged_too(performance: Performance) -> None:
    statuses = {v.status for v in performance.rest}
    assert {200, 201, 202, 204, 302, 304, 401, 403, 404, 405, 409, 422} <= statuses


def test_every_kind_of_webhook_was_sent(performance: Performance) -> None:
    sent = {v.subject.removeprefix("webhook ") for v in performance.webhooks}
    assert sorted(set(webhooks.KINDS) - sent) == []


def test_every_webhook_is_genuine(performance: Performance) -> None:
    assert performance.deliveries
    assert all(each.genuine for each in performance.deliveries)


def test_the_simulator_complained_of_nothing_and_lives(performance: Performance) -> None:
    assert performance.alive
    assert performance.stderr == ""
    assert [v for v in performance.rest if v.status >= 500] == []
