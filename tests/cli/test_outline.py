"""`genesis outline`: what models are shown of a code base."""

from __future__ import annotations

from pathlib import Path

from bot.errors import Exit
from tests.cli.support import inside

COURIER = Path(__file__).resolve().parents[2] / "examples" / "courier"


def test_the_outline_has_trees_and_heads_and_no_bodies() -> None:
    ran = inside("outline", COURIER)
    assert ran.code == Exit.OK
    assert "Courier.Application" in ran.out
    assert "publish/2" in ran.out or "publish(" in ran.out
    assert "spawn(" not in ran.out
    assert "about" in ran.err


def test_a_shorter_one_says_what_was_left_out(tmp_path: Path) -> None:
    target = tmp_path / "outline.txt"
    ran = inside("outline", COURIER, "--max-tokens", "600", "-o", target)
    assert (ran.code, ran.out) == (Exit.OK, "")
    assert len(target.read_text()) < len(inside("outline", COURIER).out)
    data = inside("outline", COURIER, "--max-tokens", "600", "--json").data
    assert data["outline"] == target.read_text()
    assert data["tokens"] <= 700


def test_where_there_is_no_elixir_it_says_so(tmp_path: Path) -> None:
    assert inside("outline", tmp_path).code == Exit.UNUSABLE
