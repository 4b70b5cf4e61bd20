"""Write code as `mix format` would: line length, broken argument lists, moved lines."""

from __future__ import annotations

import re

from bot.elixir import nodes
from bot.elixir.project import Project

_LINE_LENGTH = re.compile(rb"line_length:\s*(\d+)")


def line_length(project: Project, path: str) -> int:
    """The formatter's limit for a file: that of the nearest `.formatter.exs`, 98 unless set."""
    folder = path.rpartition("/")[0]
    while True:
        found = project.files.get(f"{folder}/.formatter.exs" if folder else ".formatter.exs")
        if found is not None:
            limit = _LINE_LENGTH.search(found)
            return int(limit.group(1)) if limit else 98
        if not folder:
            return 98
        folder = folder.rpartition("/")[0]


def column(data: bytes, offset: int) -> int:
    """Characters before an offset in its line."""
    return len(data[data.rfind(b"\n", 0, offset) + 1 : offset].decode("utf-8", "replace"))


def trailing(data: bytes, offset: int) -> int:
    """Characters after an offset in its line, comments and white space left out."""
    end = data.find(b"\n", offset)
    rest = data[offset : end if end != -1 else len(data)].decode("utf-8", "replace")
    return len(rest.split(" #")[0].rstrip())


def call_text(target: str, args: list[str], indent: str, room: int) -> str:
    """`target(args)`; broken over lines below `indent` when it is wider than `room`."""
    flat = f"{target}({', '.join(args)})"
    first, newline, _ = flat.partition("\n")
    if len(first) <= room or newline:
        return flat
    body = _one_line_function(args[-1])
    if body is not None:
        head = f"{target}({', '.join([*args[:-1], body[0]])}"
        if len(head) <= room:
            return f"{head}\n{indent}  {body[1]}\n{indent}end)"
    inner = ",\n".join(f"{indent}  {arg}" for arg in args)
    return f"{target}(\n{inner}\n{indent})"


def _one_line_function(argument: str) -> tuple[str, str] | None:
    """(`fn x ->`, body) of a one-line anonymous function with one clause."""
    root = nodes.parse(argument.encode()).root_node
    function = root.named_children[0] if root.named_children else None
    if function is None or function.type != "anonymous_function" or "\n" in argument:
        return None
    stabs = nodes.clauses(function)
    body = nodes.clause_body(stabs[0]) if len(stabs) == 1 else None
    if body is None or ";" in argument:
        return None
    head = argument.encode()[: body.start_byte].decode().rstrip()
    return head, nodes.text(body)


def shifted(code: str, by: str) -> str:
    """The code with all lines but the first moved right, plain multi-line strings left alone."""
    fixed = _string_lines(code)
    lines = code.split("\n")
    return "\n".join(
        line if not number or number in fixed or not line.strip() else by + line
        for number, line in enumerate(lines)
    )


def _string_lines(code: str) -> set[int]:
    """Lines that begin inside a string whose text would change if they moved."""
    found: set[int] = set()
    for node in nodes.walk(nodes.parse(code.encode()).root_node):
        heredoc = b'"""' in (node.text or b"") or b"'''" in (node.text or b"")
        if node.type in ("string", "charlist", "sigil", "quoted_atom") and not heredoc:
            found.update(range(node.start_point.row + 1, node.end_point.row + 1))
    return found


def dedented(code: str, by: str) -> str:
    """The inverse of `shifted`, for lines that are indented at least that far."""
    fixed = _string_lines(code)
    lines = code.split("\n")
    return "\n".join(
        line.removeprefix(by) if number and number not in fixed else line
        for number, line in enumerate(lines)
    )
