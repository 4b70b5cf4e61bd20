"""Comments that take findings out of the count.

`# genesis:ignore rule-id, rule-id -- reason` counts for its own line, or, where it stands alone,
for the line below; `# genesis:ignore-file ...`, above the first code of a file, for all of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.core.faults import near
from bot.core.finding import Finding, Note, Suppressed
from bot.elixir import nodes
from bot.elixir.source import Source

WORD, FILE_WORD = "genesis:ignore", "genesis:ignore-file"
FORM = f"# {WORD} RULE, RULE -- REASON"
LONGEST_REASON = 500

_COMMENT = re.compile(rf"#+\s*{WORD}(?P<more>[\w:-]*)(?P<said>.*)", re.DOTALL)
_LETTER = re.compile(r"\w")


@dataclass(frozen=True)
class Ignore:
    """One comment that is in order."""

    path: str
    line: int
    target: int
    """The line it is for; 0 for the whole file."""
    rules: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it takes the finding out."""
        return finding.rule in self.rules and self.target in (0, finding.line)


@dataclass(frozen=True)
class Ignored:
    """Findings that stay, those that are taken out, and comments that have no effect."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    notes: tuple[Note, ...] = ()


def example(rule: str) -> str:
    """A comment that ignores a rule, but for its reason."""
    return f"# {WORD} {rule} -- why it is right here"


def without_ignored(
    findings: Iterable[Finding],
    files: Mapping[str, bytes],
    *,
    known: Collection[str],
    ran: Collection[str],
) -> Ignored:
    """What the comments in the files leave of the findings.

    `known` are the ids of all rules, `ran` those whose comments can be said to match nothing.
    """
    ignores: dict[str, list[Ignore]] = {}
    notes: list[Note] = []
    word = WORD.encode()
    for path in (path for path, data in files.items() if word in data):
        for read in read_comments(Source(path, files[path]), known):
            if isinstance(read, Note):
                notes.append(read)
            else:
                ignores.setdefault(path, []).append(read)
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[tuple[Ignore, str]] = set()
    for finding in findings:
        covering = [i for i in ignores.get(finding.path, ()) if i.covers(finding)]
        used |= {(ignore, finding.rule) for ignore in covering}
        if covering:
            reason, line = covering[0].reason, covering[0].line
            suppressed.append(Suppressed(finding=finding, reason=reason, line=line))
        else:
            kept.append(finding)
    everything = (i for of_file in ignores.values() for i in of_file)
    notes.extend(_unused(everything, used, ran))
    return Ignored(tuple(kept), tuple(suppressed), tuple(sorted(notes, key=_place)))


def read_comments(source: Source, known: Collection[str]) -> Iterator[Ignore | Note]:
    """The ignore comments of a file; a note for each that is not in order."""
    comments = nodes.of_type(source.root, "comment")
    rows = {source.line(c.start_byte) for c in comments if _alone(source, c.start_byte)}
    code = next((c.start_byte for c in source.root.named_children if c.type != "comment"), None)
    for node in comments:
        match = _COMMENT.match(nodes.text(node))
        if match is None:
            continue
        line = target = source.line(node.start_byte)
        while target in rows:
            target += 1
        ignore = _understood(match, source.path, line, target, known)
        below = code is not None and node.start_byte > code
        if isinstance(ignore, Ignore) and ignore.target == 0 and below:
            what = f"`{FILE_WORD}` has to stand above the first code of the file"
            ignore = _note(source.path, line, what)
        yield ignore


def _understood(
    match: re.Match[str], path: str, line: int, target: int, known: Collection[str]
) -> Ignore | Note:
    word = WORD + match["more"].rstrip(":")
    if word not in (WORD, FILE_WORD):
        return _note(path, line, f"there is no `{word}`{near(word, (WORD, FILE_WORD))}")
    named, dashes, reason = match["said"].partition("--")
    rules = tuple(dict.fromkeys(named.replace(",", " ").split()))
    if not rules:
        return _note(path, line, f"it names no rule; write `{FORM}`")
    if unknown := [rule for rule in rules if rule not in known]:
        what = f"there is no rule {unknown[0]!r}{near(unknown[0], known)}"
        if not dashes:
            what += f"; the reason comes after two dashes: `{FORM}`"
        return _note(path, line, what)
    if not _LETTER.search(reason):
        return _note(path, line, f"it gives no reason; write `{FORM}`")
    said = " ".join(reason.split())[:LONGEST_REASON]
    return Ignore(path, line, 0 if word == FILE_WORD else target, rules, said)


def _unused(
    ignores: Iterable[Ignore], used: Collection[tuple[Ignore, str]], ran: Collection[str]
) -> Iterator[Note]:
    for ignore in ignores:
        for rule in ignore.rules:
            if rule in ran and (ignore, rule) not in used:
                where = f"on line {ignore.target}" if ignore.target else "in this file"
                what = f"it ignores {rule!r}, which finds nothing {where}; remove it"
                yield Note(path=ignore.path, kind="comment", message=what, line=ignore.line)


def _note(path: str, line: int, what: str) -> Note:
    return Note(path=path, kind="comment", message=f"{what}; nothing is ignored", line=line)


def _place(note: Note) -> tuple[str, int]:
    return note.path, note.line


def _alone(source: Source, byte: int) -> bool:
    """Whether nothing but blanks stands before it on its line."""
    start = source.line_starts[source.line(byte) - 1]
    return not source.data[start:byte].strip()
