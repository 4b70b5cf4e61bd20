"""Calls and casts to processes by their registered name, through the whole project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.elixir.calls import Call
from bot.elixir.context import is_test_support
from bot.elixir.module import Clause, Module
from bot.elixir.process_names import SELF, process_name
from bot.elixir.project import Project
from bot.elixir.server_requests import CASTS, WAITING

SERVER_WORDS = (b"GenServer.c", b"GenStage.c", b"GenStateMachine.c", b"gen_server.c",
                b"gen_statem.c")  # fmt: skip
AGENT_WORDS = (b"Agent.",)


@dataclass(frozen=True, eq=False)
class NamedRequest:
    """One call or cast to a process whose registered name the source shows."""

    process: str
    call: Call
    clause: Clause

    @property
    def module(self) -> Module:
        return self.clause.function.module


def named_requests(project: Project, words: tuple[bytes, ...]) -> Iterator[NamedRequest]:
    """All requests by name in whose code one of the words stands, in the application's own modules;
    tests and their support are left out.
    """
    for path in project.lib_holding(*words):
        for module in project.modules_in(path):
            if not is_test_support(module):
                yield from _in_module(module, words)


def _in_module(module: Module, words: tuple[bytes, ...]) -> Iterator[NamedRequest]:
    for clause in module.clauses_with(*words):
        for call in clause.calls:
            if (call.full in WAITING or call.full in CASTS) and call.args and not call.in_quote:
                name = process_name(call.args[0], clause)
                if name and name != SELF:
                    yield NamedRequest(name, call, clause)
