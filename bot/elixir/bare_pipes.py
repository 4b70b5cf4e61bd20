"""Calls that a pipe ends in without parentheses: `x |> name`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.outline import Clause, Function
from bot.elixir.written import Written


def bare_pipes_into(function: Function, clause: Clause) -> Iterator[Call]:
    """Those in a clause of its own module by which a function gets the piped value alone."""
    module, name = clause.function.module, function.name
    node = clause.node
    if module is not function.module or not function.min_arity <= 1 <= function.arity:
        return
    text = module.source.data[node.start_byte : node.end_byte]
    for at in (found.start(1) + node.start_byte for found in _piped(name).finditer(text)):
        word = module.source.root.descendant_for_byte_range(at, at + len(name.encode()))
        pipe = word.parent if word is not None and word.type == "identifier" else None
        left = pipe.child_by_field_name("left") if pipe is not None else None
        if word is None or pipe is None or left is None or nodes.operator(pipe) != "|>":
            continue
        before = left.child_by_field_name("right") if nodes.operator(left) == "|>" else left
        if before is not None:
            told = Written([before], 1, piped=True)
            yield Call(word, module.name, name, module, told=told)


@lru_cache(1_000)
def _piped(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\|>\s*(" + re.escape(name.encode()) + rb")(?![\w?!(.:])")
