"""`genesis analyze` and `genesis explain`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import screen, write_file
from bot.errors import Exit, Unusable

if TYPE_CHECKING:
    from bot.core.finding import Analysis
    from bot.elixir.rules.base import Rule


class Format(StrEnum):
    """Output formats of `analyze`."""

    text = "text"
    json = "json"
    markdown = "markdown"
    sarif = "sarif"


class Level(StrEnum):
    """Severities for `--fail-on`."""

    error = "error"
    warning = "warning"
    info = "info"
    never = "never"


JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def analyze(
    path: Annotated[Path, typer.Argument(help="Directory (or file) to analyse.")] = Path(),
    format: Annotated[Format, typer.Option("--format", "-f", help="Output format.")] = Format.text,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Only this rule; repeatable.")
    ] = None,
    fail_on: Annotated[
        Level, typer.Option("--fail-on", help="Exit with 1 when a finding is at least this severe.")
    ] = Level.never,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file instead.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes; default: one per core.")
    ] = None,
    json_: JsonFlag = False,
) -> None:
    """Find OTP problems in the files of a directory. Reads only; needs neither git nor Elixir."""
    from bot.core.finding import at_least
    from bot.elixir.analyze import survey
    from bot.flows.trees import checkout_tree
    from bot.settings import load_settings

    form = Format.json if json_ else format
    screen.machine = form in (Format.json, Format.sarif)
    settings = load_settings()
    tree = checkout_tree(path, settings)
    with screen.progress("analysing") as progress:
        found = survey(tree, jobs=jobs or settings.jobs, rules=_chosen(rule), progress=progress)
    text = _rendered(found.analysis, form, to_file=output is not None)
    if output is not None:
        write_file(output, text)
    else:
        screen.write(text)
    if at_least(found.analysis.findings, fail_on.value):
        raise SystemExit(int(Exit.FINDINGS))


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


def _rendered(analysis: Analysis, form: Format, *, to_file: bool) -> str:
    from bot.core.render import findings
    from bot.core.render.paint import plain

    if form is Format.json:
        return analysis.model_dump_json(indent=2) + "\n"
    if form is Format.sarif:
        from bot.flows.sarif_file import sarif_text

        return sarif_text(analysis)
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
    from bot.core.render.rules import as_text, listing
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
        }
        for r in chosen
    ]  # fmt: skip
    screen.data(facts[0] if rule else facts)
    screen.say(as_text(facts[0], screen.paint) if rule else listing(facts, screen.paint))
