"""`genesis analyze` and `genesis explain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Exit
from tests.cli.support import Ran, inside
from tests.flows.support import SHOP, SPAWNING, fingerprint, repository, written

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


# What does not count

IGNORED = SPAWNING.replace(
    "    spawn(fun)", "    spawn(fun) # genesis:ignore unsupervised-spawn -- nobody waits for it"
)
UNEXPLAINED = SPAWNING.replace(
    "    spawn(fun)", "    # genesis:ignore unsupervised-spawn\n    spawn(fun)"
)


def analysed(root: Path, *args: str | Path) -> Ran:
    return inside("analyze", root, "--jobs", "1", *args)


def test_what_a_comment_ignores_is_counted_and_listed_with_its_reason(tmp_path: Path) -> None:
    root = written(tmp_path / "shop", {**SHOP, "lib/shop/mail.ex": IGNORED})
    ran = analysed(root, "--fail-on", "info")
    assert ran.code == Exit.OK
    assert ran.out.startswith("no findings in ")
    assert "1 finding suppressed with a reason" in ran.out
    (one,) = analysed(root, "--json").data["suppressed"]
    assert (one["reason"], one["finding"]["rule"]) == ("nobody waits for it", "unsupervised-spawn")
    (result,) = analysed(root, "--format", "sarif").data["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "nobody waits for it"
    assert "| unsupervised-spawn | `lib/shop/mail.ex:3` | nobody waits for it |" in (
        analysed(root, "--format", "markdown").out
    )


def test_a_comment_without_a_reason_ignores_nothing_and_is_told(tmp_path: Path) -> None:
    root = written(tmp_path / "shop", {**SHOP, "lib/shop/mail.ex": UNEXPLAINED})
    ran = analysed(root, "--fail-on", "warning")
    assert ran.code == Exit.FINDINGS
    assert "Comments without effect\n  lib/shop/mail.ex:3: it gives no reason" in ran.out


def test_the_configuration_counts_and_a_wrong_one_is_told_with_its_line(tmp_path: Path) -> None:
    root = written(tmp_path / "shop")
    written(root, {".github/otp-genesis.yml": "analysis: {rules: {unsupervised-spawn: info}}\n"})
    assert analysed(root, "--fail-on", "warning").code == Exit.OK
    written(root, {".github/otp-genesis.yml": "analysis: {rules: {unsupervised-spwan: info}}\n"})
    ran = analysed(root)
    assert ran.code == Exit.CONFIG
    assert ".github/otp-genesis.yml:1:20: " in ran.err
    assert "did you mean 'unsupervised-spawn'?" in ran.err


def test_a_baseline_leaves_out_what_it_lists_until_the_code_changes(tmp_path: Path) -> None:
    root, file = written(tmp_path / "shop"), tmp_path / "baseline.json"
    ran = analysed(root, "--write-baseline", file, "--fail-on", "warning")
    assert ran.code == Exit.OK
    assert ran.err == f"baseline written to {file}, findings in it: 1\n"
    strict = ("--baseline", file, "--fail-on", "warning")
    written(root, {"lib/shop/mail.ex": f"# Moved.\n\n{SPAWNING}"})
    same = analysed(root, *strict)
    assert same.code == Exit.OK
    assert same.out.startswith("no new findings in ")
    assert "1 known finding left out" in same.out
    written(root, {"lib/shop/post.ex": SPAWNING.replace("Shop.Mail", "Shop.Post")})
    more = analysed(root, *strict)
    assert more.code == Exit.FINDINGS
    assert "lib/shop/post.ex:3:5" in more.out
    assert "lib/shop/mail.ex" not in more.out


def test_what_a_baseline_lists_in_vain_is_told_until_it_is_written_anew(tmp_path: Path) -> None:
    root, file = written(tmp_path / "shop"), tmp_path / "baseline.json"
    analysed(root, "--write-baseline", file)
    written(root, {"lib/shop/mail.ex": SPAWNING.replace("spawn(fun)", "fun.()")})
    stale = analysed(root, "--baseline", file)
    assert "found no more" in stale.out
    assert "unsupervised-spawn in Shop.Mail.send_later/1: " in stale.out
    analysed(root, "--write-baseline", file)
    assert "found no more" not in analysed(root, "--baseline", file).out


def test_what_is_no_baseline_is_an_error_and_never_written_over(tmp_path: Path) -> None:
    root, file = written(tmp_path / "shop"), tmp_path / "mine.txt"
    file.write_text("precious\n")
    for option in ("--baseline", "--write-baseline"):
        ran = analysed(root, option, file)
        assert ran.code == Exit.CONFIG
        assert "mine.txt:1:1: not JSON" in ran.err
        assert "Traceback" not in ran.err
        assert file.read_text() == "precious\n"
    some = analysed(root, "--rule", "raw-send", "--write-baseline", tmp_path / "new.json")
    assert some.code == Exit.USAGE
    assert not (tmp_path / "new.json").exists()


def test_only_what_changed_since_a_revision_counts(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    since = ("--changed-since", "HEAD", "--fail-on", "warning")
    assert analysed(root, *since).code == Exit.OK
    written(root, {"lib/shop/post.ex": SPAWNING.replace("Shop.Mail", "Shop.Post")})
    ran = analysed(root, *since)
    assert ran.code == Exit.FINDINGS
    assert "lib/shop/mail.ex" not in ran.out
    wrong = analysed(root, "--changed-since", "no-such")
    assert (wrong.code, "no such commit" in wrong.err) == (Exit.UNUSABLE, True)


def test_a_runner_is_told_in_its_own_words(shop: Path) -> None:
    first, last = analysed(shop, "--format", "github").out.splitlines()
    assert first.startswith(
        "::warning file=lib/shop/mail.ex,line=3,col=5,title=unsupervised-spawn::"
    )
    assert last.startswith("1 warning in ")


def test_explain_says_how_to_suppress_a_rule_and_what_its_limits_are() -> None:
    out = inside("explain", "god-process").out
    assert "# genesis:ignore god-process -- " in out
    assert "- messages, 20: " in out
    assert inside("explain", "god-process", "--json").data["limits"][0]["name"] == "lines"
