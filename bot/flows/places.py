"""Where an action stands in the code, and what it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from bot.core.finding import Finding
from bot.core.plan import Change, FileRange
from bot.elixir.project import Project
from bot.flows.excerpt import changed_range, standing_alone


def finding_range(project: Project, finding: Finding) -> FileRange:
    """A finding's lines, widened until they parse."""
    source = project.source(finding.path)
    line, end, code = standing_alone(source, finding.line, finding.end_line)
    return FileRange(path=finding.path, line=line, end_line=end, code=code)


def change_range(project: Project, change: Change) -> FileRange:
    """The lines a change of no finding touches; line 0 for a new file."""
    if not change.before:
        return FileRange(path=change.path, line=0, end_line=0, code="")
    line, end, code = standing_alone(project.source(change.path), *changed_range(change))
    return FileRange(path=change.path, line=line, end_line=end, code=code)


def identity(stage: int, name: str, params: Mapping[str, str]) -> str:
    """An action's id: the same between runs as long as the names in `params` stay."""
    text = "\0".join(f"{k}={' '.join(v.split())}" for k, v in sorted(params.items()))
    digest = hashlib.sha256(f"{name}\0{text}".encode()).hexdigest()[:6]
    return f"{stage}-{name.replace('_', '-')}-{digest}"
