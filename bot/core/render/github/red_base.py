"""Checks that are red on the base as well: what a person is told of them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.render.github.foreign import silent
from bot.core.render.github.markers import BODY, fit
from bot.core.render.markdown import code
from bot.core.sanitize import one_line

TOLD = 3
"""Names in a sentence; a list has them all."""
NAME = 60
"""Characters of a name."""


def listed(names: Sequence[str]) -> str:
    """`a`, `b` and `c`; of many, the first."""
    told = [_name(name) for name in names[:TOLD]]
    told += [f"{len(names) - TOLD} more"] if len(names) > TOLD else []
    return " and ".join(part for part in (", ".join(told[:-1]), told[-1]) if part)


def red_on_base(names: Sequence[str]) -> str:
    """A sentence without its full stop."""
    one = len(names) == 1
    what, blamed = ("is", "it is not") if one else ("are", "they are not")
    return f"{listed(names)} {what} red on the base as well, so {blamed} blamed on this change"


def red_base(stage: int, names: Sequence[str]) -> str:
    """The comment on the pull request, without its marker."""
    parts = [
        f"{red_on_base(names)}. No attempt is made for that, and no action is left out for it.",
        "\n".join(f"- {_name(name)}" for name in names),
        "A draft stays one as long as they are red: merge it all the same, or mend the base and"
        f" comment `/genesis retry stage {stage}` for an attempt that starts from there.",
    ]
    return fit(silent("\n\n".join(parts)), limit=BODY)


def _name(name: str) -> str:
    line = one_line(name) or "?"
    return code(line if len(line) <= NAME else f"{line[:NAME]}…")
