"""Reasons that a comment or the documentation gives: for an endless wait, for a process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.handlers import Handler, told
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module

_ABOUT_WAITING = re.compile(
    r"\b(?:infinity|time-?outs?|timed? out|waits?|for ?ever|unbounded)\b", re.I
)

_BLOCKS = re.compile(r"\b(?:waits?|blocks?|blocked|blocking|for ?ever|infinity)\b", re.I)
"""What the documentation of a function says that waits on purpose."""

_NO_LIMIT = re.compile(r":infinity\b|\bfor ?ever\b|\bunbounded\b|\bno (?:time-?out|limit)\b", re.I)
"""What names the missing limit itself."""

_OTHER_PROCESS = re.compile(
    r"\bdeadlocks?\b|\bcircular(?:ly|ity)?\b|\b(?:separate|another|different|other|own)\s+(?:process|thread)\b",
    re.I,
)

_HERE_AND_NOW = re.compile(r"\b(?:synchronous(?:ly)?|inline)\b", re.I)
_ON_PURPOSE = re.compile(r"\b(?:deliberate(?:ly)?|intentional(?:ly)?|on purpose)\b", re.I)
"""What is said of work that is meant to be done here and now; of the second, where it waits."""

_TO_DO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|credo:|sobelow|dialyzer", re.I)
"""Comments that give no reason for a handler: of work that is left, and those for other tools."""

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

_NO_BETTER = re.compile(
    r"\bno (?:other |better |good |real )?(?:way|event|signal|means)\b|\bunfortunately\b"
    r"|\b(?:is|it'?s) (?:fine|ok|okay|acceptable)\b|\bnot ideal\b|\bflak(?:y|ing|es)\b"
    r"|\b(?:don't|do not) (?:see|have|know) a (?:good|better) way\b",
    re.I,
)
"""What people write above a pause that they know to be one."""

_RESCUES = re.compile(
    r"\b(?:rescu(?:e|es|ed|ing)|catch(?:es|ing)?|caught|swallow(?:s|ed|ing)?)\b[^.]{0,60}"
    r"\b(?:errors?|exceptions?|exits?|crash(?:es)?|rais(?:es|ed|ing)|failures?)\b"
    r"|\b(?:errors?|exceptions?|exits?|crash(?:es)?|rais(?:es|ed|ing)|failures?)\b[^.]{0,60}"
    r"\b(?:rescued|caught|swallowed)\b",
    re.I,
)

_OF_ATOMS = re.compile(
    r"\bto_existing_atom\b|\bexisting atoms?\b|\batom (?:exhaustion|table)\b", re.I
)
_MEANT = re.compile(
    r"\b(?:because|since|cannot|can not|can't|trust\w*|safe|bounded|limited|finite|fixed|few"
    r"|to avoid|only)\b",
    re.I,
)
"""Why new atoms do no harm; without it the comment may ask for another way."""


_ON_PURPOSE = re.compile(
    r"\b(?:idempotent|best[- ]effort|harmless|on purpose|deliberate(?:ly)?|intentional(?:ly)?"
    r"|failures? (?:is|are) (?:only|just) logged)\b",
    re.I,
)
"""What a comment says of work that may be lost, or that is done in an unusual way knowingly."""

_BECAUSE = re.compile(
    rf"{_ON_PURPOSE.pattern}|\b(?:because|due to|so that|in order to|otherwise|(?:im)?possible)\b",
    re.I,
)

_FEWEST_WORDS = 6
"""Less is a heading, not a reason."""


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
            words = " ".join(reversed([*_comments_above(node)])).replace("#", " ")
            if _says_here_and_now(words) and _is_a_reason([words]):
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
    words = [" ".join([*_comments_above(n), *_documents_above(n)]) for n in nodes_above]
    return any(_NO_LIMIT.search(w) and len(w.split()) >= _FEWEST_WORDS for w in words)


PDICT = re.compile(r"\bprocess(?:'s|es')? dictionar(?:y|ies)\b|\bpdict\b", re.I)


def stated(what: re.Pattern[str], call: Call, clause: Clause) -> bool:
    """Whether a comment at the call, or the documentation of its function or module, names what is
    done there: a reader is told, and it is on purpose.
    """
    module = clause.function.module
    heads = [same.node for same in clause.function.clauses]
    said = [" ".join(reversed([*_comments_above(node)])) for node in (call.statement, *heads)]
    said += [document for head in heads for document in _documents_above(head)]
    document = module.attributes.get("moduledoc")
    said += [text(document)] if document is not None else []
    # What a comment says may go on in its next line.
    return any(what.search(" ".join(part.replace("#", " ").split())) for part in said)


def _tells_why(node: Node) -> bool:
    words = " ".join(_comments_above(node))
    if _ABOUT_WAITING.search(words) is not None and len(words.split()) >= _FEWEST_WORDS:
        return True
    documents = " ".join(_documents_above(node))
    return _BLOCKS.search(documents) is not None and len(documents.split()) >= _FEWEST_WORDS


def _comments_above(node: Node) -> Iterator[str]:
    """The comments above it; what says more of a function, such as `@doc`, may stand between."""
    return (text(above) for above in _above(node) if above.type == "comment")


def _documents_above(node: Node) -> Iterator[str]:
    return (text(above) for above in _above(node) if text(above).startswith("@doc"))


def _above(node: Node) -> Iterator[Node]:
    above = node.prev_named_sibling
    while above is not None and (above.type == "comment" or nodes.operator(above) == "@"):
        yield above
        above = above.prev_named_sibling


def says_no_better_way(call: Call) -> bool:
    """Whether a comment right above it says that there is no better way, or that it does here."""
    return _NO_BETTER.search(" ".join(_comments_above(call.statement))) is not None


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
        words = " ".join(reversed(list(_comments_above(place)))).replace("#", " ")
        if _OTHER_PROCESS.search(words) is not None and len(words.split()) >= _FEWEST_WORDS:
            return True
    return False


def says_it_may_be_lost(call: Call) -> bool:
    """Whether a comment right above says why nothing is lost with the work, or that it may be."""
    words = list(reversed(list(_comments_above(call.statement))))
    return _ON_PURPOSE.search(" ".join(words)) is not None and _is_a_reason(words)


def says_why_so(pairs: list[Node]) -> bool:
    """Whether a comment right above one of the options gives a reason for it."""
    for pair in pairs:
        first = pair.parent is not None and pair.prev_named_sibling is None
        above = [*_comments_above(pair.parent if first and pair.parent else pair)]
        words = list(reversed(above))
        if _BECAUSE.search(" ".join(words)) is not None and _is_a_reason(words):
            return True
    return False


def says_why(handler: Handler) -> bool:
    """Whether a comment gives a reason: right above or first in a handler of everything, or at the
    top of what a handler guards that lets somebody know, where that speaks of failure.
    """
    first = nodes.statements(handler.body)[:1]
    comments = nodes.of_type(handler.node, "comment") if first else []
    inside = [text(c) for c in comments if c.end_byte <= first[0].start_byte]
    inside += _comments_above(handler.node)
    if _GIVES_GROUNDS.search(" ".join(inside)) is not None and _is_a_reason(inside):
        return True
    top = list(_comments_above(handler.guarded[0])) if handler.guarded and told(handler) else []
    return _GOES_WRONG.search(" ".join(top)) is not None and _is_a_reason(top)


def says_it_rescues(function: Function) -> bool:
    """Whether the documentation of a function, or a comment above it, says that it lets nothing
    crash.
    """
    heads = [clause.node for clause in function.clauses]
    said = [" ".join(reversed([*_comments_above(head)])) for head in heads]
    said += [document for head in heads for document in _documents_above(head)]
    return any(_RESCUES.search(" ".join(part.replace("#", " ").split())) for part in said)


def says_why_atoms(node: Node, clause: Clause) -> bool:
    """Whether a comment above the function, or right above what makes an atom, says why no atom
    that exists already does, or that there are not too many.
    """
    places = [same.node for same in clause.function.clauses]
    within = (a for a in nodes.ancestors(node) if nodes.contains(clause.node, a))
    places += [a for a in (node, *within) if a.prev_named_sibling is not None]
    return any(_explains_atoms(list(_comments_above(place))) for place in places)


def module_says_why_atoms(module: Module) -> bool:
    """Whether a comment of a module that gives out names says how it keeps atoms few."""
    if not module.source.holds((b"atom ", b"existing_atom")):
        return False
    comments = [text(c) for c in nodes.of_type(module.node, "comment")]
    return _explains_atoms(list(reversed(comments)))


def _explains_atoms(comments: list[str]) -> bool:
    words = " ".join(" ".join(reversed(comments)).replace("#", " ").split())
    about = _OF_ATOMS.search(words) is not None and _MEANT.search(words) is not None
    return about and _is_a_reason(comments)


def _is_a_reason(comments: list[str]) -> bool:
    words = " ".join(comments).replace("#", " ")
    return len(words.split()) >= _FEWEST_WORDS and _TO_DO.search(words) is None
