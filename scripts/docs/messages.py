"""Every error text of the code that says what to do next, found in the source by its shape."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.core.render.markdown import table
from bot.errors import Exit
from scripts.docs.links import ROOT

PAGE = "reference/messages.md"
FOR_MODELS = {"ToolRetry", "ToolFailed"}
"""Errors that a model sees and no person."""


@dataclass(frozen=True, order=True)
class Message:
    """An error as a person sees it; what is filled in stands in brackets, or as an ellipsis."""

    exit: Exit
    text: str
    fix: str


def messages() -> str:
    """All messages by the exit code they end a command with."""
    parts = [
        "# Error messages",
        "What stands after `error:`, and after `next:`. Words in [brackets] and … are filled in."
        " The [most common ones](../troubleshooting.md) are explained at more length.",
    ]
    for number in Exit:
        rows = [(m.text, m.fix) for m in found() if m.exit is number]
        if rows:
            parts.append(f"## Exit code {number.value}, `{number.name}`")
            parts.append(table(("message", "what to do"), rows))
    return "\n\n".join(parts) + "\n"


@cache
def found() -> tuple[Message, ...]:
    """Every message with a hint, once."""
    trees = dict(_sources())
    exits = _exits(trees)
    return tuple(
        sorted(
            {
                Message(exits[name], text, fix)
                for tree in trees.values()
                for name, text, fix in _raised(tree)
                if name in exits and name not in FOR_MODELS
            }
        )
    )


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if not path.is_relative_to(ROOT / "bot" / "simulator"):
            yield path, ast.parse(path.read_text("utf-8"))


def _exits(trees: Mapping[Path, ast.Module]) -> dict[str, Exit]:
    """The exit code of every class of errors, by its name."""
    classes = {
        node.name: node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found: dict[str, Exit] = {}
    for name in classes:
        code_ = _exit(name, classes)
        if code_ is not None:
            found[name] = code_
    return found


def _exit(name: str, classes: Mapping[str, ast.ClassDef]) -> Exit | None:
    if name not in classes:
        return None
    for node in classes[name].body:
        own = re.fullmatch(r"exit_code(?:: Exit)? = Exit\.(\w+)", ast.unparse(node))
        if own:
            return Exit[own[1]]
    bases = [base.id for base in classes[name].bases if isinstance(base, ast.Name)]
    return next((e for base in bases if (e := _exit(base, classes)) is not None), None)


def _raised(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Name of the class, message and hint of every error that is made with both as texts."""
    constants = _constants(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        hints = [_text(word.value, constants) for word in node.keywords if word.arg == "hint"]
        message = _text(node.args[0], constants)
        if message and hints and hints[0]:
            yield node.func.id, message, hints[0]


def _constants(tree: ast.Module) -> dict[str, str]:
    """The texts that stand under a name at the top of a module."""
    return {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def _text(node: ast.expr, constants: Mapping[str, str]) -> str:
    """A text as it is shown; empty where it is not written here."""
    if isinstance(node, ast.Name):
        return constants.get(node.id, "")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else _filled(part, constants)
            for part in node.values
        )
    return ""


def _filled(node: ast.expr, constants: Mapping[str, str]) -> str:
    value = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(value, ast.Name):
        return constants.get(value.id) or _slot(value.id)
    if isinstance(value, ast.Attribute):
        return _slot(value.attr)
    return "…"


def _slot(name: str) -> str:
    return f"[{name.strip('_').replace('_', ' ')}]"
