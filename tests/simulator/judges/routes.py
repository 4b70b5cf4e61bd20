"""What the simulator serves, read from its own route table."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi.routing import APIRoute

from bot.simulator.app import ROUTERS
from tests.simulator.judges.operations import Description


def served(description: Description) -> Mapping[str, str]:
    """`METHOD /template` -> operation id of GitHub's, empty where GitHub describes none."""
    found = {}
    for router in ROUTERS:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                continue
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                operation = description.operation(method, filled(route.path))
                found[f"{method} {route.path}"] = operation.id if operation else ""
    return found


def filled(template: str, repository: str = "1/1") -> str:
    """A path of the template: `1` everywhere but in place of owner and repository."""
    path = template.replace("{owner}/{repo}", repository)
    return re.sub(r"\{[^}]+\}", "1", path)
