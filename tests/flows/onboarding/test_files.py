"""What each way of using Genesis puts into a repository."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from bot.config import CONFIG_PATH, load_policy
from bot.core.policy import Policy
from bot.errors import Refused
from bot.flows.onboarding.files import (
    ANALYZE_FILE,
    WAYS,
    Setup,
    Way,
    checking,
    files_for,
    next_steps,
)
from bot.flows.onboarding.workflow_file import caller_of

ROOT = Path(__file__).resolve().parents[3]
SETUP = Setup("acme", "v1", "main", checks=("CI",))


@pytest.mark.parametrize("way", WAYS)
def test_every_file_is_yaml_without_a_mark_that_was_left(way: Way) -> None:
    for path, text in files_for(way, SETUP).items():
        yaml.safe_load(text)
        assert not re.search(r"@[A-Z]+@", text), path
        assert max(map(len, text.splitlines())) <= 120, path


def test_a_laptop_needs_nothing_in_the_repository() -> None:
    assert files_for("laptop", Setup("")) == {}


def test_the_app_and_the_serverless_bot_get_what_runs_stages() -> None:
    for way in ("app", "serverless"):
        files = files_for(way, SETUP)
        assert load_policy(files[CONFIG_PATH]) == Policy()
        caller = caller_of(files[".github/workflows/otp-genesis.yml"])
        assert caller is not None
        assert (caller.owner, caller.ref, caller.as_printed) == ("acme", "v1", True)
        assert caller.version == version("otp-genesis")
    assert len(files_for("app", SETUP)) + 1 == len(files_for("serverless", SETUP))


def test_the_serverless_bot_listens_to_the_checks_of_the_team() -> None:
    text = files_for("serverless", SETUP)[".github/workflows/otp-genesis-bot.yml"]
    workflow = yaml.safe_load(text)
    assert "CI" in workflow[True]["workflow_run"]["workflows"]
    assert workflow["permissions"] == {}


def test_the_analysis_asks_for_little_and_pins_what_it_uses() -> None:
    text = files_for("action", SETUP)[f".github/workflows/{ANALYZE_FILE}"]
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert workflow[True]["push"] == {"branches": ["main"]}
    assert "pull_request_target" not in text
    used = re.findall(r"uses:\s*(\S+)(.*)", text)
    assert used[1][0] == '"acme/otp-genesis@v1"'
    for name, rest in (used[0], used[2]):
        assert re.search(r"@[0-9a-f]{40}$", name), name
        assert re.search(r"# v\d", rest), name
    checkout = workflow["jobs"]["analyze"]["steps"][0]
    assert checkout["with"]["persist-credentials"] is False


def test_the_analysis_uses_what_the_action_has() -> None:
    """Inputs and outputs that the workflow names are there in action.yml."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    text = files_for("action", SETUP)[f".github/workflows/{ANALYZE_FILE}"]
    steps = yaml.safe_load(text)["jobs"]["analyze"]["steps"]
    (ours,) = [step for step in steps if "otp-genesis@" in step["uses"]]
    assert set(ours["with"]) <= set(action["inputs"])
    named = set(re.findall(r"steps\.genesis\.outputs\.([\w-]+)", text))
    assert named
    assert named <= set(action["outputs"])


@pytest.mark.parametrize("way", [way for way in WAYS if way != "laptop"])
@pytest.mark.parametrize(
    "setup",
    [
        Setup(""),
        Setup("a b"),
        Setup('acme"'),
        Setup("acme\n  run: x"),
        Setup("acme", "v1 # x"),
        Setup("acme", "${{ x }}"),
    ],
)
def test_what_is_no_word_does_not_get_into_a_workflow(way: Way, setup: Setup) -> None:
    with pytest.raises(Refused):
        files_for(way, setup)


def test_a_branch_that_is_no_word_does_not_get_into_a_workflow() -> None:
    for way in ("action", "serverless"):
        with pytest.raises(Refused):
            files_for(way, Setup("acme", branch='x"]\nfoo: ['))


def test_the_names_of_checks_are_those_of_workflows_on_pull_requests() -> None:
    found = checking(
        {
            "ci.yml": "name: CI\non: [push, pull_request]\n",
            "plain.yml": "on: pull_request\n",
            "other.yml": "name: Other\non: push\n",
            "broken.yml": "a: [\n",
            "list.yml": "- a\n",
            ANALYZE_FILE: "name: ours\non: pull_request\n",
        }
    )
    assert list(found) == ["CI", ".github/workflows/plain.yml"]


@pytest.mark.parametrize("way", WAYS)
def test_the_next_steps_name_commands_that_exist(way: Way) -> None:
    from tests.docs.test_docs import COMMANDS

    steps = next_steps(way, SETUP, "acme/shop")
    assert steps
    for command in re.findall(r"`genesis ([a-z]+)", " ".join(steps)):
        assert command in COMMANDS


def test_the_secret_that_is_asked_for_is_that_of_the_way() -> None:
    own = " ".join(next_steps("serverless", SETUP))
    app = " ".join(next_steps("serverless", Setup("acme", app_id=7)))
    assert ("GENESIS_SEAL" in own, "GENESIS_PRIVATE_KEY" in own) == (True, False)
    assert ("GENESIS_SEAL" in app, "GENESIS_PRIVATE_KEY" in app) == (False, True)
