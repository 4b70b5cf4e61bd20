"""How many tokens a text has, without asking anybody."""

from __future__ import annotations

from bot.llm.types import Request


def estimate(text: str) -> int:
    """About how many tokens a text has."""
    return (len(text) + 3) // 4


def estimate_request(request: Request) -> int:
    """About how many input tokens a request has."""
    said = sum(
        estimate(m.text) + sum(estimate(r.text) for r in m.results) for m in request.messages()
    )
    return estimate(request.system) + said
