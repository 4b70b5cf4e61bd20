"""One use of the action, from what is asked to what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import OtpError
from bot.flows.action_run.analysing import analyse
from bot.flows.action_run.order import ActionOrder, Command
from bot.flows.action_run.outcome import ActionOutcome, stopped
from bot.flows.action_run.planning import plan
from bot.flows.action_run.runner import Runner
from bot.flows.action_run.staging import stage
from bot.flows.action_run.verifying import verify
from bot.flows.watch import Watcher
from bot.settings import Settings

Doing = Callable[[ActionOrder, Runner, Settings, Watcher], ActionOutcome]

ON_A_CHECKOUT: Mapping[Command, Doing] = {
    "analyze": analyse,
    "plan": plan,
    "stage": stage,
    "verify": verify,
}
"""`react` is not among them: it works on GitHub alone."""


def carry_out(
    order: ActionOrder, runner: Runner, settings: Settings, watch: Watcher
) -> ActionOutcome:
    """Do what is asked of the checkout; an expected error is an outcome, too."""
    limits: dict[str, Any] = {"max_usd": order.max_usd, "max_minutes": order.max_minutes}
    given = {name: value for name, value in limits.items() if value is not None}
    if order.sandbox == "required":
        given["sandbox"] = order.sandbox
    if order.credo == "beside":
        given["credo"] = order.credo
    try:
        return ON_A_CHECKOUT[order.command](order, runner, settings.model_copy(update=given), watch)
    except OtpError as error:
        return stopped(error, order.command)
