"""Why a handler that takes anything is let be."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.branching import is_conditional
from bot.elixir.calls import calls_in
from bot.elixir.context import is_command_line, is_platform, is_test_support
from bot.elixir.guarded import asks_another_process, runs_foreign_code, runs_given_code
from bot.elixir.handlers import (
    Handler,
    fails_again,
    keeps_failure,
    told,
)
from bot.elixir.harmless_handlers import harmless
from bot.elixir.module import Clause, Function, Module
from bot.elixir.nodes import text
from bot.elixir.rules.parts.given_back import (
    decided_by_guarded,
    logs_an_error,
    one_of_many,
    reported_by_own,
    tells_a_person,
)
from bot.elixir.rules.parts.stated_crashes import says_it_rescues, says_why
from bot.elixir.rules.parts.terminating import is_for_the_end


def excuse(handler: Handler, clause: Clause, kept: bool) -> str:
    """A reason to leave it; `kept`: a clause of the same `try` keeps the failure whole."""
    module = clause.function.module
    if is_platform(module):
        return "platform"
    if fails_again(handler, module):
        return "raised-again"
    if _takes_named_only(handler, module):
        return "by-name"
    if shape := harmless(handler, clause):
        return shape
    if is_test_support(module):
        return "test-support"
    if is_command_line(clause) or tells_a_person(handler, clause):
        return "command-line"
    if is_for_the_end(clause.function):
        return "clean-up"
    if handler.kind == "exit" and asks_another_process(handler.guarded, module):
        return "peer-gone"
    if told(handler) and (
        runs_foreign_code(handler.guarded, module)
        or (_is_reported(handler, clause, kept) and runs_given_code(handler.guarded, clause))
    ):
        return "foreign-code"
    if says_why(handler) or (told(handler) and says_it_rescues(clause.function)):
        return "stated"
    if told(handler) and _is_of_a_raising_twin(handler, clause):
        return "without-bang"
    if _is_the_answer_to_all(handler):
        return "same-as-else"
    if keeps_failure(handler) and one_of_many(handler, clause):
        return "one-of-many"
    if _says_no(handler) and runs_given_code(handler.guarded, clause):
        return "predicate"
    return ""


def _is_reported(handler: Handler, clause: Clause, kept: bool) -> bool:
    """Whether somebody learns of it: where it is one of many, by an error in the log."""
    module = clause.function.module
    if kept or reported_by_own(handler, module) or decided_by_guarded(handler, module):
        return True
    return one_of_many(handler, clause) and logs_an_error(handler)


def _is_of_a_raising_twin(handler: Handler, clause: Clause) -> bool:
    """Whether it guards `name!(...)` alone, in the module's function `name`."""
    module, name = clause.function.module, f"{clause.function.name}!"
    calls = [call for node in handler.guarded for call in calls_in(node, module)]
    return clause.function.public and [(c.module, c.name) for c in calls] == [(module.name, name)]


def _is_the_answer_to_all(handler: Handler) -> bool:
    """Whether a `with` that it guards answers the very same to anything that does not match."""
    answer = nodes.code(handler.body).split() if handler.body is not None else []
    return any(
        [text(p) for p in nodes.clause_patterns(stab)] == ["_"]
        and (body := nodes.clause_body(stab)) is not None
        and nodes.code(body).split() == answer
        for guarded in handler.guarded
        if nodes.is_call_to(guarded, "with") and (block := nodes.do_block(guarded)) is not None
        for part in block.named_children
        if part.type == "else_block"
        for stab in nodes.clauses(part)
    )


def _says_no(handler: Handler) -> bool:
    """Whether its whole answer is `false`."""
    return handler.body is not None and nodes.code(handler.body).strip() == "false"


def _takes_named_only(handler: Handler, module: Module) -> bool:
    """Whether an own function gets what was caught, and takes exceptions it names only."""
    if handler.kind != "rescue" or handler.body is None:
        return False
    return any(
        text(arg) in handler.names and _names_them(function, place)
        for call in calls_in(handler.body, module)
        if call.module == module.name and not call.captured
        if not is_conditional(call.node, handler.node)
        for function in [module.local(call.name, call.arity)]
        if function is not None
        for place, arg in enumerate(call.args)
    )


def _names_them(function: Function, place: int) -> bool:
    """Whether each clause asks for a struct that it names, as `%KeyError{} = error`."""
    return bool(function.clauses) and all(
        place < len(clause.params) and _named(clause.params[place]) for clause in function.clauses
    )


def _named(pattern: Node) -> bool:
    if nodes.operator(pattern) == "=":
        return any(_named(side) for side in pattern.named_children)
    struct = pattern.named_children[0] if pattern.named_children else None
    return (
        struct is not None
        and text(pattern).startswith("%")
        and struct.type == "struct"
        and struct.named_children[0].type == "alias"
    )
