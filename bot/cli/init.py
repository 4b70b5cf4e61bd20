"""`genesis init`: write what a repository needs for one way of using Genesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.errors import Misused

if TYPE_CHECKING:
    from bot.codebase.repository import Repository
    from bot.flows.onboarding.files import Setup, Way
    from bot.flows.onboarding.writing import Written

For = Annotated[
    str, typer.Option("--for", help="laptop, action, app or serverless.", metavar="WAY")
]
Owner = Annotated[
    str, typer.Option(help="Who has the repository otp-genesis that is called; not for laptop.")
]
Ref = Annotated[str, typer.Option(help="Branch, tag or, best, commit of it.")]
Branch = Annotated[str, typer.Option(help="The default branch; default: what origin says.")]
AppId = Annotated[
    int, typer.Option(min=0, help="serverless: number of your App; 0: the job's own token.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there and differ.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Print the files; write nothing.")]
Directory = Annotated[Path, typer.Argument(metavar="[PATH]", help="Directory in the repository.")]

_SAYS = {
    "new": "written",
    "same": "is there, as it would be written",
    "kept": "kept: another text is there, and --force would replace it",
    "replaced": "replaced",
}


def init(
    way: For,
    path: Directory = Path(),
    owner: Owner = "",
    ref: Ref = "main",
    branch: Branch = "",
    app_id: AppId = 0,
    force: Force = False,
    dry_run: DryRun = False,
    json_: JsonFlag = False,
) -> None:
    """Write the configuration and the workflows that one way of using Genesis needs.

    laptop: nothing is needed. action: a workflow that shows findings in pull requests. app: the
    workflow that runs stages. serverless: that, and the one that reacts. git takes it back.
    """
    from bot.codebase.repository import Repository
    from bot.flows.onboarding.files import files_for, next_steps
    from bot.flows.onboarding.writing import remote_name, write_files
    from bot.settings import load_settings

    screen.machine = json_
    chosen = _way(way, owner)
    repository = Repository.open(path, load_settings())
    setup = _setup(repository, owner, ref, branch, app_id)
    files = files_for(chosen, setup)
    written = write_files(repository.root, files, force=force, dry=dry_run)
    steps = next_steps(chosen, setup, remote_name(repository) or "OWNER/REPO")
    _tell(chosen, files, written, steps, dry=dry_run)


def _tell(
    way: Way,
    files: Mapping[str, str],
    written: Sequence[Written],
    steps: Sequence[str],
    *,
    dry: bool,
) -> None:
    screen.data(
        {
            "for": way,
            "dry_run": dry,
            "files": [
                {"path": one.path, "fate": one.fate, "text": files[one.path]} for one in written
            ],
            "next": list(steps),
        }
    )
    if dry:
        for one in written:
            screen.say(f"{screen.paint(one.path, 'bold')}\n\n{files[one.path]}")
    screen.say(_told(written, dry=dry))
    screen.say("\n".join(["Next:", *(f"  {n}. {step}" for n, step in enumerate(steps, 1))]))


def _way(way: str, owner: str) -> Way:
    from bot.flows.onboarding.files import WAYS

    for known in WAYS:
        if way == known:
            if known != "laptop" and not owner:
                raise Misused(
                    f"--owner is missing: --for {known} calls a repository otp-genesis",
                    hint="name the account or organization that has a copy of it",
                )
            return known
    raise Misused(f"there is no way {way!r}", hint=f"one of {', '.join(WAYS)}")


def _setup(repository: Repository, owner: str, ref: str, branch: str, app_id: int) -> Setup:
    from bot.flows.onboarding.files import Setup, checking
    from bot.flows.onboarding.writing import default_branch, workflows_in

    return Setup(
        owner=owner,
        ref=ref,
        branch=branch or default_branch(repository),
        app_id=app_id,
        checks=tuple(checking(workflows_in(repository.root))),
    )


def _told(written: Sequence[Written], *, dry: bool) -> str:
    if not written:
        return "nothing has to be written: this way needs no file in the repository\n"
    lines = []
    for one in written:
        says = _SAYS[one.fate]
        if dry and one.fate in ("new", "replaced"):
            says = f"would be {says}"
        lines.append(f"{one.path}: {says}")
    return "\n".join(lines) + "\n"
