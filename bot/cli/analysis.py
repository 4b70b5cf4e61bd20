"""`genesis analyze` and `genesis explain`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import screen, write_file
from bot.errors import Exit, Misused, Unusable

if TYPE_CHECKING:
    from bot.core.finding import Analysis
    from bot.elixir.rules.base import Rule


class Format(StrEnum):
    """Output formats of `analyze`."""

    text = "text"
    json = "json"
    markdown = "markdown"
    sarif = "sarif"
    github = "github"


class Level(StrEnum):
    """Severities for `--fail-on`."""

    error = "error"
    warning = "warning"
    info = "info"
    never = "never"


JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Rules = Annotated[
    list[str] | None, typer.Option("--rule", "-r", help="Only this rule; repeatable.")
]
FailOn = Annotated[
    Level, typer.Option("--fail-on", help="Exit with 1 when a finding is at least this severe.")
]
Baseline = Annotated[
    Path | None,
    typer.Option("--baseline", help="Leave out, and never fail on, what this file lists."),
]
NewBaseline = Annotated[
    Path | None,
    typer.Option("--write-baseline", help="Write all findings there are into such a file."),
]
Since = Annotated[
    str,
    typer.Option(
        "--changed-since", metavar="REV", help="Leave out what the code at this commit has."
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to a file instead.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Look at every file again, and keep nothing.")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes; default: one per core.")
]


def analyze(
    path: Annotated[Path, typer.Argument(help="Directory (or file) to analyse.")] = Path(),
    format: Annotated[Format, typer.Option("--format", "-f", help="Output format.")] = Format.text,
    rule: Rules = None,
    fail_on: FailOn = Level.never,
    baseline: Baseline = None,
    write_baseline: NewBaseline = None,
    changed_since: Since = "",
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    json_: JsonFlag = False,
) -> None:
    """Find OTP problems in the files of a directory. Reads only; needs neither git nor Elixir."""
    from bot.core.baseline import without_known
    from bot.core.finding import at_least
    from bot.flows.comparison import known_since
    from bot.flows.surveys import survey_checkout
    from bot.settings import load_settings

    form = Format.json if json_ else format
    screen.machine = form in (Format.json, Format.sarif)
    settings = load_settings(**({"analysis_cache": False} if no_cache else {}))
    rules = _chosen(rule)
    with screen.progress("analysing") as bar:
        found = survey_checkout(path, settings, jobs=jobs, rules=rules, progress=bar).analysis
    if changed_since:
        found = without_known(found, known_since(path, changed_since, settings, rules))
    found = _against(found, baseline, write_baseline, some=bool(rules))
    text = _rendered(found, form, path, to_file=output is not None)
    if output is not None:
        write_file(output, text)
    else:
        screen.write(text)
    if at_least(found.findings, fail_on.value):
        raise SystemExit(int(Exit.FINDINGS))


def _against(found: Analysis, old: Path | None, new: Path | None, *, some: bool) -> Analysis:
    """What is not in the baselines; a new one is written with all there is."""
    from bot.core.baseline import against_baseline, without_known
    from bot.flows.comparison import load_baseline, new_baseline

    if new is not None and some:
        raise Misused("a baseline lists what all rules find", hint="leave --rule out to write one")
    if old is not None:
        found = against_baseline(found, load_baseline(old))
    if new is None:
        return found
    everything = (*found.findings, *found.known)
    write_file(new, new_baseline(new, everything))
    screen.note(f"baseline written to {new}, findings in it: {len(everything)}")
    written = without_known(found, (f.id for f in everything))
    return written.model_copy(update={"stale": ()})


def _chosen(names: list[str] | None) -> tuple[Rule, ...] | None:
    if not names:
        return None
    return tuple(_rule(name) for name in dict.fromkeys(names))


def _rule(name: str) -> Rule:
    from difflib import get_close_matches

    from bot.elixir.rules import all_rules

    known = {r.id: r for r in all_rules()}
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else "`genesis explain` lists the rules"
        raise Unusable(f"no such rule: {name!r}", hint=hint)
    return known[name]


def _rendered(analysis: Analysis, form: Format, path: Path, *, to_file: bool) -> str:
    from bot.core.render import findings
    from bot.core.render.paint import plain

    if form is Format.json:
        return analysis.model_dump_json(indent=2) + "\n"
    if form is Format.sarif:
        from bot.flows.sarif_file import sarif_text

        return sarif_text(analysis)
    if form is Format.github:
        from bot.flows.action_run.analysing import placed
        from bot.flows.action_run.remarks import of_findings, shown

        inside = path.is_dir() and not path.is_absolute() and ".." not in path.parts
        folder = path.as_posix() if inside and path != Path() else ""
        lines = shown(of_findings(placed(analysis, folder).findings))
        return "".join(f"{line}\n" for line in (*lines, findings.summary(analysis)))
    if form is Format.markdown:
        from bot.elixir.supervision import mermaid

        return findings.as_markdown(
            analysis, tuple(mermaid(t) for t in analysis.trees if t.supervisors)
        )
    return findings.as_text(analysis, plain if to_file else screen.paint)


def explain(
    rule: Annotated[str, typer.Argument(help="Rule id; without one, all rules are listed.")] = "",
    json_: JsonFlag = False,
) -> None:
    """Say what a rule finds, why that is harmful, how to fix it and what it leaves alone."""
    from dataclasses import asdict

    from bot.core.render.rules import as_text, listing
    from bot.elixir import ignoring
    from bot.elixir.rules import all_rules

    screen.machine = json_
    chosen = (_rule(rule),) if rule else all_rules()
    facts = [
        {
            "id": r.id, "title": r.title, "category": r.category, "stage": r.stage,
            "severity": r.severity,
            "confidence": r.confidence, "fix": r.fix, "explanation": r.explanation,
            "harm": r.harm, "remedy": r.remedy,
            "bad": [s.tree() for s in r.bad], "good": [s.tree() for s in r.good],
            "exemptions": [{"name": e.name, "reason": e.reason} for e in r.exemptions],
            "limits": [asdict(limit) for limit in r.limits],
            "ignore": ignoring.example(r.id),
        }
        for r in chosen
    ]  # fmt: skip
    screen.data(facts[0] if rule else facts)
    screen.say(as_text(facts[0], screen.paint) if rule else listing(facts, screen.paint))
