"""Conversations as vendors demand them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.llm.types import Message, ToolCall, ToolResult
from bot.llm.vendors.turns import NOT_RUN, settled

CALL = ToolCall("1", "read", {"path": "a"})
OTHER = ToolCall("2", "list", {})
LOST = ToolResult("1", "read", NOT_RUN, failed=True)
SEEN = ToolResult("2", "list", "a.ex")


def test_a_conversation_in_order_stays_as_it_is() -> None:
    told = (
        Message("user", "Go."),
        Message("assistant", calls=(OTHER,)),
        Message("user", results=(SEEN,)),
        Message("assistant", "Done."),
    )
    assert settled(told, tools=True) == told


def test_a_call_without_result_gets_a_failed_one() -> None:
    told = (Message("assistant", calls=(CALL, OTHER)), Message("user", "So?", results=(SEEN,)))
    assert settled(told, tools=True)[1] == Message("user", "So?", results=(LOST, SEEN))


def test_what_follows_open_calls_stays_a_turn_of_its_own() -> None:
    """Else the same turns would look different once more of them are history."""
    told = (Message("assistant", calls=(CALL,)), Message("user", "So?"), Message("assistant", "."))
    lost = Message("user", results=(LOST,))
    assert settled(told[:1], tools=True) == (told[0], lost)
    assert settled(told, tools=True) == (told[0], lost, *told[1:])


def test_a_result_without_call_is_dropped() -> None:
    assert settled([Message("user", "Hm.", results=(SEEN,))], tools=True) == (
        Message("user", "Hm."),
    )


def test_without_tools_calls_and_results_are_told() -> None:
    told = (Message("assistant", "I look.", calls=(CALL,)), Message("user", results=(LOST,)))
    assert settled(told, tools=False) == (
        Message("assistant", '(called read with {"path": "a"})\n\nI look.'),
        Message("user", f"Result of read:\n{NOT_RUN}"),
    )


IDS = st.sampled_from("1234")
CALLS = st.lists(IDS, max_size=3, unique=True).map(
    lambda ids: tuple(ToolCall(each, "t", {}) for each in ids)
)
RESULTS = st.lists(IDS, max_size=3, unique=True).map(
    lambda ids: tuple(ToolResult(each, "t", "x") for each in ids)
)
MESSAGES = st.lists(
    st.builds(lambda calls: Message("assistant", "a", calls=calls), CALLS)
    | st.builds(lambda results: Message("user", "u", results=results), RESULTS),
    max_size=8,
)


@given(MESSAGES)
def test_every_call_is_answered_right_after_it_and_nothing_else_is(told: list[Message]) -> None:
    after = settled(told, tools=True)
    for before, message in pairwise((Message("user"), *after, Message("assistant"))):
        assert [result.id for result in message.results] == [call.id for call in before.calls]
    assert [m.text for m in after if m.text] == [m.text for m in told]
    assert settled(after, tools=True) == after


@given(MESSAGES)
def test_without_tools_no_call_is_left(told: list[Message]) -> None:
    assert not any(m.calls or m.results for m in settled(told, tools=False))
