"""Global node ids."""

from __future__ import annotations

import pytest

from bot.simulator.nodes import node_id, parse_node_id


@pytest.mark.parametrize("kind", ["Issue", "PullRequest", "ReviewThread", "Milestone"])
def test_an_id_leads_back(kind: str) -> None:
    made = node_id(kind, 1234)
    assert parse_node_id(made) == (made.partition("_")[0], 1234)


@pytest.mark.parametrize("change", ["{}=", "{}A", "!{}", "{}!", "{}\n", "x{}", " {}", "{}é"])
def test_an_id_is_written_in_one_way(change: str) -> None:
    prefix, _, packed = node_id("Issue", 1234).partition("_")
    assert parse_node_id(f"{prefix}_{change.format(packed)}") is None
    assert parse_node_id(packed) is None
