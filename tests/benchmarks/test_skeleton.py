"""The comparison says what was compared, and what could not be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.skeleton import Measured, Peer, measure, table
from benchmarks.skeleton_once import main as write_skeleton

CODE = "defmodule A do\n  def f(x), do: x\nend\n"
MEASURED = Measured(
    root=Path("phoenix"),
    files=177,
    megabytes=1.65,
    process=(0.4, 0.8, 0.5),
    inside=(0.2, 0.6, 0.3),
    about=12_000,
    tokens=11_000,
    their_process=(1.0, 1.0, 1.0),
    their_tokens=44_000,
    their_files=177,
)

REPOMIX = """\
const { writeFileSync } = require("fs");
const [root, , out] = process.argv.slice(2);
writeFileSync(out, `\\n<file path="a.ex">\\n${"packed ".repeat(100)}\\n</file>\\n`);
"""
TOKENIZER = "exports.countTokens = (text) => text.split(/\\s+/).length;\n"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    root = tmp_path / "code"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "a.ex").write_text(CODE)
    return root


def printed(measured: Measured) -> str:
    console = Console(width=90, file=StringIO())
    with console.capture() as captured:
        console.print(table([measured]))
    return captured.get()


def test_the_ratio_is_that_of_the_median_round() -> None:
    assert MEASURED.time_ratio() == 0.5
    assert MEASURED.token_ratio() == 0.25
    shown = printed(MEASURED)
    assert "0.40 0.80" in shown
    assert "25.0%" in shown
    assert "yes" in shown


def test_an_aim_that_is_missed_is_not_called_reached() -> None:
    slow = Measured(**{**vars(MEASURED), "process": (0.6, 0.6, 0.6)})
    large = Measured(**{**vars(MEASURED), "tokens": 20_000})
    for measured in (slow, large):
        last = next(line for line in printed(measured).splitlines() if "aims" in line)
        assert "no" in last
        assert "yes" not in last


def test_the_measured_process_writes_the_skeleton(code: Path, tmp_path: Path) -> None:
    seconds = write_skeleton(code, tmp_path / "out.txt")
    assert seconds > 0
    assert "# lib/a.ex\nA\n f(x)\n" in (tmp_path / "out.txt").read_text()


def test_without_npm_our_own_figures_are_shown_and_nothing_is_claimed(
    code: Path, repository: Path
) -> None:
    command = [sys.executable, "-m", "benchmarks.skeleton", "--rounds", "1", str(code)]
    done = subprocess.run(
        command, cwd=repository, env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stderr
    assert "Not compared with repomix: node and npm not found on PATH." in said
    assert "about 1" in said
    assert "aims reached" not in said


@pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")), reason="NODE IS NOT INSTALLED"
)
def test_both_texts_are_counted_by_one_tokenizer(code: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    for path, text in (
        ("node_modules/repomix/bin/repomix.cjs", REPOMIX),
        ("node_modules/gpt-tokenizer/encoding/o200k_base.js", TOKENIZER),
    ):
        (tools / path).parent.mkdir(parents=True)
        (tools / path).write_text(text)
    measured = measure(code, 2, tmp_path, Peer.install(tools))
    assert (measured.files, measured.their_files) == (1, 1)
    assert len(measured.process) == len(measured.their_process) == 2
    assert measured.their_tokens == 105
    assert measured.tokens == len((tmp_path / "skeleton.txt").read_text().split()) + 1
