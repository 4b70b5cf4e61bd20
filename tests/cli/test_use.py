"""Wrong use, help, completion and colours: what a person meets before any work is done."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import app
from bot.errors import Exit
from tests.cli.support import genesis, inside
from tests.flows.support import repository

COMMANDS = [command.name or "" for command in app.registered_commands]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("analyze", "--nonsense"), "No such option: --nonsense"),
        (("show", "--stage", "9"), "Invalid value for '--stage'"),
        (("run", "--stage", "x"), "Invalid value for '--stage'"),
        (("plan", "--goal"), "requires an argument"),
        (("undo", "a", "b"), "unexpected extra argument"),
    ],
)
def test_wrong_use_is_one_line_with_the_next_step(args: tuple[str, ...], message: str) -> None:
    ran = inside(*args)
    assert ran.code == Exit.USAGE
    first, second = ran.err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert second.startswith("  next: `genesis ")
    machine = inside(args[0], "--json", *args[1:])
    assert machine.data["error"]["exit_code"] == Exit.USAGE


def test_without_a_command_the_help_is_shown() -> None:
    ran = inside()
    assert (ran.code, ran.err) == (Exit.USAGE, "")
    assert all(name in ran.out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_examples(command: str) -> None:
    ran = inside(command, "--help", env={"COLUMNS": "100"})
    assert ran.code == Exit.OK
    assert f"genesis {command}" in ran.out.partition("Examples:")[2]


def test_completion_is_shown_and_installed(tmp_path: Path) -> None:
    home = {
        "HOME": str(tmp_path),
        "SHELL": "/bin/bash",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    assert genesis("--show-completion", "bash", env=home).code == Exit.OK
    assert genesis("--install-completion", "bash", env=home).code == Exit.OK
    assert list((tmp_path / ".bash_completions").iterdir())


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GENESIS_JOBS", "x"),
        ("GENESIS_MAX_ATTEMPTS", "0"),
        ("GENESIS_SANDBOX", "maybe"),
        ("GENESIS_GIT_TIMEOUT", "nan"),
        ("GENESIS_CACHE_DIR", "~no-such-user-here/cache"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    ran = inside("analyze", tmp_path, env={variable: value})
    assert ran.code == Exit.CONFIG
    assert f"{variable}: " in ran.err
    assert ran.err.splitlines()[1] == f"  next: correct or unset {variable}"


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, command: str) -> None:
    root = repository(tmp_path / "shop")
    (tmp_path / "file").write_text("")
    ran = inside(command, root, env={"GENESIS_CACHE_DIR": str(tmp_path / "file/cache")})
    assert ran.code == Exit.UNUSABLE
    assert "cannot write to the cache" in ran.err
    assert "set GENESIS_CACHE_DIR" in ran.err


def test_a_git_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    # Permissions do not stop a superuser, who may run this; a file in the way does.
    (root / ".git/genesis").write_text("")
    ran = inside("plan", root, env={"GENESIS_CACHE_DIR": str(tmp_path / "cache")})
    assert (ran.code, len(ran.err.splitlines())) == (Exit.UNUSABLE, 2)
    assert "cannot write below" in ran.err


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals_that_want_them(
    tmp_path: Path, env: dict[str, str], coloured: bool
) -> None:
    root = repository(tmp_path / "shop")
    seen = on_a_terminal(["analyze", str(root)], {"TERM": "xterm", **env})
    assert "unsupervised-spawn" in seen
    assert ("\x1b[33m" in seen) is coloured
    assert "\x1b[33m" in inside("--color", "analyze", root).out
    assert "\x1b" not in inside("analyze", root).out


@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_an_output_that_takes_no_more_is_said(tmp_path: Path, mode: tuple[str, ...]) -> None:
    root = repository(tmp_path / "shop")
    code = "from bot.cli import main; main()"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "analyze", str(root), *mode],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == Exit.UNUSABLE
    assert done.stderr.startswith("error: the system refused: No space left on device\n")
    assert "Traceback" not in done.stderr


def on_a_terminal(args: list[str], env: dict[str, str]) -> str:
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(env)
        code = "from bot.cli import main; main()"
        os.execv(sys.executable, [sys.executable, "-c", code, *args])  # noqa: S606 - our own interpreter
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            part = b""
        if not part:
            break
        parts.append(part)
    os.waitpid(pid, 0)
    os.close(terminal)
    return b"".join(parts).decode("utf-8", "replace")
