"""What is said of a raw spawn: the evidence and the weight."""

from __future__ import annotations

from bot.core.finding import Confidence, Severity
from bot.elixir.awaiting import returned
from bot.elixir.calls import Call
from bot.elixir.context import is_example
from bot.elixir.outline import Clause
from bot.elixir.rules.parts.init_job import starts_again
from bot.elixir.rules.parts.job import (
    cannot_crash,
    is_endless,
    lone_stop,
    only_ends_a_process,
    only_waits_and_tells,
    unknown,
)
from bot.elixir.rules.parts.kept_pid import ended_by_field
from bot.elixir.rules.parts.spawn_ties import has_option, waits_for_its_word
from bot.elixir.rules.parts.stated_reasons import says_it_may_be_lost, says_why_elsewhere


def note(call: Call, clause: Clause, linked: bool) -> str:
    """What becomes of the process, for the evidence."""
    if linked and starts_again(clause):
        return "linked to its server, whose start starts it; no supervisor stops it in order"
    if linked:
        return "linked to its caller; no supervisor restarts it or shuts it down in order"
    if has_option(call, "monitor"):
        return "only its starter is told of its end; no supervisor restarts it or shuts it down"
    if waits_for_its_word(call, clause):
        return "its start waits until it says that it is there; whoever calls that can link to it"
    stop = lone_stop(call)
    if stop is not None and is_endless(stop):
        return f"its work is one `{stop.full}`, which waits without an end; little can be lost"
    if only_ends_a_process(call):
        return "its work is to end another process: little can be lost, but no supervisor knows it"
    if only_waits_and_tells(call):
        return "its work is to pause and to tell or let go: little can be lost if it ends early"
    field = ended_by_field(call, clause)
    if field:
        return f"the module keeps its pid in `{field}` and ends it by that, but no supervisor does"
    return unknown(call, clause)


def weight(call: Call, clause: Clause, linked: bool) -> tuple[Severity | None, Confidence | None]:
    """How much it weighs; `None` for what the rule says of all."""
    if linked:
        # A crash reaches the caller, so it is at least noticed.
        return "info", "medium"
    if has_option(call, "monitor") and returned(call, clause):
        # Whoever asked for it gets the monitor too.
        return "info", "medium"
    if waits_for_its_word(call, clause):
        return "info", "low"
    if is_example(clause.function.module) or ended_by_field(call, clause):
        return "info", "medium"
    if cannot_crash(call):
        return "info", "medium"
    little = only_ends_a_process(call) or only_waits_and_tells(call)
    said = says_why_elsewhere(call) or says_it_may_be_lost(call)
    if clause.function.name == "terminate" or said or little:
        return "info", "low"
    return None, None
