"""The verdicts on a repository whose bot lives in workflows alone."""

from __future__ import annotations

import re
from importlib.metadata import version

from bot.flows.onboarding.actions_checks import OWN_EYES, secrets_of, switched_on, unread
from bot.flows.onboarding.check import Check, Group
from bot.flows.onboarding.workflow_file import caller_of
from bot.flows.stage_run.caller import BOT_FILE, SET_KEY, SET_SEAL
from bot.github.calls import FOLDER
from bot.github.reading.doctor_repository import RepositorySeen

SERVERLESS = Group("without a server")

_APP = re.compile(r"^[ \t]*app_id:[ \t]*[\"']?([1-9]\d*)[\"']?[ \t\r]*$", re.MULTILINE)


def serverless_checks(seen: RepositorySeen) -> tuple[Check, ...]:
    """All of them; none where the workflow that reacts is not there."""
    if BOT_FILE not in seen.workflows:
        return ()
    text = seen.workflows[BOT_FILE] or ""
    app = bool(_APP.search(text))
    checks = (_workflow(seen, text, app=app), _active(seen), _secret(seen, app=app))
    return checks if app else (*checks, _pulls(seen))


def _workflow(seen: RepositorySeen, text: str, *, app: bool) -> Check:
    name, file, ours = "workflow that reacts", f"{FOLDER}/{BOT_FILE}", version("otp-genesis")
    caller = caller_of(text, "bot.yml")
    if caller is None:
        fix = "`genesis init --for serverless --owner OWNER --force` writes it anew"
        return SERVERLESS.failure(name, f"{file} does not call our bot.yml", fix)
    more = " --app-id NUMBER" if app else ""
    again = f"genesis init --for serverless --owner {caller.owner} --ref {caller.ref}{more}"
    if caller.version != ours:
        says = f"installs genesis {caller.version or 'of no version'}, and this is {ours}"
        return SERVERLESS.warning(name, says, f"`{again} --force`")
    who = "an App of yours" if app else "the job's own token"
    return SERVERLESS.ok(name, f"{file} calls {caller.owner}'s at {caller.ref}, with {who}")


def _active(seen: RepositorySeen) -> Check:
    name, found = "it is on", seen["bot"]
    if not found.there:
        return SERVERLESS.unknown(name, found.why, f"{seen.web}/actions")
    return switched_on(SERVERLESS, name, found, f"{seen.web}/actions/workflows/{BOT_FILE}")


def _secret(seen: RepositorySeen, *, app: bool) -> Check:
    wanted = "GENESIS_PRIVATE_KEY" if app else "GENESIS_SEAL"
    name, where = "its secret", f"{seen.web}/settings/secrets/actions"
    names, unseen = secrets_of(seen)
    if wanted in names:
        return SERVERLESS.ok(name, f"{wanted} is there")
    if unseen is not None:
        return SERVERLESS.unknown(name, unseen, f"{where}: {wanted}")
    how = f"`{SET_KEY if app else SET_SEAL}`"
    return SERVERLESS.failure(name, f"{wanted} is not set", how)


def _pulls(seen: RepositorySeen) -> Check:
    name, found, where = "its pull requests", seen["job-token"], f"{seen.web}/settings/actions"
    setting = f"{where}: Allow GitHub Actions to create and approve pull requests"
    if not found.there:
        return SERVERLESS.unknown(name, unread(found, OWN_EYES), setting)
    if found.body["can_approve_pull_request_reviews"]:
        return SERVERLESS.ok(name, "workflows may open them")
    return SERVERLESS.failure(name, "workflows may not open them", setting)
