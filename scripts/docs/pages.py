"""Which pages are made, and from what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.elixir.rules import all_rules
from scripts.docs import (
    action,
    commands,
    configuration,
    environment,
    messages,
    pipeline_language,
    rules,
)
from scripts.docs import untried as never_run

MADE: dict[str, Callable[[], str]] = {
    action.PAGE: action.action,
    commands.COMMAND_LINE: commands.command_line,
    commands.COMMENTS: commands.comments,
    configuration.PAGE: configuration.configuration,
    environment.PAGE: environment.environment,
    messages.PAGE: messages.messages,
    pipeline_language.STEPS: pipeline_language.steps,
    pipeline_language.RECORDS: pipeline_language.records,
    never_run.PAGE: never_run.untried,
    rules.LIST: rules.listing,
    **{rules.page_of(rule): partial(rules.page, rule) for rule in all_rules()},
}
"""From the place of a page below the docs to what makes it."""
