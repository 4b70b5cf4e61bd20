"""Reads an expression into a tree of nodes and checks the names in it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.lexer import Token, cut
from bot.simulator.actions.expressions.values import Value, parse_number

MAX_DEPTH = 50
"""GitHub's own bound on nesting."""


@dataclass(frozen=True)
class Literal:
    value: Value


@dataclass(frozen=True)
class Context:
    name: str
    position: int


@dataclass(frozen=True)
class Index:
    """`of[key]`, also for `of.key`."""

    of: Node
    key: Node


@dataclass(frozen=True)
class Filter:
    """`of.*`: the members; what follows applies to each."""

    of: Node


@dataclass(frozen=True)
class Not:
    of: Node


@dataclass(frozen=True)
class Binary:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Node, ...]
    position: int


Node = Literal | Context | Index | Filter | Not | Binary | Call

LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
"""Operators from the loosest binding to the tightest."""


@functools.lru_cache(maxsize=4096)
def parse(expression: str) -> Node:
    return _Parser(expression).whole()


def walk(node: Node) -> Iterator[Node]:
    todo = [node]
    while todo:
        found = todo.pop()
        yield found
        todo.extend(reversed(children(found)))


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Index(of, key):
            return (of, key)
        case Filter(of) | Not(of):
            return (of,)
        case Binary(_, left, right):
            return (left, right)
        case Call(_, arguments):
            return arguments
        case _:
            return ()


def _depth(root: Node) -> int:
    """Levels of the tree; a chain of one `&&` or `||` is one level, however long."""
    deepest, todo = 0, [(root, 1)]
    while todo:
        node, depth = todo.pop()
        deepest = max(deepest, depth)
        todo.extend((child, depth + _step(node, child)) for child in children(node))
    return deepest


def _step(node: Node, child: Node) -> int:
    match node, child:
        case Binary("&&" | "||" as one), Binary(other) if one == other and child is node.left:
            return 0
        case _:
            return 1


class _Parser:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = cut(expression)
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        if self.peek().kind == "end":
            raise ExpressionError("An expression was expected")
        node = self.binary(0)
        if self.peek().kind != "end":
            raise self.unexpected()
        if _depth(node) > MAX_DEPTH:
            raise ExpressionError(f"Exceeded max expression depth {MAX_DEPTH}")
        return node

    def binary(self, level: int) -> Node:
        if level == len(LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek().kind == "operator" and self.peek().text in LEVELS[level]:
            operator = self.take().text
            left = Binary(operator, left, self.binary(level + 1))
        return left

    def unary(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(f"Exceeded max expression depth {MAX_DEPTH}")
        node: Node = Not(self.unary()) if self.accept("!") else self.postfix(self.primary())
        self.depth -= 1
        return node

    def primary(self) -> Node:
        token = self.take()
        match token.kind:
            case "number":
                return Literal(parse_number(token.text))
            case "string":
                return Literal(token.text[1:-1].replace("''", "'"))
            case "keyword":
                return Literal({"true": True, "false": False, "null": None}[token.text])
            case "name" if self.peek().text == "(":
                return self.call(token)
            case "name":
                return Context(token.text, token.position)
            case "operator" if token.text == "(":
                node = self.binary(0)
                self.expect(")")
                return node
        self.at -= 1
        raise self.unexpected()

    def call(self, name: Token) -> Node:
        self.expect("(")
        arguments: list[Node] = []
        if not self.accept(")"):
            arguments.append(self.binary(0))
            while self.accept(","):
                arguments.append(self.binary(0))
            self.expect(")")
        return Call(name.text, tuple(arguments), name.position)

    def postfix(self, node: Node) -> Node:
        while self.peek().text in (".", "[") and self.peek().kind == "operator":
            node = self.member(node) if self.take().text == "." else self.index(node)
        return node

    def member(self, node: Node) -> Node:
        if self.accept("*"):
            return Filter(node)
        if self.peek().kind != "name":
            raise self.unexpected()
        return Index(node, Literal(self.take().text))

    def index(self, node: Node) -> Node:
        key: Node | None = None if self.accept("*") else self.binary(0)
        self.expect("]")
        return Filter(node) if key is None else Index(node, key)

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.peek()
        if token.kind == "end":
            raise self.unexpected()
        self.at += 1
        return token

    def accept(self, text: str) -> bool:
        if self.peek().kind == "operator" and self.peek().text == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.unexpected()

    def unexpected(self) -> ExpressionError:
        token = self.peek()
        if token.kind == "end":
            return self.failed("Unexpected end of expression", token)
        return self.failed(f"Unexpected symbol: {token.text!r}", token)

    def failed(self, message: str, token: Token) -> ExpressionError:
        return ExpressionError(message, self.expression, token.position)
