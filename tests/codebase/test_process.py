from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bot.codebase.process import KEPT_OUTPUT, child_environment, run

ENV = {"PATH": os.environ["PATH"]}


def test_returns_both_streams_and_the_exit_code(tmp_path: Path) -> None:
    done = run(("sh", "-c", "echo out; echo err >&2; exit 3"), cwd=tmp_path, env=ENV, timeout=20)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 3)
    assert done.tail() == "out\nerr"
    assert not done.timed_out


def test_standard_input_is_empty_so_a_prompt_ends(tmp_path: Path) -> None:
    done = run(("sh", "-c", "read answer || echo closed"), cwd=tmp_path, env=ENV, timeout=20)
    assert done.stdout == "closed\n"


def test_a_deadline_ends_the_whole_group(tmp_path: Path) -> None:
    script = "sleep 300 & echo $! > child; wait"
    done = run(("sh", "-c", script), cwd=tmp_path, env=ENV, timeout=0.5)
    assert done.timed_out
    assert done.seconds < 20
    status = Path("/proc") / (tmp_path / "child").read_text().strip() / "status"
    deadline = time.monotonic() + 60
    while is_alive(status) and time.monotonic() < deadline:
        time.sleep(0.01)  # Whoever sends a signal is not told when it has been taken.
    assert not is_alive(status)


def is_alive(status: Path) -> bool:
    try:
        return "State:\tZ" not in status.read_text()
    except OSError:
        return False


def test_arguments_are_never_read_by_a_shell(tmp_path: Path) -> None:
    done = run(("printf", "%s", "$(id); *"), cwd=tmp_path, env=ENV, timeout=20)
    assert done.stdout == "$(id); *"


def test_only_allow_listed_variables_reach_a_child() -> None:
    source = {"PATH": "/bin", "HOME": "/h", "ANTHROPIC_API_KEY": "k", "GITHUB_TOKEN": "t"}
    assert child_environment(source, {"MIX_ENV": "test"}) == {
        "PATH": "/bin",
        "HOME": "/h",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "MIX_ENV": "test",
    }


def test_the_middle_of_endless_output_is_dropped(tmp_path: Path) -> None:
    script = f"head -c {KEPT_OUTPUT + 500_000} /dev/zero | tr '\\0' x; echo end"
    done = run(("sh", "-c", script), cwd=tmp_path, env=ENV, timeout=60)
    assert len(done.stdout) < KEPT_OUTPUT + 100
    assert "... output shortened ..." in done.stdout
    assert done.stdout.endswith("end\n")


def test_bytes_that_are_no_utf8_do_not_break_the_reader(tmp_path: Path) -> None:
    done = run(("printf", "\\377ok"), cwd=tmp_path, env=ENV, timeout=20)
    assert done.stdout == "\ufffdok"


def test_an_absent_program_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(("no-such-program-here",), cwd=tmp_path, env=ENV, timeout=5)


def test_a_disowned_child_that_keeps_the_pipes_does_not_hang_us(tmp_path: Path) -> None:
    script = "setsid sleep 40 & sleep 40"
    done = run(("sh", "-c", script), cwd=tmp_path, env=ENV, timeout=0.5)
    assert done.timed_out
    assert done.seconds < 30
