"""What a clean-up does to others, in a sentence."""

from __future__ import annotations

from bot.elixir.clean_up import Done
from bot.elixir.reach import SERVERS

_ASKS = frozenset(
    f"{m}.{name}" for m in SERVERS for name in ("call", "cast", "update", "multi_call", "abcast")
)
_STOPPED = (*SERVERS, "Supervisor", "DynamicSupervisor")
_OUTSIDE = frozenset(
    {"File", ":file", ":ets", ":dets", ":mnesia", ":telemetry", ":persistent_term", "Application"}
)
"""Modules of which it is plain what their functions change."""


def effect_of(done: Done) -> str:
    """What is left undone for others where it is skipped; a name alone is told as such."""
    what = f"`{done.source.full}`"
    if done.effect == "tells":
        return f"{what} tells others of the end, who do not hear of it from here then"
    if done.source.full in _ASKS:
        return f"{what} tells another process, which does not hear of it from here then"
    if done.source.name == "stop" and done.source.module in _STOPPED:
        return f"{what} stops another process, which is not stopped from here then"
    if done.source.module in _OUTSIDE:
        return f"{what} changes something that outlives the process"
    return f"by its name, {what} changes something outside of this process"
