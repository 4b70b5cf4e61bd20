"""The project as it would be after some changes, without touching a disk."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.plan import Change
from bot.elixir.facts import facts_of_file
from bot.elixir.mixfile import apps_of
from bot.elixir.outline import modules_of
from bot.elixir.project import Project
from bot.elixir.source import Source
from bot.elixir.usings import expand, usings_of


def with_changes(project: Project, changes: Iterable[Change]) -> Project:
    """A project with the changed files' new text; facts of all other files are kept."""
    changed = {change.path: change.after.encode() for change in changes}
    files = {**project.files, **changed}
    kept = [f for f in project.facts if f.path not in changed]
    usings = usings_of(files)
    for path, data in changed.items():
        source = Source(path, data)
        modules = modules_of(source)
        expand(modules, usings)
        kept.extend(facts_of_file(source, modules))
    return Project(files, apps_of(files), tuple(kept), usings)
