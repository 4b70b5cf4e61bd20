"""Which version of the analyser, and which rules with which limits, a stored result is of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bot.elixir.rules.base import Rule

_HERE = Path(__file__).parent
_WITHOUT_SAY = ("fixes", "skeleton")
"""Folders of this package that no finding depends on."""


@cache
def analyser_version() -> bytes:
    """A digest of every source file that can change what is found, and of the parser."""
    digest = hashlib.sha256()
    for name in ("tree-sitter", "tree-sitter-elixir"):
        digest.update(f"{name} {version(name)}\n".encode())
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def _sources() -> Iterator[Path]:
    yield _HERE.parent / "core" / "finding.py"
    yield from sorted(_HERE.glob("*.py"))
    for folder in sorted(path for path in _HERE.iterdir() if path.is_dir()):
        if folder.name not in _WITHOUT_SAY:
            yield from sorted(folder.rglob("*.py"))


def rule_set(rules: Iterable[Rule]) -> bytes:
    """A digest of the analyser together with these rules and their limits."""
    named = [(rule.id, {limit.name: limit.value for limit in rule.limits}) for rule in rules]
    return hashlib.sha256(analyser_version() + json.dumps(sorted(named)).encode()).digest()
