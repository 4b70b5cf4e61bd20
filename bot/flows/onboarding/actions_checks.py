"""The verdicts on GitHub Actions: the workflow of stages, and what may keep it from running."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from importlib.metadata import version
from typing import Any

from bot.flows.onboarding.check import Check, Group
from bot.flows.onboarding.workflow_file import caller_of, covers, document_of, triggers, used
from bot.flows.stage_run.caller import caller_workflow
from bot.github.calls import FOLDER, MOST_BYTES
from bot.github.reading.contents import text_of
from bot.github.reading.doctor import Asked
from bot.github.reading.doctor_repository import RepositorySeen
from bot.settings import API_KEYS

ACTIONS = Group("GitHub Actions")

OWN_EYES = "the App may not read it, and is not meant to: that takes `administration`"
_SECRETS_OWN = "the App may not read the names of secrets, and is not meant to"
_STATES: Mapping[str, str] = {
    "disabled_manually": "somebody switched it off",
    "disabled_inactivity": "GitHub switched it off after 60 days without a commit",
    "disabled_fork": "GitHub left it off, as in every fork",
    "deleted": "its file is gone",
}
"""Of a workflow that does not run, and why."""


def actions_checks(seen: RepositorySeen) -> tuple[Check, ...]:
    """All of them."""
    return (
        _enabled(seen),
        _allowed(seen),
        _workflow(seen),
        _active(seen),
        _called(seen),
        _dispatch(seen),
        _keys(seen),
        _ci(seen),
    )


def _settings(seen: RepositorySeen) -> str:
    return f"{seen.web}/settings/actions"


def _enabled(seen: RepositorySeen) -> Check:
    name, found = "switched on", seen["actions"]
    if not found.there:
        return ACTIONS.unknown(name, unread(found, OWN_EYES), _settings(seen))
    if found.body["enabled"]:
        return ACTIONS.ok(name, "workflows may run here")
    fix = f"{_settings(seen)}: Actions permissions"
    return ACTIONS.failure(name, "Actions are switched off for this repository", fix)


def unread(found: Asked, reason: str) -> str:
    """Why something that is for administrators could not be read."""
    return reason if found.status in (403, 404) else found.why


def _allowed(seen: RepositorySeen) -> Check:
    name, policy, selected = "allowed actions", seen["actions"], seen["selected"]
    fix = f"{_settings(seen)}: allow those, or GitHub's own and `erlef/*` beside them"
    if not policy.there:
        return ACTIONS.unknown(name, unread(policy, OWN_EYES), _settings(seen))
    match policy.body.get("allowed_actions"):
        case "local_only":
            return ACTIONS.failure(name, "only those of the same owner may run", fix)
        case "selected" if selected.there:
            refused = ", ".join(_refused(seen, selected.body))
            if refused and selected.body.get("verified_allowed"):
                says = f"{refused} may run only where GitHub calls its maker verified"
                return ACTIONS.unknown(name, says, fix)
            if refused:
                return ACTIONS.failure(name, f"{refused} may not run", fix)
            return ACTIONS.ok(name, "all that the workflow of stages uses may run")
        case "selected":
            return ACTIONS.unknown(name, unread(selected, OWN_EYES), _settings(seen))
        case _:
            return ACTIONS.ok(name, "all may run")


def _refused(seen: RepositorySeen, selected: Mapping[str, Any]) -> Iterator[str]:
    """Of what the two workflows use, what the list of allowed ones leaves out."""
    owner = seen.full_name.partition("/")[0].lower()
    called = text_of(seen["called"].body, MOST_BYTES) if seen["called"].there else None
    for use in dict.fromkeys((*used(seen.workflow_text or ""), *used(called or ""))):
        whose = use.partition("/")[0].lower()
        github = whose in ("actions", "github") and selected.get("github_owned_allowed")
        patterns = selected.get("patterns_allowed") or ()
        listed = any(fnmatchcase(use.lower(), str(p).lower()) for p in patterns)
        if whose != owner and not github and not listed:
            yield use.partition("@")[0]


def _workflow(seen: RepositorySeen) -> Check:
    file = f"{FOLDER}/{seen.policy.workflow}"
    name, listed = "workflow of stages", seen["workflows"]
    text = seen.workflow_text
    if text is None:
        if not listed.there and listed.status != 404:
            return ACTIONS.unknown(name, listed.why)
        if seen.policy.workflow in seen.workflows:
            return ACTIONS.unknown(name, f"{file} cannot be read")
        fix = f"`genesis onboard {seen.full_name} --owner OWNER` helps to add it"
        return ACTIONS.failure(name, f"no {file} on {seen.default_branch}", fix)
    return _version(name, file, text)


def _version(name: str, file: str, text: str) -> Check:
    ours, caller = version("otp-genesis"), caller_of(text)
    if caller is None:
        fix = f"`genesis config workflow --owner OWNER > {file}`"
        return ACTIONS.failure(name, f"{file} does not call our stage.yml", fix)
    printed = f"genesis config workflow --owner {caller.owner} --ref {caller.ref}"
    fix = f"`{printed} > {file}`"
    needed = frozenset(_inputs())
    if missing := sorted(needed - caller.inputs):
        says = f"{file} has no input {', '.join(missing)}: GitHub refuses to start it"
        return ACTIONS.failure(name, says, fix)
    if caller.version != ours:
        says = f"installs genesis {caller.version or 'of no version'}, and this is {ours}"
        return ACTIONS.warning(name, says, fix)
    if not caller.as_printed:
        return ACTIONS.warning(name, f"{file} is not what this version prints", fix)
    return ACTIONS.ok(name, f"{file} is current, and calls {caller.owner}'s at {caller.ref}")


def _inputs() -> Mapping[str, Any]:
    document = document_of(caller_workflow(owner="o", ref="r", version="v"))
    assert document is not None, "ours can be read"
    inputs: Mapping[str, Any] = triggers(document)["workflow_dispatch"]["inputs"]
    return inputs


def _active(seen: RepositorySeen) -> Check:
    name, found = "workflow is on", seen["workflow"]
    if seen.workflow_text is None:
        return ACTIONS.unknown(name, "it is not there")
    if not found.there:
        if found.status == 404:
            says = "GitHub does not know it (yet): Actions are off, or it was pushed just now"
            return ACTIONS.warning(name, says, f"{_settings(seen)}, {seen.web}/actions")
        return ACTIONS.unknown(name, found.why)
    return switched_on(ACTIONS, name, found, f"{seen.web}/actions/workflows/{seen.policy.workflow}")


def switched_on(group: Group, name: str, found: Asked, page: str) -> Check:
    """Of a workflow that GitHub told of; `page` is its own."""
    if found.body["state"] == "active":
        return group.ok(name, "active")
    why = _STATES.get(found.body["state"], str(found.body["state"]))
    return group.failure(name, why, f"{page}: Enable workflow")


def _called(seen: RepositorySeen) -> Check:
    name, found = "what it calls", seen["called"]
    caller = caller_of(seen.workflow_text or "")
    if caller is None:
        return ACTIONS.unknown(name, "there is no call of ours to look at")
    what = f"{caller.owner}/otp-genesis at {caller.ref}"
    if found.there:
        return ACTIONS.ok(name, f"{what} is there for everybody")
    says = f"{what} cannot be seen by the App: there is none, or it is not public"
    where = f"{seen.web.removesuffix(seen.full_name)}{caller.owner}/otp-genesis"
    fix = f"{where}; one that is not public: its Settings → Actions → Access"
    return ACTIONS.unknown(name, says if found.status == 404 else found.why, fix)


def _dispatch(seen: RepositorySeen) -> Check:
    """No endpoint tells whether a dispatch would be refused; that one was taken is evidence."""
    name, found = "starting it", seen["runs"]
    where = f"{seen.web}/settings/rules and {_settings(seen)}: workflow execution protections"
    says = "whether `workflow_dispatch` by the App is allowed cannot be read"
    if found.there:
        runs = found.body["workflow_runs"]
        ours = [run for run in runs if (run.get("actor") or {}).get("type") == "Bot"]
        if ours:
            at = str(ours[0]["created_at"]).partition("T")[0]
            return ACTIONS.ok(name, f"an App started run {ours[0]['run_number']} on {at}")
        says += ", and none was started yet"
    return ACTIONS.unknown(name, says, where)


def _keys(seen: RepositorySeen) -> Check:
    name, where = "model key", f"{seen.web}/settings/secrets/actions"
    names, unseen = secrets_of(seen)
    keys = sorted(names & set(API_KEYS.values()))
    if keys:
        return ACTIONS.ok(name, f"the secret {' and '.join(keys)} is there")
    wanted = " or ".join(API_KEYS.values())
    if unseen is not None:
        return ACTIONS.unknown(name, unseen, f"{where}: {wanted}, if you like")
    says = "no secret: stages do what codemods can, and leave the rest to people"
    return ACTIONS.ok(name, f"{says} ({wanted} would change that)")


def secrets_of(seen: RepositorySeen) -> tuple[frozenset[str], str | None]:
    """Names of secrets of Actions, and why there may be more of them; None where there are not."""
    answers = (seen["secrets"], seen["organization-secrets"])
    names = frozenset(str(s["name"]) for a in answers if a.there for s in a.body["secrets"])
    closed = [answer for answer in answers if not answer.there]
    return names, unread(closed[0], _SECRETS_OWN) if closed else None


def _ci(seen: RepositorySeen) -> Check:
    name = "checks of pull requests"
    for file, text in seen.workflows.items():
        events = triggers(document_of(text or "") or {})
        if file != seen.policy.workflow and covers(events.get("pull_request"), seen.base):
            return ACTIONS.ok(name, f"{FOLDER}/{file} runs on them")
    others = sorted(set(_others(seen)))
    if others:
        return ACTIONS.ok(name, f"{', '.join(others)} checks commits")
    closed = [seen[k] for k in ("workflows", "checks", "statuses") if not seen[k].there]
    broken = [a for a in closed if a.status != 404]
    if broken:
        return ACTIONS.unknown(name, broken[0].why)
    says = "nothing seems to check them: each waits `checks_minutes`, then people are told"
    fix = f"a workflow in {FOLDER} with `on: pull_request` that runs `mix test`"
    return ACTIONS.warning(name, says, fix)


def _others(seen: RepositorySeen) -> Iterator[str]:
    """Who besides Actions and us said something about the newest commit."""
    if seen["checks"].there:
        for run in seen["checks"].body["check_runs"]:
            slug = str((run["app"] or {}).get("slug") or "")
            if slug != "github-actions" and not run["name"].startswith("genesis/"):
                yield slug
    if seen["statuses"].there:
        yield from (str(status["context"]) for status in seen["statuses"].body["statuses"])
