"""`genesis simulate` as its user starts it: a process, an address, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import jwt
import pytest

from bot.cli.simulate import source_of
from bot.errors import Unusable
from bot.simulator.options import Source
from tests.cli.support import genesis
from tests.simulator.process import CODE, simulating
from tests.simulator.support import git, make_source


def test_it_serves_a_copy_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    before = git("rev-parse", "HEAD", cwd=source)
    state = tmp_path / "state"
    with simulating(source, "--state", state) as (process, said):
        assert said["repositories"] == ["acme/shop"]
        assert Path(said["app"]["private_key"]).stat().st_mode & 0o077 == 0
        headers = {"authorization": f"Bearer {said['tokens']['writer']}"}
        user = httpx.get(f"{said['api']}/user", headers=headers)
        assert user.json()["login"] == "writer"
    assert process.returncode == 0
    with simulating(source, "--state", state) as (_, again):
        assert again["tokens"] == said["tokens"]
        assert again["app"] == said["app"]
    assert git("rev-parse", "HEAD", cwd=source) == before
    assert git("status", "--porcelain", cwd=source) == ""


def test_the_state_may_be_named_from_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source(tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    with simulating(source, "--state", Path("state")) as (_, said):
        assert said["repositories"] == ["acme/shop"]
        assert Path(said["app"]["private_key"]) == tmp_path / "state" / "app.pem"


def test_people_read_where_to_go(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    command = [sys.executable, "-c", CODE, "simulate", str(source), "--port", "0"]
    with subprocess.Popen(
        [*command, "--state", str(tmp_path / "state")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    text = "".join(lines)
    assert "git clone http://127.0.0.1:" in text
    assert "writer" in text


def test_two_on_one_state_are_refused(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    state = tmp_path / "state"
    with simulating(source, "--state", state):
        second = genesis("simulate", source, "--state", state, "--port", "0")
    assert second.code == 3
    assert "another simulator is running" in second.err


def test_root_is_told_what_steps_can_do(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = genesis("simulate", source, "--state", tmp_path / "state", "--port", port)
    assert ("running as root" in ran.err) is (os.geteuid() == 0)


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = genesis("simulate", source, "--state", tmp_path / "state", "--port", port)
    assert ran.code == 3
    assert f"cannot listen on 127.0.0.1:{port}" in ran.err


def test_fresh_removes_state_and_nothing_else(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    state = tmp_path / "state"
    with simulating(source, "--state", state) as (_, first):
        pass
    with simulating(source, "--state", state, "--fresh") as (_, second):
        assert second["tokens"] != first["tokens"]
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter.txt").write_text("dear")
    ran = genesis("simulate", source, "--state", precious, "--fresh", "--port", "0")
    assert ran.code == 3
    assert "leaves it alone" in ran.err
    assert (precious / "letter.txt").read_text() == "dear"


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    ran = genesis("simulate", tmp_path / "nowhere", "--state", tmp_path / "state")
    assert ran.code == 3
    assert "is no folder" in ran.err
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("text", "owner", "name"),
    [
        ("{}", "acme", "my-shop"),
        ("store={}", "acme", "store"),
        ("other/store={}", "other", "store"),
    ],
)
def test_a_source_can_be_named(tmp_path: Path, text: str, owner: str, name: str) -> None:
    folder = tmp_path / "my shop"
    folder.mkdir()
    source = source_of(text.format(folder), "acme")
    assert source == {"path": str(folder), "owner": owner, "name": name}


@pytest.mark.parametrize(
    ("folder", "name"),
    [("shop.git", "shop"), ("café", "caf-"), (".git", "root"), ("x" * 120, "x" * 100)],
)
def test_a_folder_gives_a_name_that_github_would_take(
    tmp_path: Path, folder: str, name: str
) -> None:
    (tmp_path / folder).mkdir()
    source = source_of(str(tmp_path / folder), "acme")
    assert source["name"] == name
    assert Source.model_validate(source).name == name


@pytest.mark.parametrize("given", ["={}", "..={}", "a b={}", "a/b/c={}", "[x]/shop={}"])
def test_names_that_github_would_not_take_are_refused(tmp_path: Path, given: str) -> None:
    source = make_source(tmp_path / "shop")
    ran = genesis("simulate", given.format(source), "--state", tmp_path / "state", "--port", "0")
    assert (ran.code, "options were refused" in ran.err) == (2, True)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("address", ["javascript:x", "file:///etc/passwd", "http://", "x"])
def test_an_address_that_takes_no_events_is_refused(tmp_path: Path, address: str) -> None:
    source = make_source(tmp_path / "shop")
    ran = genesis("simulate", source, "--state", tmp_path / "state", "--webhook-url", address)
    assert (ran.code, "options were refused: webhook_url: " in ran.err) == (2, True)
    assert repr(address) in ran.err


@pytest.mark.parametrize("fresh", [(), ("--fresh",)])
def test_a_state_that_can_be_no_folder_is_said(tmp_path: Path, fresh: tuple[str, ...]) -> None:
    source = make_source(tmp_path / "shop")
    (tmp_path / "state").write_text("mine")
    ran = genesis("simulate", source, "--state", tmp_path / "state", "--port", "0", *fresh)
    assert (ran.code, "Traceback" in ran.err) == (3, False)
    assert "cannot hold the state" in ran.err
    assert (tmp_path / "state").read_text() == "mine"


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    source = make_source(tmp_path / "shop")
    ran = genesis("simulate", source, "--state", tmp_path / "state", "--port", port)
    assert ran.code != 0
    assert "Traceback" not in ran.err
    assert not (tmp_path / "state").exists()


def test_a_key_that_is_none_is_said(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    state = tmp_path / "state"
    state.mkdir()
    (state / "app.pem").write_text("-----BEGIN")
    ran = genesis("simulate", source, "--state", state, "--port", "0")
    assert ran.code == 3
    assert "app.pem is no private key" in ran.err
    assert "Traceback" not in ran.err


def test_a_source_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="is no folder"):
        source_of(str(tmp_path / "none"), "acme")


def test_faults_come_from_a_file(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    plan = tmp_path / "faults.json"
    fault = {"kind": "error", "status": 503, "count": 1, "path": "/zen"}
    plan.write_text(json.dumps({"seed": 7, "faults": [fault]}))
    with simulating(source, "--state", tmp_path / "state", "--faults", plan) as (_, said):
        answers = [httpx.get(f"{said['api']}/zen").status_code for _ in range(2)]
    assert answers == [503, 200]


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "cannot be read as JSON"), ('{"faults": [{"kind": "earthquake"}]}', "earthquake")],
)
def test_a_wrong_file_of_faults_is_refused(tmp_path: Path, text: str, says: str) -> None:
    source = make_source(tmp_path / "shop")
    plan = tmp_path / "faults.json"
    plan.write_text(text)
    ran = genesis("simulate", source, "--state", tmp_path / "state", "--faults", plan)
    assert ran.code in (2, 3)
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_the_hook_follows_the_option(tmp_path: Path) -> None:
    source = make_source(tmp_path / "shop")
    state = tmp_path / "state"
    addresses = []
    for options in ([], ["--webhook-url", "http://127.0.0.1:9/webhook"], []):
        with simulating(source, "--state", state, *options) as (_, said):
            key = Path(said["app"]["private_key"]).read_text()
            at = int(time.time())
            token = jwt.encode(
                {"iss": str(said["app"]["id"]), "iat": at - 5, "exp": at + 60}, key, "RS256"
            )
            headers = {"authorization": f"Bearer {token}"}
            config = httpx.get(f"{said['api']}/app/hook/config", headers=headers)
            addresses.append(config.json().get("url") or "")
    assert addresses == ["", "http://127.0.0.1:9/webhook", "http://127.0.0.1:9/webhook"]
