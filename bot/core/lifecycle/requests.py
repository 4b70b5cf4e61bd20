"""What a comment asks for: `/genesis VERB ...` at the beginning of a line its author wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import shorten

from bot.core.lifecycle.own_words import own_lines
from bot.core.plan import STAGE_TITLES
from bot.core.policy import NEEDED, Verb
from bot.core.sanitize import strip_hidden

MAX_REQUESTS = 20
SHOWN = 100
"""Characters of a wrong command that are quoted back."""

USAGE: Mapping[Verb, str] = {
    "plan": "/genesis plan",
    "approve": "/genesis approve [stage N]",
    "fix": "/genesis fix stage N [ACTION]",
    "retry": "/genesis retry [stage N]",
    "status": "/genesis status",
    "explain": "/genesis explain RULE|ACTION",
    "skip": "/genesis skip [stage] N",
    "stop": "/genesis stop",
    "replan": "/genesis replan",
    "cost": "/genesis cost",
    "help": "/genesis help",
}
VERBS: Mapping[str, Verb] = {verb: verb for verb in NEEDED}

# A word or a path that only begins like it, as in `/genesis-old/notes`, is no command.
_COMMAND = re.compile(r"/genesis(?![\w/-])(.*)", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")


@dataclass(frozen=True)
class Request:
    """One command, well formed; whether it can be done is not known yet."""

    verb: Verb
    stage: int | None = None
    argument: str = ""
    """The action or rule named."""


@dataclass(frozen=True)
class Wrong:
    """A line that addresses us and cannot be understood."""

    text: str
    """The line, on one line and cut; written by a stranger."""
    problem: str
    """What is wrong with it and how it is said right."""


def parse(body: str) -> tuple[Request | Wrong, ...]:
    """The commands of a comment in order; none in code, quotes and HTML comments.

    Characters nobody can see are dropped first. Reading stops after `MAX_REQUESTS` of them.
    """
    found: list[Request | Wrong] = []
    for line, quoted in _commands(strip_hidden(body)):
        if len(found) == MAX_REQUESTS:
            found.append(Wrong(_shown(line), f"more than {MAX_REQUESTS} commands in one comment"))
            break
        found.append(
            Wrong(_shown(line), "it joins the quote above: leave an empty line before it")
            if quoted
            else _read(line)
        )
    return tuple(found)


def _commands(text: str) -> Iterator[tuple[str, bool]]:
    if "/genesis" not in text.lower():
        return
    for line in own_lines(text):
        if _COMMAND.match(line.text):
            yield line.text, line.joins_quote


def _read(line: str) -> Request | Wrong:
    match = _COMMAND.match(line)
    words = re.split(r"[ \t]+", match[1].rstrip(" \t.,;!") if match else "")
    name, rest = words[1] if len(words) > 1 else "", words[2:]
    if words[0] or not name:
        return Wrong(_shown(line), f"a command is missing. {_all()}")
    verb = VERBS.get(name.lower() if name.isascii() else "")
    if verb is None:
        return Wrong(_shown(line), f"there is no such command. {_meant(name)}")
    request = _ARGUMENTS[verb](verb, rest)
    if isinstance(request, str):
        return Wrong(_shown(line), f"{request}. Say `{USAGE[verb]}`.")
    return request


def _alone(verb: Verb, words: list[str]) -> Request | str:
    return f"`{verb}` stands alone" if words else Request(verb)


def _maybe_stage(verb: Verb, words: list[str]) -> Request | str:
    return _staged(verb, words) if words else Request(verb)


def _staged(verb: Verb, words: list[str]) -> Request | str:
    stage, rest = _stage(words)
    if isinstance(stage, str):
        return stage
    return "there is something after the stage" if rest else Request(verb, stage)


def _stage_and_action(verb: Verb, words: list[str]) -> Request | str:
    stage, rest = _stage(words)
    if isinstance(stage, str):
        return stage
    if not rest:
        return Request(verb, stage)
    named = _named(verb, rest)
    return named if isinstance(named, str) else Request(verb, stage, named.argument)


def _named(verb: Verb, words: list[str]) -> Request | str:
    if len(words) != 1:
        return "exactly one name is needed" if not words else "only one name can be given"
    name = words[0].strip("`")
    return Request(verb, argument=name) if _NAME.match(name) else "that is no name"


def _stage(words: list[str]) -> tuple[int | str, list[str]]:
    """The stage that the words begin with, or what is wrong with it; and the words after it."""
    rest = words[1:] if words and words[0].lower() == "stage" else words
    if not rest:
        return "the number of the stage is missing", []
    if not _NUMBER.match(rest[0]):
        return "a stage is a number", []
    if len(rest[0]) > 3 or int(rest[0]) not in STAGE_TITLES:
        return f"stages are {min(STAGE_TITLES)} to {max(STAGE_TITLES)}", []
    return int(rest[0]), rest[1:]


_ARGUMENTS: Mapping[Verb, Callable[[Verb, list[str]], Request | str]] = {
    "plan": _alone,
    "approve": _maybe_stage,
    "fix": _stage_and_action,
    "retry": _maybe_stage,
    "status": _alone,
    "explain": _named,
    "skip": _staged,
    "stop": _alone,
    "replan": _alone,
    "cost": _alone,
    "help": _alone,
}


def _meant(name: str) -> str:
    near = get_close_matches(name[:SHOWN].lower(), VERBS, n=1)
    return f"Did you mean `{USAGE[VERBS[near[0]]]}`?" if near else _all()


def _all() -> str:
    return f"Commands are {', '.join(f'`{verb}`' for verb in VERBS)}; `/genesis help` explains."


def _shown(line: str) -> str:
    return shorten(line[: 2 * SHOWN], SHOWN, placeholder=" …") or line[:SHOWN]
