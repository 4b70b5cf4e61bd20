"""Waits in a callback that keep no server of the application from its messages."""

from __future__ import annotations

from bot.elixir.blocking import Blocking
from bot.elixir.context import is_platform, is_test_support
from bot.elixir.outline import Module


def not_its_own(waits: Blocking, module: Module) -> str:
    """The exemption for where the wait stands, whatever it waits for; empty where there is none."""
    if is_platform(module):
        return "platform"
    if is_test_support(module):
        return "test-support"
    return "other-process" if waits.call.runs_in else ""
