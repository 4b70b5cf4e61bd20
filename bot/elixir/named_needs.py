"""What a call needs to be running: the process, by registered name, that it asks or uses."""

from __future__ import annotations

from bot.elixir.blocking import REPO_FUNCTIONS
from bot.elixir.call_graph import CASTS, WAITING, Step, runs
from bot.elixir.calls import Call
from bot.elixir.process_names import SELF, process_name

_BY_FIRST_ARGUMENT = {
    "Task.Supervisor": "start_child async async_nolink async_stream async_stream_nolink children",
    "DynamicSupervisor": "start_child which_children count_children terminate_child",
    "Supervisor": "start_child which_children count_children terminate_child restart_child "
    "delete_child",
    "Registry": "register unregister lookup dispatch keys values select count match update_value "
    "put_meta meta",
    "Phoenix.PubSub": "subscribe unsubscribe broadcast broadcast! local_broadcast",
}
_USES = frozenset(
    f"{module}.{name}" for module, names in _BY_FIRST_ARGUMENT.items() for name in names.split()
)


def needed_process(call: Call, step: Step) -> str:
    """The name of the process without which the call fails or does nothing; empty if unknown."""
    if not runs(call, step.clause) or call.captured:
        return ""
    if call.name in REPO_FUNCTIONS and call.module.split(".")[-1] == "Repo" and not call.local:
        return call.module
    if call.full in WAITING or call.full in CASTS or call.full in _USES:
        name = process_name(call.args[0], step.clause, step.bound) if call.args else ""
        return "" if name == SELF else name
    return ""
