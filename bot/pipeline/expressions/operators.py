"""The grammar of expressions: Jinja2's, plus the words and signs pipelines are written with.

`a contains b`, `a matches b`, `a between b and c`, `a starts_with b`, `a ends_with b`,
`a not_in b`, `a exists`, `a empty` stand where comparisons stand; a `not` before the word negates
it. `&&`, `||`, `!a` and `a ? b : c` mean what they mean in C. The rest is Jinja's.

What is built here names the operations of `operations.py`, so that nothing is left to Python's own
rules. Statements other than `if` and `for` are refused.
"""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import Any

from jinja2 import nodes
from jinja2.parser import Parser

from bot.pipeline.expressions.functions import FUNCTIONS
from bot.pipeline.expressions.signs import SIGN
from bot.pipeline.expressions.syntax import cost, defined, defined_list, operation, tested

INFIX = ("contains", "matches", "starts_with", "ends_with", "not_in")
POSTFIX = ("exists", "empty")
_WORDS = (*INFIX, "between", *POSTFIX)


class ExpressionParser(Parser):
    """Parses one template."""

    _assigning = False

    def parse_assign_target(self, *args: Any, **options: Any) -> Any:
        """The names of a loop, which are given values and have none yet."""
        self._assigning = True
        found = super().parse_assign_target(*args, **options)
        self._assigning = False
        return found

    def parse_statement(self) -> nodes.Node | list[nodes.Node]:
        """`if` and `for` only."""
        if not self.stream.current.test_any("name:if", "name:for"):
            self.fail(f"{str(self.stream.current.value)!r} is not supported; use if and for")
        return super().parse_statement()

    def parse_for(self) -> nodes.For:
        """A loop whose rounds are counted."""
        loop = super().parse_for()
        if loop.recursive:
            self.fail("recursive loops are not supported", loop.lineno)
        assert isinstance(loop.iter, nodes.Expr)
        loop.iter = operation("loop", loop.iter, nodes.Const(cost(loop)))
        return loop

    def parse_condexpr(self) -> nodes.Expr:
        """`b if a else c`, or `a ? b : c`."""
        test = super().parse_condexpr()
        if not self._skip_sign("?"):
            return test
        line = self.stream.current.lineno
        then = self.parse_condexpr()
        self.stream.expect("colon")
        return nodes.CondExpr(test, then, self.parse_condexpr(), lineno=line)

    def parse_or(self) -> nodes.Expr:
        """`or` and `||`."""
        left = self.parse_and()
        while self.stream.skip_if("name:or") or self._skip_sign("||"):
            left = nodes.Or(left, self.parse_and(), lineno=left.lineno)
        return left

    def parse_and(self) -> nodes.Expr:
        """`and` and `&&`."""
        left = self.parse_not()
        while self.stream.skip_if("name:and") or self._skip_sign("&&"):
            left = nodes.And(left, self.parse_not(), lineno=left.lineno)
        return left

    def parse_compare(self) -> nodes.Expr:
        """Comparisons, and the words that stand in their place."""
        left = super().parse_compare()
        compared = isinstance(left, nodes.Compare)
        if isinstance(left, nodes.Compare):
            pairs = [x for o in left.ops for x in (nodes.Const(o.op), o.expr)]
            left = operation("compare", left.expr, *pairs)
        negated = self.stream.current.test("name:not")
        word = self.stream.look() if negated else self.stream.current
        if word.type != "name" or word.value not in _WORDS:
            return left
        if compared:
            self.fail(f"put brackets around the comparison before {word.value!r}", word.lineno)
        self.stream.skip(1 + negated)
        result = self._worded(left, word.value)
        return nodes.Not(result, lineno=word.lineno) if negated else result

    def _worded(self, left: nodes.Expr, word: str) -> nodes.Expr:
        if word in POSTFIX:
            return tested(word, left)
        if not self._starts_operand():
            self.fail(f"{word!r} needs a value on its right")
        right = self.parse_math1()
        if word == "not_in":
            return operation("compare", left, nodes.Const("notin"), right)
        if word != "between":
            return tested(word, left, right)
        if not self.stream.skip_if("name:and"):
            self.fail("'between' needs two values joined by 'and'")
        return tested(word, left, right, self.parse_math1())

    def parse_concat(self) -> nodes.Expr:
        """`a ~ b`, counted."""
        found = super().parse_concat()
        if isinstance(found, nodes.Concat):
            return operation("concat", defined_list(found.nodes, found.lineno))
        return found

    def parse_unary(self, with_filter: bool = True) -> nodes.Expr:
        """`-a`, and `!a`, which binds as tightly."""
        line = self.stream.current.lineno
        if self._skip_sign("!"):
            return nodes.Not(self.parse_unary(False), lineno=line)
        return super().parse_unary(with_filter)

    def parse_primary(self, with_namespace: bool = False) -> nodes.Expr:
        """Names and literals; `null` and `nil` are the absence of a value, `@` is the item."""
        token = self.stream.current
        if self._skip_sign("@"):
            return nodes.Name("item", "load", lineno=token.lineno)
        if token.type == "name" and token.value in ("null", "nil"):
            next(self.stream)
            return nodes.Const(None, lineno=token.lineno)
        if token.type == "float" and not math.isfinite(float(token.value)):
            self.fail("a number is too large", token.lineno)
        if token.type == "name" and (token.value.startswith("__") or token.value == "self"):
            self.fail(f"the name {token.value!r} is not available", token.lineno)
        return super().parse_primary(with_namespace)

    def parse_tuple(self, *args: Any, **options: Any) -> nodes.Tuple | nodes.Expr:
        """A tuple of values that exist."""
        found = super().parse_tuple(*args, **options)
        if isinstance(found, nodes.Tuple) and not self._assigning:
            found.items = [defined(item) for item in found.items]
        return found

    def parse_list(self) -> nodes.List:
        """A list of values that exist."""
        found = super().parse_list()
        return defined_list(found.items, found.lineno)

    def parse_dict(self) -> nodes.Dict:
        """A map from texts to values that exist."""
        found = super().parse_dict()
        for pair in found.items:
            if not isinstance(pair.key, nodes.Const) or not isinstance(pair.key.value, str):
                pair.key = operation("key", pair.key)
            pair.value = defined(pair.value)
        return found

    def parse_subscript(self, node: nodes.Expr) -> Any:
        """`a.b`, `a[b]`; `a[b:c]` is counted."""
        found = super().parse_subscript(node)
        if isinstance(found, nodes.Getitem) and isinstance(found.arg, nodes.Slice):
            bounds = (found.arg.start, found.arg.stop, found.arg.step)
            sliced = [nodes.Const(None) if bound is None else bound for bound in bounds]
            return operation("slice", node, *sliced)
        return found

    def parse_call(self, node: nodes.Expr) -> Any:
        """A call of a function of the language; nothing else can be called."""
        line = self.stream.current.lineno
        if not isinstance(node, nodes.Name):
            self.fail("only functions can be called; values have no methods", line)
        args, *_ = self.parse_call_args()
        return self._called(node.name, args, line)

    def parse_call_args(self) -> Any:
        """Arguments by position; filters also take some by name."""
        found = super().parse_call_args()
        if found[2] is not None or found[3] is not None:
            self.fail("'*' and '**' are not supported in a call")
        return found

    def parse_filter(self, node: nodes.Expr | None, start_inline: bool = False) -> Any:
        """`a | f(b)`: a filter of Jinja's, else the function `f(a, b)`."""
        if node is None or start_inline:
            self.fail("filter blocks are not supported")
        while self.stream.skip_if("pipe"):
            token = self.stream.expect("name")
            called = self.stream.current.type == "lparen"
            args, kwargs, *_ = self.parse_call_args() if called else ([], [])
            if token.value in self.environment.filters:
                node = nodes.Filter(
                    node, token.value, args, kwargs, None, None, lineno=token.lineno
                )
            elif token.value in FUNCTIONS:
                node = self._called(token.value, [node, *args], token.lineno)
            else:
                known = (*self.environment.filters, *FUNCTIONS)
                self.fail(f"there is no filter {token.value!r}{_near(token.value, known)}")
        return node

    def parse_test(self, node: nodes.Expr) -> nodes.Expr:
        """`a is b`."""
        found = super().parse_test(node)
        test = found.node if isinstance(found, nodes.Not) else found
        if isinstance(test, nodes.Test) and test.name not in self.environment.tests:
            self.fail(f"there is no test {test.name!r}{_near(test.name, self.environment.tests)}")
        return found

    def _called(self, name: str, args: list[nodes.Expr], line: int) -> nodes.Filter:
        function = FUNCTIONS.get(name)
        if function is None:
            self.fail(f"there is no function {name!r}{_near(name, FUNCTIONS)}", line)
        if problem := function.problem(name, len(args)):
            self.fail(problem, line)
        if function.condition and len(args) > 1:
            self._require_literal(name, args[1], line)
        first = args[0] if args else nodes.Const(None)
        return nodes.Filter(first, f"{name}()", args[1:], [], None, None, lineno=line)

    def _require_literal(self, name: str, condition: nodes.Expr, line: int) -> None:
        """What a function evaluates stands in the pipeline, never in data."""
        if not isinstance(condition, nodes.Const) or not isinstance(condition.value, str):
            self.fail(f"the second argument of {name!r} must be a text written here", line)

    def _skip_sign(self, sign: str) -> bool:
        token = self.stream.current
        if token.type == SIGN and token.value == sign:
            next(self.stream)
            return True
        return False

    def _starts_operand(self) -> bool:
        token = self.stream.current
        if token.type == "name":
            return token.value not in ("and", "or", "not", "in", "is", "if", "else")
        starts = ("string", "integer", "float", "lparen", "lbracket", "lbrace", "sub", "add", SIGN)
        return token.type in starts


def _near(word: str, known: Any) -> str:
    found = get_close_matches(word, [name for name in known if name.isidentifier()], 1)
    return f"; did you mean {found[0]!r}?" if found else ""
