"""Infix words on top of Jinja2: `contains`, `matches`, `between … and …`, `starts_with` and others.

They are rewritten, token by token, into Jinja's own tests (`x is contains(y)`), so precedence,
sandbox and error positions are Jinja's.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

WORDS = frozenset({"contains", "matches", "between", "starts_with", "ends_with", "exists"})
_OPENING = {"lparen": "rparen", "lbracket": "rbracket", "lbrace": "rbrace"}
_ENDS_OPERAND = frozenset({"name", "string", "integer", "float", "rparen", "rbracket", "rbrace"})
_NOT_OPERANDS = frozenset({"and", "or", "not", "in", "is", "if", "else"})


class InfixOperators(Extension):
    """Registers the rewriting with the lexer."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The same tokens with infix words as Jinja tests."""
        return iter(rewrite(list(stream)))


def rewrite(tokens: list[Token]) -> list[Token]:
    """`a contains b` becomes `a is contains(b)`; `between` takes two operands joined by `and`."""
    result: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if not _is_infix(token, tokens, position, result):
            result.append(token)
            position += 1
            continue
        negated = bool(result) and result[-1].test("name:not")
        if negated:
            result.pop()
        position = _rewrite_one(tokens, position, result, negated=negated)
    return result


def _rewrite_one(tokens: list[Token], position: int, result: list[Token], *, negated: bool) -> int:
    word = tokens[position]
    line = word.lineno
    result.append(Token(line, "name", "is"))
    if negated:
        result.append(Token(line, "name", "not"))
    if word.value == "exists":
        result.append(Token(line, "name", "defined"))
        return position + 1
    first_end = _operand_end(tokens, position + 1, word)
    result += [Token(line, "name", word.value), Token(line, "lparen", "(")]
    result += rewrite(tokens[position + 1 : first_end])
    end = first_end
    if word.value == "between":
        if end >= len(tokens) or not tokens[end].test("name:and"):
            raise TemplateSyntaxError("'between' needs two values joined by 'and'", line)
        end = _operand_end(tokens, first_end + 1, word)
        result.append(Token(line, "comma", ","))
        result += rewrite(tokens[first_end + 1 : end])
    result.append(Token(line, "rparen", ")"))
    return end


def _is_infix(token: Token, tokens: list[Token], position: int, before: list[Token]) -> bool:
    if token.type != "name" or token.value not in WORDS or not before:
        return False
    previous = before[-1]
    if previous.test("name:not") and len(before) > 1:
        previous = before[-2]
    if previous.type not in _ENDS_OPERAND or previous.test("name:is"):
        return False
    if previous.type == "name" and previous.value in _NOT_OPERANDS:
        return False
    following = tokens[position + 1].type if position + 1 < len(tokens) else "eof"
    return following not in ("dot", "assign", "operator")


def _operand_end(tokens: list[Token], position: int, word: Token) -> int:
    if position < len(tokens) and tokens[position].type == "sub":
        position += 1
    if position >= len(tokens) or not _starts_operand(tokens[position]):
        raise TemplateSyntaxError(f"'{word.value}' needs a value on its right", word.lineno)
    position = _group_end(tokens, position, word)
    while position < len(tokens):
        if tokens[position].type == "dot":
            position += 2
        elif tokens[position].type in ("lparen", "lbracket"):
            position = _group_end(tokens, position, word)
        else:
            break
    return min(position, len(tokens))


def _starts_operand(token: Token) -> bool:
    if token.type == "name":
        return token.value not in _NOT_OPERANDS
    return token.type in ("string", "integer", "float") or token.type in _OPENING


def _group_end(tokens: list[Token], position: int, word: Token) -> int:
    if tokens[position].type not in _OPENING:
        return position + 1
    depth = 0
    for index in range(position, len(tokens)):
        if tokens[index].type in _OPENING:
            depth += 1
        elif tokens[index].type in _OPENING.values():
            depth -= 1
            if depth == 0:
                return index + 1
    raise TemplateSyntaxError("a bracket is not closed", word.lineno)
