"""One use of the action, from what is asked to what came of it."""

from __future__ import annotations

from bot.errors import OtpError
from bot.flows.action_run.analysing import analyse
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.outcome import ActionOutcome, stopped
from bot.flows.action_run.planning import plan
from bot.flows.action_run.runner import Runner
from bot.flows.action_run.staging import stage
from bot.flows.action_run.verifying import verify
from bot.flows.watch import Watcher
from bot.settings import Settings


def carry_out(
    order: ActionOrder, runner: Runner, settings: Settings, watch: Watcher
) -> ActionOutcome:
    """Do what is asked; an expected error is an outcome, too."""
    limits = {"max_usd": order.max_usd, "max_minutes": order.max_minutes}
    given: dict[str, object] = {name: value for name, value in limits.items() if value is not None}
    if order.sandbox == "required":
        given["sandbox"] = order.sandbox
    limited = settings.model_copy(update=given)
    try:
        match order.command:
            case "analyze":
                return analyse(order, runner, limited)
            case "plan":
                return plan(order, runner, limited, watch)
            case "stage":
                return stage(order, runner, limited, watch)
            case "verify":
                return verify(order, runner, limited, watch)
    except OtpError as error:
        return stopped(error, order.command)
