"""The page of the run: what each command shows there, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from bot.core.finding import SEVERITIES, Analysis, Finding
from bot.core.plan import Plan
from bot.core.render import findings as rendering
from bot.core.render.markdown import code, fence, prose, table
from bot.core.sanitize import one_line, strip_hidden
from bot.core.state import ActionState, ActionStatus
from bot.core.verdict import Baseline, CheckResult, Status, Verdict
from bot.elixir.supervision import mermaid
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.runner import Runner
from bot.flows.run_plan import RunReport

SHOWN_ROWS, SHOWN_TREES = 50, 5
FETCH = "give actions/checkout `fetch-depth: 0`, so that the commit is there"

_ENDED: dict[ActionStatus, str] = {
    "pending": "⚪ not reached",
    "committed": "✅ committed",
    "patch": "🙋 to decide",
    "failed": "❌ failed, undone",
    "skipped": "⚪ for a person",
    "undone": "⚪ undone",
    "declined": "⚪ declined",
}
_VERDICTS: dict[Status, str] = {
    "passed": "✅ Verified",
    "failed": "❌ Not verified",
    "timed-out": "❌ Not verified: a check came to no end",
    "flaky": "⚠️ Could not verify: tests do not agree with themselves",
    "cannot-build": "⚠️ Could not verify: cannot build here",
    "not-run": "⚠️ Could not verify: nothing was run",
}
_MARKS = {"error": "🔴 error", "warning": "🟠 warning", "info": "🔵 info"}


def analysis_page(whole: Analysis, order: ActionOrder, runner: Runner, severe: int) -> str:
    """Findings that count in a table, and the supervision trees."""
    parts = ["## OTP analysis", one_line(rendering.summary(whole)) + "."]
    against = [code(one_line(x)) for x in (order.baseline, order.changed_since) if x]
    if against:
        parts.append(
            f"{len(whole.findings)} are new against {' and '.join(against)};"
            f" {len(whole.known)} were there before."
        )
    if severe:
        parts.append(f"**{severe} at or above `fail-on: {order.fail_on}`**: this step fails.")
    if whole.findings:
        parts.append(_findings(whole.findings, runner))
    for title, rows in rendering.sections(whole):
        parts += [f"### {title}", "\n".join(_first(rendering.bullets(rows)))]
    trees = [tree for tree in whole.trees if tree.supervisors]
    for tree in trees[:SHOWN_TREES]:
        title = f"### Supervision tree of {code(tree.app)}"
        parts += [title, fence(strip_hidden(mermaid(tree)), "mermaid")]
    if len(trees) > SHOWN_TREES:
        parts.append(f"{len(trees) - SHOWN_TREES} more trees are in the report.")
    return "\n\n".join(parts) + "\n"


def _findings(found: Sequence[Finding], runner: Runner) -> str:
    ordered = sorted(found, key=lambda f: SEVERITIES.index(f.severity))
    rows = [
        (_MARKS[f.severity], code(f.rule), _where(f, runner), one_line(f.message), f.fix)
        for f in ordered[:SHOWN_ROWS]
    ]
    text = table(("severity", "rule", "where", "what", "fix"), rows)
    more = len(ordered) - SHOWN_ROWS
    return f"{text}\n\n{more} more are in the report." if more > 0 else text


def _where(finding: Finding, runner: Runner) -> str:
    """The place, linked to the code at the commit where it is known."""
    place = code(one_line(f"{finding.path}:{finding.line}"))
    if not (runner.repository and runner.sha):
        return place
    address = f"{runner.server}/{runner.repository}/blob/{runner.sha}/{quote(finding.path)}"
    return f"[{place}]({address}#L{finding.line})"


def plan_page(plan: Plan) -> str:
    """The stages of a plan, its actions in order, and the trees."""
    rows = [
        (f"{s.number}. {s.title}", s.summary, s.risk if s.actions else "none", s.effort)
        for s in plan.stages
    ]
    parts = [
        f"## OTP refactoring plan {code(plan.id)} for {code(one_line(plan.app))}",
        f"Goal: {prose(one_line(plan.goal))}",
        table(("stage", "summary", "risk", "effort"), rows),
        *_actions(plan),
        "### Supervision tree today",
        fence(plan.tree_today, "mermaid"),
    ]
    if plan.tree_planned != plan.tree_today:
        title = "### Supervision tree after the automatic actions"
        parts += [title, fence(plan.tree_planned, "mermaid")]
    return strip_hidden("\n\n".join(parts)) + "\n"


def stage_page(report: RunReport, states: Sequence[ActionState], branch: str) -> str:
    """What became of each action, and how to go on with the branch."""
    rows = [
        (
            code(a.id),
            _ENDED[s.status],
            s.proof if s.commit else "",
            _quoted(s.reason or s.commit[:12]),
        )
        for a, s in zip(report.selected, states, strict=True)
    ]
    parts = [
        f"## OTP refactoring: plan {code(report.plan.id)} for {code(one_line(report.plan.app))}"
    ]
    if report.baseline is not None and report.baseline.obstacle:
        parts.append(f"**Nothing was committed**: {_quoted(report.baseline.obstacle)}")
    if rows:
        parts.append(table(("action", "status", "proof", "commit or reason"), rows[:SHOWN_ROWS]))
    if len(rows) > SHOWN_ROWS:
        parts.append(f"{len(rows) - SHOWN_ROWS} more are in the report.")
    if not rows:
        parts.append("There is nothing to do in this stage.")
    if report.state.tests_after:
        before, after = report.state.tests_before, report.state.tests_after
        parts.append(f"Tests before: {code(one_line(before))}; after: {code(one_line(after))}.")
    if report.usage.calls:
        parts.append(f"Models: {report.usage.calls} calls, ${report.usage.usd:.4f}.")
    if branch:
        parts.append(
            f"The commits are on the local branch {code(branch)} of this job, and in"
            f" {code('changes.patch')} of the report. Nothing was pushed."
        )
    return strip_hidden("\n\n".join(parts)) + "\n"


def verify_page(verdict: Verdict, baseline: Baseline, base: str, head: str) -> str:
    """What each check showed before and after, and why it is no pass."""
    before = {check.name: check for check in baseline.checks}
    rows = [
        (
            code(check.name),
            _shown(before[check.name]) if check.name in before else "",
            _shown(check),
        )
        for check in verdict.checks
    ]
    parts = [
        f"## {_VERDICTS[verdict.status]}",
        f"{code(head[:12])} against {code(base[:12])}",
        *([table(("check", "before", "after"), rows)] if rows else []),
    ]
    if verdict.reasons:
        reasons = [f"- {code(one_line(reason)[:1000])}" for reason in verdict.reasons]
        parts += ["### Why", "\n".join(_first(reasons))]
    if baseline.flaky:
        names = ", ".join(code(name) for name in baseline.flaky[:5])
        parts.append(f"Flaky before the change already, so they count for nothing: {names}")
    return strip_hidden("\n\n".join(parts)) + "\n"


def _shown(check: CheckResult) -> str:
    mark = {"passed": "✅", "not-run": "⚪"}.get(check.status, "❌")
    return f"{mark} {_quoted(check.summary)}"


def _quoted(text: str) -> str:
    """Words of checks and models, which may be strangers': shown as they are, never as markup."""
    line = one_line(text)[:500]
    return code(line) if line else ""


def _actions(plan: Plan) -> Iterator[str]:
    actions = plan.actions()
    if not actions:
        yield "There is nothing to do."
        return
    rows = [(str(a.stage), code(a.id), one_line(a.title), a.fix, a.risk) for a in actions]
    yield table(("stage", "action", "what", "fix", "risk"), rows[:SHOWN_ROWS])
    if len(rows) > SHOWN_ROWS:
        yield f"{len(rows) - SHOWN_ROWS} more are in the report."


def _first(rows: Iterable[str]) -> list[str]:
    listed = list(rows)
    more = len(listed) - SHOWN_ROWS
    return [*listed[:SHOWN_ROWS], *([f"- and {more} more"] if more > 0 else [])]
