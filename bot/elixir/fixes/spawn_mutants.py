"""Fixes of a raw spawn that only look like one; a proof that accepts them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.core.plan import Change
from bot.elixir import nodes
from bot.elixir.edit import Edit, apply
from bot.elixir.fixes.base import Params
from bot.elixir.fixes.locate import find
from bot.elixir.project import Project


def _wrapped(
    target: str, suffix: str = "", prefix: str = ""
) -> Callable[[Project, Params], tuple[Change, ...]]:
    """Another starting function in place of the raw one; no change for pipes and captures."""

    def mutate(project: Project, params: Params) -> tuple[Change, ...]:
        place = find(project, params)
        if place is None or place.call.captured or place.call.piped:
            return ()
        node = place.call.node
        old = node.child_by_field_name("target")
        if old is None or nodes.text(old) == target:
            return ()
        rest = nodes.text(node).encode()[old.end_byte - node.start_byte :].decode()
        text = f"{prefix}{target}{rest}{suffix}"
        return apply(project.files, [Edit(place.path, node.start_byte, node.end_byte, text)])

    return mutate


def _nothing(project: Project, params: Params) -> tuple[Change, ...]:
    place = find(project, params)
    if place is None or place.call.captured or place.call.piped:
        return ()
    node = place.call.node
    return apply(project.files, [Edit(place.path, node.start_byte, node.end_byte, "{:ok, self()}")])


MUTANTS: Mapping[str, Callable[[Project, Params], tuple[Change, ...]]] = {
    "task-start": _wrapped("Task.start"),
    "spawn-link": _wrapped("spawn_link"),
    "unlinked": _wrapped("spawn_link", " |> tap(&Process.unlink/1)"),
    "trap-exit": _wrapped("spawn_link", prefix="Process.flag(:trap_exit, true) && "),
    "linked-task": _wrapped("Task.start_link"),
    "job-dropped": _nothing,
}
"""By name: what is started instead, still outside every supervisor."""
