"""What failed on a pull request's head, from the logs of its failed jobs."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator

from bot.core.ci_log.reduction import Reduced, reduce_log, together
from bot.core.lifecycle.checks import FAILED, CheckFacts, Failure
from bot.core.lifecycle.facts import PullFacts
from bot.core.lifecycle.reviewing import counted, verdict
from bot.core.policy import Policy
from bot.core.sanitize import mask
from bot.github.errors import GitHubError
from bot.github.reading.checks import RUN
from bot.github.reading.context import Reading

MOST_LOGS = 10
"""Failed jobs whose logs are read."""
MAX_LOG = 64 * 1024 * 1024
"""Bytes of one log; what comes after them is not read."""
MAX_LINE = 1_000_000
MAX_TEXT = 16_000


def failure_of(reading: Reading, policy: Policy, pull: PullFacts | None) -> Failure | None:
    """The failure, once every check that counts has ended; None where nothing failed."""
    if pull is None or verdict(pull, policy) != "failed":
        return None
    failed = [check for check in counted(pull, policy) if check.conclusion in FAILED]
    parts = [part for check in failed[:MOST_LOGS] if (part := _reduced(reading, check))]
    found = together(parts)
    named = ", ".join(dict.fromkeys(check.name for check in failed))
    runs = tuple(dict.fromkeys(check.run for check in failed if check.run))
    return Failure(
        head=pull.head,
        text=f"Failed: {named}\n\n{found.text(MAX_TEXT)}".strip(),
        # Without a log the names of what failed are all there is to compare.
        fingerprint=found.fingerprint or named,
        paths=_ours(reading, found.paths, pull.head),
        runs=runs,
        rerun=tuple(run for run in runs if _ran_again(reading, run)),
        annotations=found.annotations,
    )


def _reduced(reading: Reading, check: CheckFacts) -> Reduced | None:
    found = RUN.search(check.url)
    if found is None or found["job"] is None:
        return None
    # The log of a job that has ended stays as it is; a job that runs again is another one.
    key = ("log", reading.client.full_name, found["job"])
    known: Reduced | None = reading.app.bulky.known(key, lambda: _read(reading, found["job"]))
    return known


def _read(reading: Reading, job: str) -> Reduced | None:
    try:
        with reading.client.download(f"./actions/jobs/{job}/logs") as pieces:
            return reduce_log(_lines(pieces), _masker(reading.secrets))
    except GitHubError:
        # A log that is gone must not hold up the verdict that something failed.
        return None


def _masker(secrets: tuple[str, ...]) -> Callable[[str], str]:
    return lambda text: mask(text, secrets)


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """The log's lines, decoded as they come; a line without an end is cut into pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest, read = "", 0
    for piece in pieces:
        read += len(piece)
        *lines, rest = (rest + decoder.decode(piece)).split("\n")
        yield from lines
        if len(rest) > MAX_LINE:
            yield rest
            rest = ""
        if read > MAX_LOG:
            break
    yield rest


def _ours(reading: Reading, paths: Iterable[str], head: str) -> tuple[str, ...]:
    """Of the paths a log names, those of the repository: logs name dependencies too."""
    named = tuple(paths)
    if not named:
        return ()
    key = ("named", reading.client.full_name, head, named)
    known: tuple[str, ...] = reading.app.unchanging.known(key, lambda: _there(reading, named, head))
    return known


def _there(reading: Reading, paths: tuple[str, ...], head: str) -> tuple[str, ...]:
    tree = reading.client.find(f"./git/trees/{head}", recursive=1) or {"tree": []}
    if tree.get("truncated"):
        return paths
    known = {entry["path"] for entry in tree["tree"]}
    return tuple(path for path in paths if path in known)


def _ran_again(reading: Reading, run: int) -> bool:
    found = reading.client.find(f"./actions/runs/{run}") or {}
    return int(found.get("run_attempt") or 1) > 1
