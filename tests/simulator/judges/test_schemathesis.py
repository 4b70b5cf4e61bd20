"""Calls made from the simulator's own schema, hunting for what it did not think of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.simulator.judges.peers import Simulator, running_simulator
from tests.simulator.support import make_source

EXAMPLES = 3
"""Calls for each operation that its schema allows, and as many with a body that it does not."""
NOT_CALLED = r"/_simulator/|/installations/[^/]+$|/suspended$|/installation/token$"
"""Switches that make the simulator misbehave on purpose, and calls that end its tokens."""


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    source = make_source(tmp_path_factory.mktemp("source") / "shop")
    with running_simulator(tmp_path_factory.mktemp("simulator"), {"shop": source}) as running:
        yield running


@pytest.fixture(scope="module")
def schema(simulator: Simulator) -> Any:
    loaded = schemathesis.openapi.from_url(f"{simulator.url}/_simulator/openapi.json")
    return loaded.exclude(path_regex=NOT_CALLED)


def test_no_call_is_answered_by_a_500(simulator: Simulator, schema: Any) -> None:
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 100
    crashes: set[str] = set()
    for operation in operations:
        # Where there is no body, too little can be wrong to be worth the search for it.
        modes = list(GenerationMode) if operation.body else [GenerationMode.POSITIVE]
        for mode in modes:
            hunt(simulator, operation.as_strategy(generation_mode=mode), crashes)
    assert sorted(crashes) == []


def hunt(simulator: Simulator, cases: Any, crashes: set[str]) -> None:
    """Calls one operation and notes what it answers by a 5xx."""

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        deadline=None,
    )
    @given(case=cases)
    def call(case: Any) -> None:
        aim(case)
        response = case.call(headers={"authorization": f"Bearer {simulator.tokens['admin']}"})
        if response.status_code >= 500:
            crashes.add(f"{case.as_curl_command()}: {response.status_code} {response.text[:200]}")

    # Some bodies can be anything: nothing is wrong then.
    with suppress(Unsatisfiable):
        call()


def aim(case: Any) -> None:
    """Most made-up calls would end at "no such repository": these reach what lies behind it.

    The repository itself stays: a call that could remove or rename it goes to another name.
    """
    parameters = case.path_parameters or {}
    if not {"owner", "repo"} <= parameters.keys():
        return
    if case.path.endswith("/{repo}") and case.method in ("DELETE", "PATCH"):
        return
    case.path_parameters |= {"owner": "acme", "repo": "shop"}
    for name, value in parameters.items():
        if isinstance(value, int):
            case.path_parameters[name] = value % 50


def test_it_still_lives(simulator: Simulator) -> None:
    assert simulator.alive()
    assert "Traceback" not in simulator.stderr()
