"""`command: stage`: one stage of the plan on a local branch; nothing goes to GitHub."""

from __future__ import annotations

from pathlib import Path

from bot.codebase.git import PATCH
from bot.codebase.sandbox import open_sandbox
from bot.codebase.toolchain import Missing, find_toolchain
from bot.core.plan import Action
from bot.core.state import ActionState
from bot.flows.action_run.dependencies import Dependencies
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.outcome import ActionOutcome, Status
from bot.flows.action_run.pages import stage_page
from bot.flows.action_run.planning import open_session
from bot.flows.action_run.remarks import Remark, shown
from bot.flows.action_run.runner import Runner
from bot.flows.action_run.token_left import warn_of_token
from bot.flows.build_place import build_path
from bot.flows.run_plan import RunReport, run_plan
from bot.flows.session import Session
from bot.flows.watch import Watcher
from bot.settings import Settings

PATCH_FILE, STATE_FILE, REPORT_FILE = "changes.patch", "state.json", "report.md"


def stage(order: ActionOrder, runner: Runner, settings: Settings, watch: Watcher) -> ActionOutcome:
    """Each action a verified commit, or undone; raises `Refused` for a key without a sandbox."""
    assert order.stage is not None
    session = open_session(order, runner, settings)
    _fetch(session, settings, watch)
    report = run_plan(session, stage=order.stage, only=order.only, fresh=True, watch=watch)
    tip = next((s.tip for s in reversed(report.state.stages) if s.tip), "")
    branch = next((s.branch for s in reversed(report.state.stages) if s.tip), "")
    states = tuple(report.state.action(action.id) for action in report.selected)
    page = stage_page(report, states, branch)
    folder = runner.report_folder(order)
    _write(folder, session, report, tip, page)
    return ActionOutcome(
        status=_status(report, states),
        page=page,
        remarks=shown(
            _remark(a, s, order.path) for a, s in zip(report.selected, states, strict=True)
        ),
        plan=report.plan.id,
        stage=str(order.stage),
        attempts=str(sum(state.attempts for state in states)),
        findings=str(len(session.survey.analysis.findings)),
        cost_usd=f"{report.usage.usd:.4f}",
        branch=branch,
        commit=tip,
        report=folder,
    )


def _fetch(session: Session, settings: Settings, watch: Watcher) -> None:
    repository = session.repository
    sandbox = open_sandbox(
        settings.sandbox, settings.environment, key_present=bool(settings.secrets())
    )
    tools = find_toolchain(repository.path, settings.environment)
    if isinstance(tools, Missing):
        return  # the baseline says so, and plans are made all the same
    deps = repository.path / "deps"
    build = build_path(repository, tools)
    warn_of_token(repository, sandbox, watch)
    fetching = Dependencies(repository, tools, sandbox, watch)
    fetching.fetch(session.commit, deps, build)
    fetching.install_credo()


def _status(report: RunReport, states: tuple[ActionState, ...]) -> Status:
    if report.any("failed"):
        return "failed"
    if any(state.status == "committed" for state in states):
        return "ok"
    obstacle = report.baseline is not None and bool(report.baseline.obstacle)
    return "could-not-verify" if obstacle else "nothing"


def _remark(action: Action, state: ActionState, folder: str) -> Remark:
    """At the action's first place: what became of it."""
    kind = {"failed": "error", "patch": "warning"}.get(state.status, "notice")
    place = next((file for file in action.files if file.line), None)
    prefix = f"{folder}/" if folder else ""
    said = state.reason or state.commit[:12]
    return Remark(
        kind,
        f"{state.status}: {action.id}",
        f"{action.title}\n{said}",
        f"{prefix}{place.path}" if place else "",
        place.line if place else 0,
        place.end_line if place else 0,
    )


def _write(folder: Path, session: Session, report: RunReport, tip: str, page: str) -> None:
    (folder / REPORT_FILE).write_text(page, "utf-8", "replace")
    (folder / STATE_FILE).write_text(report.state.model_dump_json(indent=2) + "\n", "utf-8")
    if tip:
        patch = session.repository.git.raw("diff", *PATCH, session.commit, tip, "--")
        (folder / PATCH_FILE).write_bytes(patch)
