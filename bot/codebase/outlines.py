"""What a file of Elixir holds, read from its syntax: as records, and as text with line numbers."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.core.ports import FunctionOutline, ModuleOutline
from bot.elixir import nodes
from bot.elixir.module import Module
from bot.elixir.nodes import text
from bot.elixir.outline import DEFINITIONS, modules_of
from bot.elixir.references import references
from bot.elixir.skeleton.attributes import attributes_of
from bot.elixir.skeleton.clip import clip
from bot.elixir.source import Source

WIDEST = 100
"""Characters shown of one statement."""
MOST_STATEMENTS = 40
"""Statements shown of one module beside its functions and types."""

_UNTOLD = frozenset({"doc", "moduledoc", "typedoc", "spec", "impl", "dialyzer", "behaviour"})
"""Attributes whose place tells nothing by itself."""
_MINOR = frozenset({"import", "require"})
_BLOCKS = frozenset({"describe", "if", "unless", "for"})


def module_outlines(path: str, data: bytes) -> tuple[ModuleOutline, ...]:
    """Every module of one file, in order."""
    source = Source(path, data)
    modules = modules_of(source)
    found = tuple(map(_module_outline, modules))
    for module in modules:
        module.release()
    return found


def outline_text(path: str, data: bytes) -> str:
    """Modules with their uses, types, callbacks, functions and tests, each with its line."""
    source = Source(path, data)
    modules = modules_of(source)
    count = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    lines = [f"{path}, {count} lines"]
    error = source.first_error()
    if error is not None:
        lines.append(f"does not parse near line {source.line(error.start_byte)}")
    for module in modules:
        depth = _depth(module)
        lines.append(_line(module.node, f"{module.kind} {clip(module.name, WIDEST)}", depth))
        lines += _told(module, depth + 1)
    if not modules:
        lines.append("no modules")
    return "\n".join(lines) + "\n"


def _module_outline(module: Module) -> ModuleOutline:
    documented = _documented(module)
    return ModuleOutline(
        name=module.name,
        path=module.source.path,
        line=module.node.start_point.row + 1,
        behaviours=tuple(dict.fromkeys((*(u.name for u in module.uses), *module.behaviours))),
        functions=tuple(
            FunctionOutline(
                name=function.name,
                arity=function.arity,
                kind=function.kind,
                line=function.clauses[0].node.start_point.row + 1,
                documented=any(c.node.start_byte in documented for c in function.clauses),
            )
            for function in module.functions.values()
        ),
        references=references(module),
    )


def _documented(module: Module) -> frozenset[int]:
    """Where definitions begin that a `@doc` with a text stands before."""
    found: set[int] = set()
    if module.body is None or not module.source.holds((b"@doc",)):
        return frozenset()
    waiting = False
    for child in module.body.named_children:
        if child.type == "unary_operator":
            name, value = _attribute(child)
            if name == "doc":
                waiting = value is not None and text(value) != "false"
        elif child.type == "call" and nodes.text_of(child, "target") in DEFINITIONS:
            if waiting:
                found.add(child.start_byte)
            waiting = False
    return frozenset(found)


def _attribute(node: Node) -> tuple[str, Node | None]:
    """Name and value of `@name value`; no name for anything else."""
    operand = node.child_by_field_name("operand")
    if nodes.operator(node) != "@" or operand is None or operand.type != "call":
        return "", None
    values = nodes.arguments(operand)
    return nodes.text_of(operand, "target"), values[0] if values else None


def _depth(module: Module) -> int:
    return 0 if module.parent is None else _depth(module.parent) + 1


def _line(node: Node, what: str, depth: int) -> str:
    return f"{node.start_point.row + 1:>5} {'  ' * depth}{what}"


def _told(module: Module, depth: int) -> Iterator[str]:
    heads = {f.clauses[0].node.start_byte: f for f in module.functions.values()}
    marked = attributes_of(module).marked
    statements = 0
    for child, inner in _statements(module):
        function = heads.get(child.start_byte)
        if function is not None:
            rows = [clause.node.start_point.row + 1 for clause in function.clauses]
            several = f", clauses at {', '.join(map(str, rows))}" if len(rows) > 1 else ""
            impl = ", impl" if function.label in marked else ""
            yield _line(child, f"{function.kind} {function.label}{impl}{several}", depth + inner)
        elif shown := _statement(child):
            statements += 1
            if statements <= MOST_STATEMENTS:
                yield _line(child, shown, depth + inner)
    if statements > MOST_STATEMENTS:
        yield f"{'':>5} {'  ' * depth}… {statements - MOST_STATEMENTS} more statements"


def _statements(module: Module) -> Iterator[tuple[Node, int]]:
    """Statements of the module and of its `describe` and `if` blocks, without nested modules."""
    nested = {m.node.start_byte for m in module.nested}

    def walk(block: Node, depth: int) -> Iterator[tuple[Node, int]]:
        for child in block.named_children:
            if child.start_byte in nested or child.type == "comment":
                continue
            yield child, depth
            if child.type == "call" and nodes.text_of(child, "target") in _BLOCKS:
                inner = nodes.do_block(child)
                if inner is not None:
                    yield from walk(inner, depth + 1)

    if module.body is not None:
        yield from walk(module.body, 0)


def _statement(node: Node) -> str:
    """How a statement is shown; empty for one that tells too little."""
    if node.type == "unary_operator":
        name, value = _attribute(node)
        if not name or name in _UNTOLD - {"behaviour"} or value is None:
            return ""
        return clip(node.text, WIDEST)
    word = nodes.text_of(node, "target")
    if node.type != "call" or word in DEFINITIONS or word in _MINOR:
        return ""
    block = nodes.do_block(node)
    head = (node.text or b"")[: block.start_byte - node.start_byte] if block else node.text
    return clip(head, WIDEST).rstrip()
