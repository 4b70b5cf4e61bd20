"""Whether a call into a server reads what a field of its state keeps."""

from __future__ import annotations

import re

from bot.elixir.calls import Call
from bot.elixir.matching import can_match
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import reached_from
from bot.elixir.ways import ways


def is_read_of(read: Call, fields: set[str], module: Module) -> bool:
    """Whether the clause for the request speaks of a field that is written, as far as both show."""
    answers = module.functions.get(("handle_call", 3))
    if "" in fields or answers is None or read.module == "Agent" or len(read.args) < 2:
        return True
    taking = [c for c in answers.clauses if can_match(c.params[0], read.args[1], module)]
    words = [field.encode() for field in fields]
    steps = reached_from(answers, taking)
    return any(step.clause.mentions(*words) for step in steps) or any(map(_reads_all, taking))


def _reads_all(clause: Clause) -> bool:
    """Whether an answer is made of the whole state, and not only of fields that are named."""
    state = clause.params[-1]
    if state.type != "identifier":
        return True
    whole = re.compile(rf"\b{re.escape(text(state))}\b(?!\.[a-z])")
    return any(
        whole.search(text(node)) is not None
        for way in ways(clause)
        for node in (*way.passed, *way.result.named_children[1:-1])
    )
