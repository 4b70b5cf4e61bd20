"""Reasons that a comment or the documentation gives: for an endless wait, for a process."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.rules.parts.comments import (
    FEWEST_WORDS,
    comments_above,
    documents_above,
    is_a_reason,
)

_ABOUT_WAITING = re.compile(
    r"\b(?:infinity|time-?outs?|timed? out|waits?|for ?ever|unbounded)\b", re.I
)

_BLOCKS = re.compile(r"\b(?:waits?|blocks?|blocked|blocking|for ?ever|infinity)\b", re.I)
"""What the documentation of a function says that waits on purpose."""

_NO_LIMIT = re.compile(r":infinity\b|\bfor ?ever\b|\bunbounded\b|\bno (?:time-?out|limit)\b", re.I)
"""What names the missing limit itself."""

_OTHER_PROCESS = re.compile(
    r"\bdeadlocks?\b|\bcircular(?:ly|ity)?\b"
    r"|\b(?:separate|another|different|other|own)\s+(?:process|thread)\b",
    re.I,
)

_HERE_AND_NOW = re.compile(r"\b(?:synchronous(?:ly)?|inline)\b", re.I)
_ON_PURPOSE = re.compile(r"\b(?:deliberate(?:ly)?|intentional(?:ly)?|on purpose)\b", re.I)
"""What is said of work that is meant to be done here and now; of the second, where it waits."""

_NO_BETTER = re.compile(
    r"\bno (?:other |better |good |real )?(?:way|event|signal|means)\b|\bunfortunately\b"
    r"|\b(?:is|it'?s) (?:fine|ok|okay|acceptable)\b|\bnot ideal\b|\bflak(?:y|ing|es)\b"
    r"|\b(?:don't|do not) (?:see|have|know) a (?:good|better) way\b",
    re.I,
)
"""What people write above a pause that they know to be one."""

_KNOWINGLY = re.compile(
    r"\b(?:idempotent|best[- ]effort|harmless|on purpose|deliberate(?:ly)?|intentional(?:ly)?"
    r"|failures? (?:is|are) (?:only|just) logged)\b",
    re.I,
)
"""What a comment says of work that may be lost, or that is done in an unusual way knowingly."""

_BECAUSE = re.compile(
    rf"{_KNOWINGLY.pattern}|\b(?:because|due to|so that|in order to|otherwise|(?:im)?possible)\b",
    re.I,
)


def stated_beside(call: Call, clause: Clause) -> bool:
    """A comment in the function, right above or beside the call."""
    source = clause.function.module.source
    first, last = source.line(call.statement.start_byte), source.last_line(call.node)
    comments = nodes.of_type(clause.node, "comment")
    return any(first - 1 <= source.line(c.start_byte) <= last for c in comments)


def stated_above(clause: Clause, limit: Node) -> bool:
    """A comment or `@doc` about waiting above the function, or a comment above the attribute that
    is the limit.
    """
    value = clause.function.module.value(limit)
    named = [n for n in nodes.ancestors(value) if nodes.operator(n) == "@"][:1]
    if value is not limit and any(map(_tells_why, named)):
        return True
    memo, key = clause.function.module.memo, (_tells_why, clause.function)
    if key not in memo:
        memo[key] = any(_tells_why(same.node) for same in clause.function.clauses)
    return bool(memo[key])


def stated_on_the_way(calls: Iterable[Call]) -> bool:
    """Whether a comment above one of the calls, above a statement around it or above its function
    says that it is to be done here and now.
    """
    for call in calls:
        clause = call.owner.clause_at(call.start)
        for node in (call.node, *nodes.ancestors(call.node)) if clause is not None else ():
            words = " ".join(reversed([*comments_above(node)])).replace("#", " ")
            if _says_here_and_now(words) and is_a_reason([words]):
                return True
            if clause is not None and node.id == clause.node.id:
                break
    return False


def _says_here_and_now(words: str) -> bool:
    if _HERE_AND_NOW.search(words) is not None:
        return True
    return _ON_PURPOSE.search(words) is not None and _BLOCKS.search(words) is not None


def explains_no_limit(clause: Clause) -> bool:
    """Whether a comment or `@doc` above the function names the missing limit: what it says of a
    server holds for all calls to that one.
    """
    nodes_above = [same.node for same in clause.function.clauses]
    words = [" ".join([*comments_above(n), *documents_above(n)]) for n in nodes_above]
    return any(_NO_LIMIT.search(w) and len(w.split()) >= FEWEST_WORDS for w in words)


PDICT = re.compile(r"\bprocess(?:'s|es')? dictionar(?:y|ies)\b|\bpdict\b", re.I)


def stated(what: re.Pattern[str], call: Call, clause: Clause) -> bool:
    """Whether a comment at the call, or the documentation of its function or module, names what is
    done there: a reader is told, and it is on purpose.
    """
    module = clause.function.module
    heads = [same.node for same in clause.function.clauses]
    said = [" ".join(reversed([*comments_above(node)])) for node in (call.statement, *heads)]
    said += [document for head in heads for document in documents_above(head)]
    document = module.attributes.get("moduledoc")
    said += [text(document)] if document is not None else []
    # What a comment says may go on in its next line.
    return any(what.search(" ".join(part.replace("#", " ").split())) for part in said)


def _tells_why(node: Node) -> bool:
    words = " ".join(comments_above(node))
    if _ABOUT_WAITING.search(words) is not None and len(words.split()) >= FEWEST_WORDS:
        return True
    documents = " ".join(documents_above(node))
    return _BLOCKS.search(documents) is not None and len(documents.split()) >= FEWEST_WORDS


def says_no_better_way(call: Call) -> bool:
    """Whether a comment right above it says that there is no better way, or that it does here."""
    return _NO_BETTER.search(" ".join(comments_above(call.statement))) is not None


def says_why_elsewhere(call: Call) -> bool:
    """Whether a comment right above says why another process does it."""
    statement, outer = call.statement, call.statement.parent
    if outer is not None and nodes.operator(outer) == "=":
        statement, outer = outer, outer.parent
    around = outer.parent if outer is not None else None
    places = [statement]
    if around is not None and nodes.is_call_to(around, "if", "unless"):
        places.append(around)
    for place in places:
        words = " ".join(reversed(list(comments_above(place)))).replace("#", " ")
        if _OTHER_PROCESS.search(words) is not None and len(words.split()) >= FEWEST_WORDS:
            return True
    return False


def says_it_may_be_lost(call: Call) -> bool:
    """Whether a comment right above says why nothing is lost with the work, or that it may be."""
    words = list(reversed(list(comments_above(call.statement))))
    return _KNOWINGLY.search(" ".join(words)) is not None and is_a_reason(words)


def says_why_so(pairs: list[Node]) -> bool:
    """Whether a comment right above one of the options gives a reason for it."""
    for pair in pairs:
        first = pair.parent is not None and pair.prev_named_sibling is None
        above = [*comments_above(pair.parent if first and pair.parent else pair)]
        words = list(reversed(above))
        if _BECAUSE.search(" ".join(words)) is not None and is_a_reason(words):
            return True
    return False
