"""Values that a grammar of the project, written with combinators, lets through."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, calls_in, resolve
from bot.elixir.loose import outermost
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.parts.standing import literal

_CLOSED = frozenset(
    "string choice optional ignore empty concat ascii_char eos label tag unwrap_and_tag replace "
    "lookahead lookahead_not to_charlist Enum.map Enum.reduce".split()
)
"""What lets through one of few texts if its parts do; `utf8_string`, `integer`, `repeat` do not."""
_MAPS = frozenset({"Map.new", "Enum.into"})
_DEEPEST = 10


def closed_by_a_grammar(value: Node, clause: Clause, project: Project | None) -> bool:
    """Whether it is `parsed["key"]`, where a parser of the project gave the pairs and all that may
    follow `string("key")` in its grammar is a choice of few texts.
    """
    if value.type != "access_call" or project is None:
        return False
    key, within = value.child_by_field_name("key"), value.child_by_field_name("target")
    if key is None or key.type != "string" or not literal(key) or within is None:
        return False
    grammars = list(_grammars(text(within), value, clause, project))
    return bool(grammars) and all(_closes(text(key), grammar) for grammar in grammars)


def _grammars(name: str, use: Node, clause: Clause, project: Project) -> Iterator[Module]:
    """The modules whose parsers the value with the name is matched out of."""
    for call in _sources(name, use, clause):
        facts = project.modules.get(call.module)
        if facts is not None and b"defparsec" in project.texts[facts.path]:
            module = project.module(call.module)
            if any(_defines(statement, call.name) for statement in outermost(module)):
                yield module


def _sources(name: str, use: Node, clause: Clause) -> Iterator[Call]:
    module, asked = clause.function.module, {name}
    for match in reversed(list(clause.bindings("="))):
        right = match.child_by_field_name("right")
        made = resolve(right, module) if right is not None and right.type == "call" else None
        if made is not None and nodes.text_of(match, "left") in asked and made.full in _MAPS:
            asked |= {text(arg) for arg in made.args[:1]}
    taken = [(m.child_by_field_name("left"), m.child_by_field_name("right"))
             for sign in ("=", "<-") for m in clause.bindings(sign)]  # fmt: skip
    for around in nodes.ancestors(use):
        if nodes.is_call_to(around, "case"):
            stabs = [s for s in nodes.clauses(nodes.do_block(around)) if nodes.contains(s, use)]
            subject = next(iter(nodes.arguments(around)), None)
            taken += [(p, subject) for s in stabs for p in nodes.clause_patterns(s)]
    for pattern, source in taken:
        given = pattern is not None and not asked.isdisjoint(nodes.identifiers(pattern))
        if given and source is not None and source.type == "call":
            call = resolve(source, module)
            if call is not None and call.full not in _MAPS:
                yield call


def _defines(statement: Node, name: str) -> bool:
    first = next(iter(nodes.arguments(statement)), None)
    parsers = nodes.is_call_to(statement, "defparsec", "defparsecp")
    return parsers and first is not None and text(first) == f":{name}"


def _closes(key: str, grammar: Module) -> bool:
    """Whether the grammar has the key, and nothing but few texts where it has it."""
    made = _made(grammar)
    with_key = [right for right in made.values() if key in text(right)]
    bare = any(key in text(statement) for statement in outermost(grammar))
    written = all(f"string({key})" in text(right) for right in with_key)
    closed = all(_closed(right, grammar, made, 0) for right in with_key)
    return bool(with_key) and not bare and written and closed


def _made(grammar: Module) -> dict[str, Node]:
    """The combinators that the module's body gives a name, each by its last one."""
    body = grammar.body.named_children if grammar.body is not None else []
    found: dict[str, Node] = {}
    for statement in body:
        right = statement.child_by_field_name("right")
        if nodes.operator(statement) == "=" and right is not None:
            found[nodes.text_of(statement, "left")] = right
    return found


def _closed(node: Node, grammar: Module, made: dict[str, Node], depth: int) -> bool:
    if depth > _DEEPEST:
        return False
    if any(call.full not in _CLOSED for call in calls_in(node, grammar)):
        return False
    used = {name for name in nodes.identifiers(node) if name in made}
    return all(_closed(made[name], grammar, made, depth + 1) for name in used)
