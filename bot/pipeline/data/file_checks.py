"""Checks of files: what must be there, what must not, how large, and what it holds."""

from __future__ import annotations

from typing import Any

from bot.errors import Refused
from bot.pipeline.data.conversions import strict_json
from bot.pipeline.data.file_plans import Tree, plain
from bot.pipeline.language.file_steps import FileEntry


def checked(
    tree: Tree, entry: FileEntry, path: str, inside: tuple[str, ...]
) -> list[dict[str, Any]]:
    """One result per path: `{path, status: valid|invalid, error}`; a glob stands for many."""
    wanted = plain(path)
    if not entry.pattern:
        return [_result(wanted, _problem(tree, entry, wanted, inside))]
    files = tree.workspace.list(wanted)
    if not files and entry.must_exist:
        return [_result(wanted, "no file matches")]
    return [_result(file, _problem(tree, entry, file, inside)) for file in files]


def _result(path: str, problem: str) -> dict[str, Any]:
    return {"path": path, "status": "invalid" if problem else "valid", "error": problem or None}


def _problem(tree: Tree, check: FileEntry, path: str, inside: tuple[str, ...]) -> str:
    is_file, is_dir = tree.has(path), tree.is_dir(path)
    if not check.must_exist:
        return "exists" if is_file or is_dir else ""
    if not is_file and not is_dir:
        return "does not exist"
    if check.must_be_file and not is_file:
        return "is no file"
    if check.must_be_dir and not is_dir:
        return "is no directory"
    missing = [name for name in inside if not tree.has(f"{path}/{plain(name)}")]
    if missing:
        return f"does not contain {', '.join(missing)}"
    return _wrong_content(tree, check, path) if is_file else ""


def _wrong_content(tree: Tree, check: FileEntry, path: str) -> str:
    size = tree.workspace.size(path)
    if check.min_size is not None and size < check.min_size:
        return f"has {size} bytes, less than {check.min_size}"
    if check.max_size is not None and size > check.max_size:
        return f"has {size} bytes, more than {check.max_size}"
    if check.validate_json:
        try:
            strict_json(tree.workspace.read(path))
        except (ValueError, RecursionError, Refused) as error:
            return f"is no JSON: {error}"
    return ""
