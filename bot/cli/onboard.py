"""`genesis onboard`: propose what a repository needs in a pull request of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.doctor import Against, settings_for
from bot.cli.extras import need_github
from bot.cli.output import screen
from bot.core.names import FULL_NAME
from bot.errors import Misused, Unusable

if TYPE_CHECKING:
    from bot.flows.onboarding.onboard import Onboarded

Name = Annotated[
    str, typer.Argument(metavar="OWNER/REPO", help="A repository where the App is installed.")
]
Owner = Annotated[
    str, typer.Option(help="Who has the repository otp-genesis, whose workflow is called.")
]
Ref = Annotated[str, typer.Option(help="Branch, tag or, best, commit of it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would be done.")]

_SAYS = {
    "complete": "nothing is missing: configuration and workflow are on the default branch",
    "proposed": "the pull request is open",
    "declined": "a person closed the pull request, so it is not opened again",
    "merged": "the pull request was merged",
    "by-hand": "the configuration is there: only the workflow is left, which the App cannot add",
    "taken": "the branch genesis/onboarding has commits of somebody else, and is left as it is",
}
_DEEDS = {
    "branch": "made the branch genesis/onboarding with the commented configuration",
    "commit": "brought the configuration on genesis/onboarding up to date",
    "open": "opened the pull request",
    "edit": "brought the text of the pull request up to date",
}


def onboard(
    repository: Name,
    owner: Owner,
    ref: Ref = "main",
    dry_run: DryRun = False,
    against: Against = "",
    json_: JsonFlag = False,
) -> None:
    """Open one pull request with the configuration, and say how the workflow gets there.

    The App may not write workflows, so a person adds that file: by a link to GitHub's page for a
    new file, filled in. Run again, it brings the pull request up to date; closed, it stays closed.
    """
    screen.machine = json_
    if not FULL_NAME.match(repository):
        raise Misused(f"{repository!r} is not OWNER/REPO")
    done = _onboarded(repository, owner, ref, against, dry=dry_run)
    screen.data(
        {
            "repository": repository,
            "dry_run": dry_run,
            "result": done.result,
            "deeds": list(done.deeds),
            "pull": done.pull,
            "workflow": {
                "path": done.workflow,
                "missing": done.missing,
                "link": done.link,
                "command": done.command,
            },
        }
    )
    screen.say(_text(done, repository, dry=dry_run))


def _onboarded(name: str, owner: str, ref: str, url: str, *, dry: bool) -> Onboarded:
    need_github("`genesis onboard`")
    from bot.flows.onboarding.onboard import Source, onboard
    from bot.flows.react.post import Post
    from bot.github.doing.context import Here
    from bot.github.errors import NotFound

    post = Post.open(settings_for(url))
    try:
        try:
            installation = post.app.installation_of(name)
        except NotFound as error:
            raise Unusable(
                f"the App is not installed on {name}, or there is no such repository",
                hint=f"`genesis doctor {name}` leads to the page that installs it",
            ) from error
        with post.client(installation, name) as client:
            here = Here(client, post.ourselves, post.app.app_id)
            return onboard(here, Source(owner, ref), dry=dry)
    finally:
        post.app.close()


def _text(done: Onboarded, name: str, *, dry: bool) -> str:
    lines = [f"{'would have ' if dry else ''}{_DEEDS[deed]}" for deed in done.deeds]
    if not (dry and "open" in done.deeds):
        lines.append(_SAYS[done.result] + (f": {done.pull}" if done.pull else ""))
    steps = []
    if done.missing and done.result != "declined":
        how = f"`{done.command} > {done.workflow}`"
        if done.link and done.pull:
            steps.append(f"add {done.workflow}: a link there opens it filled in; or by {how}")
        elif done.link:
            steps.append(f"add {done.workflow}, filled in at\n     {done.link}\n     or by {how}")
        elif done.result != "proposed":
            steps.append(f"replace {done.workflow}: {how}")
    if done.result == "proposed" and not dry:
        steps.append("look at the pull request and merge it")
    if done.result != "declined":
        steps.append(f"`genesis doctor {name}` looks whether all is there")
    if steps:
        lines += ["Next:", *(f"  {n}. {step}" for n, step in enumerate(steps, 1))]
    return "\n".join(lines)
