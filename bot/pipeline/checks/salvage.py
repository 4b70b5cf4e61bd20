"""What is left of a file once its faults are cut out, so that the rest can be checked as well."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from bot.pipeline.checks.messages import Fault
from bot.pipeline.language.step_base import At

_BLOCKS = frozenset({"steps", "else", "default"})


def salvaged(
    body: dict[str, Any], faults: Iterable[Fault]
) -> tuple[dict[str, Any], frozenset[str]]:
    """A copy without the faults, and the names that were lost with them.

    An unknown key goes alone. A step that holds another fault is replaced by one that does
    nothing under its name; an input with a fault may be anything; any other fault in the head
    takes its key away.
    """
    rest, lost = copy.deepcopy(body), set[str]()
    for fault in sorted(faults, key=lambda fault: len(fault.at), reverse=True):
        owner = _at(rest, fault.at[:-1])
        if fault.kind == "extra_forbidden" and isinstance(owner, dict):
            owner.pop(str(fault.at[-1]), None)
        elif place := _step_at(fault.at):
            block, index = _at(rest, place[:-1]), place[-1]
            if isinstance(block, list) and isinstance(index, int) and index < len(block):
                lost |= names_in(block[index])
                block[index] = _stand_in(block[index], place)
        elif len(fault.at) > 1 and fault.at[0] == "inputs" and isinstance(rest["inputs"], dict):
            # Without its inputs every unknown name in a file would be one.
            rest["inputs"][str(fault.at[1])] = {"type": "any"}
        elif fault.at and fault.at[0] != "steps":
            lost |= names_in(rest.pop(str(fault.at[0]), None))
    rest.setdefault("name", "unnamed")
    return rest, frozenset(lost)


def names_in(value: Any) -> set[str]:
    """Names of steps and variables anywhere in a raw value."""
    if isinstance(value, list):
        return {name for item in value for name in names_in(item)}
    if not isinstance(value, dict):
        return set()
    found = {value["name"]} if isinstance(value.get("name"), str) else set[str]()
    variables = value.get("variables")
    found |= set(variables) if isinstance(variables, dict) else set()
    return found | {name for item in value.values() for name in names_in(item)}


def _step_at(at: At) -> At:
    """The innermost step that the path leads into; empty for a path in the head."""
    ends = [
        position
        for position in range(1, len(at))
        if isinstance(at[position], int)
        and (at[position - 1] in _BLOCKS or (position > 1 and at[position - 2] == "cases"))
    ]
    return at[: ends[-1] + 1] if ends else ()


def _stand_in(step: Any, at: At) -> dict[str, Any]:
    """A step that holds the place and, where it is one, the name; nothing is known of its data."""
    name = step.get("name") if isinstance(step, dict) else None
    usable = isinstance(name, str) and name.isidentifier() and name.isascii() and len(name) <= 80
    return {
        "name": name if usable else "_".join(map(str, ("broken", *at))),
        "type": "llm",
        "prompt": "?",
    }


def _at(value: Any, at: At) -> Any:
    for key in at:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
