"""Scripts of jobs that may write, run as a runner does, before stand-ins of gh and skopeo."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.workflow_files import written

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = {Path(one.path).name: one.data for one in written(ROOT) if one.kind == "workflow"}
LOCK = "a==1 \\\n    --hash=sha256:0\n"


def script(workflow: str, job: str, step: str) -> str:
    data: Any = WORKFLOWS[workflow]
    (found,) = (x for x in data["jobs"][job]["steps"] if x.get("name") == step)
    return str(found["run"])


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A folder with stand-ins on PATH that write down how they were called."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("gh", "skopeo"):
        tool = tools / name
        tool.write_text(
            "#!/bin/bash\n"
            f'printf "%s\\n" "{name} $*" >> "$BENCH/calls"\n'
            "for (( i = 1; i <= $#; i++ )); do\n"
            '  if [ "${!i}" = --digestfile ]; then j=$((i + 1)); echo -n sha256:abc > "${!j}"; fi\n'
            '  if [ "${!i}" = --password-stdin ]; then cat > "$BENCH/password"; fi\n'
            "done\n"
        )
        tool.chmod(0o755)
    (tmp_path / "work").mkdir()
    (tmp_path / "calls").touch()
    return tmp_path


def run(bench: Path, text: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=bench / "work",
        env={
            **os.environ,
            "PATH": f"{bench / 'tools'}:{os.environ['PATH']}",
            "BENCH": str(bench),
            "GITHUB_OUTPUT": str(bench / "output"),
            "GITHUB_STEP_SUMMARY": str(bench / "summary"),
            **env,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def repository(bench: Path) -> Path:
    """A checkout with one lock and a hook, and its origin."""
    git(bench, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    work = bench / "work"
    git(bench, "clone", "--quiet", str(bench / "origin.git"), "work")
    (work / "requirements").mkdir()
    (work / "requirements" / "run.txt").write_text(LOCK)
    (work / "bot.py").write_text("1\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message", "First")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    (bench / "locks").mkdir()
    return work


def propose(bench: Path) -> subprocess.CompletedProcess[str]:
    text = script("locks.yml", "propose", "Propose")
    return run(bench, text, LOCKS=str(bench / "locks"), BASE="main", GH_TOKEN="t")


def test_new_locks_are_proposed_from_a_branch_of_their_own(bench: Path, repository: Path) -> None:
    (bench / "locks" / "run.txt").write_text(LOCK.replace("==1", "==2"))
    assert propose(bench).returncode == 0
    changed = git(bench / "origin.git", "diff", "--name-only", "main", "locks/update")
    assert changed == "requirements/run.txt\n"
    assert "gh pr create --base main --head locks/update" in (bench / "calls").read_text()


def test_nothing_but_lock_files_is_taken_from_the_artifact(bench: Path, repository: Path) -> None:
    (bench / "locks" / "run.txt").symlink_to("/etc/passwd")
    (bench / "locks" / "strange.txt").write_text("b==1\n")
    (bench / "locks" / "bot.py").write_text("print('mine')\n")
    done = propose(bench)
    assert done.returncode == 0, done.stderr
    assert "newest" in (bench / "summary").read_text()
    assert "locks/update" not in git(bench / "origin.git", "branch")
    assert (bench / "calls").read_text() == ""


def test_a_hook_of_the_repository_does_not_run_beside_the_token(
    bench: Path, repository: Path
) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {bench / 'ran'}\n")
    hook.chmod(0o755)
    (bench / "locks" / "run.txt").write_text(LOCK.replace("==1", "==2"))
    assert propose(bench).returncode == 0
    assert not (bench / "ran").exists()


@pytest.fixture
def downloaded(bench: Path) -> Path:
    """What the jobs after the build have."""
    work = bench / "work"
    (work / "dist").mkdir()
    (work / "papers").mkdir()
    wheel = work / "dist" / "otp_genesis-1.0.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    digest = hashlib.sha256(b"wheel").hexdigest()
    (work / "papers" / "SHA256SUMS").write_text(f"{digest}  {wheel.name}\n")
    (work / "papers" / "notes.md").write_text("- New.\n")
    (work / "papers" / "otp-genesis-1.0.0-run.cdx.json").write_text("{}")
    return work


def publish(bench: Path) -> subprocess.CompletedProcess[str]:
    text = script("release.yml", "publish", "The sums once more, and the release")
    return run(bench, text, TAG="v1.0.0", GH_TOKEN="t", GH_REPO="o/r")


def test_the_release_has_the_files_that_were_judged(bench: Path, downloaded: Path) -> None:
    assert publish(bench).returncode == 0
    calls = (bench / "calls").read_text()
    assert calls.startswith("gh release create v1.0.0 --verify-tag")
    assert "dist/otp_genesis-1.0.0-py3-none-any.whl papers/SHA256SUMS papers/otp-genesis" in calls


def test_a_file_changed_after_it_was_judged_is_not_released(bench: Path, downloaded: Path) -> None:
    next((downloaded / "dist").iterdir()).write_bytes(b"another wheel")
    assert publish(bench).returncode != 0
    assert (bench / "calls").read_text() == ""


def test_an_image_is_pushed_as_it_was_built_and_the_token_is_no_argument(bench: Path) -> None:
    text = script("release.yml", "push", "Push")
    done = run(
        bench,
        text,
        TOKEN="ghs_secret",
        ACTOR="dev",
        REPOSITORY="Owner/OTP-Genesis",
        TARGET="run",
        SUFFIX="-run",
        TAG="v1.0.0",
    )
    assert done.returncode == 0, done.stderr
    calls = (bench / "calls").read_text()
    assert "--all --preserve-digests" in calls
    assert "oci-archive:images/image-run.tar docker://ghcr.io/owner/otp-genesis:1.0.0-run" in calls
    assert "ghs_secret" not in calls
    assert (bench / "password").read_text().strip() == "ghs_secret"
    assert (bench / "output").read_text() == "image=ghcr.io/owner/otp-genesis\ndigest=sha256:abc\n"


def test_the_sbom_that_is_attested_is_the_one_of_the_plain_install(
    bench: Path, downloaded: Path
) -> None:
    text = script("release.yml", "attest", "What the one SBOM of the plain install is called")
    assert run(bench, text).returncode == 0
    assert (bench / "output").read_text() == "path=papers/otp-genesis-1.0.0-run.cdx.json\n"
    (downloaded / "papers" / "otp-genesis-1.0.0-other-run.cdx.json").write_text("{}")
    assert run(bench, text).returncode != 0


@pytest.mark.parametrize(
    ("workflow", "job", "locks"),
    [
        ("stage.yml", "prepare", ["run"]),
        ("stage.yml", "work", ["models"]),
        ("stage.yml", "verify", ["run"]),
        ("stage.yml", "publish", ["run"]),
        ("bot.yml", "react", ["server", "models"]),
    ],
)
def test_a_runner_gets_what_the_locks_in_the_wheel_say(
    bench: Path, workflow: str, job: str, locks: list[str]
) -> None:
    """The wheel alone first, then what it needs, with hashes, and nothing that is built there."""
    python = bench / "tools" / "python3"
    python.write_text(
        "#!/bin/bash\n"
        'mkdir -p "$3/bin" "$3/lib/python3.12/site-packages/bot/_locks"\n'
        'printf \'#!/bin/bash\\necho "pip $* in ${PWD##*/}" >> "$BENCH/calls"\\n\' > "$3/bin/pip"\n'
        'chmod +x "$3/bin/pip"\n'
    )
    python.chmod(0o755)
    text = script(workflow, job, "Genesis")
    env = {"RUNNER_TEMP": str(bench), "GITHUB_PATH": str(bench / "path"), "VERSION": "1.2.3"}
    done = run(bench, text, **env)
    assert done.returncode == 0, done.stderr
    wanted = " ".join(f"--requirement {lock}.txt" for lock in locks)
    assert (bench / "calls").read_text().splitlines() == [
        "pip install --quiet --only-binary :all: --no-deps otp-genesis==1.2.3 in work",
        f"pip install --quiet --only-binary :all: --require-hashes {wanted} in _locks",
    ]
    assert (bench / "path").read_text() == f"{bench}/genesis/bin\n"
