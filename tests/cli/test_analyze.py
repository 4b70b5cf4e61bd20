"""`genesis analyze` and `genesis explain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import inside
from tests.flows.support import SHOP, fingerprint, repository

KEYS = {
    "rule",
    "category",
    "path",
    "line",
    "end_line",
    "severity",
    "confidence",
    "message",
    "evidence",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("shop"))


def test_text_names_file_line_and_rule(shop: Path) -> None:
    ran = inside("analyze", shop)
    assert ran.code == Exit.OK
    assert "lib/shop/mail.ex:3:5" in ran.out
    assert "[unsupervised-spawn]" in ran.out
    assert "\x1b[" not in ran.out
    assert ran.err == ""


def test_json_findings_carry_what_is_promised(shop: Path) -> None:
    found = inside("analyze", shop, "--json").data["findings"]
    assert found
    assert all(set(f) >= KEYS for f in found)


def test_sarif_and_markdown_are_formats(shop: Path) -> None:
    assert inside("analyze", shop, "--format", "sarif").data["version"] == "2.1.0"
    assert "```mermaid" in inside("analyze", shop, "--format", "markdown").out


def test_fail_on_sets_the_exit_code(shop: Path) -> None:
    assert inside("analyze", shop, "--fail-on", "warning").code == Exit.FINDINGS
    assert inside("analyze", shop, "--fail-on", "error").code == Exit.OK


def test_one_rule_can_be_chosen_and_a_typo_is_explained(shop: Path) -> None:
    assert inside("analyze", shop, "--rule", "dynamic-atom", "--json").data["findings"] == []
    ran = inside("analyze", shop, "--rule", "unsupervised-spwan")
    assert ran.code == Exit.UNUSABLE
    assert "did you mean 'unsupervised-spawn'?" in ran.err
    assert "Traceback" not in ran.err


def test_output_goes_to_a_file(shop: Path, tmp_path: Path) -> None:
    ran = inside("analyze", shop, "--output", tmp_path / "found.txt")
    assert ran.out == ""
    assert "unsupervised-spawn" in (tmp_path / "found.txt").read_text()


def test_nothing_is_written_to_the_project(shop: Path) -> None:
    before = fingerprint(shop)
    inside("analyze", shop)
    assert fingerprint(shop) == before


def test_no_elixir_is_one_line_with_the_next_step(tmp_path: Path) -> None:
    ran = inside("analyze", tmp_path)
    assert ran.code == Exit.UNUSABLE
    assert ran.err.splitlines()[0].startswith("error: no Elixir source in")
    assert "next:" in ran.err


def test_an_error_in_json_mode_is_json(tmp_path: Path) -> None:
    ran = inside("analyze", tmp_path, "--json")
    assert ran.code == Exit.UNUSABLE
    assert ran.data["error"]["exit_code"] == Exit.UNUSABLE


def test_analysis_needs_no_elixir(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to("/usr/bin/git")
    ran = inside("analyze", shop, env={"PATH": str(tmp_path / "bin")})
    assert ran.code == Exit.OK
    assert "unsupervised-spawn" in ran.out


def test_files_that_cannot_be_read_are_named_and_the_rest_is_analysed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **SHOP, "lib/broken.ex": "defmodule X do\n  def a(", "lib/latin.ex": b"# caf\xe9\n",
    }  # fmt: skip
    root = repository(tmp_path / "r", files)
    (root / "lib/out.ex").symlink_to("/etc/hostname")
    ran = inside("analyze", root)
    assert ran.code == Exit.OK
    for name in ("lib/broken.ex", "lib/latin.ex", "lib/out.ex"):
        assert name in ran.out
    assert "unsupervised-spawn" in ran.out


def test_explain_shows_a_rule_and_lists_all() -> None:
    one = inside("explain", "unsupervised-spawn")
    assert one.code == Exit.OK
    for part in ("Why it is harmful", "How to fix it", "Left alone"):
        assert part in one.out
    assert len(inside("explain", "--json").data) >= 15


def test_help_and_version_are_there() -> None:
    assert "analyze" in inside("--help").out
    assert inside("--version").out.startswith("genesis ")
    assert inside("nonsense").code == Exit.USAGE
