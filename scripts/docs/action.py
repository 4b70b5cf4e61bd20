"""The inputs and outputs of the Action, from `action.yml`."""

from __future__ import annotations

from typing import Any

import yaml

from bot.core.render.markdown import code, table
from scripts.docs.links import ROOT

PAGE = "reference/action.md"


def action() -> str:
    """Every input and output."""
    said = description()
    inputs = [
        (code(name), _default(one), one["description"]) for name, one in said["inputs"].items()
    ]
    outputs = [(code(name), one["description"]) for name, one in said["outputs"].items()]
    return "\n\n".join(
        [
            "# Inputs and outputs of the Action",
            f"{said['description']} Made from [action.yml](../../action.yml); how to use it is told"
            " with [the Action](../action.md). A word before a colon is the command it is"
            " for.",
            "## Inputs",
            table(("input", "default", "what it is"), inputs),
            "## Outputs",
            table(("output", "what it is"), outputs),
        ]
    )


def description() -> dict[str, Any]:
    """What stands in `action.yml`."""
    said: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    return said


def _default(one: dict[str, Any]) -> str:
    if one.get("required"):
        return "required"
    return code(str(one["default"])) if one.get("default") else ""
