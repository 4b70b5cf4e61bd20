"""How results of checks and programs read in a prompt: what failed and why, the same each time.

A prompt that told durations would be another one in every life of a run, and an answer that was
paid for would not be found again. A suite's two thousand passed tests are one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.llm.agents.tool_output import settled

LONGEST_OUTPUT = 6_000
"""Characters of a stream that are kept, from its end."""

_PROGRAM = frozenset({"argv", "exit_code", "stdout", "stderr"})
_VERDICT = frozenset({"status", "checks", "reasons", "fingerprint"})
_CHECK = frozenset({"name", "status", "summary", "output_tail"})


def shown(value: Any) -> Any:
    """The value for a prompt; whatever is no result of a check or program stays as it is."""
    if isinstance(value, Mapping):
        keys = value.keys()
        if keys >= _PROGRAM:
            return _program(value)
        if keys >= _VERDICT:
            return {**value, "checks": [_check(check) for check in value["checks"]]}
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return value


def _program(result: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: item for key, item in result.items() if key != "seconds"}
    return kept | {stream: _end(str(result[stream])) for stream in ("stdout", "stderr")}


def _check(check: Any) -> Any:
    if not isinstance(check, Mapping) or not check.keys() >= _CHECK:
        return shown(check)
    passed = check["status"] == "passed"
    kept = {key: check[key] for key in ("name", "status", "summary")}
    if check.get("argv"):
        kept["argv"] = list(check["argv"])
    if check.get("diagnostics"):
        kept["diagnostics"] = list(check["diagnostics"])
    failing = [_test(t) for t in check.get("tests") or () if t.get("state") not in _QUIET]
    if failing:
        kept["tests"] = failing
    if not passed and check["output_tail"]:
        kept["output_tail"] = _end(str(check["output_tail"]))
    return kept


_QUIET = ("passed", "skipped", "excluded")


def _test(test: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: settled(item) if isinstance(item, str) else item
        for key, item in test.items()
        if key != "microseconds"
    }


def _end(output: str) -> str:
    text = settled(output)
    if len(text) <= LONGEST_OUTPUT:
        return text
    return (
        f"[{len(text) - LONGEST_OUTPUT} characters before this are left out]\n"
        + (text[-LONGEST_OUTPUT:])
    )
