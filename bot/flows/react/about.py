"""What a command is about, for the log."""

from __future__ import annotations

from bot.core.lifecycle.commands import AnyCommand
from bot.core.lifecycle.state import PlanLife


def about(command: AnyCommand, life: PlanLife) -> dict[str, object]:
    """Its kind, its issue and its stage; one without a stage is about the plan."""
    told: dict[str, object] = {"command": command.kind, "issue": life.issue}
    names = ("stage", "issue", "on", "number", "pull", "run")
    named = {name: getattr(command, name, 0) for name in names}
    for stage in life.stages:
        issue = stage.issue and stage.issue in (named["issue"], named["on"], named["number"])
        pull = stage.pull and stage.pull in (named["pull"], named["on"], named["number"])
        run = stage.run and stage.run == named["run"]
        if named["stage"] == stage.number or (not named["stage"] and (issue or pull or run)):
            told["stage"] = stage.number
    return told
