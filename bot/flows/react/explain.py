"""Texts for the rules that comments ask to have explained."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.lifecycle.facts import Comment
from bot.core.lifecycle.requests import Request, parse
from bot.elixir.rules import rule


def explanations(comments: Iterable[Comment]) -> dict[str, str]:
    """By what the comments call them; what names no rule is left out."""
    asked = {
        request.argument
        for comment in comments
        if not comment.ours
        for request in parse(comment.body)
        if isinstance(request, Request) and request.verb == "explain"
    }
    return {name: text for name in sorted(asked) if (text := _text(name))}


def _text(name: str) -> str:
    try:
        about = rule(name)
    except KeyError:
        return ""
    return f"**{about.title}**\n\n{about.explanation}\n\n{about.harm}\n\n{about.remedy}"
