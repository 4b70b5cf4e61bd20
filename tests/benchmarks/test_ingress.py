"""The clients of `make bench-ingress` count what was acknowledged, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ingress.load import PAYLOAD, body
from benchmarks.ingress.peers import Peer, jobs, load, ours, sync_time
from tests.server.ingress.support import kept


def test_every_delivery_that_is_counted_was_kept(tmp_path: Path) -> None:
    assert len(body()) == PAYLOAD
    with jobs(1), ours(tmp_path / "inbox") as peer:
        figures = load(peer, 20, 30, most=300)
        assert peer.memory > 10
    found = kept(tmp_path / "inbox")
    assert 300 <= figures.count <= len(found) <= 320 + 20
    assert len({delivery.guid for delivery in found}) == len(found)
    assert 0 < figures.p50 <= figures.p99


def test_what_is_not_acknowledged_is_no_figure(tmp_path: Path) -> None:
    with ours(tmp_path / "inbox") as peer:
        (tmp_path / "inbox").rename(tmp_path / "gone")
        with pytest.raises(RuntimeError, match="were not acknowledged"):
            load(Peer(peer.name, peer.process, peer.port), 2, 5, most=4)


def test_the_time_of_a_sync_is_measured_and_leaves_nothing(tmp_path: Path) -> None:
    assert 0 < sync_time(tmp_path, tries=5) < 10_000
    assert list(tmp_path.iterdir()) == []
