"""`command: analyze`: findings beside the code, a SARIF file, a page with the supervision tree."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from bot.core.baseline import against_baseline, without_known
from bot.core.finding import Analysis, Evidence, Exempted, Finding, Listed, Note, at_least
from bot.core.render import findings as rendering
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule
from bot.elixir.supervision import mermaid
from bot.errors import Misused, Unusable
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.outcome import ActionOutcome
from bot.flows.action_run.pages import FETCH, analysis_page
from bot.flows.action_run.remarks import of_findings, shown
from bot.flows.action_run.runner import Runner
from bot.flows.comparison import known_since, load_baseline
from bot.flows.sarif_file import sarif_text
from bot.flows.surveys import survey_checkout
from bot.flows.watch import Watcher
from bot.settings import Settings

SARIF_FILE, JSON_FILE, MARKDOWN_FILE = "otp-genesis.sarif", "findings.json", "findings.md"

Placed = TypeVar("Placed", Finding, Evidence, Exempted, Note, Listed)


def analyse(
    order: ActionOrder, runner: Runner, settings: Settings, watch: Watcher
) -> ActionOutcome:
    """Read the files as they are on the disk; needs no Elixir, and git only for a revision."""
    where = runner.project(order)
    watch.doing(f"analyse {order.path or 'the checkout'}")
    rules = _chosen(order.rules)
    found = survey_checkout(where, settings, rules=rules).analysis
    if order.baseline:
        found = against_baseline(found, load_baseline(runner.file(order.baseline)))
    if order.changed_since:
        found = without_known(found, _known(order, where, rules, settings))
    whole = placed(found, order.path)
    severe = at_least(whole.findings, order.fail_on)
    report = runner.report_folder(order)
    _write(whole, report)
    return ActionOutcome(
        status="findings" if severe else "ok",
        page=analysis_page(whole, order, runner, len(severe)),
        remarks=shown(of_findings(whole.findings)),
        findings=str(len(whole.findings)),
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
    try:
        return known_since(where, order.changed_since, settings, rules)
    except Unusable as error:
        raise Unusable(error.message, hint=FETCH) from None


def placed(analysis: Analysis, folder: str) -> Analysis:
    """With paths from the top of the work space, as GitHub counts them."""
    if not folder:
        return analysis

    def moved(record: Placed) -> Placed:
        return record.model_copy(update={"path": f"{folder}/{record.path}"})

    def whole(finding: Finding) -> Finding:
        evidence = tuple(moved(e) for e in finding.evidence)
        return moved(finding).model_copy(update={"evidence": evidence})

    return analysis.model_copy(
        update={
            "findings": tuple(whole(f) for f in analysis.findings),
            "known": tuple(whole(f) for f in analysis.known),
            "suppressed": tuple(
                s.model_copy(update={"finding": whole(s.finding)}) for s in analysis.suppressed
            ),
            "exempted": tuple(moved(e) for e in analysis.exempted),
            "stale": tuple(moved(e) for e in analysis.stale),
            "notes": tuple(moved(n) for n in analysis.notes),
        }
    )


def _write(whole: Analysis, report: Path) -> None:
    """Also what was there before, as code scanning compares by itself.

    It makes alerts of suppressed results like of any others, so these are left out for it.
    """
    trees = tuple(mermaid(tree) for tree in whole.trees if tree.supervisors)
    texts = {
        SARIF_FILE: sarif_text(whole.model_copy(update={"suppressed": ()})),
        JSON_FILE: whole.model_dump_json(indent=2) + "\n",
        MARKDOWN_FILE: rendering.as_markdown(whole, trees),
    }
    for name, text in texts.items():
        (report / name).write_text(text, "utf-8", "replace")
