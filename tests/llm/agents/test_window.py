"""A long conversation fits at the price of its oldest results."""

from __future__ import annotations

from bot.llm.agents.window import SMALL, bared, without_results
from bot.llm.tokens import estimate_request
from bot.llm.types import Message, Part, Request, ToolCall, ToolResult

REQUEST = Request(parts=(Part("instructions", "Go."),), system="s" * 400)


def turns(count: int, size: int) -> list[Message]:
    """So many reads, each with a result of `size` characters in lines."""
    out: list[Message] = []
    for n in range(count):
        out.append(Message("assistant", calls=(ToolCall(str(n), "read", {"path": f"{n}.ex"}),)))
        text = f"{n}.ex, lines 1-9\n" + "x" * size
        out.append(Message("user", "Go on.", results=(ToolResult(str(n), "read", text),)))
    return out


def size(shown: tuple[Message, ...]) -> int:
    return estimate_request(Request(REQUEST.parts, system=REQUEST.system, turns=shown))


def test_nothing_is_touched_while_all_of_it_fits() -> None:
    said = turns(4, 4_000)
    assert bared(REQUEST, said, 0, room=size(tuple(said))) == 0
    assert without_results(said, 0) == tuple(said)


def test_the_oldest_go_first_and_enough_at_once_to_last() -> None:
    said = turns(10, 4_000)
    room = size(tuple(said)) - 1
    until = bared(REQUEST, said, 0, room=room)
    shown = without_results(said, until)
    assert size(shown) <= room * 0.6
    assert size(without_results(said, until - 2)) > room * 0.6
    assert shown[until:] == tuple(said[until:])
    more = [*said, *turns(3, 4_000)]
    assert bared(REQUEST, more, until, room=room) == until


def test_a_note_of_one_line_says_what_was_there_and_how_to_get_it_again() -> None:
    (_, shown) = without_results(turns(1, 4_000), 2)
    (result,) = shown.results
    assert result.text == (
        "0.ex, lines 1-9 "
        "[4001 more characters left out to save room: call read again if you need them]"
    )
    assert (result.id, result.failed, shown.text) == ("0", False, "Go on.")


def test_small_results_and_what_the_model_said_stay() -> None:
    said = turns(3, SMALL - 20)
    assert without_results(said, 6) == tuple(said)
    large = turns(3, 4_000)
    assert without_results(large, 6)[::2] == tuple(large[::2])


def test_the_latest_results_stay_even_where_they_alone_are_too_much() -> None:
    said = turns(3, 40_000)
    until = bared(REQUEST, said, 0, room=100)
    assert until == len(said) - 1
    assert without_results(said, until)[-1] == said[-1]
