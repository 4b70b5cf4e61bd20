"""The script that fetches the judges: checked sums, nothing half done, clear words."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.simulator.judges.library import ROOT

TOOLS = "bash cat cksum cut dirname basename mktemp mkdir rm mv touch tar gzip sha512sum".split()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script, and a PATH in `bin` without any npm."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "judges.sh", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def fetch(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "scripts/judges.sh", *arguments],
        cwd=checkout,
        env={"PATH": str(checkout / "bin")},
        capture_output=True,
        text=True,
    )


def give_npm(checkout: Path, script: str) -> None:
    npm = checkout / "bin" / "npm"
    npm.write_text(f"#!{shutil.which('bash')}\n{script}\n")
    npm.chmod(0o755)


def left_over(checkout: Path) -> list[str]:
    return sorted(path.name for path in checkout.glob(".judges*"))


def test_without_npm_it_says_what_to_install(checkout: Path) -> None:
    done = fetch(checkout)
    assert done.returncode == 1
    assert "there is no npm" in done.stderr
    assert left_over(checkout) == []


def test_without_npm_the_suite_goes_on_loudly(checkout: Path) -> None:
    done = fetch(checkout, "--optional")
    assert done.returncode == 0
    assert "WILL BE SKIPPED" in done.stderr


@pytest.mark.parametrize("optional", [(), ("--optional",)])
def test_a_package_with_another_sum_is_refused(checkout: Path, optional: tuple[str, ...]) -> None:
    give_npm(checkout, 'echo evil >"$5/package.tgz"')
    done = fetch(checkout, *optional)
    assert done.returncode == 1
    assert "@octokit/openapi@23.0.2 is not what" in done.stderr
    assert left_over(checkout) == []


def test_a_failed_download_leaves_nothing(checkout: Path) -> None:
    give_npm(checkout, "exit 1")
    done = fetch(checkout)
    assert done.returncode == 1
    assert "npm pack @octokit/openapi@23.0.2 failed" in done.stderr
    assert left_over(checkout) == []


def test_what_was_fetched_is_not_fetched_again(checkout: Path) -> None:
    text = (checkout / "scripts" / "judges.sh").read_text()
    done = subprocess.run(["cksum"], input=text, capture_output=True, text=True, check=True)
    (checkout / ".judges").mkdir()
    (checkout / ".judges" / f"fetched-{done.stdout.split()[0]}").touch()
    assert fetch(checkout).returncode == 0
