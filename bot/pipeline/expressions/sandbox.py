"""The one expression language: Jinja2, in a sandbox that neither escapes nor allocates at will.

Pipelines are written by people we half trust; the data they look at by nobody we trust. So:
calls go to listed functions only, text is not multiplied, and data is never a template.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.lexer import Lexer
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.pipeline.expressions.filters import filters
from bot.pipeline.expressions.functions.numbers import arithmetic, number_of
from bot.pipeline.expressions.functions.times import reckon
from bot.pipeline.expressions.items import ItemExpression
from bot.pipeline.expressions.operations import operators
from bot.pipeline.expressions.operators import ExpressionParser
from bot.pipeline.expressions.signs import SignLexer
from bot.pipeline.expressions.tests import tests
from bot.pipeline.expressions.values import Instant, as_text, kind_of, require_defined
from bot.pipeline.expressions.work import work_of

MAX_SOURCE = 200_000
_LOOP_FIELDS = frozenset({"index", "index0", "first", "last", "length"})


@dataclass(frozen=True)
class Compiled:
    """An expression as a function of the names around it."""

    evaluate: Callable[[Mapping[str, Any]], Any]
    path: bool
    """It is a name or a way into one, so that its value stands in the scope already."""

    def __call__(self, names: Mapping[str, Any]) -> Any:
        """The value."""
        return self.evaluate(names)


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment every expression and template is compiled in."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            finalize=_finalized,
            autoescape=False,
            keep_trailing_newline=True,
        )
        self.filters = {**filters(), **operators()}
        self.tests = tests()
        self.globals = {}
        self._lexer = SignLexer(self)

    @property
    def lexer(self) -> Lexer:
        """Jinja shares lexers between environments; ours knows more signs."""
        return self._lexer

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return ExpressionParser(self, source, name, filename).parse()

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Fields of maps are their keys; nothing has methods."""
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in _LOOP_FIELDS:
            return getattr(obj, attribute)
        if isinstance(obj, str | list | tuple) and attribute == "length":
            return len(obj)
        return self.undefined(_no_field(obj, attribute), obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Keys of maps, positions of lists and texts."""
        require_defined(argument)
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, str | list | tuple | Mapping) and not isinstance(argument, bool):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                pass
        return self.undefined(_no_field(obj, argument), obj=obj, name=argument)

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing: the grammar makes every call an operation of ours."""
        return False

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers and instants; `+` also joins two texts or two lists."""
        require_defined(left)
        require_defined(right)
        if isinstance(left, Instant) or isinstance(right, Instant):
            return reckon(operator, left, right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            work_of(context).text(len(left) + len(right))
            return left + right
        if operator == "+" and isinstance(left, list | tuple) and isinstance(right, list | tuple):
            work_of(context).charge(len(left) + len(right))
            return [*left, *right]
        return arithmetic(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """Signs of numbers."""
        return number_of(arg, operator) * (-1 if operator == "-" else 1)

    def checked(self, source: str) -> nodes.Template:
        """The parsed template; raises `TemplateSyntaxError` for what is not supported."""
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError("the template is too long", 1)
        with warnings.catch_warnings():
            # '\\.' in a pattern is meant as written; Python's own decoder warns about it.
            warnings.simplefilter("ignore", DeprecationWarning)
            return self.parse(source)

    def parse_expression(self, source: str) -> nodes.Template:
        """A template whose only content is one expression."""
        if not source.strip():
            raise TemplateSyntaxError("an expression is empty", 1)
        parsed = self.checked("{{ " + source + "\n }}")
        if len(parsed.body) != 1 or not isinstance(root := parsed.body[0], nodes.Output):
            raise TemplateSyntaxError("unexpected '}}'", 1)
        if len(root.nodes) != 1:
            raise TemplateSyntaxError("unexpected '}}'", 1)
        return parsed

    def expression(self, source: str, *, condition: bool = False) -> Compiled:
        """The expression, compiled; a condition must be true or false."""
        parsed = self.parse_expression(source)
        output = parsed.body[0]
        assert isinstance(output, nodes.Output)
        root = output.nodes[0]
        assert isinstance(root, nodes.Expr)
        root = _condition(root) if condition else root
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), root, lineno=1)]
        whole = nodes.Template(body, lineno=1)
        whole.set_environment(self)
        template = self.from_string(whole)

        def evaluate(names: Mapping[str, Any]) -> Any:
            context = template.new_context(dict(names))
            for _ in template.root_render_func(context):
                pass
            return context.vars["result"]

        return Compiled(evaluate, isinstance(root, nodes.Name | nodes.Getattr | nodes.Getitem))

    def item(self, source: str) -> ItemExpression:
        """An expression about each item of a list."""
        return _item(self, source)


@lru_cache(maxsize=1024)
def _item(environment: Sandbox, source: str) -> ItemExpression:
    return ItemExpression(environment, source)


def _condition(node: nodes.Expr) -> nodes.Expr:
    """What decides whether a condition holds must be true or false itself, not just something."""
    if isinstance(node, nodes.And | nodes.Or):
        return type(node)(_condition(node.left), _condition(node.right), lineno=node.lineno)
    if isinstance(node, nodes.Not):
        return nodes.Not(_condition(node.node), lineno=node.lineno)
    return nodes.Filter(node, "=truth", [], [], None, None, lineno=node.lineno)


@pass_context
def _finalized(context: Context, value: Any) -> str:
    if isinstance(value, str):
        return value
    work_of(context).weigh(value)
    require_defined(value)
    return as_text(value)


def bounded(pieces: Iterator[str], limit: int) -> Iterator[str]:
    """The pieces of a text, as long as it stays within the limit."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise SecurityError("the text grows too large")
        yield piece


def _no_field(obj: Any, attribute: Any) -> str:
    missing = getattr(obj, "missing_field", None)
    if callable(missing):
        return str(missing(attribute))
    if isinstance(obj, Mapping):
        known = ", ".join(sorted(map(str, obj))[:12])
        return f"there is no field {attribute!r}; there are: {known or 'none'}"
    return f"{kind_of(obj)} has no field {attribute!r}"
