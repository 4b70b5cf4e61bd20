"""Code of a test file that stands for the work of something else: tests look at it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.loose import loose_calls
from bot.elixir.outline import DEFINITIONS, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import BUSY
from bot.elixir.rules.parts.standing import receivers_of_closures

_RUNS_HERE = (
    "capture_",
    "with_log",
    "assert_raise",
    "catch_",
    "ExUnit.Capture",
    "Enum.",
    "Sandbox.",
    "Repo.",
    "in_tmp",
)
"""Takers of a function that run it in the test's own process while the test waits."""


def is_stub(module: Module) -> bool:
    """A module that holds no tests: what its functions do is work that tests look at."""
    if any(
        nodes.is_call_to(n, "test", "describe", "setup", "property", "feature")
        for n in module.loose
    ):
        return False
    return not any(u.name.endswith(("Case", "CaseTemplate")) for u in module.uses) and bool(
        module.uses or module.behaviours or module.parent is not None or _has_callbacks(module)
    )


def _has_callbacks(module: Module) -> bool:
    """Whether it is written as a server, also where it says of no behaviour."""
    written = {name for name, _ in module.functions}
    return ("init", 1) in module.functions and bool(written & {name for name, _ in BUSY - _ENDS})


_ENDS = {("init", 1), ("terminate", 2)}


def in_a_handler(call: Call) -> bool:
    takers = list(receivers_of_closures(call))
    return any(
        not taker.rpartition(".")[2].startswith(("each", "map"))
        and not taker.startswith(_RUNS_HERE)
        for taker in takers
    )


def is_all_of_a_block(call: Call) -> bool:
    """Whether it is the only statement in the block of a call that neither decides nor is a part of
    a test, such as a span: it stands for the work that the block is put around.
    """
    block = call.statement.parent
    if block is None or block.type != "do_block" or len(nodes.statements(block)) != 1:
        return False
    around = block.parent
    if around is None or around.type != "call":
        return False
    name = nodes.text_of(around, "target")
    plain = name not in _NO_WORK and "test" not in name.lower() and not name.startswith(_RUNS_HERE)
    return plain and not nodes.of_type(block, "stab_clause")


_NO_WORK = frozenset(
    {"describe", "setup", "setup_all", "property", "feature", "scenario", "check", "quote",
     "defmodule", *DEFINITIONS, "if", "unless", "case", "cond", "with", "for", "try", "receive"}
)  # fmt: skip
"""Whose block is a way through the test itself."""


def only_passed_on(function: Function | None) -> bool:
    """A public function of a test module that no test calls: it is there to be started by name."""
    if function is None or not function.public:
        return False
    called = any(not call.captured and not call.runs_in for _, call in _calls_of(function))
    tests = (nodes.is_call_to(n, "test", "describe") for n in function.module.loose)
    return not called and any(tests)


def only_in_another_process(function: Function | None) -> bool:
    """Whether every way to a private function, in its module, leads through a process that the
    module starts, or something that it is given to.
    """
    if function is None:
        return False
    seen, queue = {function}, [function]
    while queue:
        current = queue.pop()
        calls = [] if current.public else _calls_of(current)
        found = [(within, call) for within, call in calls if within is not current]
        direct = [within for within, call in found if not call.runs_in and not _handed_over(call)]
        if not found or None in direct:
            return False
        here = {within for within in direct if within is not None}
        queue += here - seen
        seen |= here
    return True


def _handed_over(call: Call) -> bool:
    """Whether it is no call yet: `&work/1`, given to what runs it by itself."""
    takers = (a for a in nodes.ancestors(call.node) if a.type == "call")
    taker = next(takers, None) if call.captured else None
    name = nodes.text_of(taker, "target") if taker is not None else ""
    return bool(name) and name not in _NO_WORK and not name.startswith(("test", *_RUNS_HERE))


def _calls_of(function: Function) -> Iterator[tuple[Function | None, Call]]:
    """The calls of a function in its module, each with the function it stands in, if in one."""
    module = function.module
    inside = module.clauses_with(function.name.encode())
    pairs = [(clause.function, call) for clause in inside for call in clause.calls]
    for within, call in chain(pairs, ((None, call) for call in loose_calls(module))):
        if call.module == module.name and call.name == function.name:
            yield within, call


def is_uncalled(function: Function | None, project: Project) -> bool:
    """A public function beside the tests whose name stands nowhere else: it is there to be compiled
    or looked at.
    """
    if function is None or not function.public:
        return False
    path, name = function.module.source.path, function.name.encode()
    if path.endswith("_test.exs") or (function.name, function.arity) in BUSY:
        return False
    return project.texts.holding(name) == [path] and project.texts[path].count(name) == len(
        function.clauses
    )
