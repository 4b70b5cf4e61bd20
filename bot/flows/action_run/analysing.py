"""`command: analyze`: findings beside the code, a SARIF file, a page with the supervision tree."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from bot.codebase.repository import Repository
from bot.core.finding import Analysis, Evidence, Exempted, Finding, Note, at_least
from bot.core.render import findings as rendering
from bot.elixir.analyze import survey
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.supervision import mermaid
from bot.errors import Misused, Unusable
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.outcome import ActionOutcome
from bot.flows.action_run.pages import FETCH, analysis_page
from bot.flows.action_run.remarks import of_findings, shown
from bot.flows.action_run.runner import Runner
from bot.flows.sarif_file import sarif_text
from bot.flows.trees import checkout_tree, commit_tree
from bot.flows.watch import Watcher
from bot.settings import Settings

SARIF_FILE, JSON_FILE, MARKDOWN_FILE = "otp-genesis.sarif", "findings.json", "findings.md"

Placed = TypeVar("Placed", Finding, Evidence, Exempted, Note)


def analyse(
    order: ActionOrder, runner: Runner, settings: Settings, watch: Watcher
) -> ActionOutcome:
    """Read the files as they are on the disk; needs no Elixir, and git only for a revision."""
    where = runner.project(order)
    watch.doing(f"analyse {order.path or 'the checkout'}")
    rules = _chosen(order.rules)
    found = survey(checkout_tree(where, settings), jobs=settings.jobs, rules=rules).analysis
    known = _known(order, where, rules, settings) if order.changed_since else frozenset()
    whole = placed(found, order.path)
    pairs = zip(found.findings, whole.findings, strict=True)
    counted = tuple(there for here, there in pairs if here.id not in known)
    severe = at_least(counted, order.fail_on)
    report = runner.report_folder(order)
    _write(whole, report)
    return ActionOutcome(
        status="findings" if severe else "ok",
        page=analysis_page(whole, counted, order, runner, len(severe)),
        remarks=shown(of_findings(counted)),
        findings=str(len(counted)),
        report=report,
        sarif=report / SARIF_FILE,
    )


def _chosen(names: tuple[str, ...]) -> tuple[Rule, ...] | None:
    known = {rule.id: rule for rule in all_rules()}
    if unknown := [name for name in names if name not in known]:
        raise Misused(
            f"input 'rules': there is no rule {unknown[0]!r}",
            hint=f"the rules are {', '.join(known)}",
        )
    return tuple(known[name] for name in dict.fromkeys(names)) or None


def _known(
    order: ActionOrder, where: Path, rules: tuple[Rule, ...] | None, settings: Settings
) -> frozenset[str]:
    """Ids of what was found in the same project at the revision."""
    repository = Repository.open(where, settings)
    try:
        commit = repository.resolve(order.changed_since)
    except Unusable as error:
        raise Unusable(error.message, hint=FETCH) from None
    try:
        tree = commit_tree(repository, commit)
    except Unusable:
        return frozenset()  # the project is younger than that
    analysis = survey(tree, jobs=settings.jobs, rules=rules).analysis
    return frozenset(finding.id for finding in analysis.findings)


def placed(analysis: Analysis, folder: str) -> Analysis:
    """With paths from the top of the work space, as GitHub counts them."""
    if not folder:
        return analysis

    def moved(record: Placed) -> Placed:
        return record.model_copy(update={"path": f"{folder}/{record.path}"})

    findings = tuple(
        moved(f).model_copy(update={"evidence": tuple(moved(e) for e in f.evidence)})
        for f in analysis.findings
    )
    return analysis.model_copy(
        update={
            "findings": findings,
            "exempted": tuple(moved(e) for e in analysis.exempted),
            "notes": tuple(moved(n) for n in analysis.notes),
        }
    )


def _write(whole: Analysis, report: Path) -> None:
    """All findings, also those that were there before: code scanning compares by itself."""
    trees = tuple(mermaid(tree) for tree in whole.trees if tree.supervisors)
    texts = {
        SARIF_FILE: sarif_text(whole),
        JSON_FILE: whole.model_dump_json(indent=2) + "\n",
        MARKDOWN_FILE: rendering.as_markdown(whole, trees),
    }
    for name, text in texts.items():
        (report / name).write_text(text, "utf-8", "replace")
