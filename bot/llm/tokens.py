"""About how many input tokens a request has, without asking its vendor."""

from __future__ import annotations

import json

from bot.core.tokens import estimate
from bot.llm.types import Json, Message, Request

_FRAME = 4
"""What sets a message, a call or a result apart from the next one."""


def estimate_request(request: Request) -> int:
    """About how many input tokens a request has, tools and schema included.

    What vendors add of their own, such as instructions on how to call tools, is not known here.
    """
    tools = sum(
        _FRAME + estimate(tool.name) + estimate(tool.description) + _json(tool.parameters)
        for tool in request.tools
    )
    schema = _json(request.output_schema) if request.output_schema is not None else 0
    return estimate(request.system) + tools + schema + sum(map(_message, request.messages()))


def _message(message: Message) -> int:
    calls = sum(_FRAME + estimate(c.name) + _json(c.arguments) for c in message.calls)
    results = sum(_FRAME + estimate(r.text) for r in message.results)
    return _FRAME + estimate(message.text) + calls + results


def _json(value: Json) -> int:
    return estimate(json.dumps(value, default=dict))
