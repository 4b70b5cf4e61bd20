"""`genesis plan` and `genesis show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen, write_file
from bot.errors import Unusable

if TYPE_CHECKING:
    from bot.core.plan import Action, Plan
    from bot.flows.session import Session
    from bot.github.plans import Plans

Repo = Annotated[Path, typer.Option("--repo", "-C", help="Directory in the repository.")]
Goal = Annotated[
    str, typer.Option("--goal", "-g", help="What the refactoring is for, one sentence.")
]
PlanId = Annotated[str, typer.Argument(metavar="[PLAN]", help="Plan id; default: the newest.")]


def plan(
    path: Annotated[Path, typer.Argument(help="Directory in a git repository.")] = Path(),
    goal: Goal = "",
    input_file: Annotated[
        Path | None,
        typer.Option("--input-file", help="Plan from a repomix pack instead; read-only."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Also write the documents into this directory."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Make a new plan even if there is one for the same.")
    ] = False,
    json_: JsonFlag = False,
) -> None:
    """Analyse the committed code and write a five-stage plan; nothing in the checkout changes."""
    from bot.core.render.plan import overview

    screen.machine = json_
    if input_file is not None:
        made = _from_pack(input_file, goal)
    else:
        made = _from_commit(path, goal, fresh=fresh)
    if output is not None:
        _write_documents(made, output)
    screen.data(made.model_dump(mode="json"))
    screen.markdown(overview(made))
    if input_file is None:
        screen.note(f"next: `genesis show {made.id} --stage 1`, then `genesis run`")


def _write_documents(made: Plan, output: Path) -> None:
    from bot.core.render.plan import documents

    for name, text in documents(made).items():
        write_file(output / name, text)
    screen.note(f"documents written to {output}")


def open_session(path: Path, goal: str, *, dry_run: bool = False) -> Session:
    """A session on the commit that is checked out, analysed, with a bar for who watches."""
    from bot.codebase.repository import Repository
    from bot.flows.session import Session, goal_of
    from bot.settings import load_settings

    wanted = goal_of(goal)
    repository = Repository.open(path, load_settings())
    head, dirty = repository.head, repository.dirty()
    if dirty:
        paths = (
            "1 uncommitted path takes"
            if len(dirty) == 1
            else f"{len(dirty)} uncommitted paths take"
        )
        screen.note(f"{paths} no part: commit {head[:12]} is worked on")
    with screen.progress("analysing") as progress:
        session = Session(
            repository, head, wanted, progress=progress, dry_run=dry_run, with_neighbours=True
        )
        session.survey  # noqa: B018 - analysed here, while the bar is up
    return session


def _from_commit(path: Path, goal: str, *, fresh: bool) -> Plan:
    from bot.flows.run_plan import make_plan

    return make_plan(open_session(path, goal), fresh=fresh)


def _from_pack(input_file: Path, goal: str) -> Plan:
    from hashlib import sha256

    from bot.flows.plan_goal import plan_goal
    from bot.flows.session import goal_of
    from bot.flows.surveys import survey_files
    from bot.flows.trees import pack_files

    wanted = goal_of(goal)
    files = pack_files(input_file)
    with screen.progress("analysing") as progress:
        found = survey_files(files, progress=progress)
    digest = sha256(input_file.read_bytes()).hexdigest()
    return plan_goal(found, goal=wanted, plan_id="pack", commit=f"pack:{digest}")


def show(
    plan_id: PlanId = "",
    stage: Annotated[
        int | None, typer.Option("--stage", "-s", min=1, max=5, help="One stage's document.")
    ] = None,
    action: Annotated[
        str,
        typer.Option("--action", "-a", help="One action's patch; its id or how it starts."),
    ] = "",
    repo: Repo = Path(),
    json_: JsonFlag = False,
) -> None:
    """Show a plan, one of its stages, or the patch of one action."""
    from bot.core.render.plan import documents

    screen.machine = json_
    plans, chosen = open_plan(repo, plan_id)
    made = plans.load_plan(chosen)
    if action:
        found = find_action(made, action)
        screen.data(found.model_dump(mode="json"))
        if found.untried:
            screen.note(f"{found.untried} Run your tests once it is applied.")
        screen.say(
            screen.quote(found.diff.rstrip("\n")) or f"{found.id} is advice: there is no patch"
        )
        return
    texts = list(documents(made).values())
    part = made if stage is None else made.stages[stage - 1]
    screen.data(part.model_dump(mode="json"))
    screen.markdown(texts[stage or 0])


def find_action(made: Plan, action: str) -> Action:
    """The action of this id, or the only one whose id starts like this; raises `Unusable`."""
    try:
        return made.action(action)
    except KeyError:
        several = sum(a.id.startswith(action) for a in made.actions())
        what = f"{several} actions that start with" if several else "no action"
        raise Unusable(
            f"plan {made.id!r} has {what} {action!r}",
            hint=f"`genesis show {made.id} --stage N` lists them",
        ) from None


def open_plan(repo: Path, plan_id: str) -> tuple[Plans, str]:
    """The repository's plans and the id to use; raises `Unusable` when there is no plan."""
    from bot.codebase.repository import Repository
    from bot.github.plans import Plans
    from bot.github.store import PlanStore
    from bot.settings import load_settings

    plans = Plans(PlanStore(Repository.open(repo, load_settings())))
    chosen = plan_id or plans.store.latest()
    if chosen is None:
        raise Unusable("there is no plan in this repository", hint="make one with `genesis plan`")
    return plans, chosen
