"""Writing a flow down: the shorter `init/1` and the `handle_continue/2` clause with the work."""

from __future__ import annotations

from itertools import pairwise

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.edit import Edit, indentation
from bot.elixir.fixes import gen_server
from bot.elixir.fixes.init_flow import Flow
from bot.elixir.fixes.messages import tag
from bot.elixir.fixes.places import cut, dedent, line_end, line_start, normal
from bot.elixir.module import Module
from bot.elixir.nodes import text

_NAMES = (":load", ":load_state", ":finish_init", ":finish_start")


def term_of(flow: Flow) -> str:
    """The continue's term: an atom no clause of the module handles yet, with what the work
    needs.
    """
    module = flow.init.function.module
    function = module.functions.get(("handle_continue", 2))
    taken = {t[0] for c in (function.clauses if function else ()) if (t := tag(c.params[0]))}
    name = next(n for n in (*_NAMES, f":load_{len(taken)}") if n not in taken)
    return f"{{{', '.join((name, *flow.carried))}}}" if flow.carried else name


def init_edits(flow: Flow, term: str) -> list[Edit]:
    """What changes in `init/1` itself."""
    source, last = flow.init.function.module.source, flow.init.statements()[-1]
    moved = [s for s in flow.moved if s.id != last.id]
    edits = [cut(source.path, source.data, start, end) for start, end in _runs(source.data, moved)]
    if flow.mode == "whole":
        made = f"{{:ok, {flow.before}, {{:continue, {term}}}}}"
        return [*edits, Edit(source.path, last.start_byte, last.end_byte, made)]
    state = _state_without(flow) if flow.mode == "fields" else None
    return edits + [
        gen_server.with_continue(e, flow.init, term, state) for e in flow.endings if e.state
    ]


def _runs(data: bytes, statements: list[Node]) -> list[tuple[int, int]]:
    """Byte ranges of the statements with their comments; neighbours are one."""
    runs: list[tuple[int, int]] = []
    for statement in statements:
        start, end = _start_with_comments(statement), statement.end_byte
        if runs and not data[runs[-1][1] : start].strip():
            start = runs.pop()[0]
        runs.append((start, end))
    return runs


def continue_edit(flow: Flow, term: str, body: list[str] | None = None) -> Edit:
    """The new `handle_continue/2` clause; `body` replaces its statements."""
    lines = "\n".join(
        f"  {line}" if line else "" for line in _joined(body or _work(flow)).split("\n")
    )
    code = f"def handle_continue({term}, {parameter(flow, body is None)}) do\n{lines}\nend"
    existing = flow.init.function.module.functions.get(("handle_continue", 2))
    if existing is not None:
        return gen_server.insert_before(existing, flow.init, code)
    return gen_server.insert_after(flow.init.function.clauses[-1], flow.init, code)


def parameter(flow: Flow, whole: bool = True) -> str:
    """Name of the state in `handle_continue/2`."""
    if flow.before != "nil":
        return flow.before
    if flow.mode != "whole" or not whole:
        return "state"
    return "unloaded" if flow.stops else "_unloaded"


def whole_lines(module: Module, node: Node) -> bool:
    """Whether the statement shares its lines with nothing but a comment."""
    data = module.source.data
    before = data[line_start(data, node.start_byte) : node.start_byte]
    after = data[node.end_byte : line_end(data, node.end_byte)].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def _work(flow: Flow) -> list[str]:
    last = flow.init.statements()[-1]
    found = [_moved_text(flow, s) for s in flow.moved if s.id != last.id]
    if flow.mode == "whole":
        return [*found, _mapped(flow, last)]
    if flow.mode == "effect":
        return [*found, f"{{:noreply, {parameter(flow)}}}"]
    data = flow.init.function.module.source.data
    pairs = ", ".join(
        f"{key}: {dedent(text(v), indentation(data, v.start_byte))}" for key, v in flow.fields
    )
    return [*found, f"{{:noreply, %{{{parameter(flow)} | {pairs}}}}}"]


def _joined(statements: list[str]) -> str:
    """Statements as the formatter keeps them: those over several lines stand apart."""
    out = statements[0]
    for before, after in pairwise(statements):
        out += ("\n\n" if _tall(before) or _tall(after) else "\n") + after
    return out


def _tall(code: str) -> bool:
    return sum(not line.lstrip().startswith("#") for line in code.split("\n")) > 1


def _start_with_comments(statement: Node) -> int:
    first = statement
    above = statement.prev_named_sibling
    while above is not None and above.type == "comment":
        own_line = above.prev_named_sibling is None or (
            above.prev_named_sibling.end_point.row < above.start_point.row
        )
        if not own_line or above.end_point.row + 1 != first.start_point.row:
            break
        first, above = above, above.prev_named_sibling
    return first.start_byte


def _moved_text(flow: Flow, statement: Node) -> str:
    data = flow.init.function.module.source.data
    code = data[_start_with_comments(statement) : line_end(data, statement.end_byte)].decode()
    return dedent(code.rstrip(), indentation(data, statement.start_byte))


def _mapped(flow: Flow, last: Node) -> str:
    """The last statement with `{:ok, s}` as `{:noreply, s}` and `{:stop, r}` as `{:stop, r,
    state}`.
    """
    data, base = flow.init.function.module.source.data, last.start_byte
    code = data[base : last.end_byte]
    for ending in sorted(flow.endings, key=lambda e: e.node.start_byte, reverse=True):
        first = ending.node.named_children[0]
        if ending.tag == "stop":
            at = ending.rest[-1].end_byte - base
            code = code[:at] + f", {parameter(flow)}".encode() + code[at:]
        elif ending.tag == "ok":
            code = code[: first.start_byte - base] + b":noreply" + code[first.end_byte - base :]
    return dedent(code.decode(), indentation(data, base))


def _state_without(flow: Flow) -> str:
    """The returned state without the fields that wait: `nil` in a literal, left out of an
    update.
    """
    state = flow.endings[0].state
    assert state is not None
    late = {key for key, _ in flow.fields}
    update = next(
        (n for n in grammar.captures('(binary_operator operator: "|") @n', state) if _of(n, state)),
        None,
    )
    if update is not None:
        left = update.child_by_field_name("left")
        pairs = nodes.keyword_pairs(update.child_by_field_name("right"))
        kept = [f"{k}: {normal(v)}" for k, v in pairs.items() if k not in late]
        return f"%{{{text(left)} | {', '.join(kept)}}}" if kept and left else text(left or state)
    code, base = text(state).encode(), state.start_byte
    for _, value in sorted(flow.fields, key=lambda f: f[1].start_byte, reverse=True):
        code = code[: value.start_byte - base] + b"nil" + code[value.end_byte - base :]
    return code.decode().replace("\r\n", "\n")


def _of(operator: Node, state: Node) -> bool:
    content = operator.parent
    return content is not None and content.parent is not None and content.parent.id == state.id
