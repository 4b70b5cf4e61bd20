"""What a for_loop goes over: an expression, or one of the short forms that stand for one."""

from __future__ import annotations

import re

PREVIOUS = "previous_response"

_SHORT = re.compile(r"\s*([A-Za-z_]\w*)\s*(?::\s*([A-Za-z_][\w.\[\]]*))?\s*\Z", re.ASCII)


def is_previous(source: str) -> bool:
    """Whether it stands for the response of the step before, or a field of it."""
    found = _SHORT.match(source)
    return found is not None and found[1] == PREVIOUS


def expression_of(source: str, *, previous: str) -> str:
    """`scan:files` as `scan.files`; `previous_response` is the step named `previous`.

    Any other text is an expression already. Gives an empty text where there is no previous step.
    """
    found = _SHORT.match(source)
    if found is None or (found[1] != PREVIOUS and found[2] is None):
        return source
    if found[1] != PREVIOUS:
        return f"{found[1]}.{found[2]}"
    return f"steps.{previous}.{found[2] or 'data'}" if previous else ""
