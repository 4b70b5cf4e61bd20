"""Why a sleep in a test is let be."""

from __future__ import annotations

from bot.elixir.calls import Call
from bot.elixir.nodes import text
from bot.elixir.outline import Function
from bot.elixir.rules.parts.about_time import keeps_a_moment, same_before_and_after
from bot.elixir.rules.parts.certain_waits import no_event_for
from bot.elixir.rules.parts.polling import polls
from bot.elixir.rules.parts.simulated_work import (
    in_a_handler,
    is_all_of_a_block,
    is_stub,
    only_in_another_process,
    only_passed_on,
)
from bot.elixir.rules.parts.sleep_reasons import is_short
from bot.elixir.rules.parts.standing import definition_around
from bot.elixir.rules.parts.stated_reasons import says_no_better_way


def excuse(call: Call, function: Function | None) -> str:
    """The exemption by which it is left alone; empty for all others."""
    outside = function is not None or definition_around(call) is None
    stub = is_stub(call.owner) if outside else True
    if text(call.args[0]) == ":infinity":
        return "parked"
    if polls(call, function):
        return "polling"
    if stub or in_a_handler(call) or call.runs_in or only_passed_on(function):
        return "simulated-work"
    if is_all_of_a_block(call) or only_in_another_process(function):
        return "simulated-work"
    if (is_short(text(call.args[0])) and same_before_and_after(call)) or keeps_a_moment(call):
        return "moves-clock"
    return "stated" if says_no_better_way(call) else no_event_for(call)
