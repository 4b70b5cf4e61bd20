"""Carries the onboarding of one repository out: looks, decides, does, and tells what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from bot.config import CONFIG_PATH
from bot.core.render.github import markers
from bot.errors import Refused
from bot.flows.onboarding.configuration import configuration_text
from bot.flows.onboarding.proposal import (
    BRANCH,
    Decision,
    Pull,
    Result,
    Situation,
    Workflow,
    decide,
)
from bot.flows.onboarding.proposal_text import (
    KIND,
    MESSAGE,
    TITLE,
    Caller,
    new_file_link,
    proposal,
)
from bot.flows.onboarding.workflow_file import caller_of
from bot.flows.stage_run.caller import caller_workflow
from bot.github.calls import FOLDER, MOST_BYTES
from bot.github.doing.context import Here
from bot.github.doing.labels import make_labels
from bot.github.errors import Rejected
from bot.github.reading.contents import text_of
from bot.github.reading.context import login_of
from bot.github.reading.repository import MAX_CONFIG, policy_of

Thing = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """Whose otp-genesis the workflow calls."""

    owner: str
    ref: str


@dataclass(frozen=True)
class Onboarded:
    """How it stands now."""

    result: Result
    deeds: tuple[str, ...]
    """What was done; in a dry run what would be."""
    pull: str
    """Address of the pull request, empty where there is none."""
    link: str
    """GitHub's page that adds the workflow, filled in; empty where that is not the way."""
    command: str
    """Prints the workflow."""
    workflow: str
    """Where it belongs."""
    missing: bool
    """Whether it is missing on the default branch, or not what this version needs."""


def onboard(here: Here, source: Source, *, dry: bool = False) -> Onboarded:
    """Propose what is missing in a pull request, or bring that one up to date.

    Raises `Refused` for an empty repository, where the configuration there cannot be used or a
    rule stands against the branch, and what GitHub says.
    """
    ours = version("otp-genesis")
    text = caller_workflow(owner=source.owner, ref=source.ref, version=ours)
    policy, problem = policy_of(here.client)
    if problem:
        raise Refused(problem, hint="mend the configuration first; `genesis config validate`")
    path = f"{FOLDER}/{policy.workflow}"
    seen = look(here, path)
    caller = Caller(text, path, source.owner, source.ref, ours)
    body, config = proposal(seen, policy, caller), configuration_text()
    decision = decide(seen, markers.read(body) or {}, config)
    if not dry:
        seen = _carried_out(here, seen, decision, body, config)
        if decision.result != "declined":
            make_labels(here, (policy.label,))
    missing = seen.workflow != "current"
    branch = BRANCH if decision.result == "proposed" else seen.default_branch
    fresh = seen.workflow == "missing" and not seen.brought
    return Onboarded(
        decision.result,
        decision.deeds,
        pull=seen.pull.url if seen.pull is not None else "",
        link=new_file_link(seen, path, text, branch) if fresh else "",
        command=caller.command,
        workflow=path,
        missing=missing,
    )


def look(here: Here, path: str) -> Situation:
    """The repository as it is; `path` is where the workflow belongs."""
    client = here.client
    about = client.get(".")
    default = str(about["default_branch"])
    found = client.find(f"./contents/{path}", ref=default)
    seen = Situation(
        full_name=client.full_name,
        web=f"{here.app.site.web}/{client.full_name}",
        default_branch=default,
        config=client.find(f"./contents/{CONFIG_PATH}", ref=default) is not None,
        workflow=_workflow(found),
        pull=_pull(here),
    )
    try:
        tip = client.find(f"./git/ref/heads/{BRANCH}")
    except Rejected as error:
        raise Refused(f"{client.full_name} is empty", hint="push a first commit") from error
    if tip is None:
        return seen
    config = client.find(f"./contents/{CONFIG_PATH}", ref=BRANCH)
    return replace(
        seen,
        tip=str(tip["object"]["sha"]),
        others=_others(here, default),
        text=text_of(config, MAX_CONFIG),
        brought=client.find(f"./contents/{path}", ref=BRANCH) is not None,
    )


def _workflow(found: Thing | None) -> Workflow:
    if found is None:
        return "missing"
    caller = caller_of(text_of(found, MOST_BYTES) or "")
    known = caller is not None and caller.version == version("otp-genesis")
    return "current" if known else "old"


def _pull(here: Here) -> Pull | None:
    """The newest of ours from our branch; others may have opened one from a fork's."""
    client = here.client
    owner = client.full_name.partition("/")[0]
    listed = client.pages("./pulls", state="all", head=f"{owner}:{BRANCH}")
    ours = [p for p in listed if here.ours(p) and _told(p).get("kind") == KIND]
    if not ours:
        return None
    newest = max(ours, key=lambda pull: int(pull["number"]))
    return Pull(
        number=int(newest["number"]),
        url=str(newest["html_url"]),
        open=newest["state"] == "open",
        merged=newest["merged_at"] is not None,
        told=_told(newest),
    )


def _told(pull: Thing) -> Mapping[str, str]:
    return markers.read(str(pull["body"] or "")) or {}


def _others(here: Here, default: str) -> tuple[str, ...]:
    """Who else wrote what stands on our branch and not on the default one."""
    compared = here.client.get(f"./compare/{quote(default, safe='')}...{quote(BRANCH, safe='')}")
    names = {
        login_of({"user": commit["author"]}) or str(commit["commit"]["author"]["name"])
        for commit in compared["commits"]
        if (commit["author"] or {}).get("login") != here.ourselves
    }
    return tuple(sorted(names))


def _carried_out(
    here: Here, seen: Situation, decision: Decision, body: str, config: str
) -> Situation:
    for deed in decision.deeds:
        match deed:
            case "branch":
                _create(here, _commit(here, _tip(here, seen.default_branch), config))
            case "commit":
                _advance(here, _commit(here, seen.tip, config))
            case "open":
                seen = replace(seen, pull=_opened(here, seen, body))
            case "edit":
                assert seen.pull is not None, "there is one to edit"
                here.client.patch("pulls", f"./pulls/{seen.pull.number}", {"body": body})
    return seen


def _tip(here: Here, branch: str) -> str:
    return str(here.client.get(f"./git/ref/heads/{quote(branch)}")["object"]["sha"])


def _commit(here: Here, parent: str, config: str) -> str:
    """A commit of ours upon `parent`, with the configuration; by the App, so it is signed."""
    client = here.client
    base = client.get(f"./git/commits/{parent}")["tree"]["sha"]
    entry = {"path": CONFIG_PATH, "mode": "100644", "type": "blob", "content": config}
    tree = client.post(
        "contents", "./git/trees", {"base_tree": base, "tree": [entry]}, creates=False
    )
    wanted = {"message": MESSAGE, "tree": tree["sha"], "parents": [parent]}
    return str(client.post("contents", "./git/commits", wanted, creates=False)["sha"])


def _create(here: Here, commit: str) -> None:
    with_ref = {"ref": f"refs/heads/{BRANCH}", "sha": commit}
    try:
        here.client.post("contents", "./git/refs", with_ref, creates=False)
    except Rejected as error:
        raise _stopped(error) from error


def _advance(here: Here, commit: str) -> None:
    """Only where nobody pushed meanwhile: never by force."""
    try:
        where = f"./git/refs/heads/{BRANCH}"
        here.client.patch("contents", where, {"sha": commit, "force": False})
    except Rejected as error:
        raise _stopped(error) from error


def _stopped(error: Rejected) -> Refused:
    said = " ".join((error.message, *error.details))
    return Refused(
        f"GitHub does not take the branch {BRANCH}: {said}",
        hint=f"a rule may stand against it (`genesis doctor`), or somebody moved {BRANCH}",
    )


def _opened(here: Here, seen: Situation, body: str) -> Pull:
    wanted = {"title": TITLE, "head": BRANCH, "base": seen.default_branch, "body": body}
    try:
        made = here.client.post("pulls", "./pulls", wanted)
    except Rejected as error:
        # Made by another one since we looked, or by a person from our branch.
        found = _pull(here)
        if found is None:
            raise Refused(f"GitHub does not open it: {error.message} {error.details}") from error
        return found
    return Pull(int(made["number"]), str(made["html_url"]), True, False, {})
