"""`genesis config`."""

from __future__ import annotations

import json
from pathlib import Path

from bot.config import schema_text
from tests.cli.support import genesis


def test_a_good_configuration_is_found_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "otp-genesis.yml").write_text("run: auto\n")
    ran = genesis("config", "validate", cwd=tmp_path)
    assert (ran.code, ran.out) == (0, ".github/otp-genesis.yml: all is well\n")


def test_problems_are_told_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("labl: x\nlimits:\n  files: 0\n")
    ran = genesis("config", "validate", file)
    assert ran.code == 6
    assert ran.out.splitlines() == [
        f"{file}:1:1: error: labl: there is no such setting; did you mean 'label'?",
        f"{file}:3:3: error: limits.files: must be at least 1",
    ]


def test_problems_are_told_to_machines(tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("draft: yes\n")
    ran = genesis("config", "validate", file, "--json")
    assert ran.code == 6
    assert ran.data == {
        "file": str(file),
        "problems": [{"line": 1, "column": 1, "message": "draft: must be true or false"}],
    }


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    ran = genesis("config", "validate", cwd=tmp_path)
    assert ran.code == 6
    assert "cannot be read" in ran.err
    assert ran.out == ""


def test_the_schema_is_printed() -> None:
    ran = genesis("config", "schema")
    assert (ran.code, ran.out) == (0, schema_text())
    assert json.loads(ran.out)["additionalProperties"] is False


def test_the_workflow_of_stages_is_printed_as_it_is_put_into_a_repository() -> None:
    ran = genesis("config", "workflow", "--owner", "acme", "--ref", "v1")
    assert ran.code == 0
    assert "acme/otp-genesis/.github/workflows/stage.yml@v1" in ran.out
    assert "@OWNER@" not in ran.out
    refused = genesis("config", "workflow", "--owner", "a b; rm")
    assert refused.code != 0
    assert refused.out == ""
