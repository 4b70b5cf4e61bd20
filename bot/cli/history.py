"""`genesis log` and `genesis undo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.cli.planning import PlanId, Repo, find_action, open_plan
from bot.core.sanitize import one_line

What = Annotated[
    str,
    typer.Argument(metavar="[PLAN|ACTION]", help="A plan (default: the newest) or one action."),
]


def log(plan_id: PlanId = "", repo: Repo = Path(), json_: JsonFlag = False) -> None:
    """Everything that happened to a plan, newest first; read from git."""
    screen.machine = json_
    plans, chosen = open_plan(repo, plan_id)
    rows = plans.store.history(chosen)
    screen.data([{"commit": t.sha, "time": t.time.isoformat(), "message": t.message} for t in rows])
    for row in rows:
        sha = screen.paint(row.sha[:10], "yellow")
        screen.say(f"{sha}  {row.time:%Y-%m-%d %H:%M:%S}  {one_line(row.message)}")


def undo(what: What = "", repo: Repo = Path(), json_: JsonFlag = False) -> None:
    """Take back a run: delete its branches, or revert one action with what depends on it."""
    from bot.flows.undo_plan import undo_action, undo_plan

    screen.machine = json_
    is_plan = not what or what.startswith("local-") or what.isdigit()
    plans, chosen = open_plan(repo, what if is_plan else "")
    repository = plans.store.repository
    if is_plan:
        done = undo_plan(repository, plans, chosen)
    else:
        made = plans.load_plan(chosen)
        done = undo_action(repository, plans, made, find_action(made, what).id)
    screen.data([{"undone": d.what, "again": d.again} for d in done])
    for item in done:
        screen.say(f"undone: {item.what}\n  to have it again: {item.again}")
