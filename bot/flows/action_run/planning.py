"""`command: plan`: the plan of the commit that is checked out, as files and as a page."""

from __future__ import annotations

from bot.codebase.repository import Repository
from bot.core.render.plan import documents
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.outcome import ActionOutcome
from bot.flows.action_run.pages import plan_page
from bot.flows.action_run.runner import Runner
from bot.flows.run_plan import make_plan
from bot.flows.session import Session, goal_of
from bot.flows.watch import Watcher
from bot.settings import Settings

PLAN_FILE = "plan.json"


def open_session(order: ActionOrder, runner: Runner, settings: Settings) -> Session:
    """A session on the commit that is checked out; raises `Unusable`, `Misused`."""
    repository = Repository.open(runner.project(order), settings)
    return Session(repository, repository.head, goal_of(order.goal))


def plan(order: ActionOrder, runner: Runner, settings: Settings, watch: Watcher) -> ActionOutcome:
    """Analyse the commit and write the five documents; nothing in the checkout changes."""
    session = open_session(order, runner, settings)
    made = make_plan(session, fresh=True, watch=watch)
    report = runner.report_folder(order)
    texts = {**documents(made), PLAN_FILE: made.model_dump_json(indent=2) + "\n"}
    for name, text in texts.items():
        (report / name).write_text(text, "utf-8", "replace")
    return ActionOutcome(
        status="ok" if made.actions() else "nothing",
        page=plan_page(made),
        plan=made.id,
        findings=str(len(session.survey.analysis.findings)),
        commit=session.commit,
        report=report,
    )
