"""The checkout a job was given, opened at the commit to work on, with the plan for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.codebase.paths import parts
from bot.codebase.repository import Repository
from bot.errors import Unusable
from bot.flows.plan_goal import plan_goal
from bot.flows.session import Session
from bot.flows.stage_run.approved import Approved, Chosen, choose
from bot.flows.stage_run.order import StageOrder
from bot.settings import Settings


@dataclass(frozen=True)
class Opened:
    """A session at the base, and what it is to carry out."""

    session: Session
    chosen: Chosen


def open_project(code: Path, plan_path: str, order: StageOrder, settings: Settings) -> Repository:
    """The analysed directory in the checkout `code`, which must stand at the base."""
    where = code.joinpath(*parts(plan_path)) if plan_path else code
    repository = Repository.open(where, settings)
    if repository.head != order.base:
        raise Unusable(f"the checkout is at {repository.head[:12]}, not at {order.base[:12]}")
    return repository


def open_stage(code: Path, approved: Approved, order: StageOrder, settings: Settings) -> Opened:
    """Analyse the base anew and keep of the approved plan what it still asks for.

    Raises `Unusable` when there is no Elixir there, or another commit is checked out.
    """
    repository = open_project(code, approved.plan.path, order, settings)
    _forget_earlier(repository, order.plan)
    session = Session(repository, order.base, approved.plan.goal)
    fresh = plan_goal(
        session.survey, goal=approved.plan.goal, plan_id=order.plan, commit=order.base
    )
    chosen = choose(approved.plan, fresh, order)
    session.plan = chosen.plan.model_copy(update={"path": repository.prefix})
    session.state = chosen.state()
    return Opened(session, chosen)


def _forget_earlier(repository: Repository, plan: str) -> None:
    """A runner that is used again keeps its checkout, with the refs of an earlier job in it."""
    found = repository.refs("refs/heads/genesis/") | repository.refs("refs/genesis/")
    for name, sha in found.items():
        if name == f"refs/genesis/plan-{plan}" or name.startswith(f"refs/heads/genesis/{plan}/"):
            repository.update_ref(name, None, sha)
