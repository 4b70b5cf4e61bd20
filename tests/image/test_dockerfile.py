"""What the images promise, read from the Dockerfile; `make image-test` carries it out."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from bot.cli.serve import serve
from bot.settings import Settings
from tests.image.conftest import ROOT
from tests.image.dockerfile import Instruction, Stage, parse

TARGETS = ("run", "server")


def test_the_parser_joins_lines_and_knows_its_limits() -> None:
    stages = parse(
        "FROM a AS x\nRUN one \\\n  # why\n && two 'b c'\nFROM x AS y\nENV A=1 B=\"2 3\"\n"
    )
    assert stages["x"].all("RUN")[0].commands == [["one"], ["two", "b c"]]
    assert (stages["y"].base, stages["y"].environment) == ("x", {"A": "1", "B": "2 3"})
    for wrong in ("ADD https://x /", "FROM a", "FROM a AS x\nFROM b AS x", "run x"):
        with pytest.raises(ValueError, match=r"not an instruction|a name of its own"):
            parse(wrong)


def test_every_base_is_pinned_by_digest_or_is_ours(stages: dict[str, Stage]) -> None:
    outside = [s.base for s in stages.values() if s.base not in stages]
    assert outside
    pinned = re.compile(r"[a-z]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}")
    assert [base for base in outside if not pinned.fullmatch(base)] == []
    copied = [i.text for s in stages.values() for i in s.all("COPY") if "--from=" in i.text]
    assert {text.split()[0].removeprefix("--from=") for text in copied} <= stages.keys()


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_not_root_and_its_number_is_fixed(stages: dict[str, Stage], target: str) -> None:
    user = stages[target].last("USER")
    after = stages[target].instructions[stages[target].instructions.index(user) :]
    assert user.text == "10001:10001"
    assert "RUN" not in {i.keyword for i in after}
    made = " ".join(i.text for i in stages["base"].all("RUN"))
    assert "groupadd --gid 10001" in made
    assert "useradd --uid 10001" in made


def pip_commands(stage: Stage) -> list[list[str]]:
    commands = [c for i in stage.all("RUN") for c in i.commands]
    return [c for c in commands if c[0].endswith("/pip") and {"install", "wheel"} & set(c)]


def test_python_packages_come_by_hash_and_as_wheels_only(stages: dict[str, Stage]) -> None:
    seen = [c for stage in stages.values() for c in pip_commands(stage)]
    assert len(seen) == 4
    for command in seen:
        offline = {"--no-index", "--no-deps"} <= set(command)
        hashed = "--require-hashes" in command
        wheels = "--only-binary :all:" in " ".join(command)
        assert offline or (hashed and wheels), command
    text = (ROOT / "Dockerfile").read_text()
    assert not re.search(r"\b(curl|wget|git clone)\b", text)


def test_the_locks_installed_together_agree(stages: dict[str, Stage]) -> None:
    used = {w for c in pip_commands(stages["build"]) for w in c if w.startswith("requirements/")}
    assert used == {f"requirements/{n}.txt" for n in ("build", "server", "models")}
    pins: dict[str, set[str]] = {}
    for lock in ("server", "models"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text()
        for name, version in re.findall(
            r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", text, re.MULTILINE
        ):
            pins.setdefault(name, set()).add(version)
    assert {n: v for n, v in pins.items() if len(v) > 1} == {}


def sources(stages: dict[str, Stage]) -> set[str]:
    copies = [i.text.split() for s in stages.values() for i in s.all("COPY")]
    return {w for words in copies if not words[0].startswith("--from=") for w in words[:-1]}


def test_what_is_copied_is_in_git_and_nothing_else_reaches_the_builder(
    stages: dict[str, Stage],
) -> None:
    copied = sources(stages)
    command = ["git", "ls-files", "--", *copied]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    tracked = listed.splitlines()
    assert [c for c in copied if not any(t == c or t.startswith(f"{c}/") for t in tracked)] == []
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in ignore if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {line[1:] for line in rules if line.startswith("!")} == copied


@pytest.mark.parametrize("target", TARGETS)
def test_the_result_holds_the_environment_of_the_build_stage_and_nothing_that_builds(
    stages: dict[str, Stage], target: str
) -> None:
    assert stages[target].base == "base"
    copied = [i.text for i in stages[target].all("COPY")]
    assert copied == ["--from=build /opt/genesis /opt/genesis"]
    assert pip_commands(stages[target]) == []
    made = [c for c in stages["build"].all("RUN") if "venv" in c.text and "/opt/genesis" in c.text]
    assert "--without-pip" in made[0].text


def packages(stages: dict[str, Stage], name: str) -> set[str]:
    chain = [stages[name]]
    while chain[-1].base in stages:
        chain.append(stages[chain[-1].base])
    commands = [c for stage in chain for i in stage.all("RUN") for c in i.commands]
    installs = [c for c in commands if c[:2] == ["apt-get", "install"]]
    assert all("--no-install-recommends" in c for c in installs)
    return {word for c in installs for word in c[2:] if not word.startswith("-")}


def test_elixir_is_for_running_only(stages: dict[str, Stage]) -> None:
    assert packages(stages, "server") == {"ca-certificates", "git", "python3"}
    assert packages(stages, "run") - packages(stages, "server") == {"bubblewrap", "elixir"}
    assert next(reversed(stages)) == "server"


@pytest.mark.parametrize("target", TARGETS)
def test_only_two_folders_are_written_and_our_settings_name_them(
    stages: dict[str, Stage], target: str
) -> None:
    ours = {k: v for k, v in stages[target].environment.items() if k.startswith("GENESIS_")}
    assert {k.removeprefix("GENESIS_").lower() for k in ours} <= Settings.model_fields.keys()
    assert set(ours.values()) == set(stages[target].last("VOLUME").json) == {"/state", "/cache"}
    assert stages[target].environment["HOME"] == "/cache"


def test_no_secret_is_asked_for_while_building(stages: dict[str, Stage]) -> None:
    named = [
        name
        for stage in stages.values()
        for i in stage.instructions
        if i.keyword in ("ARG", "ENV")
        for name in i.pairs
    ]
    assert named
    assert [n for n in named if re.search("KEY|SECRET|TOKEN|PASS", n)] == []


@pytest.mark.parametrize("target", TARGETS)
def test_labels_tell_what_it_is(stages: dict[str, Stage], target: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    labels = {k: v for i in stages[target].all("LABEL") for k, v in i.pairs.items()}
    wanted = ("title", "description", "licenses", "version", "revision", "base.name")
    assert labels.keys() == {f"org.opencontainers.image.{name}" for name in wanted}
    assert labels["org.opencontainers.image.licenses"] == project["license"]
    arguments = {k: v for i in stages[target].all("ARG") for k, v in i.pairs.items()}
    assert arguments["VERSION"] == project["version"]
    base = stages["base"].base.split("@")[0]
    assert labels["org.opencontainers.image.base.name"] == f"docker.io/library/{base}"


def command_line(stage: Stage) -> dict[str, str]:
    assert stage.last("ENTRYPOINT").json == ["genesis"]
    name, *words = stage.last("CMD").json
    assert name == "serve"
    return dict(zip(words[::2], words[1::2], strict=True))


def test_the_server_listens_where_it_says(stages: dict[str, Stage]) -> None:
    options = command_line(stages["server"])
    known = {f"--{name.replace('_', '-')}" for name in inspect.signature(serve).parameters}
    assert options.keys() <= known
    exposed = stages["server"].last("EXPOSE").text.split()
    assert exposed == [options["--port"], options["--pages-port"]]


@contextmanager
def answering(status: int) -> Iterator[int]:
    """The port at which /healthz is answered with this status, anything else with 404."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def health(instruction: Instruction, port: int) -> int:
    """The exit status of the check with the pages at `port`."""
    interpreter, *words = instruction.json
    assert interpreter == "/usr/bin/python3"
    asked = [word.replace("8081", str(port)) for word in words]
    environment = {"http_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, *asked], env=environment, capture_output=True, timeout=30
    )
    return done.returncode


def test_the_healthcheck_asks_the_pages(stages: dict[str, Stage]) -> None:
    check = stages["server"].last("HEALTHCHECK")
    assert f", {command_line(stages['server'])['--pages-port']}, " in check.json[-1]
    with answering(200) as port:
        assert health(check, port) == 0
    with answering(500) as other:
        assert health(check, other) == 1
    assert health(check, port) == 1
