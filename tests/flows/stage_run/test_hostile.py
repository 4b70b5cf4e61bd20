"""A project all of whose code is hostile, through the very commands of the jobs.

Nothing of it may read a key, reach a network where a key is, or leave anything to a later job.
"""

from __future__ import annotations

import os
import re
import socket
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.codebase.process import child_environment
from bot.codebase.sandbox import open_sandbox
from bot.codebase.toolchain import Toolchain, find_toolchain
from bot.errors import Exit
from bot.flows.stage_run.prepare import PREPARED_FILE
from tests.cli.support import Ran
from tests.fakes.anthropic_server import AnthropicServer
from tests.flows.stage_run.hostile_project import (
    COMMANDS,
    LEFT,
    PLANTED,
    REPORT,
    hostile,
    probe_source,
    words_for,
)
from tests.flows.stage_run.served_git import served
from tests.flows.stage_run.test_jobs import Runner, runner

needs_bwrap = pytest.mark.skipif(
    not open_sandbox("auto", os.environ).isolated,
    reason="NO ISOLATION TESTED: bubblewrap is absent or blocked here (apt-get install bubblewrap)",
)
pytestmark = [pytest.mark.elixir, pytest.mark.timeout(900), needs_bwrap]

CANARY = "canary-that-nobody-may-see"
SECRETS = {
    name: f"{CANARY}-{name.lower()}"
    for name in ("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_TOKEN")
}
KEYS = {name: f"sk-{CANARY}-{name.lower()}" for name in ("ANTHROPIC_API_KEY", "GEMINI_API_KEY")}
SEALED = {"sealed-mix", "sealed-compiler", "sealed-module", "sealed-test"}
FETCHING = {"open-mix", "open-dep-mix", "open-dep-compile"}


@dataclass
class Listener:
    """What reached us over the network."""

    port: int
    heard: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server.getsockname()[1])

        def hear() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(10)
                    listener.heard.append(connection.recv(1000).decode())

        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        yield listener
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@dataclass(frozen=True)
class Played:
    """The three jobs, each after the other, and what was seen from outside after each."""

    runner: Runner
    jobs: dict[str, Ran]
    heard: dict[str, list[str]]
    alive: dict[str, list[str]]
    planted: dict[str, set[str]]

    def reports(self, job: str) -> dict[str, str]:
        """What the project's code could see in a job, by where it ran."""
        place = self.runner.hand if job == "prepare" else self.runner.folder / f"temp-{job}"
        wanted = "open" if job == "prepare" else "sealed"
        found = place.rglob(f"{REPORT}{wanted}-*")
        return {f.name.removeprefix(REPORT): f.read_text("utf-8", "replace") for f in found}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "served").mkdir()
    _set_bait(folder)
    jobs: dict[str, Ran] = {}
    heard: dict[str, list[str]] = {}
    alive: dict[str, list[str]] = {}
    planted: dict[str, set[str]] = {}
    with served(folder / "served") as url, listening() as listener, AnthropicServer([]) as model:
        files = hostile(folder, url, port=listener.port, key_file=folder / "runner/.credentials")
        made = runner(folder, files)
        made = replace(made, git_config=f"http.extraheader=AUTHORIZATION: {CANARY}-git")
        keys = {**KEYS, "ANTHROPIC_BASE_URL": model.url, "GENESIS_MODEL_PROVIDER": "anthropic"}
        for job in ("prepare", "work", "verify"):
            env = SECRETS | _files_of(folder, job) | (keys if job == "work" else {})
            env["RUNNER_TEMP"] = str(folder / f"temp-{job}")
            jobs[job] = made.job(job, env)
            heard[job], listener.heard[:] = list(listener.heard), []
            alive[job] = [c for c in _commands() if LEFT in c]
            planted[job] = {str(p.relative_to(folder)) for p in folder.rglob(PLANTED)}
        yield Played(made, jobs, heard, alive, planted)


def _set_bait(folder: Path) -> None:
    """What lies about on a runner."""
    for name in ("runner/.credentials", "runner/_temp/event.json", "home-of-runner/.netrc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{CANARY}-file\n")


def _files_of(folder: Path, job: str) -> dict[str, str]:
    names = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE")
    made = {name: folder / "runner/_temp" / f"{job}-{name}" for name in names}
    for file in made.values():
        file.touch()
    return {name: str(file) for name, file in made.items()}


def _commands() -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def test_a_probe_finds_what_can_be_found(tmp_path: Path) -> None:
    """In a sandbox too, but one with a key in it, a network and a place to write to."""
    build, bait = tmp_path / "build", tmp_path / "bait"
    build.mkdir()
    bait.mkdir()
    (bait / "key").write_text(f"{CANARY}-file")
    tools = find_toolchain(tmp_path, os.environ)
    assert isinstance(tools, Toolchain)
    with listening() as listener:
        words = words_for(tmp_path, listener.port, [str(build)])
        (build / "probe.exs").write_text(probe_source("Probe", "here", words) + "Probe.look()\n")
        env = child_environment(os.environ, {"MIX_BUILD_PATH": str(build), "KEY": f"{CANARY}-env"})
        done = open_sandbox("required", os.environ).run(
            (str(tools.elixir), "probe.exs"),
            cwd=build,
            env=env,
            timeout=120,
            writable=(build,),
            readable=(bait, *tools.roots),
            network=True,
        )
    assert done.returncode == 0, done.tail()
    seen = (build / f"{REPORT}open-here").read_text("utf-8", "replace")
    assert re.search(rf'"KEY" => "{CANARY}-env"', seen)
    assert re.search(rf"/proc/\d+/environ [^\n]*KEY={CANARY}-env", seen)
    assert f"{bait}/key {CANARY}-file" in seen
    assert "net reached" in seen
    assert (build / PLANTED).exists()
    assert listener.heard == ["from here\n"]
    assert set(COMMANDS) <= set(done.stdout.splitlines()) & set(done.stderr.splitlines())


def test_the_work_is_done_all_the_same(played: Played) -> None:
    for job, ran in played.jobs.items():
        assert ran.code == Exit.OK, job + ran.out + ran.err
    assert played.runner.manifest.status == "ready", played.jobs["work"].out
    assert played.runner.verdict.status == "passed", played.jobs["verify"].out


@pytest.mark.parametrize(
    ("job", "where"), [("prepare", FETCHING), ("work", SEALED), ("verify", SEALED)]
)
def test_it_sees_no_key_in_any_process_file_or_variable(
    played: Played, job: str, where: set[str]
) -> None:
    reports = played.reports(job)
    assert where <= reports.keys()
    for name, seen in reports.items():
        assert "/proc/1/environ" in seen, name
        assert "mix" in seen, name
        assert CANARY not in seen, name
        assert not [v for v in (*SECRETS, *KEYS, "GITHUB_ENV") if v in seen], name


def test_it_reaches_a_network_only_where_no_key_is(played: Played) -> None:
    assert {line.strip() for line in played.heard["prepare"]} == {
        f"from {name.removeprefix('open-')}" for name in FETCHING
    }
    assert (played.heard["work"], played.heard["verify"]) == ([], [])
    for job in ("work", "verify"):
        for name, seen in played.reports(job).items():
            assert "\nnet refused " in seen, name


def test_it_leaves_nothing_to_a_later_step_or_job(played: Played) -> None:
    own = {f"code/{PLANTED}"}
    assert played.planted == {"prepare": own, "work": set(), "verify": set()}
    assert played.alive == {"prepare": [], "work": [], "verify": []}
    # What outlives a job on a machine that is used again lies elsewhere than what it built.
    assert not list(played.runner.folder.glob("home-*/cache/*"))
    written = [
        f.name for f in played.runner.folder.glob("runner/_temp/*-GITHUB_*") if f.read_text()
    ]
    assert written == []
    for job, ran in played.jobs.items():
        lines = [line.strip() for line in (ran.out + "\n" + ran.err).splitlines()]
        assert not [line for line in lines if line.startswith(COMMANDS)], job
        told = played.runner.told(job)
        assert set(told) <= {"digest", "keep", "status"}


def test_what_prepare_hands_over_is_folders_and_files_of_dependencies(played: Played) -> None:
    with tarfile.open(played.runner.hand / PREPARED_FILE) as tar:
        members = tar.getmembers()
        assert {m.name.split("/")[0] for m in members} == {"deps", "build"}
        assert all(m.isreg() or m.isdir() for m in members)
        assert not [m.name for m in members if "a-link" in m.name]
    assert CANARY.encode() not in (played.runner.hand / PREPARED_FILE).read_bytes()
    assert "not packed: deps/tiny/a-link-to-a-key" in played.jobs["prepare"].out
