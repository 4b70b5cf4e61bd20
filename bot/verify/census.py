"""Count what a change must not lessen or widen, by syntax and never by text search."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import tree_sitter_elixir
from tree_sitter import Language, Node, Parser

_TESTS = frozenset({"test", "property", "doctest", "feature"})
_ASSERTING = re.compile(r"^(assert|refute|flunk|catch_(exit|error|throw)|verify!?)(_\w+)?!?$")
_SKIP_ATTRIBUTES = frozenset({"tag", "moduletag", "describetag"})
_SKIP = re.compile(r"\bskip\b|\bpending\b")
_SETTINGS = {
    "Application.get_env": 2, "Application.compile_env": 2, "Application.fetch_env": 2,
    "Application.fetch_env!": 2, "Application.compile_env!": 2, "System.get_env": 1,
    "System.fetch_env": 1, "System.fetch_env!": 1,
}  # fmt: skip
"""How many arguments name the setting; a further one is its default."""
_CREDO_DISABLE = re.compile(r"#\s*credo:disable-for-")


@dataclass
class Census:
    """What one file holds; counters are multisets of normalised source text."""

    tests: Counter[str] = field(default_factory=Counter)
    assertions: Counter[str] = field(default_factory=Counter)
    skips: int = 0
    excludes: int = 0
    """`ExUnit.start/configure` with `exclude:` or `only_test_ids:`."""
    credo_disables: int = 0
    broad_rescues: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    """Reads of settings that are off unless somebody sets them."""
    restarts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """`max_restarts`/`max_seconds` with their value as written."""


def take_census(source: str) -> Census:
    """Walk `source`; a file that does not parse fully is counted as far as it does."""
    census = Census()
    for node in _walk(_parser().parse(source.encode("utf-8", "surrogatepass")).root_node):
        match node.type:
            case "call":
                _count_call(node, census)
            case "unary_operator":
                census.skips += _is_skip(node)
            case "comment":
                census.credo_disables += bool(_CREDO_DISABLE.search(_text(node)))
            case "rescue_block" | "catch_block":
                census.broad_rescues += sum(_is_broad(c) for c in node.named_children)
            case "pair":
                _count_pair(node, census)
    return census


def _count_call(node: Node, census: Census) -> None:
    target = node.child_by_field_name("target")
    name = _text(target) if target is not None else ""
    if name in _TESTS:
        census.tests[_first_argument(node)] += 1
    elif _ASSERTING.match(name):
        census.assertions[_normalised(node)] += 1
    elif name in ("ExUnit.start", "ExUnit.configure") and re.search(
        r"\b(exclude|only_test_ids|include):", _text(node)
    ):
        census.excludes += 1
    elif name in _SETTINGS and _is_off(node, _SETTINGS[name]):
        census.flags[_normalised(node)] += 1


def _count_pair(node: Node, census: Census) -> None:
    key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
    name = _text(key).strip(" :") if key is not None else ""
    if name in ("max_restarts", "max_seconds") and value is not None:
        census.restarts[(name, _text(value))] += 1


def _is_off(read: Node, keys: int) -> bool:
    """Whether a setting is false by default, or decides something without having a default."""
    arguments = next((c for c in read.named_children if c.type == "arguments"), None)
    given = arguments.named_children if arguments is not None else []
    if len(given) > keys:
        return _text(given[keys]) in ("false", "nil")
    return _decides(read)


def _decides(node: Node) -> bool:
    """Whether it stands in the condition of an `if` or `unless`, or left of `&&` or `and`."""
    inner, outer = node, node.parent
    while outer is not None and outer.type not in ("do_block", "stab_clause", "pair"):
        if outer.type == "binary_operator":
            left = outer.child_by_field_name("left")
            operator = outer.child_by_field_name("operator")
            joins = operator is not None and _text(operator) in ("&&", "and")
            if joins and left is not None and left.id == inner.id:
                return True
        target = outer.child_by_field_name("target") if outer.type == "call" else None
        if target is not None and _text(target) in ("if", "unless"):
            return True
        inner, outer = outer, outer.parent
    return False


def _is_skip(node: Node) -> bool:
    """`@tag :skip`, `@moduletag skip: "why"` and their like."""
    if not node.children or node.children[0].type != "@":
        return False
    operand = node.child_by_field_name("operand")
    if operand is None or operand.type != "call":
        return False
    target = operand.child_by_field_name("target")
    named = target is not None and _text(target) in _SKIP_ATTRIBUTES
    return named and bool(_SKIP.search(_text(operand)))


def _is_broad(clause: Node) -> bool:
    """`_ ->`, `e ->`, `_, _ ->`, `kind, reason ->`: a clause that names no exception."""
    if clause.type != "stab_clause":
        return False
    left = clause.child_by_field_name("left")
    patterns = left.named_children if left is not None else []
    if left is not None and left.type != "arguments":
        return False
    return bool(patterns) and all(p.type == "identifier" for p in patterns)


def _first_argument(node: Node) -> str:
    arguments = next((c for c in node.named_children if c.type == "arguments"), None)
    first = arguments.named_children[0] if arguments and arguments.named_children else None
    return _normalised(first) if first is not None else ""


def _normalised(node: Node) -> str:
    return re.sub(r"[\s()]+", " ", _text(node)).strip()


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def _text(node: Node) -> str:
    return node.text.decode("utf-8", "replace") if node.text else ""


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_elixir.language()))
