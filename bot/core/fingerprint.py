"""Reduce failure text to what stays the same between runs, and to a hash of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_VOLATILE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"#(PID|Reference|Port|Function)<[^>]*>"), r"#\1<>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "0x"),
    (re.compile(r"\b\d+(?:\.\d+)?\s*(?:ms|us|µs|s|seconds|milliseconds)\b"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?|\b\d\d:\d\d:\d\d\.\d+"), "<time>"),
    (re.compile(r"(?:/[\w.@+~-]+)+/"), ""),
    (re.compile(r"(\.(?:exs?|erl|eex|heex|leex)):\d+(?::\d+)?"), r"\1"),
    (re.compile(r"\bline \d+"), "line"),
    (re.compile(r"^\s*\d+\) ", re.MULTILINE), ""),
    (re.compile(r"[ \t]+"), " "),
)


def normalise(text: str) -> str:
    """`text` without line numbers, pids, references, timings and directories."""
    for pattern, instead in _VOLATILE:
        text = pattern.sub(instead, text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def fingerprint(failures: Iterable[str]) -> str:
    """Hash of the failures, whatever their order; empty when there is none."""
    lines = sorted({normalise(failure) for failure in failures})
    if not lines:
        return ""
    return hashlib.sha256("\0".join(lines).encode()).hexdigest()[:16]
