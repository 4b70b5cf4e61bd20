"""Modules that say of themselves that they are not for production."""

from __future__ import annotations

import re

from bot.elixir.outline import Module

_UNFIT = re.compile(
    rb"\bnot\s+(?:\w+\s+){0,2}?(?:for|in|ready\s+for)\s+production\b|\bnot\s+production[\s-]+ready\b",
    re.I,
)
_FAKE = re.compile(
    rb"\b(?:impl(?:ementation)?|fakes?|stubs?|doubles?|mocks?|stand-ins?)\b[^.]{0,20}"
    rb"\bfor\s+(?:use\s+in\s+)?(?:unit\s+)?test(?:s|ing)\b",
    re.I,
)


def says_it_is_unfit(module: Module) -> bool:
    """Whether the documentation of the module warns of using it in production, or calls it what
    stands for something else in tests.
    """
    doc = module.attributes.get("moduledoc")
    words = doc.text or b"" if doc is not None else b""
    return any(pattern.search(words) for pattern in (_UNFIT, _FAKE))
