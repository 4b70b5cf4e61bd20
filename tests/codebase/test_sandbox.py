from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from bot.codebase.process import child_environment
from bot.codebase.sandbox import Sandbox, open_sandbox
from bot.errors import Refused

SECRET = "sk-never-to-be-seen"
NO_BWRAP = {"PATH": "/nonexistent"}

needs_bwrap = pytest.mark.skipif(
    not shutil.which("bwrap") or not open_sandbox("auto", os.environ).isolated,
    reason="NO ISOLATION TESTED: bubblewrap is absent or blocked here (apt-get install bubblewrap)",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def _env(**extra: str) -> dict[str, str]:
    return child_environment({"PATH": os.environ["PATH"]}, extra)


def _sh(sandbox: Sandbox, tree: Path, script: str, timeout: float = 20.0) -> tuple[int, str]:
    done = sandbox.run(
        ("/bin/sh", "-c", script), cwd=tree, env=_env(), timeout=timeout, writable=(tree,)
    )
    return done.returncode, done.stdout + done.stderr


@needs_bwrap
def test_trap_clearenv_alone_leaks_through_proc_1_environ(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    sandbox = open_sandbox("required", os.environ)
    code, seen = _sh(
        sandbox,
        tree,
        "for f in /proc/[0-9]*/environ; do echo $f; tr '\\0' '\\n' < $f; done; env",
    )
    assert code == 0
    assert "/proc/1/environ" in seen
    assert "LC_ALL=C.UTF-8" in seen
    assert SECRET not in seen


@needs_bwrap
def test_no_secret_in_any_command_line_either(tree: Path) -> None:
    sandbox = open_sandbox("required", {**os.environ, "GITHUB_TOKEN": SECRET})
    _, seen = _sh(sandbox, tree, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert "bwrap" in seen
    assert SECRET not in seen


@needs_bwrap
def test_there_is_no_network(tree: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        probe = f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached"
        command = ("/bin/bash", "-c", probe)
        inside = open_sandbox("required", os.environ).run(
            command, cwd=tree, env=_env(), timeout=20, writable=(tree,)
        )
        outside = open_sandbox("off", os.environ).run(command, cwd=tree, env=_env(), timeout=20)
    assert "reached" in outside.stdout
    assert "reached" not in inside.stdout
    assert inside.returncode != 0


@needs_bwrap
def test_only_what_is_bound_can_be_seen_and_only_the_tree_written(
    tree: Path, tmp_path: Path
) -> None:
    (tmp_path / "private").write_text(SECRET)
    shown = tmp_path / "deps"
    shown.mkdir()
    (shown / "dep.ex").write_text("dep")
    done = open_sandbox("required", os.environ).run(
        (
            "/bin/sh",
            "-c",
            f"cat {tmp_path}/private; cat {shown}/dep.ex; echo x > {shown}/y; echo in > z",
        ),
        cwd=tree,
        env=_env(),
        timeout=20,
        writable=(tree,),
        readable=(shown,),
    )
    assert done.stdout == "dep"
    assert not (shown / "y").exists()
    assert (tree / "z").read_text() == "in\n"


@needs_bwrap
@pytest.mark.parametrize("kind", ["directory", "file"])
def test_the_git_directory_is_hidden(tree: Path, kind: str) -> None:
    if kind == "directory":
        (tree / ".git").mkdir()
        (tree / ".git/config").write_text(SECRET)
    else:
        (tree / ".git").write_text(f"gitdir: {SECRET}")
    sandbox = open_sandbox("required", os.environ)
    _, seen = _sh(sandbox, tree, "cat .git .git/config; echo evil > .git/hooks-x; true")
    assert SECRET not in seen
    assert not (tree / ".git/hooks-x").exists()


@needs_bwrap
def test_trap_killpg_misses_a_setsid_child_the_pid_namespace_does_not(tree: Path) -> None:
    mark = f"{os.getpid()}-{tree.parent.name}"
    script = f"setsid sh -c 'exec -a x sleep 300 # {mark}' & echo started; sleep 300"
    done = open_sandbox("required", os.environ).run(
        ("/bin/bash", "-c", script), cwd=tree, env=_env(), timeout=1.0, writable=(tree,)
    )
    assert done.timed_out
    assert "started" in done.stdout
    assert not _alive(mark)


def _alive(mark: str) -> list[str]:
    commands = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.append(file.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return [c for c in commands if mark in c and "pytest" not in c]


def test_auto_without_bubblewrap_says_so() -> None:
    sandbox = open_sandbox("auto", NO_BWRAP)
    assert not sandbox.isolated
    assert sandbox.notice == (
        "not isolated: bubblewrap (bwrap) is not installed; "
        "project code runs with a scrubbed environment only"
    )


def test_a_bubblewrap_that_is_blocked_is_probed_not_believed(tmp_path: Path) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
    fake.chmod(0o755)
    sandbox = open_sandbox("auto", {"PATH": str(tmp_path)})
    assert not sandbox.isolated
    assert "setting up uid map: Permission denied" in sandbox.notice


def test_required_refuses_instead_of_falling_back() -> None:
    with pytest.raises(Refused, match="bubblewrap"):
        open_sandbox("required", NO_BWRAP)


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_with_a_key_present_there_is_no_fall_back(mode: str) -> None:
    with pytest.raises(Refused, match="no sandbox"):
        open_sandbox("auto" if mode == "auto" else "off", NO_BWRAP, key_present=True)


def test_off_says_so_and_still_scrubs(tree: Path) -> None:
    sandbox = open_sandbox("off", os.environ)
    assert sandbox.notice.startswith("sandbox off")
    done = sandbox.run(("/usr/bin/env",), cwd=tree, env=_env(), timeout=20)
    names = {line.split("=")[0] for line in done.stdout.splitlines()}
    assert names <= {"PATH", "LANG", "LC_ALL"}


@needs_bwrap
def test_a_placed_directory_never_covers_what_is_there_nor_opens_what_is_around(
    tree: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mix.exs").write_text(name)
    (tmp_path / "private").write_text(SECRET)
    one, two = tmp_path / "one", tmp_path / "two"
    placed = {
        Path("/seen/one"): one,
        two: two,
        Path("/usr/bin"): one,
        Path("/"): one,
        tree / "inside": one,
        tmp_path: two,
        Path("/proc/self"): one,
    }
    looks = f"cat /seen/one/* {two}/*; ls {tmp_path}; ls {tree}; test -x /usr/bin/env && echo kept"
    done = open_sandbox("required", os.environ).run(
        ("/bin/sh", "-c", looks),
        cwd=tree,
        env=_env(),
        timeout=20,
        writable=(tree,),
        placed=placed,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["onetwotree", "two", "kept"]
