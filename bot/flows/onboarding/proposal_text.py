"""What people read about the onboarding of a repository."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from bot.config import CONFIG_PATH
from bot.core.policy import Policy
from bot.core.render.github import markers
from bot.core.render.markdown import code
from bot.flows.onboarding.proposal import BRANCH, Situation
from bot.settings import API_KEYS

TITLE = "Set up OTP-Genesis"
KIND = "onboarding"
MESSAGE = "Add the configuration of OTP-Genesis, with every setting commented\n"


def new_file_link(seen: Situation, path: str, text: str, branch: str) -> str:
    """GitHub's page for a new file, filled in: whoever commits it there does so himself."""
    query = urlencode({"filename": path, "value": text}, quote_via=quote)
    return f"{seen.web}/new/{quote(branch, safe='/')}?{query}"


_APPROVED = " Nothing is changed before somebody who may write here says `/genesis approve`."


@dataclass(frozen=True)
class Caller:
    """The workflow that a person is to add."""

    text: str
    path: str
    owner: str
    ref: str
    version: str

    @property
    def command(self) -> str:
        """What prints it."""
        return f"genesis config workflow --owner {self.owner} --ref {self.ref}"


def proposal(seen: Situation, policy: Policy, caller: Caller) -> str:
    """Body of the pull request; its marker says what of it can change."""
    steps = [
        _workflow_step(seen, caller),
        "Merge this pull request. Nothing changes by the configuration as it is: every setting is"
        f" commented. `genesis config validate {CONFIG_PATH}` checks what you change.",
        f"If a model is to do what no prepared change can: put {code(API_KEYS['anthropic'])} or"
        f" {code(API_KEYS['gemini'])} into [the secrets of Actions]"
        f"({seen.web}/settings/secrets/actions). Without one it works all the same, on less.",
        f"Label an issue {code(policy.label)}: a plan will stand in it."
        + ("" if policy.run == "auto" else _APPROVED),
    ]
    parts = [
        "OTP-Genesis finds where this code departs from OTP, plans what to do about it in stages,"
        " and opens a pull request for each stage that you approve. To do that here it needs:",
        "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1)),
        f"Close this pull request and it is not opened again. `genesis doctor {seen.full_name}`,"
        " run where the App is, says whether something is missing.",
    ]
    marker = markers.marker(
        "none",
        KIND,
        version=caller.version,
        workflow="brought" if seen.brought else seen.workflow,
        calls=f"{caller.owner}/{caller.ref}",
    )
    return markers.fit("\n\n".join(parts), marker)


def _workflow_step(seen: Situation, caller: Caller) -> str:
    file, printed = code(caller.path), code(caller.command)
    if seen.workflow == "current":
        return f"The workflow that runs stages, {file}: it is there."
    if seen.brought:
        return f"The workflow that runs stages, {file}: this branch has it."
    if seen.workflow == "old":
        return (
            f"A newer workflow: {file} is there and not what this version needs. Replace it by"
            f" what {printed} prints."
        )
    link = new_file_link(seen, caller.path, caller.text, BRANCH)
    return (
        f"The workflow that runs stages. [Open {file} filled in]({link}), look at it, and commit"
        f" it to {code(BRANCH)}; or put there what {printed} prints. The App cannot do that"
        " for you: it has no right to change workflows, so that nobody who gets hold of its key"
        " can."
    )
