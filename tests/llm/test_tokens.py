"""Everything a vendor would be sent counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.tokens import estimate
from bot.llm.tokens import estimate_request
from bot.llm.types import Message, Part, Request, Tool, ToolCall, ToolResult

TEXT = "Supervise the process and let it crash. " * 50
SMALL = Request(parts=(Part("instructions", "Plan."),))


def test_the_prompt_counts_with_the_frame_of_its_message() -> None:
    asked = Request(parts=(Part("instructions", TEXT),))
    assert estimate(TEXT) <= estimate_request(asked) <= estimate(TEXT) + 10


@pytest.mark.parametrize(
    "larger",
    [
        replace(SMALL, system=TEXT),
        replace(SMALL, parts=(*SMALL.parts, Part("file", TEXT, name="lib/a.ex"))),
        replace(SMALL, history=(Message("user", TEXT),)),
        replace(SMALL, turns=(Message("assistant", TEXT),)),
        replace(SMALL, turns=(Message("assistant", calls=(ToolCall("1", "a", {"b": TEXT}),)),)),
        replace(SMALL, turns=(Message("user", results=(ToolResult("1", "a", TEXT),)),)),
        replace(SMALL, tools=(Tool("a", TEXT, {"type": "object"}),)),
        replace(SMALL, tools=(Tool("a", "b", {"type": "object", "description": TEXT}),)),
        replace(SMALL, output_schema={"type": "object", "description": TEXT}),
    ],
    ids="system file history turn call result tool parameters schema".split(),
)
def test_each_piece_of_a_request_counts(larger: Request) -> None:
    assert estimate_request(larger) - estimate_request(SMALL) >= 0.9 * estimate(TEXT)


def test_what_the_vendor_never_sees_counts_nothing() -> None:
    local = replace(SMALL, skill="plan", arguments={"goal": TEXT}, step=TEXT)
    assert estimate_request(local) == estimate_request(SMALL)
