"""What can be wrong with an expression."""

from __future__ import annotations


class ExpressionError(ValueError):
    """A wrong expression; `expression` and the 1-based `position` say where, once known."""

    def __init__(self, message: str, expression: str = "", position: int = 0) -> None:
        where = f". Located at position {position} within expression: {expression}"
        super().__init__(message + (where if expression and position else ""))
        self.message = message
        self.expression = expression
        self.position = position
