"""`genesis plan` and `genesis show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.errors import Unusable

if TYPE_CHECKING:
    from bot.core.plan import Plan
    from bot.github.plans import Plans

Repo = Annotated[Path, typer.Option("--repo", "-C", help="Directory in the repository.")]
Goal = Annotated[str, typer.Option("--goal", "-g", help="What the refactoring is for, one sentence.")]


def plan(
    path: Annotated[Path, typer.Argument(help="Directory in a git repository.")] = Path(),
    goal: Goal = "",
    input_file: Annotated[Path | None, typer.Option("--input-file", help="Plan from a repomix pack instead; read-only.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Also write the documents into this directory.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make a new plan even if there is one for this commit and goal.")] = False,
    json_: JsonFlag = False,
) -> None:
    """Analyse the committed code and write a five-stage plan; nothing in the checkout changes."""
    from bot.core.render.plan import documents, overview

    screen.machine = json_
    made = _from_pack(input_file, goal) if input_file is not None else _from_commit(path, goal, fresh=fresh)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in documents(made).items():
            (output / name).write_text(text, "utf-8")
        screen.note(f"documents written to {output}")
    screen.data(made.model_dump(mode="json"))
    show_markdown(overview(made))
    if input_file is None:
        screen.note(f"next: `genesis show {made.id} --stage 1`, then `genesis run`")


def _from_commit(path: Path, goal: str, *, fresh: bool) -> Plan:
    from bot.codebase.repository import Repository
    from bot.flows.run_plan import make_plan
    from bot.flows.session import DEFAULT_GOAL, Session
    from bot.settings import load_settings

    repository = Repository.open(path, load_settings())
    dirty = repository.dirty()
    if dirty:
        screen.note(f"{len(dirty)} uncommitted paths take no part: the plan is for commit {repository.head[:12]}")
    with screen.progress("analysing") as progress:
        session = Session(repository, repository.head, goal or DEFAULT_GOAL, progress=progress)
        return make_plan(session, fresh=fresh)


def _from_pack(input_file: Path, goal: str) -> Plan:
    from hashlib import sha256

    from bot.elixir.analyze import survey
    from bot.flows.plan_goal import plan_goal
    from bot.flows.session import DEFAULT_GOAL
    from bot.flows.trees import pack_tree

    tree = pack_tree(input_file)
    with screen.progress("analysing") as progress:
        found = survey(tree, progress=progress)
    digest = sha256(input_file.read_bytes()).hexdigest()
    return plan_goal(found, goal=goal or DEFAULT_GOAL, plan_id="pack", commit=f"pack:{digest}")


def show(
    plan_id: Annotated[str, typer.Argument(metavar="[PLAN]", help="Plan id; default: the newest.")] = "",
    stage: Annotated[int | None, typer.Option("--stage", "-s", min=1, max=5, help="One stage's document.")] = None,
    action: Annotated[str, typer.Option("--action", "-a", help="One action's patch.")] = "",
    repo: Repo = Path(),
    json_: JsonFlag = False,
) -> None:
    """Show a plan, one of its stages, or the patch of one action."""
    from bot.core.render.plan import documents

    screen.machine = json_
    plans, chosen = open_plan(repo, plan_id)
    made = plans.load_plan(chosen)
    if action:
        try:
            found = made.action(action)
        except KeyError:
            raise Unusable(f"plan {chosen!r} has no action {action!r}", hint=f"`genesis show {chosen}` lists them") from None
        screen.data(found.model_dump(mode="json"))
        screen.say(found.diff or f"{found.id} is advice: there is no patch")
        return
    texts = list(documents(made).values())
    screen.data(made.model_dump(mode="json") if stage is None else made.stages[stage - 1].model_dump(mode="json"))
    show_markdown(texts[0] if stage is None else texts[stage])


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


def show_markdown(text: str) -> None:
    """Markdown as it is, or laid out on a terminal."""
    import sys

    if screen.machine:
        return
    wanted = sys.stdout.isatty() if screen.colour is None else screen.colour
    if not wanted:
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(force_terminal=True).print(Markdown(text))
