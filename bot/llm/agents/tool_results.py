"""What each tool answers, as text for the model; what is cut says how to see the rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bot.core.finding import Finding
from bot.core.ports import CommandResult, Edited, Match
from bot.core.sanitize import strip_hidden
from bot.errors import ToolRetry
from bot.llm.agents.tool_output import left_out, lines_of, middle_cut, settled, short_line

MAX_DIFF = 6_000
"""Characters shown of one edit's diff; the model has just written it."""

_NUMBERED = re.compile(r" *\d+\|")


def numbered(path: str, text: str, start: float | None, end: float | None) -> str:
    """Lines `start` to `end` of a file, each with its number."""
    lines = lines_of(text)
    if not lines:
        return f"{path} is empty"
    first, last = int(start or 1), min(int(end or len(lines)), len(lines))
    if not 1 <= first <= last:
        raise ToolRetry(
            f"{path} has {len(lines)} lines; there is nothing from line {first} to {end or last}"
        )
    shown = [strip_hidden(line + "\n")[:-1] for line in lines[first - 1 : last]]
    width = len(str(last))
    body = middle_cut(
        [f"{number:>{width}}|{line}" for number, line in enumerate(shown, first)],
        lambda a, b: f"lines {first + a} to {first + b} left out: read them with start and end",
    )
    head = f"{path}, lines {first}-{last} of {len(lines)}"
    return "\n".join([head, *_hidden_note(lines[first - 1 : last], shown, first), body])


def _hidden_note(lines: Sequence[str], shown: Sequence[str], first: int) -> list[str]:
    """An edit must match what is in the file, so say where that is not what is seen."""
    odd = [
        str(number)
        for number, (line, seen) in enumerate(zip(lines, shown, strict=True), first)
        if line.removesuffix("\r") != seen
    ]
    if not odd:
        return []
    return [f"[invisible characters on line {', '.join(odd[:20])} are not shown; edit around them]"]


def holds_numbers(text: str) -> bool:
    """Whether every line begins as `numbered` begins lines."""
    return all(map(_NUMBERED.match, lines_of(text)))


def list_text(paths: Sequence[str]) -> str:
    """Paths, one a line."""
    if not paths:
        return "no file matches"
    note = left_out("files", "give a narrower pattern")
    shown = middle_cut([strip_hidden(path) for path in paths], note)
    return f"{_counted(len(paths), 'file')}\n{shown}"


def search_text(found: Sequence[Match], limit: int) -> str:
    """Matching lines with their places."""
    if not found:
        return "nothing matches"
    lines = [f"{m.path}:{m.line}: {short_line(m.text.strip(), 200)}" for m in found[:limit]]
    if len(found) > limit:
        lines.append(f"[only the first {limit} are shown: narrow the pattern or the glob]")
    note = left_out("matches", "narrow the pattern or the glob")
    return middle_cut([strip_hidden(line) for line in lines], note)


def outline_text(outline: str) -> str:
    """An outline as it is."""
    note = left_out("lines", "outline one file by its path")
    return middle_cut(lines_of(strip_hidden(outline)), note) or "there are no modules"


def findings_text(findings: Sequence[Finding]) -> str:
    """One line a finding, and how many there are of each rule."""
    if not findings:
        return "no findings"
    counts = Counter(finding.rule for finding in findings)
    head = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))
    lines = [
        f"{f.path}:{f.line} {f.severity} {f.rule} in {f.module} {f.function}".rstrip()
        + f": {f.message}"
        for f in findings
    ]
    note = left_out("findings", "name rules or paths")
    shown = middle_cut([strip_hidden(line) for line in lines], note)
    return f"{_counted(len(findings), 'finding')}: {head}\n{shown}"


def edited_text(done: Edited, verb: str) -> str:
    """What a write did, with its diff where that is news."""
    return "\n".join(filter(None, (_edited(done, verb), _broken(done))))


def _edited(done: Edited, verb: str) -> str:
    if not done.diff:
        return f"{done.path} is unchanged: it has this text already"
    if done.created:
        return f"created {done.path}"
    places = f" in {done.replacements} places" if done.replacements > 1 else ""
    note = left_out("lines of this diff", "read the file")
    diff = middle_cut(lines_of(strip_hidden(done.diff)), note, limit=MAX_DIFF)
    return f"{verb} {done.path}{places}\n{diff}"


def _broken(done: Edited) -> str:
    return f"WARNING: {done.path} does not parse: {done.problem}" if done.problem else ""


def diff_text(diff: str) -> str:
    """The whole change."""
    note = left_out("lines of the patch", "read the files")
    return middle_cut(lines_of(strip_hidden(diff)), note) or "nothing has changed"


def command_text(task: str, args: Sequence[str], done: CommandResult) -> str:
    """How a mix task ended, then its output."""
    streams = [settled(done.stdout)]
    if errors := settled(done.stderr):
        streams.append(f"--- standard error\n{errors}")
    lines = lines_of("\n".join(filter(None, streams)))
    output = middle_cut(lines, left_out("lines", "run a smaller part"))
    return f"mix {' '.join([task, *args])}: {_verdict(done)}\n{output}".rstrip()


def _verdict(done: CommandResult) -> str:
    if done.timed_out:
        return "killed at its deadline"
    ended = f"FAILED with exit code {done.exit_code}" if done.exit_code else "NOT PASSED"
    return ": ".join(filter(None, ("passed" if done.passed else ended, done.summary)))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
