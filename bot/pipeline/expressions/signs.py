"""The signs that expressions have beside Jinja2's."""

from __future__ import annotations

import re

from jinja2 import Environment
from jinja2.lexer import Lexer, _Rule

SIGN = "sign"
"""The kind of their tokens."""


class SignLexer(Lexer):
    """Jinja's lexer, which also knows `&&`, `||`, `!` and `?`, and `@` for the item at hand."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        signs = _Rule(re.compile(r"&&|\|\||!(?!=)|[?@]"), SIGN, None)
        for state in ("variable_begin", "block_begin"):
            self.rules[state].insert(1, signs)
