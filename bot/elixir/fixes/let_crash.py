"""Take out a handler that swallows every crash, so that the supervisor sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.edit import Edit, indentation
from bot.elixir.edit import apply as apply_edits
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.layout import column, dedented, line_length, trailing
from bot.elixir.fixes.places import normal
from bot.elixir.fixes.value_use import BLOCKS
from bot.elixir.handlers import handlers_in
from bot.elixir.outline import Clause
from bot.elixir.project import Project


@dataclass(frozen=True, eq=False)
class _Found:
    """The handler's clause in its function."""

    clause: Clause
    stab: Node

    @property
    def code(self) -> str:
        """The handler and what it guards, by which it is found again."""
        guarded = next(a for a in nodes.ancestors(self.stab) if a.type == "do_block")
        return f"{normal(self.stab)} in {normal(guarded)}"

    @property
    def path(self) -> str:
        return self.clause.function.module.source.path

    @property
    def data(self) -> bytes:
        return self.clause.function.module.source.data


def propose(project: Project, finding: Finding) -> Proposal | Declined:
    """Always assisted: whoever relied on the value now sees the crash."""
    if finding.path not in project.files:
        return Declined("the file is gone")
    found = next(
        (f for f in _handlers(project, finding.path) if f.stab.start_byte == finding.start_byte),
        None,
    )
    if found is None:
        return Declined("the handler stands in no function")
    purpose = _on_purpose(found)
    if purpose:
        return Declined(purpose)
    edits = _edits(project, found)
    if isinstance(edits, Declined):
        return edits
    label = f"{finding.module}.{found.clause.function.label}"
    return Proposal(
        title=f"Let unexpected errors of `{label}` crash",
        params={
            "path": found.path,
            "module": finding.module,
            "function": found.clause.function.label,
            "code": found.code,
        },
        fix="assisted",
        decision=(
            "Which failures does this code expect? Name them in clauses of their own; all others "
            "should reach "
            "the supervisor. With this patch they reach the caller: can it be restarted, and is "
            "what it held "
            "rebuilt?"
        ),
    )


_CATCHING = re.compile(
    r"(^|_)(safe|safely|try|maybe|catch|caught|catched|rescued|attempt)(_|[?!]|$)"
)


def _on_purpose(found: _Found) -> str:
    """Why the handler is what the function is for; empty where nothing says so."""
    function = found.clause.function
    if _CATCHING.search(function.name):
        return f"`{function.label}` says by its name that it is there to catch"
    patterns = nodes.clause_patterns(found.stab)
    caught = {name for p in patterns for name in nodes.identifiers(p) if not name.startswith("_")}
    body = nodes.statements(nodes.clause_body(found.stab))
    result = body[-1] if body else None
    tagged = result is not None and result.type == "tuple" and result.named_child_count == 2
    if not tagged or result is None or nodes.text(result.named_children[0]) != ":error":
        return ""
    told = result.named_children[1]
    if told.type == "tuple" and caught and caught <= nodes.identifiers(told):
        return f"`{function.label}` hands on what was caught, whole: its callers judge it"
    return ""


def _handlers(project: Project, path: str) -> list[_Found]:
    clauses = [c for m in project.modules_in(path) for c in m.all_clauses()]
    return [_Found(clause, handler.node) for clause in clauses for handler in handlers_in(clause)]


def apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    """The function without the handler; without its `try` where nothing else is left of it."""
    for found in _handlers(project, params["path"]) if params["path"] in project.files else ():
        function = found.clause.function
        if function.module.name != params["module"] or function.label != params["function"]:
            continue
        if found.code == params["code"]:
            edits = _edits(project, found)
            return edits if isinstance(edits, Declined) else apply_edits(project.files, edits)
    return Declined(f"the handler no longer stands in `{params['function']}`")


def _edits(project: Project, found: _Found) -> list[Edit] | Declined:
    block = found.stab.parent
    do_block = block.parent if block is not None else None
    construct = do_block.parent if do_block is not None else None
    if block is None or do_block is None or construct is None:
        return Declined("the handler has an unusual shape")
    if len(nodes.clauses(block)) > 1:
        return [_lines(found, found.stab.start_byte, found.stab.end_byte)]
    others = [c for c in do_block.named_children if c.type.endswith("_block") and c.id != block.id]
    if any(c.type == "else_block" for c in others) and len(others) == 1:
        return Declined("an `else` that only a handled `try` may have stands beside it")
    if nodes.is_call_to(construct, "try") and not others:
        return _unwrapped(project, found, construct, do_block, block)
    return [_lines(found, block.start_byte, block.named_children[-1].end_byte)]


def _lines(found: _Found, start: int, end: int) -> Edit:
    """Whole lines from `start` to `end`, and a blank line before them."""
    data = found.data
    first = data.rfind(b"\n", 0, start) + 1
    last = (
        data.rfind(b"\n", 0, end) + 1
        if not data[data.rfind(b"\n", 0, end) + 1 : end].strip()
        else data.find(b"\n", end) + 1
    )
    before = data.rfind(b"\n", 0, first - 1) + 1
    if not data[before:first].strip():
        first = before
    return Edit(found.path, first, last, "")


def _unwrapped(
    project: Project, found: _Found, construct: Node, do_block: Node, block: Node
) -> list[Edit] | Declined:
    body = [c for c in do_block.named_children if c.id != block.id]
    statements = [c for c in body if c.type != "comment"]
    placed = construct.parent is not None and construct.parent.type in BLOCKS
    if not body or ((len(statements) != 1 or len(body) != 1) and not placed):
        return Declined("the `try` is part of an expression; a person must take it apart")
    code = found.data[body[0].start_byte : body[-1].end_byte].decode().replace("\r\n", "\n")
    outer = indentation(found.data, construct.start_byte)
    inner = indentation(found.data, body[0].start_byte)
    if not inner.startswith(outer) or body[0].start_point.row == construct.start_point.row:
        return Declined("the `try` is laid out in an unusual way")
    text = dedented(code, inner[len(outer) :])
    start = construct.start_byte
    head = found.data[:start].rstrip()
    if not placed and "\n" not in text and b"\n" in found.data[len(head) : start]:
        # The formatter keeps a short value on the line of its `=` or key.
        room = _room(project, found, len(head), construct.end_byte)
        if len(text) < room:
            start, text = len(head), f" {text}"
    return [Edit(found.path, start, construct.end_byte, text)]


def _room(project: Project, found: _Found, start: int, end: int) -> int:
    taken = column(found.data, start) + trailing(found.data, end)
    return line_length(project, found.path) - taken


def test(project: Project, params: Params) -> GeneratedTest | Declined:
    """None: which failure must surface is what the person decides."""
    return Declined("which failures must surface is a person's decision, and so is the test of it")


CODEMOD = Codemod(
    name="let_crash",
    rules=("swallowed-crash",),
    fix="assisted",
    summary="Takes out a `rescue` or `catch` clause that takes anything.",
    invariant=(
        "What succeeds is unchanged, and so are handlers that name what they expect. Whatever "
        "else fails "
        "now reaches the caller."
    ),
    steps=(
        "Name the failures the code expects in clauses of their own.",
        "Take the catch-all out; check that the process is supervised and starts with a sane "
        "state.",
    ),
    how_to_test=(
        "Make the guarded code fail in a test: the process crashes, restarts, and answers again."
    ),
    done_when=("Only failures that are named are handled.",),
    propose=propose,
    apply=apply,
    test=test,
    risk="medium",
)
