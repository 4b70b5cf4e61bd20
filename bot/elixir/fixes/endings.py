"""Whether a started process ever ends by itself: one-off work, or a service that must be restarted.

A process that calls itself is one-off work where a way through it returns: over the rest of a list,
a countdown, a connection it was given that closes. A restart would only give it a dead connection.
"""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.calls import Call
from bot.elixir.fixes.jobs import CallGraph, Key, job_calls, key_of
from bot.elixir.outline import Clause, Function

_SLEEPS = frozenset({"Process.sleep", ":timer.sleep"})
_WAITS = frozenset({"receive", *_SLEEPS})
_ENDLESS = frozenset({"Stream.interval", "Stream.repeatedly", "Stream.cycle"})
_SERVES = frozenset(
    {
        ":gen_tcp.accept", ":gen_tcp.listen", ":ssl.transport_accept", ":ssl.listen",
        ":socket.accept", ":gen_udp.recv", ":gen_udp.open",
    }
)  # fmt: skip
_CONNECTS = frozenset({":gen_tcp.connect", ":ssl.connect", ":socket.connect"})
_READS = frozenset({":gen_tcp.recv", ":ssl.recv", ":socket.recv"})
_CLOSING = frozenset({":tcp_closed", ":tcp_error", ":ssl_closed", ":ssl_error", ":DOWN", ":EXIT"})
"""Messages that say that what the process was started for is over."""


def endless(call: Call, graph: CallGraph) -> str:
    """Why the started process looks like one that never ends by itself; empty if it does not."""
    direct = job_calls(call, graph)
    functions = graph.functions(direct)
    everything = [*direct, *(c for f in functions for c in f.calls)]
    if any(c.full in _SLEEPS and "infinity" in nodes.text(c.node) for c in everything):
        return "it sleeps for ever"
    stream = next((c.full for c in everything if c.full in _ENDLESS), "")
    if stream:
        return f"it runs an endless `{stream}`"
    loops = [f for f in functions if graph.recursive(f)]
    opened = next((c.full for c in everything if c.full in _CONNECTS), "") if loops else ""
    if opened:
        return f"it opens its connection itself by `{opened}`"
    ways = _Ways(functions, graph)
    lasting = (reason for f in loops if (reason := _lasting(f, ways, graph)))
    # What a connection's handler waits for is part of a request; the connection's end is its own.
    waiting = (f for f in loops if not any(c.full in _READS for c in everything))
    resting = (reason for f in waiting if (reason := _waiting(f, ways, graph)))
    return next(lasting, "") or next(resting, "")


def _reached(function: Function, graph: CallGraph) -> list[Call]:
    calls = [*function.calls, *(c for f in graph.functions(function.calls) for c in f.calls)]
    return [c for c in calls if not c.runs_in]


def _lasting(function: Function, ways: _Ways, graph: CallGraph) -> str:
    """Why a function that calls itself is a service; empty for one that can come to an end."""
    calls = _reached(function, graph)
    served = next((c.full for c in calls if c.full in _SERVES), "")
    if served:
        return f"`{function.label}` takes in whoever comes by `{served}`"
    if key_of(function) not in ways.ending:
        return f"`{function.label}` calls itself in every clause"
    return ""


def _waiting(function: Function, ways: _Ways, graph: CallGraph) -> str:
    """Why it is a service, for one that waits in between; empty where its arguments or a closing
    message end it.
    """
    waits = any(c.full in _WAITS for c in _reached(function, graph))
    based = any(key_of(function) not in graph.reached(c.calls) for c in function.clauses)
    closes = any(ways.closes(c, function) for c in function.calls if not c.runs_in)
    if waits and not based and not closes:
        return f"`{function.label}` waits and calls itself again"
    return ""


class _Ways:
    """Which functions have a way through them that ends, by the smallest such set."""

    def __init__(self, functions: Iterable[Function], graph: CallGraph) -> None:
        self._graph = graph
        self._known = list(functions)
        self._calls = {
            (f.module.name, c.start, c.node.end_byte): c for f in self._known for c in f.calls
        }
        self.ending: set[Key] = set()
        self.breaking: set[Key] = set()
        """Functions that may end their process: by `exit(:normal)`, or as a read fails."""
        while self._grown():
            pass

    def _grown(self) -> bool:
        before = len(self.ending) + len(self.breaking)
        for function in self._known:
            bodies = [(c, c.statements()) for c in function.clauses]
            if any(self._breaks(s, clause) for clause, body in bodies for s in body):
                self.breaking.add(key_of(function))
            if any(self._sequence(body, clause) for clause, body in bodies):
                self.ending.add(key_of(function))
        return len(self.ending) + len(self.breaking) > before

    def closes(self, call: Call, function: Function) -> bool:
        """Whether a `receive` ends upon the message that its connection or its peer is gone."""
        if call.name != "receive":
            return False
        clause = next(c for c in function.clauses if nodes.contains(c.node, call.node))
        return any(
            _CLOSING & {nodes.text(n) for n in grammar.captures("(atom) @n", pattern)}
            and self._block(nodes.clause_body(stab), clause)
            for stab in nodes.clauses(nodes.do_block(call.node))
            for pattern in nodes.clause_patterns(stab)
        )

    def _call(self, node: Node, clause: Clause) -> Call | None:
        module = clause.function.module.name
        return self._calls.get((module, node.start_byte, node.end_byte))

    def _sequence(self, statements: Iterable[Node], clause: Clause) -> bool:
        for statement in statements:
            if self._breaks(statement, clause):
                return True
            if not self._ends(statement, clause):
                return False
        return True

    def _block(self, block: Node | None, clause: Clause) -> bool:
        return self._sequence(nodes.statements(block), clause)

    def _breaks(self, node: Node, clause: Clause) -> bool:
        """Whether the code ends its process by will, or by reading from a closed connection."""
        if node.type == "anonymous_function" or nodes.is_call_to(node, "try"):
            return False
        if nodes.operator(node) == "=":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            read = self._call(right, clause) if right is not None else None
            if read is not None and read.full in _READS and left is not None:
                return left.type == "tuple"
        called = self._call(node, clause) if node.type == "call" else None
        if called is not None and called.name == "exit" and called.local:
            return [nodes.text(a) for a in called.args] in ([":normal"], [":shutdown"])
        target = self._graph.target(called) if called is not None else None
        if target is not None and key_of(target) in self.breaking:
            return True
        return any(self._breaks(child, clause) for child in node.named_children)

    def _ends(self, node: Node, clause: Clause) -> bool:
        """Whether some way through the code comes to its end."""
        if node.type in ("anonymous_function", "comment"):
            return True
        if nodes.operator(node) in ("&&", "||", "and", "or"):
            left = node.child_by_field_name("left")
            return left is None or self._ends(left, clause)
        if node.type != "call":
            return all(self._ends(child, clause) for child in node.named_children)
        word = nodes.text_of(node, "target")
        given = all(self._ends(a, clause) for a in nodes.arguments(node) if a.type != "keywords")
        if word == "with":
            return self._with(node, clause)
        if word in _BRANCHING:
            return given and self._branches(node, word, clause)
        if word in ("raise", "reraise", "throw", "exit"):
            return False
        called = self._call(node, clause)
        target = self._graph.target(called) if called is not None else None
        inner = all(self._ends(child, clause) for child in node.named_children)
        return inner and (target is None or key_of(target) in self.ending)

    def _branches(self, node: Node, word: str, clause: Clause) -> bool:
        """Whether a branch ends: one without `else` can be passed by."""
        block, short = nodes.do_block(node), nodes.call_keywords(node)
        if block is None:
            kept = [short[k] for k in ("do", "else") if k in short]
            return (word != "try" and len(kept) < 2) or any(self._ends(k, clause) for k in kept)
        others = [c for c in block.named_children if c.type in ("else_block", "after_block")]
        if word in ("if", "unless"):
            taken = self._block(block, clause)
            return taken or not others or self._block(others[0], clause)
        if word == "try":
            return self._block(block, clause)
        stabs = [s for b in (block, *others) for s in nodes.clauses(b)]
        return any(self._block(nodes.clause_body(stab), clause) for stab in stabs)

    def _with(self, node: Node, clause: Clause) -> bool:
        """Whether a pattern can fail on the way, or the body or an `else` clause ends."""
        arguments, block = nodes.arguments(node), nodes.do_block(node)
        others = [c for c in block.named_children if c.type == "else_block"] if block else []
        for argument in arguments:
            if not self._ends(argument, clause) and argument.type != "keywords":
                return False
            left = argument.child_by_field_name("left")
            fails = nodes.operator(argument) == "<-" and left is not None
            if fails and left is not None and left.type != "identifier":
                if not others:
                    return True
                stabs = nodes.clauses(others[0])
                if any(self._block(nodes.clause_body(s), clause) for s in stabs):
                    return True
        return self._block(block, clause) if block is not None else True


_BRANCHING = frozenset({"if", "unless", "case", "cond", "receive", "try"})
