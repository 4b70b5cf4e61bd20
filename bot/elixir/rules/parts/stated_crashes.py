"""Reasons that a comment or the documentation gives for a handler that takes anything."""

from __future__ import annotations

import re

from bot.elixir import nodes
from bot.elixir.handlers import Handler, told
from bot.elixir.nodes import text
from bot.elixir.outline import Function
from bot.elixir.rules.parts.comments import comments_above, documents_above, is_a_reason

_GOES_WRONG = re.compile(
    r"\b(?:go(?:es|ne)? wrong|may fail|might fail|can fail|fails?|raises?|crash(?:es)?|throws?"
    r"|rescued?|incompat\w+)\b",
    re.I,
)

_GIVES_GROUNDS = re.compile(
    r"\b(?:because|since|so that|otherwise|must|never|may|might|could|cannot|would|should|likely"
    r"|happens?|possible|already|best[- ]effort|have to|has to|ignore|on purpose|in case"
    r"|(?:ca|wo|do|does|did|is|are|must|should|would|could)n't|not|none|only|if|when)\b",
    re.I,
)
"""Words of a reason; without them a comment repeats what the handler does."""

_RESCUES = re.compile(
    r"\b(?:rescu(?:e|es|ed|ing)|catch(?:es|ing)?|caught|swallow(?:s|ed|ing)?)\b[^.]{0,60}"
    r"\b(?:errors?|exceptions?|exits?|crash(?:es)?|rais(?:es|ed|ing)|failures?)\b"
    r"|\b(?:errors?|exceptions?|exits?|crash(?:es)?|rais(?:es|ed|ing)|failures?)\b[^.]{0,60}"
    r"\b(?:rescued|caught|swallowed)\b",
    re.I,
)


def says_why(handler: Handler) -> bool:
    """Whether a comment gives a reason: right above or first in a handler of everything, or at the
    top of what a handler guards that lets somebody know, where that speaks of failure.
    """
    first = nodes.statements(handler.body)[:1]
    comments = nodes.of_type(handler.node, "comment") if first else []
    inside = [text(c) for c in comments if c.end_byte <= first[0].start_byte]
    inside += comments_above(handler.node)
    if _GIVES_GROUNDS.search(" ".join(inside)) is not None and is_a_reason(inside):
        return True
    top = list(comments_above(handler.guarded[0])) if handler.guarded and told(handler) else []
    return _GOES_WRONG.search(" ".join(top)) is not None and is_a_reason(top)


def says_it_rescues(function: Function) -> bool:
    """Whether the documentation of a function, or a comment above it, says that it lets nothing
    crash.
    """
    heads = [clause.node for clause in function.clauses]
    said = [" ".join(reversed([*comments_above(head)])) for head in heads]
    said += [document for head in heads for document in documents_above(head)]
    return any(_RESCUES.search(" ".join(part.replace("#", " ").split())) for part in said)
