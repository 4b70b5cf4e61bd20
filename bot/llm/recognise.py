"""Questions the offline model answers from facts alone, told by what a prompt asks and quotes.

A verdict on a test run follows from its exit code and its last line; a commit message from the
patch. Nothing is guessed: where the facts are missing, the answer says that they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.llm.patches import FileChange, file_changes
from bot.llm.types import Json, Part, Request

NOT_RUN = "no command was run: a model step has no shell; a git step commits"
UNVERIFIED = "could not verify"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TOTALS = re.compile(r"(?:\d+ [a-z]+, )*\d+ tests?, \d+ failures?(?:, \d+ [a-z]+)*")
"""The line ExUnit ends with, once for each application of an umbrella."""
_AFTER_TOTALS = re.compile(r"(?:Randomized with seed|Running ExUnit with seed:|==> ).*|\s*")


@dataclass(frozen=True)
class Recognised:
    """An answer made of facts."""

    answer: Json
    notice: str = ""


def recognise(request: Request) -> Recognised | None:
    """The answer where the prompt asks for one of the known things; None otherwise."""
    asked = "\n".join(part.text for part in request.parts if part.kind == "instructions")
    quoted = [part for part in request.parts if part.kind in ("file", "response")]
    if "status" in asked and "next_action" in asked and quoted:
        return Recognised(_verdict(quoted))
    if "commit message" in asked.lower():
        changes = [change for part in quoted for change in file_changes(part.text)]
        return Recognised(commit_message(changes), NOT_RUN) if changes else None
    return None


def asks_to_commit(request: Request) -> bool:
    """Whether a prompt wants a commit made, not just its message."""
    asked = "\n".join(part.text for part in request.parts if part.kind == "instructions").lower()
    return "commit message" in asked and "git commit" in asked


def commit_message(changes: list[FileChange]) -> str:
    """What a patch changes: the files in the subject as far as they fit, the figures below."""
    kinds = {change.kind for change in changes}
    verb = {"added": "Add", "deleted": "Remove"}.get(next(iter(kinds)) if len(kinds) == 1 else "")
    paths = [change.path for change in changes]
    named = " and ".join((", ".join(paths[:-1]), paths[-1])) if len(paths) > 1 else paths[0]
    subject = f"{verb or 'Change'} {named}"
    if len(subject) > 72:
        subject = f"{verb or 'Change'} {len(paths)} files" if len(paths) > 1 else subject[:72]
    return "\n".join((subject, "", *(f"- {change}" for change in changes)))


def _verdict(quoted: list[Part]) -> dict[str, Json]:
    judged = [found for part in quoted if (found := _judged(part)) is not None]
    reasons = [reason for found in judged for reason in found]
    if not judged:
        return _failed("give_up", [f"{UNVERIFIED}: no result of a test run is quoted"])
    if not reasons:
        return {"status": "passed", "next_action": "commit", "reasons": []}
    unknown = any(reason.startswith(UNVERIFIED) for reason in reasons)
    return _failed("give_up" if unknown else "retry", reasons)


def _failed(next_action: str, reasons: list[str]) -> dict[str, Json]:
    return {"status": "failed", "next_action": next_action, "reasons": reasons}


def _judged(part: Part) -> list[str] | None:
    """Why what is quoted does not show a passed test run, empty where it does; None: no result."""
    found = [reasons for data in _maps(part.data) if (reasons := _of_map(data)) is not None]
    if found:
        return [reason for reasons in found for reason in reasons]
    return _of_output(part.text) if part.data is None or isinstance(part.data, str) else None


def _maps(data: Json) -> Iterator[Mapping[str, Json]]:
    """The data, or what a nested pipeline put one level below."""
    if isinstance(data, Mapping):
        yield data
        yield from (value for value in data.values() if isinstance(value, Mapping))


def _of_map(data: Mapping[str, Json]) -> list[str] | None:
    if {"argv", "exit_code", "stdout"} <= data.keys():
        return _of_command(data)
    if {"status", "checks", "reasons"} <= data.keys():
        said = [str(reason) for reason in data["reasons"]]
        return [] if data["status"] == "passed" else said or [f"verdict: {data['status']}"]
    return None


def _of_command(data: Mapping[str, Json]) -> list[str]:
    if data.get("timed_out"):
        return ["the tests did not end in time"]
    said = _of_output(str(data["stdout"]))
    if data["exit_code"] == 0:
        return said
    ended = f"the tests ended with exit code {data['exit_code']}"
    return [ended, *(reason for reason in said if not reason.startswith(UNVERIFIED))]


def _of_output(text: str) -> list[str]:
    """From the output alone; a line a test prints itself does not count for the last one."""
    lines = [line.strip() for line in _COLOUR.sub("", text).splitlines()]
    totals = [n for n, line in enumerate(lines) if _TOTALS.fullmatch(line)]
    if not totals or not all(_AFTER_TOTALS.fullmatch(line) for line in lines[totals[-1] + 1 :]):
        if any(line.startswith("== Compilation error") for line in lines):
            return ["the project does not compile"]
        return [f"{UNVERIFIED}: the output does not end with the totals of a test run"]
    counted = [_counts(lines[n]) for n in totals]
    bad = [lines[n] for n, counts in zip(totals, counted, strict=True) if _is_bad(counts)]
    ran = sum(c.get("test", 0) - c.get("excluded", 0) - c.get("skipped", 0) for c in counted)
    return bad if bad or ran > 0 else [f"{UNVERIFIED}: no test ran"]


def _is_bad(counts: Mapping[str, int]) -> bool:
    return bool(counts.get("failure", 0) + counts.get("invalid", 0))


def _counts(line: str) -> dict[str, int]:
    pieces = (piece.split(" ") for piece in line.split(", "))
    return {word.removesuffix("s"): int(number) for number, word in pieces}
