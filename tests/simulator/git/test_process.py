"""How git is run: bounded, alone, and never longer than its caller."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from bot.simulator.git.errors import GitFailed
from bot.simulator.git.process import environment, run, running
from tests.simulator.git.ordinary import git
from tests.simulator.git.serving import wait_for

pytestmark = pytest.mark.anyio


def sleeper(folder: Path) -> tuple[str, ...]:
    """A git that starts a shell which starts a sleeping child, and notes the child's id."""
    script = f"sleep 300 & echo $! > '{folder / 'child'}'; wait"
    return ("-c", f"alias.doze=!{script}", "doze")


def gone(pid: int) -> bool:
    """No such process, or one that only waits to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


async def written(path: Path) -> int:
    await asyncio.to_thread(wait_for, lambda: noted(path).endswith("\n"), "no child began")
    return int(noted(path))


def noted(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def ended(pid: int) -> None:
    await asyncio.to_thread(wait_for, lambda: gone(pid), "a child outlived its command")


async def test_too_long_a_run_ends_with_all_its_children(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="no end after") as caught:
        await run(sleeper(tmp_path), cwd=tmp_path, seconds=1)
    assert caught.value.code == -9
    await ended(await written(tmp_path / "child"))


async def test_a_cancelled_run_ends_with_all_its_children(tmp_path: Path) -> None:
    task = asyncio.ensure_future(run(sleeper(tmp_path), cwd=tmp_path))
    child = await written(tmp_path / "child")
    assert not gone(child)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended(child)


@pytest.mark.parametrize("turns", range(2, 8))
async def test_a_run_that_is_cancelled_while_it_begins_leaves_no_child(
    tmp_path: Path, turns: int
) -> None:
    task = asyncio.ensure_future(run(sleeper(tmp_path), cwd=tmp_path))
    for _ in range(turns):
        await asyncio.sleep(0)
    # git goes on while the loop is held up.
    wait_for(lambda: noted(tmp_path / "child").endswith("\n"), "no child began")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended(int(noted(tmp_path / "child")))


async def test_a_lifetime_ends_a_stream(tmp_path: Path) -> None:
    async with running(sleeper(tmp_path), cwd=tmp_path, lifetime=0.5) as process:
        assert await process.wait() == -9


async def test_output_is_bounded(work: Path) -> None:
    (work / "big").write_bytes(bytes(1 << 20))
    with pytest.raises(GitFailed, match="more than 1000 bytes"):
        await run(("diff", "--no-index", "--text", "/dev/null", "big"), cwd=work, limit=1000)
    argv = ("diff", "--no-index", "--text", "/dev/null", "big")
    output = await run(argv, cwd=work, limit=1000, cut=True)
    assert (len(output.stdout), output.cut) == (1000, True)


async def test_a_failure_tells_what_git_said(work: Path) -> None:
    with pytest.raises(GitFailed, match="unknown revision") as caught:
        await run(("rev-list", "nowhere"), cwd=work)
    assert caught.value.code == 128
    assert caught.value.argv == ("rev-list", "nowhere")


async def test_much_goes_in_while_much_comes_out(work: Path) -> None:
    sha = git(work, "rev-parse", "HEAD")
    asked = f"{sha}\n".encode() * 50_000
    output = await run(("cat-file", "--batch-check"), cwd=work, stdin=asked)
    assert output.stdout.count(b"commit") == 50_000


async def test_input_that_nobody_reads_does_no_harm(work: Path) -> None:
    assert (await run(("--version",), cwd=work, stdin=bytes(1 << 20))).text.startswith("git")


async def test_nothing_of_the_user_counts(work: Path) -> None:
    home = Path(os.environ["HOME"])
    assert "Test Author" in (home / ".gitconfig").read_text()
    listed = (await run(("config", "--list", "--show-scope"), cwd=work)).text
    assert "Test Author" not in listed
    assert "HOME" not in environment({})
    assert (await run(("config", "gc.auto"), cwd=work)).text == "0"
