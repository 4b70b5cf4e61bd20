"""How many input tokens a request has, without asking its vendor."""

from __future__ import annotations

import json

from bot.core.tokens import estimate
from bot.llm.types import Message, Request


def estimate_request(request: Request) -> int:
    """About how many input tokens a request has, tools and schema included."""
    extra = [
        request.system,
        *(json.dumps([t.name, t.description, dict(t.parameters)]) for t in request.tools),
    ]
    if request.output_schema is not None:
        extra.append(json.dumps(dict(request.output_schema)))
    return sum(map(estimate, filter(None, extra))) + sum(map(_message, request.messages()))


def _message(message: Message) -> int:
    calls = sum(estimate(json.dumps([c.name, dict(c.arguments)])) for c in message.calls)
    return estimate(message.text) + calls + sum(estimate(r.text) for r in message.results)
