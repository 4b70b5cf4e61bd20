"""Functions that run where an application runs: its start, what it supervises, what a framework
calls.
"""

from __future__ import annotations

from bot.elixir.context import is_command_line, is_release_task, is_test_support
from bot.elixir.outline import Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_callback
from bot.elixir.runners import Run, runs

_OF_AN_APPLICATION = (("start", 2), ("stop", 1), ("prep_stop", 1), ("config_change", 3))
_ACTION = 2
"""Arguments of an action of a controller."""
_PLUGS = ("Plug", "Plug.Builder", "Plug.Router", "Phoenix.Router", "Phoenix.Endpoint")
_PLUGGED = {("call", 2)}
_LIVE = {
    ("mount", 1), ("mount", 3), ("update", 2), ("handle_params", 3), ("handle_event", 3),
    ("handle_info", 2), ("handle_async", 3), ("render", 1),
}  # fmt: skip
_CALLED = {
    **dict.fromkeys(_PLUGS, _PLUGGED),
    "Phoenix.Controller": _PLUGGED,
    "Phoenix.LiveView": _LIVE,
    "Phoenix.LiveComponent": _LIVE,
    "Phoenix.Channel": {("join", 3), ("handle_in", 3), ("handle_out", 3), ("handle_info", 2)},
    "Phoenix.Socket": {("connect", 2), ("connect", 3), ("id", 1)},
    "Absinthe.Middleware": _PLUGGED,
    "Oban.Worker": {("perform", 1), ("perform", 2)},
    "Broadway": {("handle_message", 3), ("handle_batch", 4), ("handle_failed", 2)},
    "Commanded.Event.Handler": {("handle", 2)},
    "Config.Provider": {("load", 2)},
    "Ecto.Repo": {("init", 2)},
}
"""Functions that frameworks call in a process of the application, by what the module uses."""


def served(function: Function, project: Project) -> Run | None:
    """A way to the function that begins where an application runs; none where no code shows one."""
    return next((way for way in runs(function, project) if _is_served(way, project)), None)


def _is_served(way: Run, project: Project) -> bool:
    function, module = way.function, way.function.module
    if is_test_support(module) or module.name.startswith("Mix."):
        return False
    if _is_called(function):
        return True
    supervised = module.name in project.child_modules
    return (supervised and is_callback(function)) or (way.startup and _starts(function, project))


def _is_called(function: Function) -> bool:
    """Whether a framework calls it."""
    module, key = function.module, (function.name, function.arity)
    if not function.public:
        return False
    if function.arity == _ACTION and module.implements("Phoenix.Controller"):
        return True
    return any(key in keys and module.implements(name) for name, keys in _CALLED.items())


def _starts(function: Function, project: Project) -> bool:
    """Whether an application, a supervisor or a command of a release runs it."""
    module = function.module
    if any(map(is_command_line, function.clauses)):
        return is_release_task(module)
    if (function.name, function.arity) in _OF_AN_APPLICATION:
        return _is_an_application(module, project)
    return module.name in project.child_modules


def _is_an_application(module: Module, project: Project) -> bool:
    named = any(app.callback == module.name for app in project.apps)
    return named or module.implements("Application")
