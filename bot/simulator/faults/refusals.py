"""Faults of GitHub itself: the call is refused in the API's own words."""

from __future__ import annotations

from fnmatch import fnmatchcase

from bot.simulator.errors import ApiError, not_found
from bot.simulator.faults.drawing import Faults
from bot.simulator.faults.plan import Fault, Kind
from bot.simulator.identity.caller import Caller
from bot.simulator.limits.limits import secondary
from bot.simulator.state.tables import Tables

KINDS: tuple[Kind, ...] = ("token_expired", "secondary_limit", "absent")


def refusal_by_fault(
    faults: Faults, tables: Tables, caller: Caller, method: str, path: str, agent: str
) -> tuple[Kind, ApiError] | None:
    """How the call is to be refused (401, 403 or 404), if it is; an expired token is gone then."""
    token = caller.token
    expires = token is not None and token.kind == "installation"

    def matches(fault: Fault) -> bool:
        if not meets(fault, method, path, agent) or (fault.kind == "token_expired" and not expires):
            return False
        return fault.kind != "absent" or (method == "GET" and _is_young(faults, fault, path))

    fault = next(faults.draw(KINDS, matches, f"{method} {path}"), None)
    if fault is None:
        return None
    if fault.kind == "secondary_limit":
        return fault.kind, secondary(fault.duration)
    if fault.kind == "absent" or token is None:
        return fault.kind, not_found()
    tables.tokens.remove(token)
    return fault.kind, ApiError(401, "Bad credentials")


def _is_young(faults: Faults, fault: Fault, path: str) -> bool:
    age = faults.age(path)
    return age is not None and age < fault.duration


def meets(fault: Fault, method: str, path: str, agent: str) -> bool:
    """Whether a call is one that the fault is about; `agent` is its `User-Agent`."""
    if fault.method and fault.method.upper() != method:
        return False
    if fault.agent and not fnmatchcase(agent, fault.agent):
        return False
    return not fault.path or fnmatchcase(path, fault.path)
