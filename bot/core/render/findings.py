"""Findings as text with code frames, and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bot.core.finding import SEVERITIES, Analysis, Finding
from bot.core.render.markdown import code, fence, prose, table
from bot.core.render.paint import Paint, plain
from bot.core.sanitize import one_line, strip_hidden

FRAME_LINES = 6
"""Longest code frame; the rest of a longer finding is counted, not shown."""

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


_FIXES = {
    "automatic": "may be fixed automatically",
    "assisted": "a patch can be proposed",
    "advice": "advice only",
}


def as_text(analysis: Analysis, paint: Paint = plain) -> str:
    """Findings grouped by file, each with a frame of its code, then a summary."""
    out: list[str] = []
    path = ""
    for finding in analysis.findings:
        if finding.path != path:
            path = finding.path
            out.extend(["", paint(one_line(path), "bold underline")])
        out.extend(_frame(finding, paint))
    if analysis.notes:
        out.extend(["", paint("Not fully read", "bold")])
        out.extend(f"  {one_line(note.path)}: {one_line(note.message)}" for note in analysis.notes)
    out.extend(["", summary(analysis)])
    return "\n".join(out).lstrip("\n") + "\n"


def summary(analysis: Analysis) -> str:
    """One line: how much was read, what was found."""
    counts = Counter(f.severity for f in analysis.findings)
    found = ", ".join(_plural(counts[s], s) for s in SEVERITIES if counts[s]) or "no findings"
    sites = len(analysis.exempted)
    exempted = f"; {_plural(sites, 'site')} exempted with a reason" if sites else ""
    return f"{found} in {_plural(analysis.files, 'file')} ({analysis.lines:,} lines){exempted}"


def _frame(finding: Finding, paint: Paint) -> Iterator[str]:
    style = _STYLES[finding.severity]
    where = f"{finding.line}:{finding.column}"
    severity, rule = paint(f"{finding.severity:<7}", style), paint(f"[{finding.rule}]", "dim")
    yield f"  {severity} {one_line(finding.message)}  {rule}"
    lines = strip_hidden(finding.code).splitlines()
    width = len(str(finding.line + len(lines)))
    shown = lines[:FRAME_LINES]
    yield f"  {' ' * width} {paint(f'--> {one_line(finding.path)}:{where}', 'dim')}"
    for number, line in enumerate(shown, finding.line):
        yield f"  {paint(f'{number:>{width}} │', 'dim')} {line}"
    if len(lines) > len(shown):
        yield f"  {paint(' ' * width + ' │', 'dim')} … {len(lines) - len(shown)} more lines"
    mark = f"  {paint(' ' * width + ' =', 'dim')}"
    for evidence in finding.evidence:
        place = _place(finding, evidence.path, evidence.line)
        yield f"{mark} {one_line(place + evidence.note)}"
    yield f"{mark} {_FIXES[finding.fix]}; {finding.confidence} confidence"


def _place(finding: Finding, path: str, line: int) -> str:
    if path == finding.path and line == finding.line:
        return ""
    return f"line {line}: " if path == finding.path else f"{path}:{line}: "


def as_markdown(analysis: Analysis, trees: tuple[str, ...] = ()) -> str:
    """Findings as Markdown with the given Mermaid trees."""
    out = ["# OTP analysis", "", summary(analysis), ""]
    for tree in trees:
        out.extend([fence(tree, "mermaid"), ""])
    if analysis.findings:
        rows = [
            (f.severity, f.rule, code(f"{f.path}:{f.line}"), f.message, f.fix)
            for f in analysis.findings
        ]
        out.extend([table(("severity", "rule", "where", "what", "fix"), rows), ""])
    for finding in analysis.findings:
        out.extend(
            [
                f"### {finding.rule} at {code(f'{finding.path}:{finding.line}')}",
                "",
                prose(finding.message),
                "",
            ]
        )
        out.extend([fence(finding.code, "elixir"), ""])
        out.extend(f"- {code(f'{e.path}:{e.line}')}: {prose(e.note)}" for e in finding.evidence)
        out.append("")
    if analysis.exempted:
        rows_ex = [
            (e.rule, code(f"{e.path}:{e.line}"), e.exemption, e.reason) for e in analysis.exempted
        ]
        out.extend(
            ["## Exempted", "", table(("rule", "where", "exemption", "reason"), rows_ex), ""]
        )
    if analysis.notes:
        out.extend(
            [
                "## Not fully read",
                "",
                *(f"- {code(n.path)}: {prose(n.message)}" for n in analysis.notes),
                "",
            ]
        )
    return strip_hidden("\n".join(out).rstrip()) + "\n"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
