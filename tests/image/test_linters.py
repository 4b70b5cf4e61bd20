"""Outside judges of the files of the image: hadolint, the schema of Compose, shellcheck."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.codebase.sandbox import open_sandbox
from scripts.lint_workflows import find_shellcheck
from tests.image.conftest import ROOT

TOOLS = Path(sys.executable).parent
NEEDS_BWRAP = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap here")


def hadolint(folder: Path) -> tuple[int, str]:
    """A binary of others: it sees the Dockerfile and nothing else."""
    program = (TOOLS / "hadolint").resolve()
    done = open_sandbox("required", os.environ).run(
        (str(program), "--no-color", "Dockerfile"),
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        timeout=60,
        readable=(folder, program),
    )
    return done.returncode, done.stdout + done.stderr


@NEEDS_BWRAP
def test_hadolint_has_nothing_to_say(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "Dockerfile", tmp_path / "Dockerfile")
    assert hadolint(tmp_path) == (0, "")


@NEEDS_BWRAP
def test_hadolint_does_look(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:latest\nRUN sudo apt-get install git\n")
    code, text = hadolint(tmp_path)
    assert code == 1
    assert "DL3007" in text


def compose_schema(path: Path) -> int:
    command = [
        str(TOOLS / "check-jsonschema"),
        "--builtin-schema",
        "vendor.compose-spec",
        str(path),
    ]
    return subprocess.run(command, capture_output=True, timeout=60).returncode


def test_compose_keeps_to_its_schema(tmp_path: Path) -> None:
    assert compose_schema(ROOT / "compose.yaml") == 0
    wrong = tmp_path / "compose.yaml"
    wrong.write_text("services:\n  server:\n    read_onyl: true\n")
    assert compose_schema(wrong) == 1


def test_shellcheck_has_nothing_to_say() -> None:
    program = find_shellcheck(os.environ)
    if program is None:
        pytest.skip("no shellcheck here")
    command = [str(program), "scripts/image-test.sh"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
