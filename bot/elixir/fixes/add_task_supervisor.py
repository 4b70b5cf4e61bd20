"""Add a Task.Supervisor to an application, for jobs that nobody supervises yet."""

from __future__ import annotations

from bot.core.finding import Finding
from bot.core.plan import Change
from bot.elixir.edit import apply as apply_edits
from bot.elixir.fixes.application import create
from bot.elixir.fixes.base import Codemod, Declined, GeneratedTest, Params, Proposal
from bot.elixir.fixes.child_list import insertion, prepending, root_list
from bot.elixir.fixes.child_style import style
from bot.elixir.fixes.layout import line_length
from bot.elixir.fixes.task_supervisors import existing
from bot.elixir.mixfile import App
from bot.elixir.project import Project

_ENTRIES = {
    "modern": "{{Task.Supervisor, name: {name}}}",
    "unknown": "{{Task.Supervisor, name: {name}}}",
    "old": "supervisor(Task.Supervisor, [[name: {name}]])",
}


def propose(project: Project, finding: Finding) -> Proposal | Declined:
    """Never for a finding: other codemods require it."""
    return Declined("a Task.Supervisor is added only where another fix requires it")


def propose_requirement(project: Project, params: Params) -> Proposal | Declined:
    """Automatic for a literal list, or where there is no Application yet; else assisted."""
    app = _app(project, params)
    if isinstance(app, Declined):
        return app
    tried = apply(project, params)
    if isinstance(tried, Declined):
        return tried
    decision = _decision(project, app, params["name"])
    started = f"`{app.name}` gets an Application module; its start now starts a process tree."
    return Proposal(
        f"Start `{params['name']}` with the application `{app.name}`",
        params,
        "assisted" if decision else "automatic",
        decision=decision,
        notes=() if app.callback else (started,),
    )


def _decision(project: Project, app: App, name: str) -> str:
    """What a person must decide; empty where the place and the form of the child are clear."""
    if app.callback and not root_list_is_literal(project, app):
        return (
            f"The children of `{app.callback}` are put together by code. Is the front of the "
            f"list, before every process that starts jobs, the right place for `{name}`?"
        )
    if style(project, app) == "unknown":
        return (
            f'`{app.name}` says `elixir: "{app.requirement}"`. `{{Task.Supervisor, name: ...}}` '
            "needs Elixir 1.5. Should the requirement be raised?"
        )
    return ""


def root_list_is_literal(project: Project, app: App) -> bool:
    """Whether a child can be added to the root supervisor's list as written."""
    found = root_list(project, app)
    return found is not None and found.facts.literal and found.facts.list_end > 0


def apply(project: Project, params: Params) -> tuple[Change, ...] | Declined:
    """The changed application module, or a new one together with the changed mix.exs."""
    app = _app(project, params)
    if isinstance(app, Declined):
        return app
    entry = _ENTRIES[style(project, app)].format(name=params["name"])
    if not app.callback:
        return create(project, app, entry)
    if root_list_is_literal(project, app):
        found = root_list(project, app)
        assert found is not None
        edit = insertion(project, found, (entry,), 0, line_length(project, found.path))
        return apply_edits(project.files, [edit])
    edit_in_front = prepending(project, app, entry)
    if edit_in_front is None:
        return Declined(f"`{app.callback}` does not start its supervisor in one place of its own")
    return apply_edits(project.files, [edit_in_front])


def _app(project: Project, params: Params) -> App | Declined:
    """The application, when there still is something to do and it is none of a library."""
    app = next((a for a in project.apps if a.path == params["path"] and not a.umbrella), None)
    if app is None or app.name != params["app"]:
        return Declined(
            f"there is no application `{params['app']}` in {params['path'] or 'the root folder'}"
        )
    if not app.deployable:
        return Declined(f"`{app.name}` is a library; it starts no processes by itself")
    if existing(project, app, params["name"]):
        return Declined(f"`{params['name']}` is a child of `{app.name}` already")
    return app


def test(project: Project, params: Params) -> GeneratedTest | Declined:
    """None: by itself the supervisor changes no behaviour."""
    return Declined("an idle supervisor changes no behaviour")


CODEMOD = Codemod(
    name="add_task_supervisor",
    rules=(),
    fix="automatic",
    summary=(
        "Adds a `Task.Supervisor` as the first child of the application, for jobs to be started "
        "under it."
    ),
    invariant=(
        "Existing children keep their order and options. The supervisor stands before everything "
        "that could use "
        "it, and starts nothing by itself. Automatic where the children are a literal list; a "
        "deployable "
        "application without an Application module gets one; a library never does."
    ),
    steps=(
        "Put the child first in the root supervisor's list, so that it is up before its users "
        "and stops after them.",
        "Where the application has no callback module: create one and name it under `mod:` in "
        "mix.exs.",
    ),
    how_to_test=(
        "The application starts, its suite is unchanged, and the supervisor's name is registered."
    ),
    done_when=("The Task.Supervisor is a child of the application's root supervisor.",),
    propose=propose,
    apply=apply,
    test=test,
    propose_requirement=propose_requirement,
)
