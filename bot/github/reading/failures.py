"""What failed on a pull request's head, from the logs of its failed jobs."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.core.ci_log.reduction import Reduced, reduce_log, together
from bot.core.lifecycle.checks import FAILED, CheckFacts, Failure
from bot.core.lifecycle.facts import PullFacts
from bot.core.lifecycle.reviewing import counted, verdict
from bot.core.policy import Policy
from bot.core.sanitize import mask
from bot.github.errors import NotFound
from bot.github.reading.base_checks import Failed, ours
from bot.github.reading.checks import RUN
from bot.github.reading.context import Reading

MOST_LOGS = 10
"""Failed jobs whose logs are read."""
MAX_LOG = 64 * 1024 * 1024
"""Bytes of one log; what comes after them is not read."""
MAX_LINE = 1_000_000
MAX_TEXT = 16_000


def failure_of(
    reading: Reading, policy: Policy, pull: PullFacts | None, bases: Iterable[str] = ()
) -> Failure | None:
    """The failure, once every check that counts has ended; None where nothing failed.

    `bases` are the commits without our change that the checks can be compared with.
    """
    if pull is None or verdict(pull, policy) != "failed":
        return None
    red = [check for check in counted(pull, policy) if check.conclusion in FAILED]
    logs = [_reduced(reading, check) if n < MOST_LOGS else None for n, check in enumerate(red)]
    failed = [Failed(check, log) for check, log in zip(red, logs, strict=True)]
    left = ours(reading, failed, bases, lambda check: _reduced(reading, check))
    blamed = {id(one.check) for one in left}
    inherited = tuple(dict.fromkeys(c.name for c in red if id(c) not in blamed))
    if not left:
        return Failure(head=pull.head, inherited=inherited, innocent=True, text="", fingerprint="")
    return _told(reading, pull.head, left, inherited)


def _told(
    reading: Reading, head: str, failed: Sequence[Failed], inherited: tuple[str, ...]
) -> Failure:
    found = together([one.log for one in failed if one.log is not None])
    named = ", ".join(dict.fromkeys(one.check.name for one in failed))
    runs = tuple(dict.fromkeys(one.check.run for one in failed if one.check.run))
    attempts = {run: _attempts(reading, run) for run in runs}
    return Failure(
        head=head,
        inherited=inherited,
        text=f"Failed: {named}\n\n{found.text(MAX_TEXT)}".strip(),
        # Without a log the names of what failed are all there is to compare.
        fingerprint=found.fingerprint or named,
        paths=_ours(reading, found.paths, head),
        runs=runs,
        rerun=tuple(run for run in runs if attempts[run] > 1),
        refused=tuple(run for run in runs if _refused(reading, run, attempts[run])),
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
    except NotFound:
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


def _attempts(reading: Reading, run: int) -> int:
    """How often a workflow run ran; 0 where it is gone."""
    found = reading.client.find(f"./actions/runs/{run}")
    return int(found.get("run_attempt") or 1) if found is not None else 0


def refused_key(full_name: str, run: int) -> tuple[str, str, int]:
    """What `App.lacks` has a run by whose failed jobs GitHub did not run again."""
    return (full_name, "rerun", run)


def _refused(reading: Reading, run: int, attempts: int) -> bool:
    lacks = reading.app.lacks
    return not attempts or bool(lacks.get(refused_key(reading.client.full_name, run)))
