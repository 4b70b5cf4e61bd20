"""Modules that say of themselves that they are not for production."""

from __future__ import annotations

import re

from bot.elixir.outline import Module

_UNFIT = re.compile(
    rb"\bnot\s+(?:\w+\s+){0,2}?(?:for|in|ready\s+for)\s+production\b|\bnot\s+production[\s-]+ready\b",
    re.I,
)


def says_it_is_unfit(module: Module) -> bool:
    """Whether the documentation of the module warns of using it in production."""
    doc = module.attributes.get("moduledoc")
    return doc is not None and _UNFIT.search(doc.text or b"") is not None
