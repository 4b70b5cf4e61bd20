"""Jobs that the `init/1` of a server or of a supervisor starts: who starts them again."""

from __future__ import annotations

from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.reach import is_server, reached
from bot.elixir.trapping import trap_flags


def starts_again(clause: Clause) -> bool:
    """Whether a linked job's crash ends its server, whose supervisor runs `init/1` once more."""
    module = clause.function.module
    if not is_server(module) or next(trap_flags(module), None) is not None:
        return False
    restarts = (use.options.get("restart") for use in module.uses)
    temporary = any(option is not None and text(option) == ":temporary" for option in restarts)
    return not temporary and _runs_in_init(clause)


def belongs_in_child_list(clause: Clause) -> bool:
    """Whether a supervisor's `init/1` starts the job, which could be a child of it."""
    module = clause.function.module
    supervises = any(module.implements(name) for name in ("Supervisor", "DynamicSupervisor"))
    return supervises and _runs_in_init(clause)


def _runs_in_init(clause: Clause) -> bool:
    init = clause.function.module.functions.get(("init", 1))
    return init is not None and any(step.clause is clause for step in reached([init]))
