"""Findings as text with code frames, and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bot.core.finding import SEVERITIES, Analysis, Finding, Listed, Suppressed
from bot.core.render.markdown import code, fence, prose, table
from bot.core.render.paint import Paint, plain
from bot.core.sanitize import one_line, strip_hidden

FRAME_LINES = 6
"""Longest code frame; the rest of a longer finding is counted, not shown."""

SHOWN_STALE = 20
"""Entries of a baseline that are shown; JSON has them all."""

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


_FIXES = {
    "automatic": "often fixed automatically; `genesis plan` tells whether this one is",
    "assisted": "a patch may be proposed; `genesis plan` tells whether one is",
    "advice": "advice only",
}
"""What its rule has to offer; what a place allows is known once a fix was sought for it."""


def as_text(analysis: Analysis, paint: Paint = plain) -> str:
    """Findings grouped by file, each with a frame of its code, then a summary."""
    out: list[str] = []
    path = ""
    for finding in analysis.findings:
        if finding.path != path:
            path = finding.path
            out.extend(["", paint(one_line(path), "bold underline")])
        out.extend(_frame(finding, paint))
    for title, rows in sections(analysis):
        out.extend(["", paint(title, "bold")])
        out.extend(f"  {one_line(place)}: {one_line(what)}" for place, what in rows)
    out.extend(["", summary(analysis)])
    return "\n".join(out).lstrip("\n") + "\n"


def summary(analysis: Analysis) -> str:
    """One line: how much was read, what was found."""
    counts = Counter(f.severity for f in analysis.findings)
    none = "no new findings" if analysis.known else "no findings"
    found = ", ".join(_plural(counts[s], s) for s in SEVERITIES if counts[s]) or none
    beside = (
        (len(analysis.known), "known finding", "left out"),
        (len(analysis.suppressed), "finding", "suppressed with a reason"),
        (len(analysis.exempted), "site", "exempted with a reason"),
    )
    more = "".join(f"; {_plural(count, noun)} {how}" for count, noun, how in beside if count)
    return f"{found} in {_plural(analysis.files, 'file')} ({analysis.lines:,} lines){more}"


def sections(analysis: Analysis) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """What else is to be told: titles, each with places and what there is to say of them."""
    of_comments = tuple(n for n in analysis.notes if n.kind == "comment")
    unread = tuple((n.path, n.message) for n in analysis.notes if n.kind != "comment")
    without_effect = tuple((f"{n.path}:{n.line}", n.message) for n in of_comments)
    stale = tuple(
        (e.path, f"{e.rule}{f' in {scope}' if (scope := _scope(e)) else ''}: {e.message}")
        for e in analysis.stale[:SHOWN_STALE]
    )
    of_baseline = f"In the baseline, and found no more ({len(analysis.stale)}): write it anew"
    titled = (
        ("Not fully read", unread),
        ("Comments without effect", without_effect),
        (of_baseline, stale),
    )
    yield from ((title, rows) for title, rows in titled if rows)


def _scope(entry: Listed) -> str:
    return ".".join(part for part in (entry.module, entry.function) if part)


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
        if number == finding.line and (mark := _mark(finding, line)):
            yield f"  {paint(' ' * width + ' │', 'dim')} {paint(mark, style)}"
    if len(lines) > len(shown):
        yield f"  {paint(' ' * width + ' │', 'dim')} … {len(lines) - len(shown)} more lines"
    mark = f"  {paint(' ' * width + ' =', 'dim')}"
    for evidence in finding.evidence:
        place = _place(finding, evidence.path, evidence.line)
        yield f"{mark} {one_line(place + evidence.note)}"
    yield f"{mark} {_FIXES[finding.fix]}; {finding.confidence} confidence"


def _mark(finding: Finding, line: str) -> str:
    """What to put below the first line, where the finding is only a part of it."""
    start, written = finding.column - 1, finding.code.split("\n")[0].rstrip("\r")
    inside = written[start:].rstrip()
    if finding.end_line == finding.line:
        length = finding.end_byte - finding.start_byte
        inside = inside.encode()[:length].decode("utf-8", "ignore")
    if not inside or written != line or inside == written.strip():
        return ""
    before = "".join(c if c == "\t" else " " for c in written[:start])
    return before + "^" * len(inside)


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
    if analysis.suppressed:
        out.extend(["## Suppressed", "", _suppressed(analysis.suppressed), ""])
    if analysis.exempted:
        rows_ex = [
            (e.rule, code(f"{e.path}:{e.line}"), e.exemption, e.reason) for e in analysis.exempted
        ]
        out.extend(
            ["## Exempted", "", table(("rule", "where", "exemption", "reason"), rows_ex), ""]
        )
    for title, rows_of in sections(analysis):
        out.extend([f"## {title}", "", *bullets(rows_of), ""])
    return strip_hidden("\n".join(out).rstrip()) + "\n"


def bullets(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The rows of a section as Markdown."""
    return (f"- {code(one_line(place))}: {prose(one_line(what))}" for place, what in rows)


def _suppressed(suppressed: Iterable[Suppressed]) -> str:
    rows = [
        (s.finding.rule, code(f"{s.finding.path}:{s.finding.line}"), s.reason) for s in suppressed
    ]
    return table(("rule", "where", "reason"), rows)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
