"""Which files a model may change for an action."""

from __future__ import annotations

from bot.core.plan import Action, FileRange
from bot.elixir.project import Project


def scope_of(project: Project, action: Action) -> tuple[str, ...]:
    """The action's own files, and those that start their applications: a new process needs a
    place in the supervision tree. New tests are always in scope."""
    own = tuple(dict.fromkeys(place.path for place in action.files))
    apps = [app for path in own if (app := project.app_of(path)) is not None and app.callback]
    starting = [
        facts.path for app in apps if (facts := project.modules.get(app.callback)) is not None
    ]
    return tuple(dict.fromkeys((*own, *starting)))


def widened(project: Project, action: Action) -> Action:
    """The action as the gates see it when a model carries it out."""
    more = [
        FileRange(path=path, line=1, end_line=1, code="")
        for path in scope_of(project, action)
        if path not in {place.path for place in action.files}
    ]
    return action.model_copy(update={"files": (*action.files, *more)})
