"""A stage run in words: for the pull request, the run's page and its log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.core.lifecycle.manifest import CommitToMake, Manifest
from bot.core.lifecycle.outcome import StageOutcome
from bot.core.render.markdown import code, fence
from bot.core.sanitize import one_line, strip_comments, strip_hidden

MOST_CHARACTERS = 40_000
SHOWN_FILES = 30

SPLIT = (
    "Where this was written nothing of the repository was run, because there was no sandbox beside"
    " the key of the model. A job without secrets built and tested the whole change before it was"
    " published, though not each commit by itself."
)
_COMMAND = re.compile(r"##\[|::")


def summary_of(manifest: Manifest, made: Mapping[str, str]) -> str:
    """Markdown for the pull request: each commit, with its evidence; `made` are its commits."""
    parts: list[str] = [SPLIT] if manifest.split else []
    for commit in manifest.commits:
        part = "\n\n".join(_commit(commit, made[commit.action]))
        if sum(map(len, parts)) + len(part) > MOST_CHARACTERS:
            parts.append("More commits than fit here; each says in its message what it is.")
            break
        parts.append(part)
    if manifest.unplanned:
        names = ", ".join(code(name) for name in manifest.unplanned[:SHOWN_FILES])
        parts.append(f"By now the code asks for more than was approved: {names}. None was done.")
    return "\n\n".join(parts)


def _commit(commit: CommitToMake, sha: str) -> Iterator[str]:
    subject, _, body = commit.message.partition("\n")
    yield f"#### {code(sha[:12])} {code(one_line(subject))}"
    if body.strip():
        yield fence(strip_hidden(body).strip(), "text")
    rows = [f"- {code(file.path)}{_what(file.before, file.content)}" for file in commit.files]
    more = len(rows) - SHOWN_FILES
    yield "\n".join([*rows[:SHOWN_FILES], *([f"- and {more} more"] if more > 0 else [])])


def _what(before: str, content: str | None) -> str:
    if content is None:
        return " (deleted)"
    return "" if before else " (new)"


def run_page(outcome: StageOutcome) -> str:
    """Markdown for the summary page of the workflow run."""
    title = f"## Stage {outcome.stage}, attempt {outcome.attempt}: {outcome.status}"
    rows = [
        f"| {code(a.id)} | {a.status} | {_cell(a.reason or a.commit[:12])} |"
        for a in outcome.actions
    ]
    table = ["| action | status | |", "|---|---|---|", *rows] if rows else []
    tests = [
        f"Tests before: {_cell(outcome.tests_before)}; after: {_cell(outcome.tests_after)}"
        if outcome.tests_after
        else ""
    ]
    reasons = [f"- {_cell(reason)}" for reason in outcome.reasons]
    parts = [title, "\n".join(table), "\n".join(reasons), *tests]
    return "\n\n".join(part for part in parts if part)[:MOST_CHARACTERS]


def _cell(text: str) -> str:
    line = one_line(strip_comments(text)).replace("|", "\\|")
    return code(line) if line else ""


def log_line(text: str) -> str:
    """One line that a runner takes for no command of its own, whatever is in it."""
    return disarmed(one_line(text))


def disarmed(text: str) -> str:
    """Text of any length, no line of which is a command to the runner."""
    return _COMMAND.sub(lambda m: m[0][0] + "\u200b" + m[0][1:], text)


def annotation(kind: str, title: str, message: str, **place: str | int) -> str:
    """A line the runner shows beside the run; `kind` is `error`, `warning` or `notice`.

    `place` is `file`, `line`, `endLine`, `col`: then it stands at the code.
    """
    named = [(name, str(value)) for name, value in place.items() if value]
    pairs = ",".join(f"{name}={_property(text)}" for name, text in [*named, ("title", title)])
    return f"::{kind} {pairs}::{_data(message)}"


def _data(text: str) -> str:
    plain = strip_hidden(text)[:4000]
    return plain.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
