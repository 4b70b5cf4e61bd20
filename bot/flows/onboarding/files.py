"""The files a repository gets for each way of using Genesis, and what is left for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

from bot.config import CONFIG_PATH
from bot.core.policy import Policy
from bot.flows.onboarding.configuration import configuration_text
from bot.flows.onboarding.workflow_file import document_of, triggers
from bot.flows.stage_run.caller import (
    BOT_FILE,
    CALLER_FILE,
    SET_KEY,
    SET_SEAL,
    bot_workflow,
    caller_workflow,
    filled,
)
from bot.github.calls import FOLDER
from bot.settings import API_KEYS

Way = Literal["laptop", "action", "app", "serverless"]
WAYS: tuple[Way, ...] = get_args(Way)

ANALYZE_FILE = "otp-genesis-analyze.yml"

_TEMPLATE = Path(__file__).parent / "templates" / ANALYZE_FILE


@dataclass(frozen=True)
class Setup:
    """What the files have to say."""

    owner: str
    """Who has the repository otp-genesis, whose action and workflows are called."""
    ref: str = "main"
    """Branch, tag or commit of it."""
    branch: str = "main"
    """The default branch."""
    app_id: int = 0
    """Of the App that the serverless bot is; 0: it has the job's own token."""
    checks: tuple[str, ...] = ()
    """Names of the workflows that check pull requests."""


def files_for(way: Way, setup: Setup) -> Mapping[str, str]:
    """Text by path; a laptop needs nothing in the repository. Raises `Refused`."""
    if way == "laptop":
        return {}
    if way == "action":
        return {f"{FOLDER}/{ANALYZE_FILE}": analyze_workflow(setup)}
    ours = version("otp-genesis")
    caller = caller_workflow(owner=setup.owner, ref=setup.ref, version=ours)
    files = {CONFIG_PATH: configuration_text(), f"{FOLDER}/{CALLER_FILE}": caller}
    if way == "serverless":
        files[f"{FOLDER}/{BOT_FILE}"] = bot_workflow(
            owner=setup.owner,
            ref=setup.ref,
            version=ours,
            branch=setup.branch,
            app_id=setup.app_id,
            checks=setup.checks,
        )
    return files


def analyze_workflow(setup: Setup) -> str:
    """The workflow that shows findings in pull requests; raises `Refused` for what is no word."""
    return filled(_TEMPLATE, OWNER=setup.owner, REF=setup.ref, BRANCH=setup.branch)


def checking(workflows: Mapping[str, str]) -> Iterator[str]:
    """Names of the workflows, by file, that pull requests start; ours are left out."""
    for file, text in sorted(workflows.items()):
        document = document_of(text)
        if document is None or file in (CALLER_FILE, BOT_FILE, ANALYZE_FILE):
            continue
        if "pull_request" in triggers(document):
            yield str(document.get("name") or f"{FOLDER}/{file}")


def next_steps(way: Way, setup: Setup, full_name: str = "OWNER/REPO") -> tuple[str, ...]:
    """What a person does then, in order."""
    keys = " or ".join(API_KEYS.values())
    label = Policy().label
    commit = "look at the files, commit them and let them be merged into the default branch"
    key = f"for a model: `gh secret set {API_KEYS['anthropic']}` (or the repository's settings)"
    match way:
        case "laptop":
            return (
                "`genesis doctor --build` looks whether all is there",
                "`genesis analyze .` shows what is found, `genesis run . --dry-run` what would be"
                " done",
                f"for a model set {keys}; nothing is asked of one before",
            )
        case "action":
            return (commit, "open a pull request: its findings stand in the run and as alerts")
        case "app":
            return (
                commit,
                key,
                "`genesis serve` runs the App; its first start leads to /setup, which makes one",
                f"`genesis doctor {full_name}` looks whether all is there",
                f"label an issue `{label}`",
            )
        case "serverless":
            return (
                commit,
                f"`{SET_KEY if setup.app_id else SET_SEAL}`",
                key,
                *(() if setup.app_id else (_ALLOW,)),
                f"label an issue `{label}`",
            )


_ALLOW = (
    "Settings → Actions → General: let GitHub Actions create pull requests (without an App it is"
    " the job's own token that opens them)"
)
