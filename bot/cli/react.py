"""`genesis react`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.extras import need_github
from bot.cli.output import screen
from bot.cli.replay import said
from bot.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.render.turn import TurnRow
    from bot.flows.react.occasion import Occasion
    from bot.flows.react.turn import Looked
    from bot.settings import Settings


def react(
    repository: Annotated[
        str, typer.Argument(help="OWNER/NAME; in a job of GitHub Actions it is known.")
    ] = "",
    patience: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds to stay for what is due soon.")
    ] = 60.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the next writes instead of making them.")
    ] = False,
    json_: JsonFlag = False,
) -> None:
    """Look at the plans of a repository once, do what there is to do, and end: without a server.

    As our App where GENESIS_GITHUB_APP_ID and its key are set, else with the token of a job. What
    earlier turns missed is made up for, so it may run at any event, or every few minutes.
    """
    from bot.settings import load_settings

    screen.machine = json_
    need_github("reacting")
    from bot.flows.react.occasion import Occasion

    settings = load_settings()
    screen.logged = settings.environment.get("GITHUB_ACTIONS") == "true"
    occasion = Occasion.of(settings.environment, repository)
    looked, problems = _turn(settings, occasion, patience, dry_run)
    rows = [_row(one) for one in looked]
    screen.data({"plans": [_data(one) for one in looked], "problems": problems})
    _say(looked, problems, dry_run)
    _report(settings.environment, rows, problems, _pull(looked))
    if problems or any(row.problems for row in rows):
        raise typer.Exit(int(Exit.UNRESOLVED))


def _turn(
    settings: Settings, occasion: Occasion, patience: float, dry: bool
) -> tuple[tuple[Looked, ...], list[str]]:
    """What came of each plan, and what could not be done that is of none."""
    from bot import log
    from bot.flows.react.turn import Turn

    token = (occasion.token.get_secret_value(),) if occasion.token is not None else ()
    screen.secrets = (*settings.secrets(), *token)
    log.set_up(0, secrets=screen.secrets)
    post = occasion.post(settings)
    try:
        installation = post.app.installation_of(occasion.repository)
        with post.client(installation, occasion.repository) as client:
            turn = Turn(post, client, occasion.hint(post.ourselves), patience, dry)
            return turn.take(), turn.problems
    finally:
        post.app.close()


def _row(one: Looked) -> TurnRow:
    from bot.core.render.turn import TurnRow

    life = one.reaction.life
    kinds = Counter(str(getattr(command, "kind", "command")) for command in one.done)
    return TurnRow(
        plan=one.plan,
        status=life.status if life is not None else "",
        stages=", ".join(f"{s.number} {s.status}" for s in life.stages) if life else "",
        done=tuple(f"{n} {kind}" if n > 1 else kind for kind, n in kinds.items()),
        problems=tuple(filter(None, (one.problem, *one.reaction.problems))),
    )


def _data(one: Looked) -> dict[str, Any]:
    row = _row(one)
    return {
        "plan": row.plan,
        "status": row.status or None,
        "commands": [command.model_dump(mode="json") for command in one.done],
        "problems": list(row.problems),
    }


def _say(looked: tuple[Looked, ...], problems: list[str], dry: bool) -> None:
    shown = [one for one in looked if one.reaction.life is not None or one.problem]
    if not shown and not problems:
        screen.say("nothing moved")
    for one in shown:
        row = _row(one)
        what = "writes would follow" if dry else "commands carried out"
        screen.say(f"plan {row.plan}: {row.status or 'not looked at'}; {len(one.done)} {what}")
        for command in one.done if dry else ():
            screen.say(said(command))
        for kind in () if dry else row.done:
            screen.say(f"  {kind}")
        for problem in row.problems:
            screen.say(f"  problem: {screen.quote(problem)}")
    for problem in problems:
        screen.say(f"problem: {screen.quote(problem)}")


def _pull(looked: tuple[Looked, ...]) -> str:
    """Number of the one pull request that is open; empty where there are several, or none."""
    from bot.core.lifecycle.state import ENDED

    lives = [one.reaction.life for one in looked if one.reaction.life is not None]
    stages = [stage for life in lives for stage in life.stages if stage.status not in ENDED]
    pulls = {stage.pull for stage in stages if stage.pull}
    return str(pulls.pop()) if len(pulls) == 1 else ""


def _report(
    environment: Mapping[str, str], rows: list[TurnRow], problems: list[str], pull: str
) -> None:
    """To the page of the run and its annotations, where this is one."""
    from bot.core.render.turn import turn_page
    from bot.errors import Unusable
    from bot.flows.stage_run.account import annotation
    from bot.flows.stage_run.job import Job

    try:
        job = Job.of(environment)
    except Unusable:
        return
    job.files.summarize(turn_page(rows, problems))
    told = [(f"plan {row.plan}", text) for row in rows for text in row.problems]
    told += [("genesis", text) for text in problems]
    job.give(status="problems" if told else "ok", pr_number=pull)
    for title, text in told:
        screen.say(annotation("warning", title, text))
