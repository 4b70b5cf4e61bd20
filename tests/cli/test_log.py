"""`genesis log`: the history of a plan, from git alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import inside
from tests.flows.support import copy_of_run, git

pytestmark = pytest.mark.elixir

REF = "refs/genesis/plan-local-1"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("log") / "copy"
    return copy_of_run(tmp_path_factory, top) / "shop"


def test_the_newest_transition_comes_first(shop: Path) -> None:
    rows = inside("log", "--repo", shop, "--json").data
    assert [r["message"].split()[0] for r in rows] == ["Run", "Attempt", "Attempt", "Plan"]
    assert [r["commit"] for r in rows] == git(shop, "rev-list", REF).split()
    times = [datetime.fromisoformat(r["time"]) for r in rows]
    assert times == sorted(times, reverse=True)


def test_text_is_one_line_per_transition(shop: Path) -> None:
    rows = inside("log", "local-1", "--repo", shop).out.splitlines()
    shas = git(shop, "rev-list", REF).split()
    assert [row[:10] for row in rows] == [sha[:10] for sha in shas]


def test_reading_writes_nothing(shop: Path) -> None:
    refs = git(shop, "for-each-ref")
    assert inside("log", "--repo", shop).code == Exit.OK
    assert git(shop, "for-each-ref") == refs
