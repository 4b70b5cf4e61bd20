"""Actions for findings that no codemod takes: what a person is told, and why."""

from __future__ import annotations

from bot.core.finding import Finding
from bot.core.plan import Action, Level
from bot.elixir.project import Project
from bot.elixir.rules import rule
from bot.flows.places import finding_range, identity

NO_FIX = "No fix at "
"""How a step begins that says why no codemod takes a place."""


def group_of(finding: Finding) -> tuple[str, str, str]:
    """Faint hints share one action per rule: they are a list to look through, not work items."""
    if finding.severity == "info" and finding.confidence == "low":
        return finding.rule, "", ""
    return finding.rule, finding.path, finding.module


def advice_for(project: Project, group: list[tuple[Finding, str]]) -> Action:
    """What a person is told about findings of one rule; beside each why no codemod takes it."""
    findings = [finding for finding, _ in group]
    first = findings[0]
    about = rule(first.rule)
    faint = group_of(first) == (first.rule, "", "")
    place = {"path": "", "module": ""} if faint else {"path": first.path, "module": first.module}
    count = f"{len(findings)} places" if len(findings) > 1 else "one place"
    where = f"{count} to look at" if faint else first.module or first.path
    level: Level = "high" if about.category in ("god-process", "volatile-state") else "medium"
    return Action(
        id=identity(first.stage, first.rule, place),
        stage=first.stage,
        title=f"{about.title}: {where}" if faint else f"{about.title} in {where}",
        fix="advice",
        rule=first.rule,
        finding_ids=tuple(f.id for f in findings),
        files=tuple(finding_range(project, f) for f in findings),
        problem=_problem(findings, faint=faint),
        before=finding_range(project, first).code,
        example=next(iter(about.good[0].tree().values())).rstrip(),
        steps=(about.remedy, *_declined(group)),
        how_to_test="Write the test that fails before the change through the module's public"
        " functions, then change the code.",
        done_when=(
            "each place is either changed, or looked at and found to be right"
            if faint
            else f"`genesis analyze --rule {first.rule}` no longer lists {where}",
            "the suite is green",
        ),
        effort=level,
        risk="medium",
    )


def _problem(findings: list[Finding], *, faint: bool) -> str:
    about = rule(findings[0].rule)
    said = [about.explanation] if faint else dict.fromkeys(f"{f.message}." for f in findings)
    return " ".join([*said, about.harm])


def _declined(group: list[tuple[Finding, str]]) -> tuple[str, ...]:
    places: dict[str, list[str]] = {}
    for finding, reason in group:
        if reason:
            places.setdefault(reason, []).append(f"{finding.path}:{finding.line}")
    return tuple(f"{NO_FIX}{', '.join(where)}: {reason}" for reason, where in places.items())
