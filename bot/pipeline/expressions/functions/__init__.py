"""The functions of the expression language, by the names they are called with."""

from __future__ import annotations

from bot.pipeline.expressions.functions.call import Function
from bot.pipeline.expressions.functions.lists import LISTS
from bot.pipeline.expressions.functions.numbers import NUMBERS
from bot.pipeline.expressions.functions.texts import TEXTS
from bot.pipeline.expressions.functions.times import TIMES

_NAMED: dict[str, Function] = {**TEXTS, **NUMBERS, **LISTS, **TIMES}

ALIASES = {
    "startsWith": "starts_with",
    "endsWith": "ends_with",
    "toUpperCase": "upper",
    "toLowerCase": "lower",
    "isEmpty": "empty",
}
"""The spellings of pipeline_ex."""

FUNCTIONS: dict[str, Function] = {
    **_NAMED,
    **{alias: _NAMED[name] for alias, name in ALIASES.items()},
}
