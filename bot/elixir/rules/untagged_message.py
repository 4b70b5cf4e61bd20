"""A message whose kind nothing tells: a bare number, text, list or map."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.reach import is_server
from bot.elixir.rules.base import Because, Exempt, Exemption, Rule, Sample, Site, Span

_SENDS = frozenset(
    {"Kernel.send", "Process.send", "Process.send_after", ":erlang.send", ":erlang.send_after"}
)
_TIME_FIRST = frozenset({":erlang.send_after"})

_BARE = {
    "integer": "a number", "float": "a number", "char": "a number", "string": "a text",
    "bitstring": "a binary", "charlist": "a list", "list": "a list", "map": "a map",
}  # fmt: skip
_OPERATORS = {"<>": "a binary", "++": "a list", "+": "a number", "-": "a number", "*": "a number"}
_RESULTS = {
    "Jason.encode!": "a text", "Poison.encode!": "a text", "JSON.encode!": "a text",
    ":erlang.term_to_binary": "a binary", "Enum.map": "a list", "Enum.filter": "a list",
    "Enum.count": "a number", "Enum.sum": "a number", "Map.new": "a map",
    "Integer.to_string": "a text", "String.trim": "a text", "String.upcase": "a text",
    "String.downcase": "a text", "String.replace": "a text", "Enum.join": "a text",
    "DateTime.utc_now": "a time", "NaiveDateTime.utc_now": "a time",
    "System.monotonic_time": "a number", "System.system_time": "a number",
    "System.os_time": "a number", ":rand.uniform": "a number",
}  # fmt: skip
"""Functions of which it is plain what they return."""

_TESTS = {
    "is_binary": "a binary", "is_bitstring": "a binary", "is_integer": "a number",
    "is_number": "a number", "is_float": "a number", "is_list": "a list",
}  # fmt: skip
"""Guards that tell a message by its type alone."""


_BY_VALUE = "only the value itself says what is meant, and another sender's may be alike"
_OF_ITS_FORM = "any message of this form can end up here, whoever sent it and whatever it means"


def check(module: Module) -> Iterator[Site | Exempt]:
    """Every bare value that is sent, and every clause that takes one."""
    for clause in module.clauses_with(b"send"):
        for call in clause.calls:
            if call.full in _SENDS and not call.captured and not call.in_quote:
                yield from _judge_send(call, clause)
    taker = module.functions.get(("handle_info", 2))
    if taker is not None and is_server(module):
        yield from _judge_taker(taker)


def _judge_send(call: Call, clause: Clause) -> Iterator[Site | Exempt]:
    position = 2 if call.full in _TIME_FIRST else 1
    if len(call.args) <= position:
        return
    message = Expression(call.args[position], clause)
    kind = _bare(message)
    if kind:
        note = _sender_note(_last_set(message).node, kind)
        yield _site(Span.of(clause.function.module, call.node), f"{kind} is sent", note, clause)


def _sender_note(node: Node, kind: str) -> str:
    if node.type == "map":
        return "whoever takes this can tell it from other maps by its keys alone"
    if _is_written_out(node):
        return _BY_VALUE
    return f"whoever takes this knows it only as {kind}, like any other {kind.split()[1]}"


def _judge_taker(taker: Function) -> Iterator[Site | Exempt]:
    """One finding for all clauses: one protocol, one repair."""
    taking = [(c, kind) for c in taker.clauses if len(c.params) == 2 and (kind := _taken(c))]
    for clause, kind in taking[:1]:
        note = _taker_note(clause.params[0])
        span = Span.of(taker.module, clause.head)
        yield _site(span, f"{kind} is taken as a message", note, clause)


def _taker_note(pattern: Node) -> str:
    return _BY_VALUE if _is_written_out(pattern) else _OF_ITS_FORM


def _is_written_out(node: Node) -> bool:
    return node.type in ("string", "integer", "float", "charlist") or _begins_with_text(node)


def _begins_with_text(pattern: Node) -> bool:
    left = pattern.child_by_field_name("left") if nodes.operator(pattern) == "<>" else None
    return left is not None and left.type == "string"


def _site(span: Span, what: str, note: str, clause: Clause) -> Site | Exempt:
    module = clause.function.module
    if is_platform(module):
        return Exempt(span, "platform")
    if is_test_support(module):
        return Exempt(span, "test-support")
    return Site(span, f"{what} without a tag", because=(Because(span, note),))


def _bare(message: Expression) -> str:
    """What the message is where that is all there is; empty for atoms, tuples and the unknown."""
    message = _last_set(message)
    node = message.node
    if node.type == "map":
        return _BARE["map"] if _is_plain_map(message) else ""
    if node.type in _BARE:
        return _BARE[node.type]
    if node.type == "binary_operator":
        return _OPERATORS.get(nodes.operator(node), "")
    if node.type == "call":
        call = resolve(node, message.clause.function.module)
        if call is not None and call.full == "Map.put":
            # Of a struct it is one too.
            return _bare(message.at(call.args[0])) if call.args else ""
        return _RESULTS.get(call.full, "") if call is not None else ""
    return ""


def _last_set(message: Expression) -> Expression:
    """What a variable was last set to, as far as it is set here."""
    value = value_of(message) if message.node.type == "identifier" else None
    return _last_set(value) if value is not None else message


def _is_plain_map(message: Expression) -> bool:
    """Whether it is no struct, and none of its entries is the same in all messages of its kind."""
    node = message.node
    if any(child.type == "struct" for child in node.named_children):
        return False
    updates = [n for n in nodes.of_type(node, "binary_operator") if nodes.operator(n) == "|"]
    own = [n for n in updates if next(a for a in nodes.ancestors(n) if a.type == "map") == node]
    if own and (left := own[0].child_by_field_name("left")) is not None:
        return _bare(message.at(left)) == _BARE["map"]
    pairs = nodes.keyword_pairs(node)
    module = message.clause.function.module
    return not any(map(_is_constant, pairs.values())) and not _tells_by_value(set(pairs), module)


def _tells_by_value(keys: set[str], module: Module) -> bool:
    """Whether a clause of the module tells such maps by what one of the keys holds."""
    for clause in module.clauses_with(b"%{"):
        guarded = nodes.identifiers(clause.guard) if clause.guard is not None else set[str]()
        for pattern in (n for param in clause.params for n in nodes.of_type(param, "map")):
            if any(child.type == "struct" for child in pattern.named_children):
                continue
            values = [v for k, v in nodes.keyword_pairs(pattern).items() if k in keys]
            if any(_is_constant(value) or text(value) in guarded for value in values):
                return True
    return False


def _is_constant(value: Node) -> bool:
    """Whether it can serve as a tag: an atom, or a text that is written out."""
    return value.type in ("atom", "quoted_atom", "string", "alias")


def _taken(clause: Clause) -> str:
    """What the clause takes, by its pattern or by its guard."""
    message = clause.params[0]
    if message.type == "list" and _begins_with_atom(message):
        return ""
    if message.type in ("integer", "float", "string", "bitstring", "charlist", "list"):
        return _BARE[message.type]
    if nodes.operator(message) == "<>":
        return "a binary"
    if message.type != "identifier" or clause.guard is None:
        return ""
    for test in nodes.of_type(clause.guard, "call"):
        about = nodes.arguments(test)
        kind = _TESTS.get(nodes.text_of(test, "target"), "")
        if kind and about and text(about[0]) == text(message) and not _is_negated(test):
            return kind
    return ""


def _begins_with_atom(pattern: Node) -> bool:
    first = next(iter(pattern.named_children), None)
    if first is not None and nodes.operator(first) == "|":
        first = first.child_by_field_name("left")
    return first is not None and first.type in ("atom", "keywords")


def _is_negated(test: Node) -> bool:
    around = next((a for a in nodes.ancestors(test) if a.type == "unary_operator"), None)
    return around is not None and nodes.operator(around) in ("not", "!")


def _board(sends: str, takes: str = "{:price, price}") -> Sample:
    return Sample(f"""\
defmodule Shop.Board do
  use GenServer

  def init(state), do: {{:ok, state}}

  def show(board, price) do
    {sends}
  end

  def handle_info({takes}, state), do: {{:noreply, [price | state]}}
end
""")


RULE = Rule(
    id="untagged-message",
    title="Message without a tag",
    category="messaging",
    stage=4,
    severity="info",
    confidence="medium",
    fix="advice",
    explanation=(
        "A bare number, text, list or map is sent as a message, or a clause of `handle_info/2` "
        "takes one by its type alone."
    ),
    harm=(
        "Two kinds of messages of one type cannot be told apart, a stray one is taken as data, "
        "and a search for who sends what finds nothing."
    ),
    remedy="Send a tuple that begins with an atom, such as `{:price, price}`, or a struct.",
    triggers=(b"send", b"handle_info"),
    check=check,
    bad=(
        _board('send(board, "price: #{price}")'),
        _board("line = Jason.encode!(price)\n    send(board, line)"),
        Sample(
            "defmodule Shop.Board do\n  use GenServer\n  def init(state), do: {:ok, state}\n"
            "  def handle_info(price, state) when is_integer(price), do: {:noreply, state}\nend\n"
        ),
    ),
    good=(
        _board("send(board, {:price, price})"),
        _board("send(board, price)"),
        _board("send(board, :changed)"),
        _board("send(board, %Shop.Price{amount: price})"),
    ),
    exemptions=(
        Exemption(
            "test-support",
            "helpers for tests",
            Sample("""\
defmodule Shop.Testing.Probe do
  def poke(pid), do: send(pid, 1)
end
"""),
        ),
        Exemption(
            "platform",
            "a module of Elixir itself",
            Sample(
                "defmodule IEx.Poke do\n  def poke(pid), do: send(pid, 1)\nend\n",
                path="lib/iex/lib/iex/poke.ex",
            ),
        ),
    ),
)
