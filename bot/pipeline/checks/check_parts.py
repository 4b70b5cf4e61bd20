"""Checks of what prompts are made of, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from bot.pipeline.checks.problems import At
from bot.pipeline.checks.references import (
    Checker,
    Known,
    check_condition,
    check_value,
    require_step,
)
from bot.pipeline.expressions.expr import ExpressionError, names_in_template
from bot.pipeline.language import parts
from bot.pipeline.language.model_steps import Prompt
from bot.pipeline.scope import RESERVED
from bot.strict_yaml import read_text


def check_prompt(
    checker: Checker, prompt: Prompt, at: At, known: Known, *, session: str | None = None
) -> None:
    """Every part; `session` is the conversation of a claude_session step."""
    injected = _injected(checker, prompt, at)
    within = known.plus(names=injected)
    for index, part in enumerate(prompt):
        here = (*at, index)
        check_condition(checker, part.guard, (*here, part.guard_key), known)
        _check_part(checker, part, here, within, frozenset(injected), session)
    used = frozenset(name for part in prompt for name in _names_in(checker, part))
    for name, place in injected.items():
        if name not in used:
            checker.error(f"no other part of the prompt says '{{{{ {name} }}}}'", place)


def _check_part(
    checker: Checker,
    part: parts.Part,
    at: At,
    known: Known,
    injected: frozenset[str],
    session: str | None,
) -> None:
    match part:
        case parts.StaticPart():
            check_value(checker, part.content, (*at, "content"), known)
        case parts.FilePart():
            _check_file(checker, part, at, known, injected)
        case parts.PreviousResponsePart():
            where = (*at, "name" if part.name else "step")
            require_step(checker, part.source, where, known, extract=part.extract)
        case parts.SessionContextPart():
            check_value(checker, part.session_id, (*at, "session_id"), known)
        case parts.ClaudeContinuePart():
            _check_continue(checker, part, at, known, session)
        case parts.FindingsPart():
            check_value(checker, part.rules, (*at, "rules"), known)
            check_value(checker, part.paths, (*at, "paths"), known)
        case parts.CodebasePart():
            check_value(checker, part.paths, (*at, "paths"), known)


def _injected(checker: Checker, prompt: Prompt, at: At) -> dict[str, At]:
    """Names that parts are put under, with their places."""
    found: dict[str, At] = {}
    for index, part in enumerate(prompt):
        if isinstance(part, parts.QuotedPart) and part.inject_as is not None:
            place = (*at, index, "inject_as")
            if part.inject_as in found or part.inject_as in RESERVED:
                what = "reserved" if part.inject_as in RESERVED else "given twice"
                checker.error(f"the name {part.inject_as!r} is {what}", place)
            found[part.inject_as] = place
    return found


def _names_in(checker: Checker, part: parts.Part) -> Iterator[str]:
    """Names a part's template uses; none where it does not parse, which is reported elsewhere."""
    text = ""
    if isinstance(part, parts.StaticPart):
        text = part.content
    elif isinstance(part, parts.ClaudeContinuePart):
        text = part.new_prompt
    elif isinstance(part, parts.FilePart) and part.variables is not None and checker.library:
        found = checker.library.find(part.path)
        text = read_text(found) if found else ""
    with suppress(ExpressionError):
        yield from names_in_template(text)[1]


def _check_continue(
    checker: Checker, part: parts.ClaudeContinuePart, at: At, known: Known, session: str | None
) -> None:
    if session is None:
        checker.error("claude_continue belongs into a claude_session step", at)
    elif part.session_id and part.session_id != session:
        message = f"the step continues its own session, {session!r}"
        checker.error(message, (*at, "session_id"))
    check_value(checker, part.new_prompt, (*at, "new_prompt"), known)


def _check_file(
    checker: Checker, part: parts.FilePart, at: At, known: Known, injected: frozenset[str]
) -> None:
    check_value(checker, part.path, (*at, "path"), known)
    if part.variables is None:
        return
    check_value(checker, part.variables, (*at, "variables"), known)
    if checker.library is None:
        return
    found = checker.library.find(part.path)
    if found is None:
        checker.error(f"there is no prompt file {part.path!r}", (*at, "path"))
        return
    text = read_text(found)
    try:
        _, names = names_in_template(text)
    except ExpressionError as error:
        checker.error(f"{part.path}: {error}", (*at, "path"))
        return
    for name in sorted(names - part.variables.keys() - injected):
        checker.error(
            f"{part.path} uses {name!r}, which 'variables' does not give", (*at, "variables")
        )
    for name in part.variables.keys() - names:
        if f"{{{name}}}" in text:
            message = f"{part.path} says '{{{name}}}'; write '{{{{ {name} }}}}'"
            checker.error(message, (*at, "variables", name))
