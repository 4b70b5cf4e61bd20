"""Diffs that git applies, in bounded time."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.plan import Change
from bot.elixir.edit import LONGEST_COMPARISON, diff, file_diff


def applied(root: Path, before: str | None, patch: str) -> str | None:
    """What `git apply` makes of the text."""
    path = root / "lib" / "a.ex"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if before is not None:
        path.write_bytes(before.encode())
    subprocess.run(["git", "apply", "-"], cwd=root, input=patch.encode(), check=True)
    return path.read_bytes().decode() if path.exists() else None


TEXTS = st.text(alphabet="ab\n\r\x0c\u2028", max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(TEXTS, TEXTS)
def test_git_applies_the_diff_of_any_two_texts(tmp_path: Path, before: str, after: str) -> None:
    patch = file_diff("lib/a.ex", before, after)
    if before == after:
        assert patch == ""
    elif before and after:
        assert applied(tmp_path, before, patch) == after


def test_a_file_comes_and_goes(tmp_path: Path) -> None:
    assert applied(tmp_path, None, file_diff("lib/a.ex", None, "a\nb")) == "a\nb"
    assert applied(tmp_path, "a\nb", file_diff("lib/a.ex", "a\nb", None)) is None


@pytest.mark.parametrize("ending", ["", "\n"])
def test_texts_with_little_in_common_are_exchanged_as_a_whole(tmp_path: Path, ending: str) -> None:
    """Comparing them line by line takes 41 s where 20,000 lines repeat 150 others."""
    before = "".join(f"line {n % 130}\n" for n in range(20_000)) + "x"
    after = "".join(f"line {n * 7 % 130}\n" if n % 3 else f"{n}\n" for n in range(20_000)) + "y"
    patch = file_diff("lib/a.ex", before, after + ending)
    assert patch.count("@@ -") == 1
    assert applied(tmp_path, before, patch) == after + ending


def test_a_small_change_of_a_long_text_stays_small() -> None:
    lines = [f"line {n}\n" for n in range(3 * LONGEST_COMPARISON)]
    edited = [*lines[:9_000], "new\n", *lines[9_000:]]
    patch = file_diff("lib/a.ex", "".join(lines), "".join(edited))
    assert len(patch.splitlines()) == 10


def test_changes_are_told_one_after_the_other() -> None:
    changes = [
        Change(path="a.ex", before="", after="a\n"),
        Change(path="b.ex", before="b\n", after="c\n"),
    ]
    assert diff(changes) == (
        "--- /dev/null\n+++ b/a.ex\n@@ -0,0 +1 @@\n+a\n"
        "--- a/b.ex\n+++ b/b.ex\n@@ -1 +1 @@\n-b\n+c\n"
    )
