"""scripts/action.sh: what it finds on a runner. Its install needs a network; no test has one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def looked(tmp_path: Path, **programs: str) -> dict[str, str]:
    """The outputs of `look` with these programs first on the PATH."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in programs.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    for name in ("bash", "sed", "head", "dirname", "sh"):
        if name not in programs:
            (tools / name).symlink_to(shutil.which(name) or name)
    subprocess.run(
        ["bash", str(ROOT / "scripts" / "action.sh"), "look"],
        env={"PATH": str(tools), "GITHUB_OUTPUT": str(tmp_path / "output")},
        check=True,
        capture_output=True,
        timeout=60,
    )
    lines = (tmp_path / "output").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def python(name: str) -> str:
    return f'[ "$2" = "import sys; print(sys.executable)" ] && echo /opt/{name}; exit 0'


def test_this_very_version_is_used_as_it_is(tmp_path: Path) -> None:
    found = looked(tmp_path, genesis=f"echo genesis {VERSION}")
    assert found == {"genesis": str(tmp_path / "bin" / "genesis"), "python": ""}


@pytest.mark.parametrize("said", ["echo genesis 99.0", "exit 1", "echo"])
def test_another_one_is_passed_over(tmp_path: Path, said: str) -> None:
    assert looked(tmp_path, genesis=said)["genesis"] == ""


def test_the_first_python_that_can_make_an_environment_is_taken(tmp_path: Path) -> None:
    found = looked(tmp_path, **{"python3": "exit 1", "python3.12": python("python3.12")})
    assert found == {"genesis": "", "python": "/opt/python3.12"}


def test_where_there_is_none_it_says_so(tmp_path: Path) -> None:
    assert looked(tmp_path, **{"python3": "exit 1"})["python"] == ""


def test_each_lock_it_names_is_there() -> None:
    text = (ROOT / "scripts" / "action.sh").read_text()
    named = {word.split("=")[1] for word in text.split() if word.startswith("lock=")}
    assert named == {"run", "models", "server"}
    for name in (*named, "build"):
        assert (ROOT / "requirements" / f"{name}.txt").is_file(), name


def test_it_is_called_with_one_of_two_words() -> None:
    done = subprocess.run(
        ["bash", str(ROOT / "scripts" / "action.sh"), "else"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "usage:" in done.stderr) == (2, True)


PYTHON = """\
#!/bin/sh
if [ "$2" = venv ]; then mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; cp "$0" "$4/bin/genesis"; fi
"""
"""Makes an environment as python does, and installs nothing."""


def installed(tmp_path: Path, action: str) -> str:
    """The genesis that the action below `action` gives its steps, in one and the same job."""
    for name in ("scripts/action.sh", "pyproject.toml"):
        (tmp_path / action / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / action / name)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    output = tmp_path / "output"
    output.unlink(missing_ok=True)
    subprocess.run(
        ["bash", str(tmp_path / action / "scripts" / "action.sh"), "install"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHON": str(tmp_path / "python"),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "GITHUB_OUTPUT": str(output),
        },
        check=True,
        capture_output=True,
        timeout=60,
    )
    (line,) = output.read_text().splitlines()
    assert Path(line.removeprefix("genesis=")).is_file()
    return line


def test_two_pins_in_one_job_have_a_genesis_each(tmp_path: Path) -> None:
    first = installed(tmp_path, "actions/v1")
    assert installed(tmp_path, "actions/v1") == first
    assert installed(tmp_path, "actions/v2") != first
