"""The judges, loaded once; tests that need them are skipped, loudly, where npm was absent."""

from __future__ import annotations

import pytest

from tests.simulator.judges import library
from tests.simulator.judges.openapi import RestJudge
from tests.simulator.judges.operations import Description
from tests.simulator.judges.webhooks import WebhookJudge


@pytest.fixture(scope="session")
def rest_judge() -> RestJudge:
    if reason := library.missing():
        pytest.skip(reason)
    return RestJudge(Description.load())


@pytest.fixture(scope="session")
def webhook_judge() -> WebhookJudge:
    if reason := library.missing():
        pytest.skip(reason)
    return WebhookJudge.load()
